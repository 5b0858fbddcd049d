"""What `mr.execute` does in a plain script: run in parallel, print the output, tell the progress on stderr.

Steered by PYMAPR_WORKERS, PYMAPR_ORDER and PYMAPR_PROGRESS. A failure ends the script with a message and an exit code,
not a traceback. It imports the engine only when something is executed.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, TypeVar

from pymapr import depth
from pymapr.errors import MaprError, UsageError, UserCodeFailed
from pymapr.framework import MapReduce, set_usual_host
from pymapr.job import Job, check_data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pymapr.backend import Data

__all__ = ["MapReduce"]

T = TypeVar("T")


class _Script:
    """The host of a plain script."""

    def execute(self, job: Job, data: Iterable[Any], workers: int | None) -> list[bytes]:
        """Run the job and print its output; returns the output too. Ends the script when the run fails."""
        with depth.room():  # a script may have left less than the engine needs itself
            return _printed(job, data, workers)


def _printed(job: Job, data: Iterable[Any], workers: int | None) -> list[bytes]:
    from pymapr.messages import INTERRUPTED, show, show_interrupted, write_stdout

    try:
        output = _run(job, data, workers)
        for chunk in output:
            write_stdout(chunk)
    except MaprError as error:
        show(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        show_interrupted()
        sys.exit(INTERRUPTED)
    return output


set_usual_host(_Script())


def _run(job: Job, data: Iterable[Any], workers: int | None) -> list[bytes]:
    from pymapr.engine import backend, make_options
    from pymapr.messages import show_remarks, show_silence
    from pymapr.model import Order

    _check_first(job)
    check_data(data)
    progress = os.environ.get("PYMAPR_PROGRESS", "auto")
    chosen = _named("PYMAPR_PROGRESS", backend, "parallel", progress)
    order = _named("PYMAPR_ORDER", Order.parse, os.environ.get("PYMAPR_ORDER", "stable"))
    options = make_options(_workers() if workers is None else workers, order)
    kept: list[bytes] = []
    found = _data(data)
    try:
        result = chosen.run(job, found, options, kept.append)
    finally:
        for source in found.inputs:
            source.close()
    show_remarks(result.remarks, progress)
    show_silence(result.timings.records, result.timings.pairs + sum(map(len, kept)), progress)
    return kept


def _check_first(job: Job) -> None:
    if isinstance(job.emitter, MapReduce) and job.emitter.executed:
        raise UserCodeFailed(
            "execute was called a second time on one MapReduce object, whose first job's pairs are not kept",
            "make a MapReduce object for each job",
        )


def _named(variable: str, read: Callable[..., T], *arguments: str) -> T:
    """What `read` gives; the UsageError that it raises says which variable of the environment is wrong."""
    try:
        return read(*arguments)
    except UsageError as error:
        raise UsageError(f"{variable}: {error.message.partition(': ')[2]}", error.hint) from None


def _workers() -> int | None:
    text = os.environ.get("PYMAPR_WORKERS", "")
    if not text:
        return None
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise UsageError(f"PYMAPR_WORKERS: expected a whole number of at least 1, got {text!r}")


def _data(data: Iterable[Any]) -> Data:
    """An open file from which nothing was read can be read in pieces by the workers; all else line by line, here."""
    from pymapr.backend import Data
    from pymapr.inputs import Input

    name = getattr(data, "name", None)
    if isinstance(name, str) and os.path.isfile(name):
        source = Input(name, os.open(name, os.O_RDONLY | os.O_CLOEXEC), name)
        if source.holds(data):
            return Data([source])
        source.close()
    return Data(lines=data)
