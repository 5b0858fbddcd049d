"""Blocks on disk: what is too large for a pipe waits in a file that has no name.

Such a file lives only as a descriptor that the workers of a run inherit; so however a run ends, even by SIGKILL,
nothing stays behind. Each worker appends to a file of its own and reads everybody's.
"""

from __future__ import annotations

import os

from pymapr.errors import SpillFailed

_HINT = "free some space, or point TMPDIR to a folder that has more"


class SpillFile:
    """An unnamed file to append blocks to and read them from, at any time, by any process that inherited it."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.end = os.fstat(descriptor).st_size

    @classmethod
    def create(cls) -> SpillFile:
        """A new empty file in the folder for temporary files; raises SpillFailed."""
        try:
            return cls(_unnamed())
        except OSError as error:
            where = f"no temporary file could be made in {_folder()}"
            raise SpillFailed(f"{where}: {error.strerror}", _HINT) from None

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
            where = f"a temporary file in {_folder_of(self.descriptor)}"
            raise SpillFailed(f"{len(block)} bytes could not be written to {where}: {error.strerror}", _HINT) from None
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
            hint = "is somebody changing the data, or writing to the folder for temporary files?"
            raise SpillFailed("a file is shorter than it was when the run began", hint)
        pieces.append(piece)
        offset, length = offset + len(piece), length - len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _folder() -> str:
    """Where temporary files are made."""
    return os.environ.get("TMPDIR") or "/tmp"  # noqa: S108 - nobody can guess or follow a name that is not there


def _folder_of(descriptor: int) -> str:
    """Where the file was made, though its name is gone; the job may have changed the environment since."""
    try:
        return os.path.dirname(os.readlink(f"/proc/self/fd/{descriptor}"))
    except OSError:  # no /proc, as on macOS
        return _folder()


def _unnamed() -> int:
    """A descriptor of a file that never has a name, where the system can do that; else of one whose name is gone."""
    flag = getattr(os, "O_TMPFILE", 0)
    try:
        if flag:
            return os.open(_folder(), os.O_RDWR | os.O_EXCL | os.O_CLOEXEC | flag, 0o600)
    except OSError:
        pass  # this kind of file system has no such thing, or the folder is not there: the long way finds out
    import tempfile  # costs milliseconds

    descriptor, name = tempfile.mkstemp(prefix="pymapr-")
    os.unlink(name)
    return descriptor
