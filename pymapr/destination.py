"""Where a command's output goes: a file that appears only when it is complete, or this process's own stdout.

It refuses a file that the command needs itself.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

from pymapr.errors import EngineError, UsageError
from pymapr.messages import FULL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType


class Destination:
    """Use it in a `with`: what was written counts only if the block ends without an exception.

    path: a file; "" is stdout. A reader of ours that leaves early (`| head`) raises BrokenPipeError. Raises UsageError
    for a path that cannot be written, EngineError where there is no more room.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._final = _replaced(path)
        self._partial = f"{self._final}.{os.getpid()}.partial"
        self.written = 0

    def __enter__(self) -> Destination:
        try:
            self._file = self._open()
        except OSError as error:
            raise UsageError(f"{self._path}: {error.strerror}", self._mend(error)) from None
        return self

    def _mend(self, error: OSError) -> str:
        if isinstance(error, IsADirectoryError):
            return f"name a file, as in {os.path.join(self._path, 'out.json')}"
        return "the folder must exist and be writable"

    def _open(self) -> IO[bytes]:
        if (number := descriptor(self._path)) is not None:
            return open(os.dup(number), "wb")
        return open(self._partial if self._final else self._path, "wb")

    def write(self, data: bytes) -> None:
        """Some more bytes."""
        self.written += len(data)
        try:
            self._file.write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise self._no_room(error) from None

    def _no_room(self, error: OSError) -> EngineError:
        return EngineError(f"{self._path or 'stdout'}: {error.strerror}", FULL)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.close()
            if self._final and kind is None:
                os.replace(self._partial, self._final)
        except BrokenPipeError:
            if kind is None:
                raise
        except OSError as failed:
            if kind is None:
                raise self._no_room(failed) from None
        finally:
            if self._final:
                with suppress(FileNotFoundError):
                    os.unlink(self._partial)


def _replaced(path: str) -> str:
    """The file that output to `path` takes the place of, if any.

    A link stays a link, so what it leads to is replaced; a device, a pipe or stdout ("") is written, not replaced.
    """
    plain = os.path.isfile(path) or not os.path.exists(path)
    return os.path.realpath(path) if plain and descriptor(path) is None and not path.endswith(os.sep) else ""


def descriptor(path: str) -> int | None:
    """Which open descriptor a path stands for, such as /dev/stdout: to open it anew would lose what a shell's `>>` is
    to keep.
    """
    if not path:
        return 1
    folder, name = os.path.realpath(os.path.dirname(path)), os.path.basename(path)
    if folder in ("/dev/fd", f"/proc/{os.getpid()}/fd") and name.isascii() and name.isdigit() and os.path.exists(path):
        return int(name)
    if folder == "/dev" and name in _STREAMS:
        return _STREAMS[name]
    if os.path.islink(path) and os.path.exists(path):
        return descriptor(os.path.join(folder, os.readlink(path)))
    return None


_STREAMS = {"stdout": 1, "stderr": 2}


def refuse_loss(job: str, data: Sequence[str], output: str, timings: str) -> None:
    """Raise UsageError where the output or the timings would take the place of the job, of data, or of each other.

    job, data: as the command names them, `-` being stdin. output, timings: files; "" is stdout, and none.
    """
    needed = [("the job", job), *(("the data", path) for path in data)]
    for option, path in (("--output", output), ("--timings", timings)):
        for what, other in needed:
            if _same(path, 0 if other == "-" else other):
                named = "on standard input" if other == "-" else other
                raise UsageError(f"{option} {path} would overwrite {what} {named}", f"name another file after {option}")
    if timings and (_same(timings, output or 1) or _replaced(timings) == _replaced(output) != ""):
        raise UsageError(f"--timings {timings} would overwrite the output", "name another file after --timings")


def _same(path: str, other: str | int) -> bool:
    """Whether output to `path` would replace `other`, a file or a descriptor; two names of one file are the same."""
    try:
        return os.path.samefile(_replaced(path), other)
    except OSError:  # one of them is no file, or none yet
        return False


@contextmanager
def prints_apart() -> Iterator[None]:
    """Inside, fd 1 leads to stderr, so that what a job prints cannot mix with its output."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        with suppress(OSError, ValueError):  # the job may have closed it
            sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
