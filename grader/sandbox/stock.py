"""What a slot keeps from run to run because it need not be made anew: empty folders, and copies that no run may change.

A folder is kept only if it is as when it was made, so that nothing can be handed on from one run to the next in it.
"""

from __future__ import annotations

import os
import shutil
import stat
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from grader.sandbox import tree

if TYPE_CHECKING:
    from pathlib import Path

_MOST_KEPT = 64 * 2**20
"""Bytes of datasets that a slot keeps copies of; what is larger is copied for each judgement."""

_READABLE = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
_YEAR = 365 * 24 * 3600 * 10**9


class Copy(NamedTuple):
    """A file of ours to be linked into folders: where it lies, and how it was when it was made."""

    path: str
    made: os.stat_result

    @property
    def intact(self) -> bool:
        """Whether it is unchanged; a run that can set its times back as well has only itself to blame."""
        now = os.stat(self.path)
        return (now.st_size, now.st_mtime_ns) == (self.made.st_size, self.made.st_mtime_ns)


class Stock:
    """Of one slot, below `root`. Raises OSError where the disk does."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._numbers = count(1)
        self._free: dict[int, list[str]] = {}
        self._as_made: dict[str, tuple[int, os.stat_result]] = {}
        self._kept: dict[Path, tuple[os.stat_result, Copy]] = {}

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
        if _told(os.lstat(folder)) == _told(made):
            os.utime(folder)  # its times are the one thing that is left to tell of the run
            self._free.setdefault(user, []).append(folder)
        else:
            del self._as_made[folder]
            tree.remove(folder)

    # ---- copies ------------------------------------------------------------------------------------------------------

    def dataset(self, source: Path) -> Copy:
        """A copy of a dataset, made anew if either has changed."""
        found = os.stat(source)
        if source in self._kept:
            before, copy = self._kept[source]
            if _version(before) == _version(found) and copy.intact:
                return copy
            self._forget(source)
        if found.st_size + sum(one.made.st_size for _, one in self._kept.values()) > _MOST_KEPT:
            for each in list(self._kept):
                self._forget(each)
        copy = self.copy(source)
        self._kept[source] = found, copy
        return copy

    def _forget(self, source: Path) -> None:
        os.unlink(self._kept.pop(source)[1].path)

    def copy(self, source: Path) -> Copy:
        """A copy on the same disk that may be read and not written, for whoever asks to take away."""
        path = f"{self.root}/copy-{next(self._numbers)}-{os.urandom(4).hex()}"
        shutil.copyfile(source, path)
        os.chmod(path, _READABLE)
        # Later than any change: else the first run to read it would leave its mark, for the next to see.
        now = os.stat(path).st_mtime_ns
        os.utime(path, ns=(now + _YEAR, now))
        return Copy(path, os.stat(path))


def _told(found: os.stat_result) -> tuple[int, ...]:
    """What a folder tells but for its times: one that once was full has a larger size, where it does not shrink."""
    return found.st_dev, found.st_ino, found.st_mode, found.st_uid, found.st_gid, found.st_nlink, found.st_size


def _version(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
