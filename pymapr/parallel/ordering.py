"""The output of reduce tasks, put back into the order of a serial run.

Each task's entries come sorted by the rank of their key, because blocks are merged in task order; so giving back the
serial order is a merge of sorted runs, of which only a window each is in memory. Lines are never decoded on the way.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from pymapr.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_CHUNK = 2**18
"""Bytes of lines to give on at once."""

_MOST_LINES, _MOST_ENTRIES = 2**23, 2**18
"""How much of all parts together to hold at once: bytes of lines, and entries."""


class Entries(NamedTuple):
    """What a reduce task emitted: the rank of each key that emitted anything, and how many bytes of lines are its.

    lines: all of them, in pieces that end at line ends.
    """

    ranks: array[int]
    lengths: array[int]
    lines: Sequence[bytes]


def pack_entries(entries: Entries) -> list[bytes]:
    """Entries as bytes, in pieces that belong one behind the other."""
    count = len(entries.ranks).to_bytes(8, "little")
    return [count + entries.ranks.tobytes() + entries.lengths.tobytes(), *entries.lines]


class Part:
    """Packed entries that lie somewhere; `read(offset, length)` gets at them piece by piece, and no piece is large."""

    def __init__(self, size: int, read: Callable[[int, int], bytes]) -> None:
        self._read = read
        self.count = int.from_bytes(read(0, 8), "little") if size >= 8 else -1
        self.lines_at = 8 + self.count * 12
        if self.count < 0 or self.lines_at > size:
            raise ProtocolError("a reduce task's output is not packed as it should be")
        self.bytes = sum(sum(self._lengths(at, _MOST_ENTRIES)) for at in range(0, self.count, _MOST_ENTRIES))
        if self.lines_at + self.bytes != size:
            raise ProtocolError("a reduce task's output is longer or shorter than it says")

    def chunks(self) -> Iterator[bytes]:
        """All lines, in this part's own order."""
        for offset in range(0, self.bytes, _CHUNK):
            yield self._read(self.lines_at + offset, min(_CHUNK, self.bytes - offset))

    def ranks(self, at: int, most: int) -> array[int]:
        """The ranks of the entries from number `at` on, `most` of them at most."""
        found = array("Q")
        found.frombytes(self._read(8 + at * 8, min(most, self.count - at) * 8))
        return found

    def entries(self, entries: int = _MOST_ENTRIES, held: int = _CHUNK) -> Iterator[bytes]:
        """The lines, one piece a key, in order of rank; about so many entries and bytes are held at once."""
        window, at, offset = b"", 0, 0
        for first in range(0, self.count, entries):
            for length in self._lengths(first, entries):
                if at + length > len(window):
                    want = min(max(held, length), self.bytes - offset)
                    window, at = self._read(self.lines_at + offset, want), 0
                yield window[at : at + length]
                at += length
                offset += length

    def _lengths(self, at: int, most: int) -> array[int]:
        found = array("I")
        found.frombytes(self._read(8 + self.count * 8 + at * 4, min(most, self.count - at) * 4))
        return found


def by_rank(parts: Sequence[Part], most: int = _MOST_ENTRIES) -> Iterator[bytes]:
    """The lines of all parts in the order of their keys' ranks, in chunks. most: entries to hold at once, about."""
    if len(parts) == 1:
        yield from parts[0].chunks()
        return
    width = max(1, len(parts))
    entries, held = max(1, most // width), max(2**12, min(_CHUNK, _MOST_LINES // width))
    nexts = [part.entries(entries, held).__next__ for part in parts]
    pieces: list[bytes] = []
    size = 0
    for tags in _in_order([_Window(part, entries) for part in parts]):
        for tag in tags:
            piece = nexts[tag % width]()
            pieces.append(piece)
            size += len(piece)
            if size >= _CHUNK:
                yield b"".join(pieces)
                pieces, size = [], 0
    yield b"".join(pieces)


class _Window:
    """The next few ranks of a part."""

    def __init__(self, part: Part, most: int) -> None:
        self._part, self._most, self._read = part, most, 0
        self.ranks: Sequence[int] = ()
        self.fill()

    @property
    def more(self) -> bool:
        """Whether there are ranks behind these."""
        return self._read < self._part.count

    def fill(self) -> None:
        """Read on, where all were taken."""
        if not self.ranks and self.more:
            self.ranks = self._part.ranks(self._read, self._most)
            self._read += len(self.ranks)

    def take(self, bound: int | None) -> Sequence[int]:
        """The ranks up to this one, itself included; None: all. They are gone from here."""
        count = len(self.ranks)
        # Asked about the last one first: whoever packed them may have lied about their order, and must not hold us up.
        if count and bound is not None and self.ranks[-1] > bound:
            count = bisect_right(self.ranks, bound)
        taken, self.ranks = self.ranks[:count], self.ranks[count:]
        self.fill()
        return taken


def _in_order(windows: list[_Window]) -> Iterator[list[int]]:
    """All ranks, ascending, each as rank * number of parts + number of the part, a list of them at a time."""
    width = len(windows)
    while any(window.ranks for window in windows):
        bound = min((window.ranks[-1] for window in windows if window.more), default=None)
        # Sorted runs one after another: what timsort merges in linear time, comparing plain ints.
        tags = [rank * width + number for number, window in enumerate(windows) for rank in window.take(bound)]
        tags.sort()
        yield tags
