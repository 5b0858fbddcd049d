"""Blocks on disk: what is too large for a pipe waits in a file that has no name.

The file is deleted the moment it is made and lives on as a descriptor that the workers of a run inherit; so however a run ends, even by
SIGKILL, nothing stays behind. Each worker appends to a file of its own and reads everybody's.
"""

from __future__ import annotations

import os
import tempfile

from pymapr.errors import SpillFailed


class SpillFile:
    """An unnamed file to append blocks to and read them from, at any time, by any process that inherited it."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.end = os.fstat(descriptor).st_size

    @classmethod
    def create(cls) -> SpillFile:
        """A new empty file in the folder for temporary files; raises SpillFailed."""
        try:
            descriptor, name = tempfile.mkstemp(prefix="pymapr-")
            os.unlink(name)
        except OSError as error:
            raise SpillFailed(f"no temporary file could be made: {error}", _HINT) from None
        return cls(descriptor)

    def append(self, block: bytes) -> int:
        """Write a block at the end and return its offset; raises SpillFailed, on a full disk for instance."""
        offset = self.end
        view = memoryview(block)
        try:
            while view:
                written = os.pwrite(self.descriptor, view, self.end)
                self.end += written
                view = view[written:]
        except OSError as error:
            folder = tempfile.gettempdir()
            raise SpillFailed(f"{len(block)} bytes could not be written to {folder}: {error.strerror}", _HINT) from None
        return offset

    def read(self, offset: int, length: int) -> bytes:
        """A block back; raises SpillFailed if the file is shorter than that."""
        return read_at(self.descriptor, offset, length)

    def close(self) -> None:
        """Give the space back."""
        os.close(self.descriptor)


def read_at(descriptor: int, offset: int, length: int) -> bytes:
    """`length` bytes at `offset`, however many calls it takes; raises SpillFailed if there are fewer."""
    pieces = []
    while length:
        piece = os.pread(descriptor, length, offset)
        if not piece:
            raise SpillFailed("a block is shorter than was announced", "is somebody writing to the folder for temporary files?")
        pieces.append(piece)
        offset, length = offset + len(piece), length - len(piece)
    return b"".join(pieces)


_HINT = "free some space, or point TMPDIR to a folder that has more"
