"""What a slot keeps from run to run because it need not be made anew: empty folders, and copies that no run may change.

A folder is kept only if it is as when it was made, so that nothing can be handed on from one run to the next in it.
"""

from __future__ import annotations

import os
import stat
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from grader.sandbox import tree

if TYPE_CHECKING:
    from pathlib import Path

_MOST_KEPT, _MOST_COPIES = 64 * 2**20, 500
"""Bytes and number of the copies that a slot keeps; beyond, the oldest go."""

_READABLE = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
_YEAR = 365 * 24 * 3600 * 10**9
_CHUNK = 2**22


class Copy(NamedTuple):
    """A file to be linked into folders: where it lies, how it was when it was made, and what it was made of."""

    path: str
    made: os.stat_result
    source: os.stat_result

    @property
    def intact(self) -> bool:
        """Whether it is unchanged; a run that can set its times back as well has only itself to blame."""
        now = os.stat(self.path)
        return (now.st_size, now.st_mtime_ns) == (self.made.st_size, self.made.st_mtime_ns)


class Stock:
    """Of one slot, below `root`. Raises OSError where the disk does.

    keeps: whether anything is kept beyond a judgement; not where nothing holds a process off from rights, times and
    attributes of files (level 0), with which one could change what another finds, and leave no trace.
    """

    def __init__(self, root: Path, *, keeps: bool = True) -> None:
        self.root, self._keeps = root, keeps
        self._numbers = count(1)
        self._free: dict[int, list[str]] = {}
        self._as_made: dict[str, tuple[int, os.stat_result]] = {}
        self._copies: dict[Path, Copy] = {}
        self._copied = 0
        self._shelf = f"{root}/copies"
        os.mkdir(self._shelf, 0o700)  # no user of a slot's own may look for what is not in its folder

    # ---- folders -----------------------------------------------------------------------------------------------------

    def folder(self, user: int) -> str:
        """An empty folder that belongs to `user` (a uid; 0: to whoever grades)."""
        if free := self._free.get(user):
            return free.pop()
        folder = f"{self.root}/run-{next(self._numbers)}"
        os.mkdir(folder, 0o700)
        if user:
            os.chown(folder, user, user)
        self._as_made[folder] = user, os.stat(folder)
        return folder

    def take_back(self, folder: str) -> None:
        """Whoever was lent a folder needs it no more, and no process works in it: what is in there goes."""
        tree.empty(folder)
        user, made = self._as_made[folder]
        if self._keeps and _told(os.lstat(folder)) == _told(made):
            os.utime(folder)  # its times are the one thing that is left to tell of the run
            self._free.setdefault(user, []).append(folder)
        else:
            del self._as_made[folder]
            tree.remove(folder)

    # ---- copies ------------------------------------------------------------------------------------------------------

    def copy(self, source: Path) -> Copy:
        """A copy on the same disk that may be read and not written; made anew if either has changed."""
        found = os.stat(source)
        copy = self._copies.get(source)
        if copy is not None and _version(copy.source) == _version(found) and copy.intact:
            return copy
        if copy is not None:
            self._forget(source)
        copy = self._copies[source] = _copied(source, found, f"{self._shelf}/{next(self._numbers)}")
        self._copied += copy.source.st_size
        return copy

    def tidy(self) -> None:
        """Let the oldest copies go, where there are too many; for the end of a judgement, which needs no more."""
        while self._copies and not (self._keeps and self._copied <= _MOST_KEPT and len(self._copies) <= _MOST_COPIES):
            self._forget(next(iter(self._copies)))

    def _forget(self, source: Path) -> None:
        copy = self._copies.pop(source)
        self._copied -= copy.source.st_size
        os.unlink(copy.path)


def _copied(source: Path, found: os.stat_result, path: str) -> Copy:
    """A copy, with a time of access later than any change: else who reads it first leaves a mark for the next."""
    target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _READABLE)
    try:
        with open(source, "rb", buffering=0) as content:
            while some := content.read(_CHUNK):
                write_all(target, some)
        os.fchmod(target, _READABLE)  # whatever the umask
        changed = os.fstat(target).st_mtime_ns
        os.utime(target, ns=(changed + _YEAR, changed))
        return Copy(path, os.fstat(target), found)
    finally:
        os.close(target)


def write_all(descriptor: int, content: bytes) -> None:
    """Write all of it, in as many pieces as the system takes."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def _told(found: os.stat_result) -> tuple[int, ...]:
    """What a folder tells but for its times: one that once was full has a larger size, where it does not shrink."""
    return found.st_dev, found.st_ino, found.st_mode, found.st_uid, found.st_gid, found.st_nlink, found.st_size


def _version(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
