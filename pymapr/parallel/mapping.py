"""A worker's map tasks: read records, call the mapper, group, combine, and leave a block for each partition.

What the job's code raises is blamed on it, with the record; what the engine does wrong is not.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from pymapr.blame import blame, describe_key
from pymapr.codecs import Group, encode_outputs, pack_group
from pymapr.errors import CannotEncode, CannotTravel, UserCodeFailed
from pymapr.grouping import Groups, split
from pymapr.parallel.account import figures
from pymapr.parallel.memory import Budget, MapGuard
from pymapr.parallel.protocol import Begin, Mapped, MapTask
from pymapr.parallel.reading import Batch, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pymapr.inputs import Input
    from pymapr.job import Job
    from pymapr.parallel.store import Store
    from pymapr.timings import Stopwatch


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
        self._job, self._begin, self._store = job, begin, store
        self._carried, self._reading = carried, Reading(inputs, name)
        self._guard = MapGuard(Budget(begin.memory if store.spills else 0))

    def run(self, task: MapTask, watch: Stopwatch) -> Mapped:
        """Do one task. Raises InputError and the JobErrors."""
        work = _Work(task, watch)
        self._map(work)
        with watch.phase("write"):
            lines = self._encode(work)
        blocks = self._blocks(work)
        with watch.phase("shuffle"):
            places, payload = self._store.put([*blocks.values(), lines])
        outputs = places.pop()
        work.announce(blocks, places)
        counts = work.records, work.blank, work.pairs, work.keys
        return Mapped(task.task, *counts, work.announced, outputs, figures(watch), payload)

    # ---- mapping -----------------------------------------------------------------------------------------------------

    def _map(self, work: _Work) -> None:
        """All records of the task, and then what they emitted; raises InputError for a line that is no record."""
        self._guard.begin()
        self._job.emitter.begin("map", *self._carried_by(work.task))
        batches = self._reading.batches(work.task)
        while (batch := self._next(batches, work.watch)) is not None:
            self._map_batch(work, batch)
            if batch.failure is not None:
                raise batch.failure
        with work.watch.phase("map"):
            self._gather(work)

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

    def _carried_by(self, task: MapTask) -> tuple[Any, ...]:
        return self._carried if task.kind == "carried" and self._carried else ()

    def _map_some(self, task: MapTask, records: list[Any], indices: Sequence[int]) -> None:
        mapper, done = self._job.mapper, 0
        try:
            for record in records:
                mapper(record)
                done += 1
        except BaseException as error:
            raise blame(error, "map", self._reading.place(task, indices[done]), mapper) from None

    def _gather(self, work: _Work) -> None:
        """Take what the mapper emitted, and combine it."""
        groups, outputs = self._job.emitter.take()
        work.pairs += _count(groups)
        work.outputs += outputs
        work.groups = self._combine(groups, work.task.task)

    def _let_out(self, work: _Work) -> None:
        """Put away what there is so far: it is more than this worker may hold."""
        with work.watch.phase("map"):
            self._gather(work)
        blocks = self._blocks(work)
        with work.watch.phase("shuffle"):
            work.announce(blocks, self._store.put_away(list(blocks.values()))[0])
        self._job.emitter.begin("map")

    def _combine(self, groups: Groups, task: int) -> Groups:
        if self._job.combiner is None or not self._combines(task):
            return groups
        # One value is short as it is: of the words of a text, most occur once in a task.
        combined = {k: self._shortened(k, values) if len(values) > 1 else values for k, values in groups.items()}
        return {key: values for key, values in combined.items() if values}

    def _combines(self, task: int) -> bool:
        # A cluster may run the combiner or leave it: a scramble does either, as its seed says.
        if self._begin.order != "scramble":
            return True
        from random import Random

        return Random(f"combine {self._begin.seed} {task}").random() < 0.5  # noqa: S311 - to be repeated, not a secret

    def _shortened(self, key: Any, values: list[Any]) -> list[Any]:
        emitter = self._job.emitter
        emitter.begin("combine")
        try:
            assert self._job.combiner is not None, "asked for only where there is one"
            self._job.combiner(key, values)
            answer, outputs = emitter.take()
            strange = bool(outputs) or any(other != key for other in answer)
        except BaseException as error:
            raise blame(error, "combine", describe_key(key), self._job.combiner) from None
        if strange:
            raise UserCodeFailed(
                f"the combiner emitted something else than pairs of the {describe_key(key)}",
                "a combiner shortens the values of the key that it is given, with emit_intermediate(key, value)",
                "combine",
                cause="ValueError",
            )
        return answer[next(iter(answer))] if answer else []

    # ---- leaving blocks ----------------------------------------------------------------------------------------------

    def _blocks(self, work: _Work) -> dict[int, bytes]:
        """The groups so far as one block a partition, by its number; then there are none."""
        with work.watch.phase("shuffle"):
            packed = self._pack(self._split(work), work.task)
            work.keys += len(work.groups)
            work.groups = {}
            return packed

    def _split(self, work: _Work) -> list[Group]:
        try:
            return split(work.groups, self._begin.partitions, self._job.partitioner, work.keys)
        except BaseException as error:
            where = self._culprit(work.task, lambda key, _: self._job.partitioner(key, self._begin.partitions))
            raise blame(error, "partition", where) from None

    def _pack(self, parts: list[Group], task: MapTask) -> dict[int, bytes]:
        try:
            return {number: pack_group(part) for number, part in enumerate(parts) if part.keys}
        except MemoryError:
            raise  # no fault of the values'
        except Exception as error:  # pickle raises whatever the objects' own methods raise
            raise CannotTravel(
                f"a key or value cannot travel between processes: {_told(error)}",
                "emit plain values: strings, numbers, tuples, lists, dicts; define classes at the top of the file",
                "map",
                self._culprit(task, _travel),
                cause=type(error).__name__,
            ) from None

    def _encode(self, work: _Work) -> bytes:
        try:
            return "".join(encode_outputs(work.outputs, "")).encode()
        except CannotEncode as error:
            raise error.at("map", self._culprit(work.task, _no_pair, _encodable)) from None

    def _culprit(
        self, task: MapTask, probe: Callable[[Any, Any], object], probe_output: Callable[[Any], object] | None = None
    ) -> str:
        """Which record emitted what a probe raises for: found by mapping once more, as this run is lost anyway."""
        emitter = self._job.emitter
        for index, record in self._records(task):
            emitter.begin("map")
            try:
                self._job.mapper(record)
                groups, outputs = emitter.take()
            except Exception:  # whatever it is, it happened here
                return self._reading.place(task, index)
            if (found := _first_bad(groups, outputs, probe, probe_output)) is not None:
                return self._reading.place(task, index) + found
        return "emitted before execute" if task.kind == "carried" else ""

    def _records(self, task: MapTask) -> Iterator[tuple[int, Any]]:
        for batch in self._reading.batches(task):
            yield from zip(batch.indices, batch.records, strict=True)


def _first_bad(
    groups: Groups,
    outputs: list[Any],
    probe: Callable[[Any, Any], object],
    probe_output: Callable[[Any], object] | None,
) -> str | None:
    """The first pair or output value that its probe raises for, in words; None if there is none."""
    for key, values in groups.items():
        try:
            for value in values:
                probe(key, value)
        except Exception:  # the probe's answer
            return f", {describe_key(key)}"
    try:
        if probe_output is not None:
            for value in outputs:
                probe_output(value)
    except Exception:  # the probe's answer
        return ""
    return None


class _Work:
    """What has come of a map task so far. announced: [partition, file, offset, length] of each block."""

    def __init__(self, task: MapTask, watch: Stopwatch) -> None:
        self.task, self.watch = task, watch
        self.groups: Groups = {}
        self.outputs: list[Any] = []
        self.announced: list[list[int]] = []
        self.records = self.blank = self.pairs = self.keys = 0

    def announce(self, blocks: Iterable[int], places: list[list[int]]) -> None:
        """Blocks, each of the partition in `blocks`, lie at these places."""
        self.announced += [[part, *place] for part, place in zip(blocks, places, strict=True)]


def _count(groups: Groups) -> int:
    return sum(map(len, groups.values()))


def _travel(key: Any, value: Any) -> None:
    pack_group(Group(array("I", [0]), [key], [[value]]))


def _no_pair(_key: Any, _value: Any) -> None:
    """A probe for those who look for an output value."""


def _encodable(value: Any) -> None:
    encode_outputs([value], "")


def _told(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # the job's own exceptions may refuse even that
        return type(error).__name__
