"""The master's side of the map phase: finds out what the data is, deals it, gathers what the workers announce."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymapr import serial
from pymapr.codecs import as_bytes, unpack_lines
from pymapr.errors import ProtocolError
from pymapr.parallel import dealing, store
from pymapr.parallel.protocol import INLINE, KEPT, Batch, Enumerate, Mapped, MapTask, Ready
from pymapr.parallel.run import AHEAD, Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pymapr.parallel.crew import Crew, Seat

_ENUMERATE = 2**19
"""Bytes of lines that a source worker reads out at once."""


class MapPhase:
    """Of one run, with its crew. mapped: what was announced, by task, but for its blocks: shelves, by partition."""

    def __init__(self, run: Run, crew: Crew) -> None:
        self._run, self._crew = run, crew
        self.mapped: dict[int, Mapped] = {}
        self.shelves = [store.Shelf() for _ in range(run.partitions)]
        self._waiting: dict[int, dict[int, Mapped]] = {}

    def finish(self) -> list[Mapped]:
        """All of it; returns what was announced, in task order. Raises MaprError."""
        ready = self._first_ready()
        if self._run.options.static:
            self._deal_in_advance(list(self._numbered(ready)))
        elif self._run.shared and self._run.given is None and ready.source == "inputs":
            self._deal_shares(ready)
        else:
            self._deal_on_demand(self._numbered(ready))
        while any(seat.tasks for seat in self._crew.seats):
            self._listen()
        return [self.mapped[number] for number in sorted(self.mapped)]

    # ---- what there is to deal ---------------------------------------------------------------------------------------

    def _first_ready(self) -> Ready:
        """Wait for the first seat: what its script gave to execute decides how the data is dealt."""
        first = self._crew.seats[0]
        while first.ready is None:
            for seat, message in self._run.events(self._crew):
                self._run.welcome(seat, message)
        return first.ready

    def _numbered(self, ready: Ready) -> Iterator[MapTask]:
        """The tasks: first, what was emitted before execute; it counts as if the first record had emitted it."""
        carried = int(ready.carries)
        if carried:
            yield MapTask(0, "carried")
        for task in self._tasks(ready):
            yield task._replace(task=task.task + carried)

    def _tasks(self, ready: Ready) -> Iterator[MapTask]:
        run, options = self._run, self._run.options
        if options.static:
            seed = options.order.seed if options.order.scrambles else None
            yield from dealing.in_advance(self._all_lines(ready), options.workers, seed)
        elif run.given is not None:
            yield from dealing.by_batch(run.given, options.workers)
        elif ready.source == "given":
            yield from dealing.by_batch(self._read_out(ready), options.workers, ready.name)
        else:
            yield from dealing.by_batch(dealing.all_lines(run.inputs), options.workers)

    def _all_lines(self, ready: Ready) -> list[bytes]:
        if self._run.given is not None:
            return [as_bytes(line, f"item {n} of the data") for _, n, line in serial.numbered(self._run.given, "data")]
        if ready.source == "given":
            return list(self._read_out(ready))
        return dealing.all_lines(self._run.inputs)

    def _read_out(self, ready: Ready) -> Iterator[bytes]:
        """The lines that the script made itself, as the first worker reads them out."""
        remark = f"the script passed data of its own making to execute ({ready.name}); one worker read it out"
        self._run.remarks.append(remark)
        source, last = self._crew.seats[0], False
        while not last:
            self._crew.give(source, Enumerate(_ENUMERATE))
            batch = None
            while batch is None:
                batch = self._listen(source)
            last = batch.last
            yield from _unpacked(batch)

    # ---- dealing -----------------------------------------------------------------------------------------------------

    def _deal_in_advance(self, tasks: list[MapTask]) -> None:
        """Task i goes to worker i modulo their number, whoever is quick."""
        seats = self._crew.seats
        for number, task in enumerate(tasks):
            while len(seats[number % len(seats)].tasks) >= AHEAD:
                self._listen()
            self._crew.give(seats[number % len(seats)], task)

    def _deal_on_demand(self, tasks: Iterator[MapTask]) -> None:
        """Each task goes to whoever has least to do."""
        for task in tasks:
            while len((idle := self._idlest()).tasks) >= AHEAD:
                self._listen()
            self._run.progress.fed(idle.spec.number, task)
            self._crew.give(idle, task)

    def _deal_shares(self, ready: Ready) -> None:
        """Each worker maps neighbouring tasks, which it groups together."""
        run, options = self._run, self._run.options
        tasks = dealing.by_range(run.inputs, options.workers, options.memory, carried=ready.carries)
        shares = dealing.Shares(tasks, [run.kept_by(worker) for worker in range(options.workers)])
        self._top_up(shares)
        while any(seat.tasks for seat in self._crew.seats):
            self._listen()
            self._top_up(shares)

    def _top_up(self, shares: dealing.Shares) -> None:
        """Give each seat what it may hold: a first task for everybody before a second one for anybody."""
        for held in range(AHEAD):
            for seat in self._crew.seats:
                if len(seat.tasks) <= held and (task := shares.next(seat.spec.number)) is not None:
                    if task.kind != "close":
                        self._run.progress.fed(seat.spec.number, task)
                    self._crew.give(seat, task)

    def _idlest(self) -> Seat:
        return min(self._crew.seats, key=lambda seat: (len(seat.tasks), seat.ready is None))

    # ---- gathering ---------------------------------------------------------------------------------------------------

    def _listen(self, source: Seat | None = None) -> Batch | None:
        """Take in what comes next; returns the lines among it that `source` was asked for."""
        batch = None
        for seat, message in self._run.events(self._crew):
            if isinstance(message, Batch) and seat is source:
                self._crew.done(seat, Enumerate)
                self._run.relay(len(message.payload))
                batch = message
            elif isinstance(message, Mapped):
                self._take(seat, message)
            else:
                self._run.welcome(seat, message)
        return batch

    def _take(self, seat: Seat, message: Mapped) -> None:
        task = self._crew.done(seat, MapTask, message.task)
        self._check(task, message, min(self._waiting.get(seat.spec.number, ()), default=task.task))
        self._run.relay(len(message.payload))
        waiting = self._waiting.setdefault(seat.spec.number, {})
        if not message.closed:
            seat.held.append(task)
            waiting[task.task] = message  # of a process that died since, another may have been here
            return
        seat.held = []
        first = min(waiting, default=task.task)
        for part, *place in message.blocks:
            self.shelves[part].add(first, place, message.payload)
            seat.keeps = seat.keeps or place[0] == KEPT
        for each in waiting.values():
            self._count(seat.spec.number, each)
            self.mapped[each.task] = each
        waiting.clear()
        self._count(seat.spec.number, message)
        if task.kind != "close":
            self.mapped[message.task] = message._replace(blocks=[])

    def _check(self, task: MapTask, message: Mapped, first: int) -> None:
        """Raise ProtocolError for what this task cannot have come to. first: the number of the one it goes on from."""
        if not (message.closed or task.open):
            raise ProtocolError("a worker left open what it was to announce")
        if message.blocks and not message.closed:
            raise ProtocolError("a worker announced blocks of what it left open")
        kept = [[part, KEPT, first, 0] for part in task.keeps]
        places = [place[1:] for place in message.blocks if place not in kept]
        store.check([*places, message.outputs], message.payload, self._run.shared)
        if any(not 0 <= place[0] < self._run.partitions for place in message.blocks):
            raise ProtocolError("a worker announced a block for a partition that is not there")

    def _count(self, worker: int, message: Mapped) -> None:
        account = self._run.account
        counts = {"records": message.records, "pairs": message.pairs, "keys": message.keys}
        account.add(worker, message.stats, **counts)
        account.records += message.records
        account.blank += message.blank
        account.pairs += message.pairs
        account.shuffled += sum(place[3] for place in message.blocks)
        account.spilled += sum(place[3] for place in message.blocks if place[1] != INLINE)
        self._run.progress.mapped(worker, message)


def _unpacked(batch: Batch) -> list[bytes]:
    try:
        lines = unpack_lines(batch.payload)
    except ValueError:
        raise ProtocolError("a worker sent lines that are not packed as they should be") from None
    if len(lines) != batch.lines:
        raise ProtocolError("a worker sent another number of lines than it said")
    return lines
