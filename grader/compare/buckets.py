"""Rows that may be too many for memory: in lists while they fit, else in an unlinked temporary file. Knows nothing of
records.
"""

from __future__ import annotations

import marshal
import os
import tempfile
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Generic, TypeVar

from grader.errors import InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator
    from types import TracebackType

RowT = TypeVar("RowT")


class Disk:
    """One temporary file without a name, made when first needed: gone with the process, however that ends."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._end = 0

    def __enter__(self) -> Disk:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            with suppress(OSError):  # a full disk has been reported already
                self._file.close()

    def write(self, block: bytes) -> tuple[int, int]:
        """Append a block; return its offset and length in bytes. Raises InfrastructureError where there is no room."""
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed in __exit__
            self._write_all(self._file.fileno(), block)
        except OSError as error:
            raise InfrastructureError(
                f"no room to compare in: cannot write {len(block):,} bytes to a temporary file: {error.strerror}",
                "free some space, or let TMPDIR name a folder that has it",
            ) from error
        start, self._end = self._end, self._end + len(block)
        return start, len(block)

    def read(self, offset: int, length: int) -> bytes:
        """Return a block."""
        assert self._file is not None, "nothing has been written"
        return os.pread(self._file.fileno(), length, offset)

    def _write_all(self, file: int, block: bytes) -> None:
        rest, at = memoryview(block), self._end
        while rest:
            written = os.pwrite(file, rest, at)
            rest, at = rest[written:], at + written


class Pile(Generic[RowT]):
    """An append-only sequence of rows (tuples of what `marshal` can hold), of which at most `room` bytes stay in
    memory.
    """

    def __init__(self, disk: Disk, room: int) -> None:
        self._disk, self._room = disk, room
        self._rows: list[RowT] = []
        self._held = 0
        self._blocks: list[tuple[int, int]] = []

    def append(self, row: RowT, size: int) -> None:
        """Add a row that takes about `size` bytes in memory."""
        self._rows.append(row)
        self._held += size
        if self._held > self._room:
            self._blocks.append(self._disk.write(marshal.dumps(self._rows)))
            self._rows, self._held = [], 0

    def __iter__(self) -> Iterator[RowT]:
        for offset, length in self._blocks:
            yield from marshal.loads(self._disk.read(offset, length))  # noqa: S302 - nobody else can have written it
        yield from self._rows


class Buckets(Generic[RowT]):
    """`count` piles that share `room` bytes; equal keys go to the same one."""

    def __init__(self, disk: Disk, room: int, count: int) -> None:
        self._piles: list[Pile[RowT]] = [Pile(disk, room // count) for _ in range(count)]

    def append(self, key: Hashable, row: RowT, size: int) -> None:
        """Add a row of about `size` bytes to the key's pile."""
        # Python's hash of text is salted: nobody can aim at one bucket.
        self._piles[hash(key) % len(self._piles)].append(row, size)

    def __len__(self) -> int:
        return len(self._piles)

    def __iter__(self) -> Iterator[Pile[RowT]]:
        return iter(self._piles)
