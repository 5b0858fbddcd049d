"""The serial engine: the reference run, in this process, as the original framework does it."""

from __future__ import annotations

import os
from itertools import chain
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

from pymapr import depth, guest, loader, serial
from pymapr.job import Job
from pymapr.model import Options, RunResult, RunTimings
from pymapr.parallel.account import Account, blank_lines, figures
from pymapr.timings import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pymapr.backend import Data, JobFile, Write
    from pymapr.inputs import Input
    from pymapr.model import Order


class Serial:
    """Runs everything in this process, as the original framework does."""

    def run(self, job: Job | JobFile, data: Data, options: Options, write: Write) -> RunResult:
        """See Backend. A job file is a guest here: the caller's `__main__`, `sys.argv`, stdin ... are as before."""
        began, cpu, watch = perf_counter(), process_time(), Stopwatch()
        runs: list[serial.SerialRun] = []

        def take(loaded: Job, given: Iterable[Any] | None) -> None:
            watch.add("startup", began, perf_counter() - began, process_time() - cpu)
            with depth.room():
                runs.append(serial.run(loaded, _lines(data, given), watch, _permutation(options.order)))

        if isinstance(job, Job):
            take(job, None)
        else:
            _as_guest(job.path, data.inputs, take)
        with watch.phase("write"):
            write("".join(runs[0].lines).encode())
        timings = _timings(runs[0], watch, options, began, process_time() - cpu)
        return RunResult(timings=timings, remarks=blank_lines(runs[0].blank))


def _permutation(order: Order) -> serial.Permute | None:
    """One process has no order to vary but that of each key's values, which a scramble permutes as a grader does."""
    return serial.shuffler(order.seed) if order.scrambles else None


def _as_guest(path: str, inputs: Sequence[Input], take: loader.Take) -> None:
    with guest.visiting(os.path.dirname(path)):
        guest.data_on_stdin(inputs)
        loader.load(path, [source.path for source in inputs], take)


def _lines(data: Data, given: Iterable[Any] | None) -> Iterator[serial.Line]:
    if data.lines is not None:
        return serial.numbered(data.lines, "data")
    if given is None or any(source.holds(given) for source in data.inputs):
        return chain.from_iterable(serial.numbered(source, source.name) for source in data.inputs)
    return serial.numbered(given, str(getattr(given, "name", "data")))


def _timings(found: serial.SerialRun, watch: Stopwatch, options: Options, began: float, cpu: float) -> RunTimings:
    account = Account(began)
    account.records, account.pairs, account.keys = found.records, found.pairs, found.keys
    account.add(0, figures(watch), records=found.records, pairs=found.pairs, keys=found.keys)
    return account.close("serial", options, perf_counter(), cpu - sum(watch.cpu.values()))
