"""A map task's records: read, cut into lines, parsed, some at a time. What is no record is told with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pymapr.codecs import is_blank, parse_line, parse_lines, unpack_lines
from pymapr.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pymapr.inputs import Input
    from pymapr.parallel.protocol import MapTask

_AT_ONCE = 2**17
"""Bytes to parse before they are mapped: records are many times as large as their lines, and caches are small."""


class Batch(NamedTuple):
    """Some records of a task, the index of each one's line, how many lines were blank, the first that is no record.

    A bad line is reported only after the records before it were mapped: the first mistake is the one to hear of.
    """

    records: list[Any]
    indices: Sequence[int]
    blank: int
    failure: InputError | None


class Reading:
    """What one worker can read. inputs: the run's own. name: what the data is called where it is none of them."""

    def __init__(self, inputs: Sequence[Input], name: str) -> None:
        self._inputs, self._name = inputs, name

    def batches(self, task: MapTask) -> Iterator[Batch]:
        """The records of a task, some at a time; after one with a failure there is no other."""
        first = 0
        for lines in self._lines(task):
            batch = self._parsed(task, lines, first)
            first += len(lines)
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
        return f"{self._name}:{task.first + index}"

    def _lines(self, task: MapTask) -> Iterator[list[bytes]]:
        if task.kind == "range":
            source = self._inputs[task.input]
            size = task.end - task.start
            step = -(-size // max(1, -(-size // _AT_ONCE)))  # all alike: little data is parsed more slowly
            for start in range(task.start, task.end, step or 1):
                yield source.lines(start, min(start + step, task.end))
        elif task.kind == "lines":
            yield unpack_lines(task.payload)

    def _parsed(self, task: MapTask, lines: list[bytes], first: int) -> Batch:
        quick = parse_lines(lines)
        if quick is not None:
            return Batch(quick, range(first, first + len(lines)), 0, None)
        # Lines that this process did not read itself may come from a str with half a surrogate pair in it.
        errors = "strict" if task.kind == "range" else "surrogatepass"
        records: list[Any] = []
        indices: list[int] = []
        for index, line in enumerate(lines, first):
            if is_blank(line):
                continue
            try:
                records.append(parse_line(line, errors))
                indices.append(index)
            except InputError as error:
                failure = InputError(error.message, error.hint, "read", self.place(task, index))
                return Batch(records, indices, index - first - len(records), failure)
        return Batch(records, indices, len(lines) - len(records), None)
