"""The parallel engine of this machine: a process per core, each a fork of this one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NoReturn

from pymapr import depth, framework, guest, loader, quick
from pymapr.errors import EngineError, MaprError
from pymapr.job import Job
from pymapr.model import Options, RunResult
from pymapr.parallel.launch import ForkLauncher
from pymapr.parallel.master import Master
from pymapr.parallel.worker import Worker, report
from pymapr.spill import SpillFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pymapr.backend import Data, JobFile, Write
    from pymapr.inputs import Input
    from pymapr.parallel.channel import Channel, WorkerSpec
    from pymapr.parallel.progress import Progress

_ONE_SEED = "all workers share one hash seed: a plain fork cannot vary it (the grader's scrambles do)"


class Parallel:
    """Masters workers that are forks of this process."""

    def __init__(self, progress: Progress | None = None) -> None:
        self._progress = progress

    def run(self, job: Job | JobFile, data: Data, options: Options, write: Write) -> RunResult:
        """See Backend."""
        quick.load_for(sum(source.size for source in data.inputs))  # once, for all workers
        spills: list[SpillFile] = []
        try:
            spills += (SpillFile.create() for _ in range(options.workers))
            launcher = ForkLauncher(_server(job, data.inputs, spills))
            master = Master(launcher, options, inputs=data.inputs, given=data.lines, progress=self._progress)
            with depth.room():  # data that a script makes itself is read by its own code
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
        guest.data_on_stdin(inputs)
        loader.load(path, [source.path for source in inputs], take)
    except MaprError as error:
        report(channel, error)
    except OSError as error:
        report(channel, EngineError(f"the data could not be opened again: {error}"))
    os._exit(0)
