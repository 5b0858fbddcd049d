"""Where blocks wait between the phases: small ones in the message itself, large ones in the worker's spill file.

A place is `[file, offset, length]`; `file` is a descriptor that every worker of the run inherited, or INLINE; or it is
KEPT: a group which the worker that made it will reduce itself stays in it as it is.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from pymapr.errors import EngineError, ProtocolError
from pymapr.parallel.protocol import INLINE, KEPT, Place
from pymapr.spill import SpillFile, read_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pymapr.codecs import Group

_INLINE_MOST = 2**16


class Store:
    """A worker's own; without a spill file everything goes into messages."""

    def __init__(self, spill: SpillFile | None) -> None:
        self._spill = spill
        self._kept: dict[int, dict[int, Group]] = {}
        self._lengths: dict[tuple[int, int], array[int]] = {}

    @property
    def spills(self) -> bool:
        """Whether blocks can leave this process's memory before their task is announced."""
        return self._spill is not None

    def put(self, pieces: Sequence[bytes]) -> tuple[list[Place], bytes]:
        """Keep bytes where other workers find them; returns a place for each, and the payload to announce them with."""
        if sum(map(len, pieces)) > _INLINE_MOST:
            return self.put_away(pieces)
        return self._inline(pieces)

    def put_whole(self, pieces: Sequence[bytes]) -> tuple[Place, bytes]:
        """The same for one block that comes in pieces. Large ones are appended one by one, and so lie in a row."""
        size = sum(map(len, pieces))
        if self._spill is None or size <= _INLINE_MOST:
            return [INLINE, 0, size], b"".join(pieces)
        starts = [self._spill.append(piece) for piece in pieces]
        return [self._spill.descriptor, starts[0], size], b""

    def put_away(self, pieces: Sequence[bytes]) -> tuple[list[Place], bytes]:
        """The same, but out of this process's memory if at all possible, however few they are; raises SpillFailed."""
        if self._spill is None:
            return self._inline(pieces)
        return [[self._spill.descriptor, self._spill.append(piece), len(piece)] for piece in pieces], b""

    def keep(self, partition: int, task: int, group: Group) -> Place:
        """Hold on to a group that was begun with this map task, for the reduce task that will be done here too."""
        self._kept.setdefault(partition, {})[task] = group
        return [KEPT, task, 0]

    def kept(self, partition: int, task: int) -> Group:
        """The same group, to be merged: that makes its lists longer. Before it is asked for again, it is restored."""
        try:
            group = self._kept[partition][task]
        except KeyError:
            raise EngineError("a group is not where it was kept") from None
        self._lengths[partition, task] = array("Q", map(len, group.values))
        return group

    def restore(self, partition: int) -> None:
        """Take away what a merge has put to the lists that were kept of a partition."""
        for task, group in self._kept.get(partition, {}).items():
            if lengths := self._lengths.get((partition, task)):  # else the merge did not get that far
                for values, length in zip(group.values, lengths, strict=True):
                    del values[length:]

    def drop(self, partition: int) -> None:
        """Let go of what was kept of a partition, if anything was."""
        for task in self._kept.pop(partition, ()):
            self._lengths.pop((partition, task), None)

    def _inline(self, pieces: Sequence[bytes]) -> tuple[list[Place], bytes]:
        places, at = [], 0
        for piece in pieces:
            places.append([INLINE, at, len(piece)])
            at += len(piece)
        return places, b"".join(pieces)


class Shelf:
    """Where the blocks of one partition lie, in few bytes each: of a large run there are hundreds of thousands.

    bytes: of all of them, but for groups that were kept. kept: whether any was, so that only its worker can reduce it.
    """

    def __init__(self) -> None:
        self.bytes = 0
        self.kept = False
        self._rows = array("q")
        self._payloads: dict[int, bytes] = {}

    def add(self, task: int, place: Place, payload: bytes) -> None:
        """One more block of this map task, in a message with this payload."""
        self._rows.extend((task, *place))
        self.bytes += place[2]
        self.kept = self.kept or place[0] == KEPT
        if place[0] == INLINE:
            self._payloads[task] = payload

    def __len__(self) -> int:
        return len(self._rows) // 4

    def __iter__(self) -> Iterator[tuple[int, Place, bytes]]:
        """All of them in the order of the tasks, each with its payload."""
        for at in sorted(range(0, len(self._rows), 4), key=self._rows.__getitem__):
            task, *place = self._rows[at : at + 4]
            yield task, place, self._payloads.get(task, b"")


def fetch(place: Place, payload: bytes) -> bytes:
    """The bytes at a place of a message with this payload."""
    file, offset, length = place
    return payload[offset : offset + length] if file == INLINE else read_at(file, offset, length)


def reader(place: Place, payload: bytes) -> Callable[[int, int], bytes]:
    """A function `read(offset, length)` on the bytes at a place."""
    file, start, _ = place
    return lambda offset, length: fetch([file, start + offset, length], payload)


def check(places: Iterable[Place], payload: bytes, shared: bool) -> None:
    """Raise ProtocolError for places where nothing can be. shared: whether workers may have files at all."""
    for place in places:
        if len(place) != 3 or min(place[1:]) < 0 or (place[0] == INLINE and sum(place[1:]) > len(payload)):
            raise ProtocolError("a worker announced bytes that are not where it says")
        if place[0] == KEPT:
            raise ProtocolError("a worker kept what it was not asked to keep")
        if place[0] != INLINE and not shared:
            raise ProtocolError("a worker announced bytes in a file that it cannot have")


def gather(found: Iterable[tuple[int, Place, bytes]]) -> tuple[list[list[int]], bytes]:
    """Blocks of several messages, `(map task, place, payload)`, for one: [map task, file, offset, length], its payload.

    Inline bytes are put one behind the other, without being opened.
    """
    references, pieces, at = [], [], 0
    for task, (file, offset, length), payload in found:
        if file == INLINE:
            pieces.append(payload[offset : offset + length])
            references.append([task, INLINE, at, length])
            at += length
        else:
            references.append([task, file, offset, length])
    return references, b"".join(pieces)
