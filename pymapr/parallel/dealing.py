"""What there is to map, cut into tasks: byte ranges of files, or batches of lines. Starts no process, runs no job.

Three ways of dealing: in shares of neighbouring ranges, which a worker groups together; batches on demand, so that a
quick worker gets more; and in advance (for isolated runs and scrambles), from the data, the worker count and the seed
alone, so that one seed is one run, anywhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import count, pairwise
from typing import TYPE_CHECKING, Any

from pymapr.codecs import as_bytes, pack_lines, unpack_lines
from pymapr.inputs import Input, pieces
from pymapr.parallel.protocol import Enumerate, MapTask, ReduceTask, RunSerial
from pymapr.parallel.reading import shuffled
from pymapr.serial import numbered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Task = MapTask | ReduceTask | RunSerial | Enumerate

_FIRST_BATCH, _MOST_BATCH = 2**14, 2**20


def by_range(inputs: Sequence[Input], workers: int, memory: int, *, carried: bool = False) -> list[list[MapTask]]:
    """Tasks over files that the workers read for themselves: a share of adjacent ones for each worker.

    carried: whether there is something emitted before execute; it counts as if the first record had emitted it.
    """
    most = max(2**16, min(2**24, memory // (workers * 16)))
    shares = [list[MapTask]() for _ in range(workers)]
    if carried:
        shares[0].append(MapTask(0, "carried", open=True))
    task = count(len(shares[0]))
    for share, found in zip(shares, pieces([source.size for source in inputs], workers, most), strict=True):
        share += [MapTask(next(task), "range", *piece, open=True) for piece in found]
    return shares


class Shares:
    """Tasks of which each worker gets neighbours, as far as it goes: a share for each, and when its own is done, the
    second half of the largest that is left. Between tasks that are no neighbours comes one that closes.

    keeps: for each worker, the partitions that it will reduce.
    """

    def __init__(self, shares: Iterable[Iterable[MapTask]], keeps: Sequence[list[int]]) -> None:
        self._left = [deque(share) for share in shares]
        self._keeps = keeps
        self._last: list[MapTask | None] = [None for _ in self._left]

    def next(self, worker: int) -> MapTask | None:
        """What this worker is to do next; None: nothing more."""
        left, last = self._left[worker] or self._rob(worker), self._last[worker]
        if last is not None and not (left and left[0].task == last.task + 1):
            self._last[worker] = None
            return last._replace(kind="close", open=False, keeps=self._keeps[worker])
        self._last[worker] = left.popleft() if left else None
        return self._last[worker]

    def _rob(self, worker: int) -> deque[MapTask]:
        """The second half of the largest share, which from now on is this worker's."""
        largest = max(self._left, key=len)
        taken = [largest.pop() for _ in range(-(-len(largest) // 2))]
        self._left[worker].extend(reversed(taken))
        return self._left[worker]


def by_batch(data: Iterable[Any], workers: int, name: str = "data") -> Iterator[MapTask]:
    """Tasks over an iterable of lines, read no further than the workers need.

    The batches grow, so that little data is shared out and much is not chopped up.
    """
    sized = len(data) if isinstance(data, Sequence) else None
    most_lines = max(1, sized // workers) if sized is not None else 2**20
    most_bytes, lines, held, first, task = _FIRST_BATCH, list[bytes](), 0, 1, 0
    for _, number, line in numbered(data, name):
        lines.append(as_bytes(line, f"item {number} of the data"))
        held += len(lines[-1]) + 1
        if held >= most_bytes or len(lines) >= most_lines:
            yield MapTask(task, "lines", first=first, payload=pack_lines(lines))
            task, first, lines, held = task + 1, number + 1, [], 0
            most_bytes = min(most_bytes * 2, _MOST_BATCH)
    if lines:
        yield MapTask(task, "lines", first=first, payload=pack_lines(lines))


def in_advance(lines: Sequence[bytes], workers: int, seed: int | None) -> list[MapTask]:
    """All lines in two tasks a worker, at least two however few they are; in another order if there is a seed.

    Task i belongs to worker i modulo `workers`.
    """
    if seed is not None:
        lines = shuffled(lines, seed)
    tasks = max(2, min(len(lines), 2 * workers))
    bounds = [len(lines) * part // tasks for part in range(tasks + 1)]
    return [
        MapTask(
            task,
            "lines",
            first=start + 1,
            shuffled=0 if seed is None else len(lines),
            payload=pack_lines(lines[start:end]),
        )
        for task, (start, end) in enumerate(pairwise(bounds))
    ]


def all_lines(inputs: Sequence[Input]) -> list[bytes]:
    """Every line of every input, in order."""
    return [line for source in inputs for line in source]


def _last_line(source: Input, end: int) -> int:
    return source.line_number(end, 0) - 1


def describe(task: Task | None, inputs: Sequence[Input]) -> str:
    """A task in words, for the message about the worker that died over it; None: it had none yet."""
    match task:
        case None:
            return "while it loaded the job"
        case MapTask(kind="range"):
            source = inputs[task.input]
            first = source.line_number(task.start, 0)
            return f"while it mapped {source.name}, lines {first} to {_last_line(source, task.end)}"
        case MapTask(kind="close"):
            source = inputs[task.input]
            return f"while it handed over what it had mapped, up to {source.name}, line {_last_line(source, task.end)}"
        case MapTask(kind="lines"):
            count = len(unpack_lines(task.payload))
            if task.shuffled:
                return f"while it mapped {count} records"
            return f"while it mapped records {task.first} to {task.first + count - 1}"
        case MapTask():
            return "while it handed over what was emitted before execute"
        case ReduceTask():
            return f"while it reduced partition {task.task}"
        case _:
            return "while it read the data"
