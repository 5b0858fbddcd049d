"""A map task's records: read, cut into lines, parsed, some at a time. What is no record is told with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from pymapr import quick
from pymapr.codecs import is_blank, parse_line, unpack_lines
from pymapr.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pymapr.inputs import Input
    from pymapr.parallel.protocol import MapTask

T = TypeVar("T")

_AT_ONCE = 2**17 - 2**12
"""Bytes to parse before they are mapped: records are many times as large as their lines, and caches are small. What is
larger (from 128 kB on, with glibc), the C library takes from the system each time anew, page for page.
"""


class Batch(NamedTuple):
    """Some records of a task, the index of each one's line, how many lines were blank, the first that is no record.

    A bad line is reported only after the records before it were mapped: the first mistake is the one to hear of.
    """

    records: list[Any]
    indices: Sequence[int]
    blank: int
    failure: InputError | None


class Reading:
    """What one worker can read. inputs: the run's own. name: what the data is called where it is none of them.

    seed: what shuffled the lines, where they are.
    """

    def __init__(self, inputs: Sequence[Input], name: str, seed: int) -> None:
        self._inputs, self._name, self._seed = inputs, name, seed
        self._read = 0

    def batches(self, task: MapTask) -> Iterator[Batch]:
        """The records of a task, some at a time; after one with a failure there is no other."""
        first = 0
        for records, lines in self._quick_or_lines(task):
            if records is None:
                batch = self._parsed(task, lines, first)
            else:
                batch = Batch(records, range(first, first + len(records)), 0, None)
            first += len(batch.records) + batch.blank
            yield batch
            if batch.failure is not None:
                return

    def records(self, task: MapTask) -> Iterator[tuple[int, Any]]:
        """The records of a task one by one, each with the index of its line."""
        for batch in self.batches(task):
            yield from zip(batch.indices, batch.records, strict=True)

    def place(self, task: MapTask, index: int) -> str:
        """The line of this index in the task, as messages name it."""
        if task.kind == "range":
            source = self._inputs[task.input]
            return f"{source.name}:{source.line_number(task.start, index)}"
        number = task.first + index
        if task.shuffled:
            number = shuffled(range(1, task.shuffled + 1), self._seed)[number - 1]
        mine = self._inputs if self._inputs and self._inputs[0].name == self._name else ()
        return _line_of(mine, number) or f"{self._name}:{number}"

    def _quick_or_lines(self, task: MapTask) -> Iterator[tuple[list[Any] | None, list[bytes]]]:
        """The records of some lines, or, where they are not to be had the quick way, those lines."""
        self._read += task.end - task.start + len(task.payload)
        quick.load_for(self._read)
        if task.kind == "range":
            for chunk in self._inputs[task.input].chunks(task.start, task.end, _AT_ONCE):
                records = quick.parse_chunk(chunk)
                yield records, (chunk.splitlines() if records is None else [])
        elif task.kind == "lines":
            lines = unpack_lines(task.payload)
            yield quick.parse_lines(lines), lines

    def _parsed(self, task: MapTask, lines: list[bytes], first: int) -> Batch:
        records: list[Any] = []
        indices: list[int] = []
        for index, line in enumerate(lines, first):
            if is_blank(line):
                continue
            try:
                records.append(parse_line(line))
                indices.append(index)
            except InputError as error:
                failure = InputError(error.message, error.hint, "read", self.place(task, index))
                return Batch(records, indices, index - first - len(records), failure)
        return Batch(records, indices, len(lines) - len(records), None)


def shuffled(lines: Sequence[T], seed: int) -> list[T]:
    """Lines in the order in which a scramble of this seed deals them."""
    from random import Random  # costs milliseconds, and plain runs never need it

    found = list(lines)
    Random(f"records {seed}").shuffle(found)
    return found


def _line_of(inputs: Sequence[Input], number: int) -> str:
    """The line of this number, counted through all inputs, as messages name it; empty where there are not so many."""
    for source in inputs:
        count = source.line_number(source.size, 0) - 1
        if number <= count:
            return f"{source.name}:{number}"
        number -= count
    return ""
