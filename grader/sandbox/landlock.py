"""Landlock: which files a process that runs student code can reach. Everything that no rule names is out of reach.

The kernel's interface is called through ctypes, with the numbers of linux/landlock.h. What is allowed is opened
once, in the zygote; a fork then only has to say it to the kernel.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
import sysconfig
from struct import pack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_ASK_VERSION, _PATH_BENEATH = 1, 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _REMOVE_DIR, _REMOVE_FILE = (1 << bit for bit in range(6))
_MAKE_CHAR, _MAKE_DIR, _MAKE_REG, _MAKE_SOCK, _MAKE_FIFO, _MAKE_BLOCK, _MAKE_SYM = (1 << bit for bit in range(6, 13))
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15

_READ = _READ_FILE | _READ_DIR | _EXECUTE
_OWN = _READ_FILE | _READ_DIR | _WRITE_FILE | _TRUNCATE | _MAKE_REG | _MAKE_DIR | _REMOVE_FILE | _REMOVE_DIR
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_NET_TCP = 0b11
_SCOPES = 0b11
"""Abstract sockets and signals: both end at the border of the sandbox."""

_QUIET = 0b1
"""What is denied is not written to the machine's audit log: a loop of attempts would fill it."""

_DEVICES = {
    "/dev/null": _READ_FILE | _WRITE_FILE,
    "/dev/zero": _READ_FILE,
    "/dev/urandom": _READ_FILE,
    "/dev/random": _READ_FILE,
}
_SYSTEM = (
    "/usr/lib",
    "/lib",
    "/usr/lib64",
    "/lib64",
    "/usr/lib32",
    "/usr/local/lib",
    "/usr/share/zoneinfo",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/timezone",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
)
"""What the standard library and compiled extensions look at."""


def version(libc: ctypes.CDLL) -> int:
    """The kernel's Landlock ABI, 0 where it has none or it is switched off."""
    answer: int = libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION))
    return max(0, answer)


def readable_places(secret: Iterable[str]) -> Iterator[str]:
    """What any Python program needs to read: the interpreter's libraries, system files, nothing `secret`."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    libraries = {sysconfig.get_path(name) for name in names} | {os.path.dirname(os.__file__)}
    hidden = [os.path.realpath(path) for path in secret]
    for path in sorted({os.path.realpath(path) for path in (*_SYSTEM, *libraries) if path and os.path.exists(path)}):
        yield from _without(path, hidden)


def _without(path: str, hidden: list[str]) -> Iterator[str]:
    """`path`, or, if something hidden lies in it, its parts that hold nothing hidden.

    Links are no parts: where they lead is given by its own path, or not at all.
    """
    if path in hidden or os.path.islink(path):
        return
    if not any(secret.startswith(path.rstrip("/") + "/") for secret in hidden):
        yield path
    elif os.path.isdir(path):
        for name in sorted(os.listdir(path)):
            if not name.endswith((".dist-info", ".egg-info", ".pth")) and name != "__pycache__":
                yield from _without(os.path.join(path, name), hidden)


class Rules:
    """What may be reached: opened once, and given to each ruleset. Close it in processes that have put theirs on."""

    def __init__(self, places: Iterable[str], abi: int) -> None:
        self._handled = handled(abi)
        attributes = pack("<QQQ", self._handled, _NET_TCP if abi >= 4 else 0, _SCOPES if abi >= 6 else 0)
        self._attributes = attributes[: 24 if abi >= 6 else 16 if abi >= 4 else 8]
        self._quiet = _QUIET if abi >= 7 else 0
        self._rules: dict[int, bytes] = {}
        for path in places:
            self._add(path, _READ)
        for path, access in _DEVICES.items():
            self._add(path, access)

    @property
    def descriptors(self) -> list[int]:
        """What is held open for it."""
        return list(self._rules)

    def _add(self, path: str, access: int) -> None:
        with contextlib.suppress(OSError):  # what is not there needs no rule
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
            if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
                access &= _ON_FILES
            self._rules[descriptor] = self._rule(descriptor, access)

    def _rule(self, descriptor: int, access: int) -> bytes:
        return pack("<Qi", access & self._handled, descriptor)

    def restrict(self, libc: ctypes.CDLL, folder: str) -> None:
        """From now on this process reaches only what the rules name, and `folder`, which is its own. Raises OSError."""
        ruleset = libc.syscall(_CREATE, self._attributes, ctypes.c_size_t(len(self._attributes)), ctypes.c_uint32(0))
        _check(ruleset, "landlock_create_ruleset")
        own = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        for rule in (*self._rules.values(), self._rule(own, _OWN)):
            _check(libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0), "landlock_add_rule")
        _check(libc.syscall(_RESTRICT, ruleset, self._quiet), "landlock_restrict_self")
        os.close(own)
        os.close(ruleset)


def handled(abi: int) -> int:
    """Every access that this ABI knows to deny."""
    known = (1 << 13) - 1
    for since, access in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEV)):
        known |= access if abi >= since else 0
    return known


def _check(answer: int, what: str) -> None:
    if answer < 0:
        raise OSError(ctypes.get_errno(), what)
