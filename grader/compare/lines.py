"""Which lines does one side have more often than the other, byte for byte? Decodes nothing: most lines need no more
than this.
"""

from __future__ import annotations

from collections import Counter
from itertools import zip_longest
from typing import TYPE_CHECKING

from grader.compare.buckets import Buckets, Disk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_COST = 160
"""Bytes of memory that a line takes beside its own length, about."""

_BUCKETS = 64


def unequal_lines(expected: Iterable[bytes], got: Iterable[bytes], disk: Disk, memory: int) -> Tally:
    """Return the lines that one side has more often, holding about `memory` bytes of them.

    Both sides are read in step: where the order is the same, as it is after a serial run, next to nothing is held.
    """
    tally = Tally(disk, memory)
    for one, other in zip_longest(expected, got):
        if one != other:
            if one is not None:
                tally.add(one, 1)
            if other is not None:
                tally.add(other, -1)
    return tally


class Tally:
    """How much more often each line is expected than got (negative: less often). Iterate once, for lines and counts."""

    def __init__(self, disk: Disk, memory: int) -> None:
        self._counts: dict[bytes, int] = {}
        self._memory = memory
        self._held = self._spilled = 0
        self._buckets = Buckets[tuple[bytes, int]](disk, memory // 4, _BUCKETS)

    @property
    def size(self) -> int:
        """Bytes that all its lines would take in memory, at most."""
        return self._held + self._spilled

    def add(self, line: bytes, count: int) -> None:
        """Count a line; `count` is 1 for an expected one, -1 for one that was got."""
        before = self._counts.get(line, 0)
        if before + count:
            self._counts[line] = before + count
        else:
            del self._counts[line]
            self._held -= len(line) + _COST
        if not before:
            self._held += len(line) + _COST
            if self._held > self._memory:
                self._spill()

    def __iter__(self) -> Iterator[tuple[bytes, int]]:
        if not self._spilled:
            yield from self._counts.items()
            return
        self._spill()
        for pile in self._buckets:
            total: Counter[bytes] = Counter()
            for line, count in pile:
                total[line] += count
            yield from ((line, count) for line, count in total.items() if count)

    def _spill(self) -> None:
        for line, count in self._counts.items():
            self._buckets.append(line, (line, count), len(line) + _COST)
        self._spilled += self._held
        self._counts, self._held = {}, 0
