"""Run a job: picks the engine, opens the data, gathers the output."""

from __future__ import annotations

import os
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pymapr.backend import Backend, Data, JobFile, Write
from pymapr.cores import usable_cores, usable_memory
from pymapr.errors import UsageError
from pymapr.inputs import open_inputs
from pymapr.job import Job, from_namespace
from pymapr.model import ENGINES, LEAST_MEMORY, Options, Order, RunResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pymapr.parallel.progress import Progress

Path = str | os.PathLike[str]


def run(
    job: Job | ModuleType | Mapping[str, Any] | Path,
    data: Path | Iterable[Any],
    *,
    engine: str = "parallel",
    workers: int | None = None,
    order: str | Order = "stable",
    memory: int | None = None,
    isolated: bool = False,
    progress: str = "none",
    write: Write | None = None,
) -> RunResult:
    """Run `job` on `data`.

    job: a file, a module (or its globals) with `mapper` and `reducer`, or a Job. data: a file of JSON lines (a list of
    Paths for several), or any iterable of JSON lines. engine: serial or parallel. workers: default one per usable core.
    memory: budget in bytes, default half of what is there. write: where the output goes; without it, it is the result's
    `output`. Raises MaprError.
    """
    kept: list[bytes] = []
    chosen = backend(engine, progress)
    options = make_options(workers, order, memory, isolated=isolated)
    found = _data(data)
    try:
        result = chosen.run(_job(job), found, options, write or kept.append)
    finally:
        for source in found.inputs:
            source.close()
    return result if write is not None else result._replace(output=b"".join(kept))


def make_options(
    workers: int | None = None, order: str | Order = "stable", memory: int | None = None, *, isolated: bool = False
) -> Options:
    """Options with what this machine offers where nothing is said; raises UsageError."""
    return Options(
        workers=usable_cores() if workers is None else workers,
        order=order if isinstance(order, Order) else Order.parse(order),
        memory=max(usable_memory() // 2, LEAST_MEMORY) if memory is None else memory,
        isolated=isolated,
    )


def backend(engine: str, progress: str = "none") -> Backend:
    """The engine of that name; raises UsageError."""
    shown = progress_of(progress)
    if engine == "serial":
        from pymapr.backends.reference import Serial

        return Serial()
    if engine == "parallel":
        from pymapr.backends.local import Parallel

        return Parallel(shown)
    raise UsageError(f"engine: expected {' or '.join(ENGINES)}, got {engine!r}")


def progress_of(kind: str) -> Progress | None:
    """How a run of this `--progress` tells of itself; raises UsageError."""
    if kind == "none":
        return None
    from pymapr.parallel.progress import choose

    return choose(kind)


def _job(job: Job | ModuleType | Mapping[str, Any] | Path) -> Job | JobFile:
    if isinstance(job, Job):
        return job
    if isinstance(job, str | os.PathLike):
        return JobFile(os.fspath(job))
    return from_namespace(vars(job) if isinstance(job, ModuleType) else job)


def _data(data: Path | Iterable[Any]) -> Data:
    if isinstance(data, str | os.PathLike):
        return Data(open_inputs([os.fspath(data)]))
    if isinstance(data, list | tuple) and data and all(isinstance(item, os.PathLike) for item in data):
        return Data(open_inputs(map(os.fspath, data)))
    return Data(lines=data)
