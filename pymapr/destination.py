"""Where a command's output goes: a file that appears only when it is complete, or this process's own stdout."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

from pymapr.errors import EngineError, UsageError
from pymapr.messages import FULL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType


class Destination:
    """Use it in a `with`: what was written counts only if the block ends without an exception.

    path: a file; "" is stdout. A reader of ours that leaves early (`| head`) raises BrokenPipeError. Raises UsageError
    for a path that cannot be written, EngineError where there is no more room.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        plain = bool(path) and (os.path.isfile(path) or not os.path.exists(path))
        # A link stays a link, so what it leads to is replaced; a device or a pipe is written, not replaced.
        self._final = os.path.realpath(path) if plain else ""
        self._partial = f"{self._final}.{os.getpid()}.partial"
        self.written = 0

    def __enter__(self) -> Destination:
        try:
            self._file = self._open()
        except OSError as error:
            raise UsageError(f"{self._path}: {error.strerror}", "the folder must exist and be writable") from None
        return self

    def _open(self) -> IO[bytes]:
        if not self._path:
            return open(os.dup(1), "wb")
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
