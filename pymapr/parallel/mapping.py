"""A worker's map tasks: read records, call the mapper, group what it emits, and leave a block for each partition.

Tasks that go on where the last one ended are grouped together, and leave their blocks at the end of all. What the job's
code raises is blamed on it, with the record; what the engine does wrong is not.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from pymapr.blame import blame
from pymapr.codecs import Group
from pymapr.parallel.account import figures
from pymapr.parallel.memory import Budget, MapGuard
from pymapr.parallel.packing import Packing
from pymapr.parallel.protocol import Begin, Mapped, MapTask
from pymapr.parallel.reading import Batch, Reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pymapr.grouping import Groups
    from pymapr.inputs import Input
    from pymapr.job import Job
    from pymapr.parallel.store import Store
    from pymapr.timings import Stopwatch

_NOTHING = Group(array("I"), [], [])

_RECORDS = ("range", "lines", "carried")
"""The kinds of task that map something."""


class Mapping:
    """The mapper's side of one worker. carried: what the script emitted before execute. name: what the data is called
    where it is none of `inputs`.
    """

    def __init__(
        self,
        job: Job,
        begin: Begin,
        store: Store,
        inputs: Sequence[Input],
        carried: tuple[Groups, list[Any]] | None,
        name: str,
    ) -> None:
        self._job, self._store, self._carried = job, store, carried
        self._reading = Reading(inputs, name, begin.seed)
        self._packing = Packing(job, begin, self._reading)
        # Groups leave memory in pieces, which merges find where they need it whole: some is left for them.
        self._guard = MapGuard(Budget(begin.memory * 5 // 8 if store.spills else 0))
        self._stretch: _Stretch | None = None

    def run(self, task: MapTask, watch: Stopwatch) -> Mapped:
        """Do one task. Raises InputError and the JobErrors."""
        work = _Work(task, self._stretch or self._begun(task), watch)
        if task.kind in _RECORDS:
            work.stretch.tasks.append(task)
            self._map(work)
        with watch.phase("write"):
            lines = self._packing.encode(work.outputs, [task])
        closes = not task.open or bool(work.stretch.announced)
        blocks = self._close(work) if closes else {}
        with watch.phase("shuffle"):
            places, payload = self._store.put([*blocks.values(), lines])
        outputs = places.pop()
        work.stretch.announce(blocks, places)
        announced = work.stretch.announced if closes else []
        self._stretch = None if closes else work.stretch
        counts = work.records, work.blank, work.pairs, work.keys
        return Mapped(task.task, *counts, announced, outputs, figures(watch), closes, payload)

    def _begun(self, task: MapTask) -> _Stretch:
        """From here on, what is emitted is grouped anew."""
        self._guard.begin()
        self._job.emitter.begin("map", *(self._carried or () if task.kind == "carried" else ()))
        return _Stretch(task.task)

    # ---- mapping -----------------------------------------------------------------------------------------------------

    def _map(self, work: _Work) -> None:
        """All records of the task, and then what they emitted; raises InputError for a line that is no record."""
        batches = self._reading.batches(work.task)
        while (batch := self._next(batches, work.watch)) is not None:
            self._map_batch(work, batch)
            if batch.failure is not None:
                raise batch.failure
        with work.watch.phase("map"):
            work.outputs += self._job.emitter.take_outputs()
            if self._job.combiner is not None and work.task.open:  # what waits for the next task is to be short
                work.stretch.combined = self._gather(work)
                self._job.emitter.begin("map")

    def _next(self, batches: Iterator[Batch], watch: Stopwatch) -> Batch | None:
        with watch.phase("read"):
            return next(batches, None)

    def _map_batch(self, work: _Work, batch: Batch) -> None:
        work.records += len(batch.records)
        work.blank += batch.blank
        start = 0
        while some := batch.records[start : start + self._guard.stride]:
            with work.watch.phase("map"):
                self._map_some(work.task, some, batch.indices[start : start + len(some)])
            start += len(some)
            if self._guard.full(len(some)):
                self._let_out(work)

    def _map_some(self, task: MapTask, records: list[Any], indices: Sequence[int]) -> None:
        mapper, done = self._job.mapper, 0
        try:
            for record in records:
                mapper(record)
                done += 1
        except BaseException as error:
            raise blame(error, "map", self._reading.place(task, indices[done]), mapper) from None

    # ---- leaving blocks ----------------------------------------------------------------------------------------------

    def _gather(self, work: _Work) -> Groups:
        """Take what the mapper emitted, combine it, and put it to what waits: no value is combined twice."""
        groups, outputs = self._job.emitter.take()
        work.outputs += outputs
        work.pairs += sum(map(len, groups.values()))
        combined, waiting = self._packing.combine(groups, work.stretch.first), work.stretch.combined
        if not waiting:
            return combined
        for key, values in combined.items():
            waiting.setdefault(key, []).extend(values)
        return waiting

    def _let_out(self, work: _Work) -> None:
        """Put away what there is so far: it is more than this worker may hold."""
        blocks = self._packed(work, self._parts(work))
        with work.watch.phase("shuffle"):
            work.stretch.announce(blocks, self._store.put_away(list(blocks.values()))[0])
        self._job.emitter.begin("map")

    def _close(self, work: _Work) -> dict[int, bytes]:
        """All groups as one block a partition, by its number; but what may be kept here is kept."""
        parts = self._parts(work)
        if work.task.keeps and self._guard.roomy:
            for number in work.task.keeps:
                if parts[number].keys:
                    self._packing.probe(parts[number], work.stretch.tasks)
                    place = self._store.keep(number, work.stretch.first, parts[number])
                    work.stretch.announce([number], [place])
                    parts[number] = _NOTHING
        return self._packed(work, parts)

    def _parts(self, work: _Work) -> list[Group]:
        with work.watch.phase("map"):
            groups = self._gather(work)
        work.stretch.combined = {}
        with work.watch.phase("shuffle"):
            parts = self._packing.split(groups, work.stretch.keys, work.stretch.tasks)
        work.keys += len(groups)
        work.stretch.keys += len(groups)
        return parts

    def _packed(self, work: _Work, parts: list[Group]) -> dict[int, bytes]:
        with work.watch.phase("shuffle"):
            return self._packing.pack(parts, work.stretch.tasks)


class _Stretch:
    """Adjacent map tasks that are grouped together, as if they were one. first: the number of the first.

    combined: what tasks before the present one emitted, where the job has a combiner. keys: how many were let go of so
    far. announced: [partition, file, offset, length] of each block; nobody has heard of them yet.
    """

    def __init__(self, first: int) -> None:
        self.first = first
        self.tasks: list[MapTask] = []
        self.announced: list[list[int]] = []
        self.combined: Groups = {}
        self.keys = 0

    def announce(self, blocks: Iterable[int], places: list[list[int]]) -> None:
        """Blocks, each of the partition in `blocks`, lie at these places."""
        self.announced += [[part, *place] for part, place in zip(blocks, places, strict=True)]


class _Work:
    """What has come of one map task so far."""

    def __init__(self, task: MapTask, stretch: _Stretch, watch: Stopwatch) -> None:
        self.task, self.stretch, self.watch = task, stretch, watch
        self.outputs: list[Any] = []
        self.records = self.blank = self.pairs = self.keys = 0
