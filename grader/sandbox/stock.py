"""What a slot keeps because it need not be made anew: a judgement's empty folders, and copies that no run may change.

A folder is never lent from one judgement to another, and to the next run of its own only if it is as when it was made
and the file system keeps no trace of what was in it. Names tell nothing: each is drawn by chance.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from grader.sandbox import traces, tree

if TYPE_CHECKING:
    from pathlib import Path

_MOST_KEPT, _MOST_COPIES = 64 * 2**20, 500
"""Bytes and number of the copies that a slot keeps; beyond, the oldest go."""

_READABLE = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
_CHANGED, _READ = 946_684_800, 2_145_916_800
"""Times that all copies have, in seconds: a change in 2000, and a last read in 2038, later than any change there is."""
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

    keeps: whether copies are kept beyond a judgement, and folders are lent again; not where too little holds a process
    off from what is not its own (see layers.guards_copies), for it could change what another finds, and leave no trace.
    """

    def __init__(self, root: Path, *, keeps: bool = True) -> None:
        self.root, self._keeps = root, keeps
        self._lends_again = keeps and not traces.remain(str(root))
        self._free: dict[int, list[str]] = {}
        self._as_made: dict[str, tuple[int, os.stat_result]] = {}
        self._copies: dict[Path, Copy] = {}
        self._copied = 0
        self._shelf = f"{root}/copies-{_by_chance()}"  # whose name cannot be guessed, where all are one user
        os.mkdir(self._shelf, 0o700)  # no user of a slot's own may look for what is not in its folder

    # ---- folders -----------------------------------------------------------------------------------------------------

    def folder(self, user: int) -> str:
        """An empty folder that belongs to `user` (a uid; 0: to whoever grades)."""
        if free := self._free.get(user):
            return free.pop()
        folder = f"{self.root}/run-{_by_chance()}"
        os.mkdir(folder, 0o700)
        if user:
            os.chown(folder, user, user)
        self._as_made[folder] = user, os.stat(folder)
        return folder

    def take_back(self, folder: str) -> None:
        """Whoever was lent a folder needs it no more, and no process works in it: what is in there goes."""
        tree.empty(folder)
        user, made = self._as_made[folder]
        if self._lends_again and _told(os.lstat(folder)) == _told(made):
            os.utime(folder)  # its times are the one thing that is left to tell of the run
            self._free.setdefault(user, []).append(folder)
        else:
            del self._as_made[folder]
            tree.remove(folder)

    # ---- copies ------------------------------------------------------------------------------------------------------

    def copy(self, source: Path, *, follow: bool = False) -> Copy:
        """A copy on the same disk that may be read and not written; made anew if either has changed.

        follow: whether it may be a link to the file, as it may be where the instructor put it there.
        """
        found = os.stat(source)
        copy = self._copies.get(source)
        if copy is not None and _version(copy.source) == _version(found) and copy.intact:
            return copy
        if copy is not None:
            self._forget(source)
        copy = self._copies[source] = _copied(source, f"{self._shelf}/{_by_chance()}", follow=follow)
        self._copied += copy.source.st_size
        return copy

    def tidy(self) -> None:
        """For the end of a judgement: take its folders away, and let the oldest copies go where there are too many."""
        for folder in [folder for free in self._free.values() for folder in free]:
            tree.remove(folder)
        self._free.clear()
        self._as_made.clear()
        while self._copies and not (self._keeps and self._copied <= _MOST_KEPT and len(self._copies) <= _MOST_COPIES):
            self._forget(next(iter(self._copies)))

    def _forget(self, source: Path) -> None:
        copy = self._copies.pop(source)
        self._copied -= copy.source.st_size
        os.unlink(copy.path)


def _by_chance() -> str:
    """A name that tells nothing, and that nobody guesses."""
    return os.urandom(16).hex()


def _copied(source: Path, path: str, *, follow: bool) -> Copy:
    """A copy, with a time of access later than any change: else who reads it first leaves a mark for the next."""
    given = opened(source, follow=follow)
    try:
        found = os.fstat(given)
        target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _READABLE)
        try:
            while some := os.read(given, _CHUNK):
                write_all(target, some)
            os.fchmod(target, _READABLE)  # whatever the umask
            os.utime(target, (_READ, _CHANGED))
            return Copy(path, os.fstat(target), found)
        finally:
            os.close(target)
    finally:
        os.close(given)


def opened(source: Path, *, follow: bool = False) -> int:
    """A descriptor of a regular file, to read it; raises OSError for all else, which may be put there at any time."""
    descriptor = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW))
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "not a regular file", str(source))


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
