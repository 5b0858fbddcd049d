"""Folders in which student code has worked, however deep, full or locked: how much is in them, and away with them.

Follows no link, recurses into nothing, and needs no path longer than the first.
"""

from __future__ import annotations

import contextlib
import os
import stat
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

_ASIDE = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Usage(NamedTuple):
    """Bytes on disk, entries (files and folders), and how many of the folders cannot be looked into."""

    size: int = 0
    entries: int = 0
    locked: int = 0


def usage(folders: Iterable[str], *, most: int, apart: Collection[tuple[int, int]] = ()) -> Usage:
    """What lies below `folders`, each file once; stops counting beyond `most` entries, so that looking has an end.

    apart: (device, inode) of files that do not count.
    """
    size = entries = locked = 0
    seen, waiting = set(apart), list(folders)
    while waiting:
        where = waiting.pop()
        try:
            with os.scandir(where) as inside:
                for entry in inside:
                    entries += 1
                    if entries > most:
                        return Usage(size, entries, locked)
                    size += _size(entry, seen, waiting)
        except (FileNotFoundError, NotADirectoryError):
            continue  # it was there a moment ago
        except OSError:  # no right to read it, or its path has grown too long
            locked += 1
    return Usage(size, entries, locked)


def _size(entry: os.DirEntry[str], seen: set[tuple[int, int]], waiting: list[str]) -> int:
    """Bytes of an entry that was not seen before; a folder is put among those that wait."""
    try:
        found = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return 0
    if stat.S_ISDIR(found.st_mode):
        waiting.append(entry.path)
    if (found.st_dev, found.st_ino) in seen:
        return 0
    seen.add((found.st_dev, found.st_ino))
    return found.st_blocks * 512


def remove(folder: str | Path) -> None:
    """Take a folder away, if it is there; no process may work in it any more. Raises OSError where even that fails."""
    if os.path.lexists(folder):
        empty(folder)
        os.rmdir(folder)


def empty(folder: str | Path) -> None:
    """Take away all that lies in a folder; raises OSError.

    Folders inside are not gone into: each is moved up to the first one, emptied there, and taken away.
    """
    top = os.open(folder, _ASIDE)
    fresh = (f"{os.urandom(8).hex()}-{number}" for number in count())
    try:
        while names := _names(top):
            for name, is_folder in names:
                if is_folder:
                    _take_apart(top, name, fresh)
                else:
                    os.unlink(name, dir_fd=top)
    finally:
        os.close(top)


def _take_apart(top: int, name: str, fresh: Iterator[str]) -> None:
    with contextlib.suppress(OSError):
        os.rmdir(name, dir_fd=top)  # most are empty, or soon will be
        return
    os.chmod(name, 0o700, dir_fd=top)
    inside = os.open(name, _ASIDE, dir_fd=top)
    try:
        for inner, is_folder in _names(inside):
            if is_folder:
                os.chmod(inner, 0o700, dir_fd=inside)  # to move a folder one must be allowed to write into it
                os.rename(inner, next(fresh), src_dir_fd=inside, dst_dir_fd=top)
            else:
                os.unlink(inner, dir_fd=inside)
    finally:
        os.close(inside)
    os.rmdir(name, dir_fd=top)


def _names(folder: int) -> list[tuple[str, bool]]:
    """Name of each entry, and whether it is a folder."""
    with os.scandir(folder) as inside:
        return [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in inside]
