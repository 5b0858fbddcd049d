"""The master: hires a crew, has it map, has it reduce, gives back the output. Holds no job code at all.

    inputs -tasks-> feed pipes -> workers -blocks-> spill files or queue -> master -places-> workers -> output

Blocks, lines and output pass through it unopened, so it may serve workers that nobody trusts.
"""

from __future__ import annotations

from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

from pymapr.parallel import dealing
from pymapr.parallel.account import Account, blank_lines
from pymapr.parallel.channel import Launcher, WorkerSpec
from pymapr.parallel.crew import Crew, KeptLost
from pymapr.parallel.map_phase import MapPhase
from pymapr.parallel.memory import EXPANSION
from pymapr.parallel.progress import Progress
from pymapr.parallel.protocol import Begin, Mapped, Reduced
from pymapr.parallel.reduce_phase import ReducePhase, output
from pymapr.parallel.run import Run
from pymapr.timings import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pymapr.inputs import Input
    from pymapr.model import Options, RunTimings

_HASH_SEEDS = (1, 2)
"""Dealt out in turn in a scramble, as a cluster of started processes would have several."""

_SMALL = 2**18
"""Bytes of data up to which a partition a worker is enough: even a little more may be mapped to very much."""


_MOST_PARTITIONS = 1024


class Master:
    """One parallel run.

    inputs: files that all workers read the same; given: lines that only this process has (else the job's own files say
    what the data is). watch: called after everything that happens, and at least every `tick` seconds if that is given;
    it may raise, which ends the run. relay: bytes of blocks and output that may pass through the master.
    """

    def __init__(
        self,
        launcher: Launcher,
        options: Options,
        *,
        inputs: Sequence[Input] = (),
        given: Iterable[Any] | None = None,
        progress: Progress | None = None,
        watch: Callable[[], None] | None = None,
        tick: float | None = None,
        relay: int = 2**40,
    ) -> None:
        self._launcher, self._options, self._inputs, self._given = launcher, options, inputs, given
        self._progress = progress or Progress()
        self._watch, self._tick, self._relay = watch, tick, relay
        self._crew: Crew | None = None
        self.remarks: list[str] = []

    def run(self, write: Callable[[bytes], None]) -> RunTimings:
        """Run the job and hand its output, JSON lines in chunks, to `write`. Raises MaprError; leaves no process."""
        began, cpu, clock = perf_counter(), process_time(), Stopwatch()
        try:
            run, mapped, reduced = self._announced(began)
            with clock.phase("write"):
                for chunk in output(mapped, reduced, in_order=self._options.order.kind == "stable"):
                    write(chunk)
            self._dismiss()
        finally:
            if self._crew is not None:
                self._crew.kill()
        self.remarks += [*run.remarks, *blank_lines(run.account.blank)]
        run.account.master(clock)
        timings = run.account.close("parallel", self._options, perf_counter(), process_time() - cpu)
        self._progress.summary(timings)
        return timings

    def _announced(self, began: float) -> tuple[Run, list[Mapped], list[Reduced]]:
        """Both phases; once more from the start, with nothing kept, where a worker died with what it had kept."""
        run = self._begin(Account(began), keeps=True)
        try:
            return run, *self._phases(run)
        except KeptLost:
            pass
        if self._crew is not None:
            self._crew.kill()
        self.remarks.append("a worker process died with groups that it had kept: all were replaced, and began again")
        run = self._begin(Account(began), keeps=False)
        return run, *self._phases(run)

    def _begin(self, account: Account, *, keeps: bool) -> Run:
        self._progress.began(self._options, [(source.name, source.size) for source in self._inputs])
        return Run(
            self._options,
            self._inputs,
            self._given,
            account,
            self._progress,
            shared=self._launcher.shares_files,
            partitions=self._count_partitions(),
            watch=self._watch,
            tick=self._tick,
            relay=self._relay,
            keeps=keeps,
        )

    def _phases(self, run: Run) -> tuple[list[Mapped], list[Reduced]]:
        """What was announced; the workers take themselves apart while it is written."""
        try:
            announced = self._both_phases(run)
            if self._crew is not None:
                self._crew.release()
        finally:
            self._progress.finished()
        return announced

    def _both_phases(self, run: Run) -> tuple[list[Mapped], list[Reduced]]:
        apart = self._options.static  # then no process may see both phases
        crew = self._hire(run, "map" if apart else "both")
        phase = MapPhase(run, crew)
        mapped = phase.finish()
        if apart:
            self._dismiss()
            crew = self._hire(run, "reduce")
        self._progress.shuffled(run.account)
        return mapped, ReducePhase(run, crew, phase.shelves).finish()

    def _count_partitions(self) -> int:
        options = self._options
        size = sum(source.size for source in self._inputs)
        if options.static:
            return max(2, 2 * options.workers if options.order.scrambles else options.workers)
        if size < _SMALL:
            return options.workers
        return max(8 * options.workers, min(_MOST_PARTITIONS, size * EXPANSION // options.memory_to_merge))

    # ---- the crew ----------------------------------------------------------------------------------------------------

    def _hire(self, run: Run, role: str) -> Crew:
        options = self._options
        begin = Begin(run.partitions, options.order.kind, options.order.seed, options.memory_each)
        crew = Crew(self._launcher, begin, lambda task: dealing.describe(task, self._inputs), self._relay)
        self._crew = crew
        varied = options.order.scrambles and self._launcher.varies_hash_seed
        for number in range(options.workers):
            seed = _HASH_SEEDS[number % len(_HASH_SEEDS)] if varied else None
            seat = crew.start(WorkerSpec(number, role, seed))
            self._progress.started(seat.spec, seat.link.handle.pid)
        return crew

    def _dismiss(self) -> None:
        if self._crew is not None:
            if self._crew.retries:
                self.remarks.append(f"{self._crew.retries} worker process(es) died and were replaced")
            self._crew.dismiss()
            self._crew = None
