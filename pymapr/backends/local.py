"""The two engines of this machine: `serial`, the reference, and `parallel`, a process per core."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from time import perf_counter, process_time
from typing import Any, NoReturn

from pymapr import framework, loader, serial
from pymapr.backend import Data, JobFile, Write
from pymapr.errors import MaprError, UserCodeFailed
from pymapr.inputs import Input
from pymapr.job import Job
from pymapr.model import Options, RunResult
from pymapr.parallel.account import Account
from pymapr.parallel.channel import Channel, WorkerSpec
from pymapr.parallel.launch import ForkLauncher
from pymapr.parallel.master import Master
from pymapr.parallel.progress import Progress
from pymapr.parallel.worker import Worker, report
from pymapr.spill import SpillFile
from pymapr.timings import Stopwatch


class Parallel:
    """Masters workers that are forks of this process."""

    def __init__(self, progress: Progress | None = None) -> None:
        self._progress = progress

    def run(self, job: Job | JobFile, data: Data, options: Options, write: Write) -> RunResult:
        """See Backend."""
        spills = [SpillFile.create() for _ in range(options.workers)]
        try:
            serve = _server(job, data.inputs, spills)
            master = Master(
                ForkLauncher(serve), options, inputs=data.inputs, given=data.lines, progress=self._progress
            )
            timings = master.run(write)
        finally:
            for spill in spills:
                spill.close()
        notes = [_SEEDS] if options.order.kind == "scramble" else []
        return RunResult(timings=timings, remarks=(*master.remarks, *notes))


_SEEDS = "all workers share one hash seed: a plain fork cannot vary it (the grader's scrambles do)"


def _server(
    job: Job | JobFile, inputs: Sequence[Input], spills: Sequence[SpillFile]
) -> Callable[[Channel, WorkerSpec], NoReturn]:
    """What a forked worker does."""

    def serve(channel: Channel, spec: WorkerSpec) -> NoReturn:
        def take(loaded: Job, given: Iterable[Any] | None) -> NoReturn:
            framework.set_host(_Busy())
            spill = SpillFile(spills[spec.index].descriptor)  # measured anew: who sat here before may have written
            Worker(channel, loaded, data=given, inputs=inputs, spill=spill).serve()

        if isinstance(job, Job):
            take(job, None)
        serve_file(channel, job.path, inputs, take)

    return serve


def serve_file(
    channel: Channel, path: str, inputs: Sequence[Input], take: Callable[[Job, Iterable[Any] | None], NoReturn]
) -> NoReturn:
    """Load a job file in this process and let `take` serve it; what goes wrong before is reported to the master."""
    _set_stdin(inputs)
    try:
        loader.load(path, [source.path for source in inputs], take)
    except MaprError as error:
        report(channel, error)
    os._exit(0)


def _set_stdin(inputs: Sequence[Input]) -> None:
    """The data on standard input too, for a script that reads it there; no two processes may share the caller's."""
    source = os.open(inputs[0].path if inputs else os.devnull, os.O_RDONLY)
    os.dup2(source, 0)
    os.close(source)
    sys.stdin = os.fdopen(os.dup(0), encoding="utf-8")


class _Busy:
    """The host inside a worker: a job cannot start another."""

    def execute(self, job: Job, data: Iterable[Any], workers: int | None) -> bytes | None:
        raise UserCodeFailed("execute was called by a mapper or reducer, while the job runs", "call execute once, at the end")


class Serial:
    """Runs everything in this process, as the original framework does."""

    def run(self, job: Job | JobFile, data: Data, options: Options, write: Write) -> RunResult:
        """See Backend."""
        began, cpu = perf_counter(), process_time()
        watch, found = Stopwatch(), list[serial.SerialRun]()

        def take(loaded: Job, given: Iterable[Any] | None) -> None:
            watch.add("startup", began, perf_counter(), process_time() - cpu)
            lines, name = self._lines(data, given)
            found.append(serial.run(loaded, lines, name=name, watch=watch))

        if isinstance(job, Job):
            take(job, None)
        else:
            _set_stdin(data.inputs)
            loader.load(job.path, [source.path for source in data.inputs], take)
        with watch.phase("write"):
            write("".join(found[0].lines).encode())
        remarks = (f"{found[0].blank} blank line(s) in the data were skipped",) if found[0].blank else ()
        return RunResult(timings=self._timings(found[0], watch, options, began, cpu), remarks=remarks)

    def _lines(self, data: Data, given: Iterable[Any] | None) -> tuple[Iterable[Any], str]:
        if data.lines is not None:
            return data.lines, "data"
        if given is None or any(source.holds(given) for source in data.inputs):
            return _all_lines(data.inputs), data.inputs[0].name if len(data.inputs) == 1 else "data"
        return given, str(getattr(given, "name", "data"))

    def _timings(self, found: serial.SerialRun, watch: Stopwatch, options: Options, began: float, cpu: float) -> Any:
        account = Account(began)
        account.records, account.pairs, account.keys = found.records, found.pairs, found.keys
        spans = [[phase, start, end] for phase, start, end in watch.spans]
        stats = {"wall": watch.wall, "cpu": watch.cpu, "spans": spans, "peak": peak_memory()}
        account.add(0, stats, records=found.records, pairs=found.pairs, keys=found.keys)
        return account.close("serial", options, perf_counter(), process_time() - cpu - sum(watch.cpu.values()))


def _all_lines(inputs: Sequence[Input]) -> Iterator[bytes]:
    for source in inputs:
        yield from source.lines(0, source.size)


def peak_memory() -> int:
    """The most bytes that this process has held so far."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
