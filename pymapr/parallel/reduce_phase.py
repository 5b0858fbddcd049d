"""The master's side of the reduce phase: deals partitions, gathers where their output is, puts it in order."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from pymapr.parallel import store
from pymapr.parallel.memory import EXPANSION
from pymapr.parallel.ordering import Part, by_rank
from pymapr.parallel.protocol import Mapped, Reduced, ReduceTask
from pymapr.parallel.run import AHEAD, Run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pymapr.parallel.crew import Crew, Seat

_MOST_PARTS = 64


class _Plan(NamedTuple):
    """A reduce task to be: its blocks are put together only when a worker has time for them."""

    partition: int
    parts: int
    blocks: store.Shelf

    def task(self) -> ReduceTask:
        return ReduceTask(self.partition, self.parts, *store.gather(self.blocks))


class _Waiting(NamedTuple):
    """Plans that wait for a worker: for each seat those that are for nobody else, and those that are for anybody."""

    own: list[deque[_Plan]]
    anybodys: deque[_Plan]


class ReducePhase:
    """Of one run, with its crew and the blocks that the map phase announced, by partition."""

    def __init__(self, run: Run, crew: Crew, shelves: Sequence[store.Shelf]) -> None:
        self._run, self._crew, self._shelves = run, crew, shelves
        self._reduced: dict[int, Reduced] = {}
        self._bound: list[set[int]] = [set() for _ in crew.seats]

    def finish(self) -> list[Reduced]:
        """All of it; returns what was announced, by partition. Raises MaprError."""
        plans = list(self._plans())
        waiting = self._queues(plans)
        while len(self._reduced) < len(plans):
            for held in range(AHEAD):  # a first task for everybody comes before a second one for anybody
                self._give(waiting, held)
            for seat, message in self._run.events(self._crew):
                self._take(seat, message)
        return [self._reduced[number] for number in sorted(self._reduced)]

    def _give(self, waiting: _Waiting, held: int) -> None:
        """A task more for each seat that holds no more than `held`."""
        for seat, own in zip(self._crew.seats, waiting.own, strict=True):
            queue = own or waiting.anybodys
            if queue and len(seat.tasks) <= held:
                self._crew.give(seat, queue.popleft().task())

    def _queues(self, plans: list[_Plan]) -> _Waiting:
        """What the seats take their tasks from: the partitions that are for each alone, then those for anybody."""
        count = len(self._crew.seats)
        waiting = _Waiting([deque[_Plan]() for _ in range(count)], deque())
        for plan in plans:
            bound = self._run.options.static or plan.blocks.kept
            if plan.blocks.kept:
                self._bound[plan.partition % count].add(plan.partition)
            (waiting.own[plan.partition % count] if bound else waiting.anybodys).append(plan)
        return waiting

    def _plans(self) -> Iterator[_Plan]:
        """One a partition; for an empty one only where a number of tasks was promised."""
        for part, found in enumerate(self._shelves):
            if len(found) or self._run.options.static:
                yield _Plan(part, self._parts(found.bytes), found)

    def _parts(self, size: int) -> int:
        """In how many parts to merge a partition of `size` bytes: as many as make each fit a worker's memory."""
        if self._run.options.static:
            return 1  # one seed is one run, whatever memory this machine has
        return max(1, min(_MOST_PARTS, -(-size * EXPANSION // self._run.options.memory_to_merge)))

    def _take(self, seat: Seat, message: Any) -> None:
        if not isinstance(message, Reduced):
            self._run.welcome(seat, message)
            return
        self._crew.done(seat, ReduceTask, message.task)
        store.check([message.outputs], message.payload, self._run.shared)
        self._run.relay(len(message.payload))
        self._reduced[message.task] = message
        bound = self._bound[seat.spec.number]
        bound.discard(message.task)
        seat.keeps = bool(bound)
        self._run.account.keys += message.keys
        self._run.account.add(seat.spec.number, message.stats, keys=message.keys)
        self._run.progress.reduced(seat.spec.number, message)


def output(mapped: Sequence[Mapped], reduced: Sequence[Reduced], *, in_order: bool) -> Iterator[bytes]:
    """What the mappers emitted, in record order, then what the reducers did, in a serial run's order or as it came."""
    for message in mapped:
        if message.outputs[2]:
            yield store.fetch(message.outputs, message.payload)
    parts = [Part(message.outputs[2], store.reader(message.outputs, message.payload)) for message in reduced]
    if in_order:
        yield from by_rank(parts)
        return
    for part in parts:
        yield from part.chunks()
