"""The two engines of this machine: `serial`, the reference, and `parallel`, a process per core."""

from __future__ import annotations

import os
from itertools import chain
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any, NoReturn

from pymapr import framework, guest, loader, serial
from pymapr.errors import MaprError
from pymapr.job import Job
from pymapr.model import Options, Order, RunResult, RunTimings
from pymapr.parallel.account import Account, blank_lines, figures
from pymapr.parallel.launch import ForkLauncher
from pymapr.parallel.master import Master
from pymapr.parallel.worker import Worker, report
from pymapr.spill import SpillFile
from pymapr.timings import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pymapr.backend import Data, JobFile, Write
    from pymapr.inputs import Input
    from pymapr.parallel.channel import Channel, WorkerSpec
    from pymapr.parallel.progress import Progress

_ONE_SEED = "all workers share one hash seed: a plain fork cannot vary it (the grader's scrambles do)"


# ---- parallel --------------------------------------------------------------------------------------------------------


class Parallel:
    """Masters workers that are forks of this process."""

    def __init__(self, progress: Progress | None = None) -> None:
        self._progress = progress

    def run(self, job: Job | JobFile, data: Data, options: Options, write: Write) -> RunResult:
        """See Backend."""
        spills: list[SpillFile] = []
        try:
            spills += (SpillFile.create() for _ in range(options.workers))
            launcher = ForkLauncher(_server(job, data.inputs, spills))
            master = Master(launcher, options, inputs=data.inputs, given=data.lines, progress=self._progress)
            timings = master.run(write)
        finally:
            for spill in spills:
                spill.close()
        notes = [_ONE_SEED] if options.order.scrambles else []
        return RunResult(timings=timings, remarks=(*master.remarks, *notes))


def _server(
    job: Job | JobFile, inputs: Sequence[Input], spills: Sequence[SpillFile]
) -> Callable[[Channel, WorkerSpec], NoReturn]:
    """What a forked worker does."""

    def serve(channel: Channel, spec: WorkerSpec) -> NoReturn:
        def take(loaded: Job, given: Iterable[Any] | None) -> NoReturn:
            framework.set_host(framework.Busy())
            spill = SpillFile(spills[spec.number].descriptor)  # measured anew: who sat here before may have written
            Worker(channel, loaded, data=given, inputs=inputs, spill=spill).serve()

        if isinstance(job, Job):
            take(job, None)
        serve_file(channel, job.path, inputs, take)

    return serve


def serve_file(
    channel: Channel, path: str, inputs: Sequence[Input], take: Callable[[Job, Iterable[Any] | None], NoReturn]
) -> NoReturn:
    """Load a job file in this process and let `take` serve it; what goes wrong before is reported to the master."""
    try:
        guest.data_on_stdin(_first_path(inputs))
        loader.load(path, [source.path for source in inputs], take)
    except MaprError as error:
        report(channel, error)
    os._exit(0)


def _first_path(inputs: Sequence[Input]) -> str:
    """No two processes may share the caller's standard input; a script that reads it finds the data there."""
    return inputs[0].path if inputs else os.devnull


# ---- serial ----------------------------------------------------------------------------------------------------------


class Serial:
    """Runs everything in this process, as the original framework does."""

    def run(self, job: Job | JobFile, data: Data, options: Options, write: Write) -> RunResult:
        """See Backend. A job file is a guest here: the caller's `__main__`, `sys.argv`, stdin ... are as before."""
        began, cpu, watch = perf_counter(), process_time(), Stopwatch()
        runs: list[serial.SerialRun] = []

        def take(loaded: Job, given: Iterable[Any] | None) -> None:
            watch.add("startup", began, perf_counter() - began, process_time() - cpu)
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
    with guest.visiting(os.path.dirname(path)):  # noqa: PTH120 - pathlib costs milliseconds at start-up
        guest.data_on_stdin(_first_path(inputs))
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
