"""The output of reduce tasks, put back into the order of a serial run.

Each task's entries come sorted by the rank of their key, because blocks are merged in task order; so giving back the
serial order is a merge of sorted runs. Lines are never decoded on the way.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, NamedTuple

from pymapr.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_CHUNK = 2**18


class Entries(NamedTuple):
    """What a reduce task emitted: the rank of each key that emitted anything, and how many bytes of lines are its."""

    ranks: array[int]
    lengths: array[int]
    lines: bytes


def pack_entries(entries: Entries) -> bytes:
    """Entries as bytes."""
    count = len(entries.ranks).to_bytes(8, "little")
    return count + entries.ranks.tobytes() + entries.lengths.tobytes() + entries.lines


class Part:
    """Packed entries that lie somewhere; `read(offset, length)` gets at them piece by piece."""

    def __init__(self, size: int, read: Callable[[int, int], bytes]) -> None:
        self._read = read
        count = int.from_bytes(read(0, 8), "little") if size >= 8 else -1
        self.lines_at = 8 + count * 12
        if count < 0 or self.lines_at > size:
            raise ProtocolError("a reduce task's output is not packed as it should be")
        self.ranks, self.lengths = array("Q"), array("I")
        self.ranks.frombytes(read(8, count * 8))
        self.lengths.frombytes(read(8 + count * 8, count * 4))
        self.bytes = sum(self.lengths)
        if self.lines_at + self.bytes != size:
            raise ProtocolError("a reduce task's output is longer or shorter than it says")

    def chunks(self) -> Iterator[bytes]:
        """All lines, in this part's own order."""
        for offset in range(0, self.bytes, _CHUNK):
            yield self._read(self.lines_at + offset, min(_CHUNK, self.bytes - offset))

    def entries(self) -> Iterator[bytes]:
        """The lines, one piece a key, in order of rank."""
        window, at, offset = b"", 0, 0
        for length in self.lengths:
            if at + length > len(window):
                want = min(max(_CHUNK, length), self.bytes - offset)
                window, at = self._read(self.lines_at + offset, want), 0
            yield window[at : at + length]
            at += length
            offset += length


def by_rank(parts: Sequence[Part]) -> Iterator[bytes]:
    """The lines of all parts in the order of their keys' ranks, in chunks."""
    if len(parts) == 1:
        yield from parts[0].chunks()
        return
    # Sorted runs one after another: what timsort merges in linear time, comparing plain ints.
    width = len(parts)
    order = [rank * width + number for number, part in enumerate(parts) for rank in part.ranks]
    order.sort()
    nexts = [part.entries().__next__ for part in parts]
    pieces: list[bytes] = []
    held = 0
    for tag in order:
        piece = nexts[tag % width]()
        pieces.append(piece)
        held += len(piece)
        if held >= _CHUNK:
            yield b"".join(pieces)
            pieces, held = [], 0
    yield b"".join(pieces)
