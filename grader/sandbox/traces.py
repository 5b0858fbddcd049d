"""Whether a folder tells, once it is empty again, of what was in it: found out by looking, as file systems differ.

Some count the names that were ever made in a folder, and show the count to whoever lists it. Does not know what may be
told in other ways; that is for whoever lends folders to look at.
"""

from __future__ import annotations

import ctypes
import os
import sys

_TRIED = 8
"""Names made and removed before looking again: a file system that counts does so from the first."""


class _Entry(ctypes.Structure):
    """How struct dirent begins on every 64-bit Linux: inode, and where in the folder the next entry lies."""

    _fields_ = (("inode", ctypes.c_uint64), ("place", ctypes.c_int64))


def remain(root: str) -> bool:
    """Whether folders below `root` keep any; true where that cannot be told. Raises OSError where the disk does."""
    if sys.platform != "linux" or ctypes.sizeof(ctypes.c_void_p) != 8:
        return True
    folder = f"{root}/look-{os.urandom(16).hex()}"
    os.mkdir(folder, 0o700)
    try:
        return _places_with_one_file(folder) != _places_after_others(folder)
    finally:
        os.rmdir(folder)


def _places_after_others(folder: str) -> list[int]:
    names = [f"{folder}/{number}" for number in range(_TRIED)]
    for name in names:
        _make(name)
    for name in names:
        os.unlink(name)
    return _places_with_one_file(folder)


def _places_with_one_file(folder: str) -> list[int]:
    _make(f"{folder}/file")
    try:
        return places(folder)
    finally:
        os.unlink(f"{folder}/file")


def _make(path: str) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def places(folder: str) -> list[int]:
    """Where its entries lie, as anybody is told who lists it; none if it cannot be listed. For Linux on 64 bits."""
    libc = ctypes.CDLL(None)
    libc.opendir.restype, libc.opendir.argtypes = ctypes.c_void_p, (ctypes.c_char_p,)
    libc.readdir.restype, libc.readdir.argtypes = ctypes.POINTER(_Entry), (ctypes.c_void_p,)
    libc.closedir.argtypes = (ctypes.c_void_p,)
    listing = libc.opendir(os.fsencode(folder))
    if not listing:
        return []
    found = []
    while entry := libc.readdir(listing):
        found.append(int(entry.contents.place))
    libc.closedir(listing)
    return sorted(found)
