"""A clean end: folders that go away again, even those of a grader that was killed, and a while in which a second Ctrl-C
cannot cut the cleaning short.
"""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import signal
import stat
import tempfile
import threading
import zlib
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that ask for an orderly end: a Ctrl-C, a polite kill, a terminal that was closed."""

PREFIX = f"pymapr-grade-{zlib.crc32(platform.node().encode()):08x}-"
"""Of a held folder's name. It says the machine: some places for temporary files are shared, and their locks are not."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


class Held:
    """A temporary folder (`path`) that only we may look into, with a lock on it that ends when this process does.

    The lock keeps `sweep` away. Whoever made it takes the folder away, then gives it up. Raises InfrastructureError
    where none can be made.
    """

    def __init__(self) -> None:
        try:
            self.path, self._lock = _made()
        except OSError as error:
            message = f"no temporary folder could be made: {error.strerror or error}"
            hint = "is there room, and may you write there? TMPDIR names another place"
            raise InfrastructureError(message, hint) from None

    def give_up(self) -> None:
        """Let the lock go; a second time does nothing."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _made() -> tuple[Path, int]:
    """A folder and the descriptor that locks it; another one if somebody sweeps it away before it is locked."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        with suppress(FileNotFoundError):
            lock = os.open(folder, _FOLDER)
            if _locked(lock) and _is_at(folder, lock):
                return folder, lock
            os.close(lock)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: there nobody can sweep either
        return True
    return True


def _is_at(folder: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(folder.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def sweep(remove: Callable[[Path], None]) -> None:
    """Take away what graders of this user left behind when they were killed: folders that nobody holds any more.

    remove: what takes a folder away in which student code has worked. What it cannot remove stays.
    """
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for name in [entry.path for entry in entries if entry.name.startswith(PREFIX)]:
            with suppress(OSError):
                _sweep(Path(name), remove)


def _sweep(folder: Path, remove: Callable[[Path], None]) -> None:
    lock = os.open(folder, _FOLDER)  # no link, and no file
    try:
        found = os.fstat(lock)
        if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) not in _MODES:
            return
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_at(folder, lock):
            remove(folder)
    finally:
        os.close(lock)


_MODES = (0o700, 0o711)


@contextmanager
def work_folder() -> Iterator[Path]:
    """A temporary folder for one batch. Raises InfrastructureError where none can be made."""
    held = Held()
    try:
        yield held.path
    finally:
        shutil.rmtree(held.path, ignore_errors=True)
        held.give_up()


def hear_endings() -> None:
    """Whoever ends this process raises KeyboardInterrupt in it; a hang-up that is ignored (`nohup`) stays ignored."""
    for number in ENDINGS:
        if number is signal.SIGTERM or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


@contextmanager
def undisturbed() -> Iterator[Callable[[], None]]:
    """Yields what to call once cleaning up begins: from then to the end a second Ctrl-C cannot cut it short."""
    before: dict[int, signal._HANDLER] = {}

    def hold() -> None:
        if threading.current_thread() is threading.main_thread():
            for number in ENDINGS:
                before[number] = signal.signal(number, signal.SIG_IGN)

    try:
        yield hold
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
