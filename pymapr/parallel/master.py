"""The master: deals map tasks, waits for the shuffle queue, deals reduce tasks, gives back the output. Holds no job code at all.

    inputs --tasks--> feed pipes --> workers --blocks--> spill files or the queue --> master --refs--> workers --> output

Blocks, lines and output pass through it unopened, so it may serve workers that nobody trusts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from time import perf_counter, process_time
from typing import Any

from pymapr.codecs import as_bytes, unpack_lines
from pymapr.errors import ProtocolError, RelayExceeded
from pymapr.inputs import Input
from pymapr.model import Options, RunTimings
from pymapr.parallel import dealing
from pymapr.parallel.account import Account
from pymapr.parallel.channel import Launcher, WorkerSpec
from pymapr.parallel.crew import Crew, Seat, Task
from pymapr.parallel.memory import EXPANSION
from pymapr.parallel.ordering import Part, by_rank
from pymapr.parallel.progress import Progress
from pymapr.parallel.protocol import (
    INLINE,
    Batch,
    Begin,
    Enumerate,
    MapTask,
    Mapped,
    Ready,
    Reduced,
    ReduceTask,
)
from pymapr.spill import read_at
from pymapr.timings import Stopwatch

_AHEAD = 2
"""Tasks a worker holds at once: the one it works on, and the next, so that it never waits for the master."""

_MOST_SHARES = 64
_ENUMERATE = 2**19


class Master:
    """One parallel run.

    inputs: files that all workers read the same; given: lines that only this process has (else the job's own files say what the data
    is). watch: called at least every `tick` seconds and after every message; it may raise, which ends the run. relay: bytes of blocks
    and output that may pass through the master where workers share no files.
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
        self._mapped: dict[int, Mapped] = {}
        self._reduced: dict[tuple[int, int], Reduced] = {}
        self._relayed = 0
        self._clock = Stopwatch()
        self.remarks: list[str] = []
        self._partitions = self._count_partitions()

    def run(self, write: Callable[[bytes], None]) -> RunTimings:
        """Run the job and hand its output, JSON lines in chunks, to `write`. Raises MaprError; leaves no process."""
        began, cpu = perf_counter(), process_time()
        self._account = Account(began)
        self._progress.began(self._options, [(source.name, source.size) for source in self._inputs])
        try:
            self._map_phase()
            self._reduce_phase()
            self._dismiss()
        finally:
            if self._crew is not None:
                self._crew.kill()
            self._progress.finished()
        with self._clock.phase("write"):
            for chunk in self._output():
                write(chunk)
        self._account.master(self._clock)
        timings = self._account.close("parallel", self._options, perf_counter(), process_time() - cpu)
        self._progress.summary(timings)
        return timings

    # ---- the crew ----------------------------------------------------------------------------------------------------

    def _hire(self, role: str) -> Crew:
        options = self._options
        memory = options.memory // options.workers
        begin = Begin(self._partitions, options.order.kind, options.order.seed, memory)
        crew = self._crew = Crew(self._launcher, begin, self._describe, self._relay)
        seeds = (1, 2) if options.order.kind == "scramble" and self._launcher.varies_hash_seed else (None,)
        for index in range(options.workers):
            self._account_launch(crew.start(WorkerSpec(index, role, seeds[index % len(seeds)])))
        return crew

    def _account_launch(self, seat: Seat) -> None:
        seat.launched = perf_counter()
        self._progress.started(seat.spec, seat.link.handle.pid)

    def _dismiss(self) -> None:
        if self._crew is not None:
            if self._crew.retries:
                self.remarks.append(f"{self._crew.retries} worker process(es) died and were replaced")
            self._crew.dismiss()
            self._crew = None

    def _events(self, crew: Crew) -> Iterator[tuple[Seat, Any]]:
        yield from crew.arrivals(self._tick)
        if self._watch is not None:
            self._watch()

    def _describe(self, task: Task | None) -> str:
        match task:
            case None:
                return "while it loaded the job"
            case MapTask(kind="range"):
                source = self._inputs[task.input]
                return f"while it mapped {source.name}, lines {self._lines_of(task)}"
            case MapTask(kind="lines"):
                count = len(unpack_lines(task.payload))
                return f"while it mapped records {task.first} to {task.first + count - 1}"
            case ReduceTask():
                return f"while it reduced partition {task.task}"
            case _:
                return "while it read the data"

    def _lines_of(self, task: MapTask) -> str:
        source = self._inputs[task.input]
        first = source.line_number(task.start, 0)
        return f"{first} to {first + len(source.lines(task.start, task.end)) - 1}"

    # ---- the map phase -----------------------------------------------------------------------------------------------

    def _count_partitions(self) -> int:
        workers = self._options.workers
        size = sum(source.size for source in self._inputs)
        if self._options.static:
            return max(2, 2 * workers if self._options.order.kind == "scramble" else workers)
        if size < 2**24:
            return workers
        return max(4 * workers, min(256, size * EXPANSION // self._options.memory * workers))

    def _map_phase(self) -> None:
        crew = self._hire("map" if self._options.static else "both")
        source = self._first_ready(crew)
        supply = self._supply(crew, source)
        if self._options.static:
            self._map_in_advance(crew, list(supply))
            self._dismiss()
        else:
            self._map_on_demand(crew, supply)

    def _first_ready(self, crew: Crew) -> Ready:
        """Wait for the first seat: what its script gave to execute decides how the data is dealt."""
        first = crew.seats[0]
        while first.ready is None:
            for seat, message in self._events(crew):
                self._welcome(seat, message)
        return first.ready

    def _welcome(self, seat: Seat, message: Any) -> None:
        if not isinstance(message, Ready):
            raise ProtocolError("a worker announced a task before any was given")
        self._account.started(seat.spec.index, seat.launched, max(seat.launched, message.at))

    def _supply(self, crew: Crew, ready: Ready) -> Iterator[MapTask]:
        carried = [MapTask(0, "carried")] if ready.carries else []
        yield from carried
        for task in self._data_tasks(crew, ready):
            yield task._replace(task=task.task + len(carried))

    def _data_tasks(self, crew: Crew, ready: Ready) -> Iterator[MapTask]:
        options = self._options
        if options.static:
            seed = options.order.seed if options.order.kind == "scramble" else None
            yield from dealing.in_advance(self._all_lines(crew, ready), options.workers, seed)
        elif self._given is not None:
            yield from dealing.by_batch(self._given, options.workers)
        elif ready.source == "given":
            yield from dealing.by_batch(self._enumerated(crew, ready), options.workers)
        elif self._launcher.shares_files:
            yield from dealing.by_range(self._inputs, options.workers, options.memory)
        else:
            yield from dealing.by_batch(dealing.all_lines(self._inputs), options.workers)

    def _all_lines(self, crew: Crew, ready: Ready) -> list[bytes]:
        if self._given is not None:
            return [as_bytes(line, f"item {n} of the data") for n, line in enumerate(self._given, 1)]
        if ready.source == "given":
            return list(self._enumerated(crew, ready))
        return dealing.all_lines(self._inputs)

    def _enumerated(self, crew: Crew, ready: Ready) -> Iterator[bytes]:
        """The lines that the script made itself, as the first worker reads them out."""
        self.remarks.append(f"the script passed data of its own making to execute ({ready.name}); one worker read it out")
        source, last = crew.seats[0], False
        while not last:
            crew.give(source, Enumerate(_ENUMERATE))
            batch = None
            while batch is None:
                for seat, message in self._events(crew):
                    if isinstance(message, Batch) and seat is source:
                        crew.done(seat, Enumerate)
                        batch = message
                    else:
                        self._on_map_message(crew, seat, message)
            last = batch.last
            yield from _unpacked(batch)

    def _map_in_advance(self, crew: Crew, tasks: list[MapTask]) -> None:
        for task in tasks:
            crew.give(crew.seats[task.task % len(crew.seats)], task)
        self._await_maps(crew, len(tasks))

    def _map_on_demand(self, crew: Crew, supply: Iterator[MapTask]) -> None:
        count, task = 0, next(supply, None)
        while task is not None:
            idle = min(crew.seats, key=lambda seat: (len(seat.tasks), seat.ready is None))
            if len(idle.tasks) < _AHEAD:
                self._progress.fed(idle.spec.index, task)
                crew.give(idle, task)
                count, task = count + 1, next(supply, None)
                continue
            for seat, message in self._events(crew):
                self._on_map_message(crew, seat, message)
        self._await_maps(crew, count)

    def _await_maps(self, crew: Crew, count: int) -> None:
        while len(self._mapped) < count:
            for seat, message in self._events(crew):
                self._on_map_message(crew, seat, message)

    def _on_map_message(self, crew: Crew, seat: Seat, message: Any) -> None:
        if not isinstance(message, Mapped):
            self._welcome(seat, message)
            return
        crew.done(seat, MapTask, message.task)
        _check_places([place[1:] for place in message.blocks] + [message.outputs], message.payload, self._launcher.shares_files)
        if any(not 0 <= place[0] < self._partitions for place in message.blocks):
            raise ProtocolError("a worker announced a block for a partition that is not there")
        self._relay_more(len(message.payload))
        self._mapped[message.task] = message
        self._count_mapped(seat, message)

    def _count_mapped(self, seat: Seat, message: Mapped) -> None:
        account = self._account
        account.add(
            seat.spec.index, message.stats, records=message.records, pairs=message.pairs, keys=message.keys
        )
        account.records += message.records
        account.blank += message.blank
        account.pairs += message.pairs
        account.shuffled += sum(place[3] for place in message.blocks)
        account.spilled += sum(place[3] for place in message.blocks if place[1] != INLINE)
        self._progress.mapped(seat.spec.index, message)

    def _relay_more(self, size: int) -> None:
        self._relayed += size
        if self._relayed > self._relay:
            raise RelayExceeded(f"more than {self._relay} bytes had to pass between the processes of the run")

    # ---- the reduce phase --------------------------------------------------------------------------------------------

    def _reduce_phase(self) -> None:
        if self._account.blank:
            self.remarks.append(f"{self._account.blank} blank line(s) in the data were skipped")
        self._progress.shuffled(self._account)
        crew = self._crew or self._hire("reduce")
        tasks = self._reduce_tasks()
        waiting = list(reversed(tasks))
        while len(self._reduced) < len(tasks):
            while waiting and (seat := self._seat_for(crew, waiting[-1])) is not None:
                crew.give(seat, waiting.pop())
            for seat, message in self._events(crew):
                self._on_reduce_message(crew, seat, message)

    def _seat_for(self, crew: Crew, task: ReduceTask) -> Seat | None:
        if self._options.static:
            return crew.seats[task.task % len(crew.seats)]
        idle = min(crew.seats, key=lambda seat: len(seat.tasks))
        return idle if len(idle.tasks) < _AHEAD else None

    def _reduce_tasks(self) -> list[ReduceTask]:
        """One task a partition; several for one that would not fit its worker's share of the memory. Empty ones only where wanted."""
        blocks: dict[int, list[tuple[Mapped, list[int]]]] = {part: [] for part in range(self._partitions)}
        for number in sorted(self._mapped):
            for place in self._mapped[number].blocks:
                blocks[place[0]].append((self._mapped[number], place))
        share_of_memory = self._options.memory // self._options.workers
        tasks = []
        for part, found in blocks.items():
            if found or self._options.static:
                size = sum(place[3] for _, place in found)
                shares = max(1, min(_MOST_SHARES, -(-size * EXPANSION // share_of_memory)))
                refs, payload = _gathered(found)
                tasks += [ReduceTask(part, share, shares, refs, payload) for share in range(shares)]
        return tasks

    def _on_reduce_message(self, crew: Crew, seat: Seat, message: Any) -> None:
        if not isinstance(message, Reduced):
            self._welcome(seat, message)
            return
        task = crew.done(seat, ReduceTask, message.task)
        assert isinstance(task, ReduceTask), "done() has just checked it"
        _check_places([message.outputs], message.payload, self._launcher.shares_files)
        self._relay_more(len(message.payload))
        self._reduced[task.task, task.share] = message
        self._account.keys += message.keys
        self._account.add(seat.spec.index, message.stats, keys=message.keys)
        self._progress.reduced(seat.spec.index, message)

    # ---- the output --------------------------------------------------------------------------------------------------

    def _output(self) -> Iterator[bytes]:
        """What the mappers emitted, in record order, then what the reducers did, in the order that was asked for."""
        for number in sorted(self._mapped):
            yield _read(self._mapped[number])
        parts = [Part(message.outputs[2], _reader(message)) for _, message in sorted(self._reduced.items())]
        if self._options.order.kind == "stable":
            yield from by_rank(parts) if parts else ()
        else:
            for part in parts:
                yield from part.chunks()


def _unpacked(batch: Batch) -> list[bytes]:
    try:
        lines = unpack_lines(batch.payload)
    except ValueError:
        raise ProtocolError("a worker sent lines that are not packed as they should be") from None
    if len(lines) != batch.count:
        raise ProtocolError("a worker sent another number of lines than it said")
    return lines


def _check_places(places: list[list[int]], payload: bytes, shared: bool) -> None:
    for place in places:
        if len(place) != 3 or min(place[1:]) < 0 or (place[0] == INLINE and sum(place[1:]) > len(payload)):
            raise ProtocolError("a worker announced bytes that are not where it says")
        if place[0] != INLINE and not shared:
            raise ProtocolError("a worker announced bytes in a file that it cannot have")


def _gathered(found: list[tuple[Mapped, list[int]]]) -> tuple[list[list[int]], bytes]:
    """The blocks of one partition as [map task, file, offset, length], the inline ones put together into one payload."""
    refs, pieces, at = [], [], 0
    for message, (_, file, offset, length) in found:
        if file == INLINE:
            pieces.append(message.payload[offset : offset + length])
            refs.append([message.task, INLINE, at, length])
            at += length
        else:
            refs.append([message.task, file, offset, length])
    return refs, b"".join(pieces)


def _reader(message: Mapped | Reduced) -> Callable[[int, int], bytes]:
    file, start, _ = message.outputs
    if file == INLINE:
        return lambda offset, length: message.payload[start + offset : start + offset + length]
    return lambda offset, length: read_at(file, start + offset, length)


def _read(message: Mapped) -> bytes:
    return _reader(message)(0, message.outputs[2]) if message.outputs[2] else b""
