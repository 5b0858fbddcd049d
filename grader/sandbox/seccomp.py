"""The seccomp filter of a process that runs student code: which system calls it may not make, whatever it has become.

Denied calls answer EPERM, so that Python raises an error that can be read; only a foreign calling convention kills. The
filter is built as plain data (`program`), and put on by `install`, which cannot be taken back.
"""

from __future__ import annotations

import ctypes
import errno
import os
from struct import pack
from typing import NamedTuple

from grader.sandbox.syscalls import MACHINES, Machine

_KILL, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_LOAD, _JUMP_EQUAL, _JUMP_NOT_LESS, _JUMP_BITS, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16
_X32 = 0x40000000
_CLONE_THREAD = 0x00010000
_AF_UNIX, _TYPE_MASK, _SOCK_STREAM = 1, 0xF, 1
_TCGETS, _TIOCGWINSZ, _FIONREAD, _FIONBIO, _FIONCLEX, _FIOCLEX = 0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451
_FIOQSIZE, _FICLONE = 0x5460, 0x40049409
_F_SETOWN, _F_SETSIG, _F_SETOWN_EX, _F_SETLEASE, _F_NOTIFY, _F_SETDELEG = 8, 10, 15, 1024, 1026, 1040
_F_SET_RW_HINT, _F_SET_FILE_RW_HINT = 1036, 1038
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2

_ON_ITSELF = ("kill", "tgkill", "prlimit64", "sched_setaffinity")
"""Calls whose first argument is a process: allowed on this one."""

_CONDITIONAL = (*_ON_ITSELF, "clone", "clone3", "socketpair", "ioctl", "fcntl")

_SOMEBODY = 0x7FFFFFF1
"""A process number that no system gives out."""

Instruction = tuple[int, int, int, int]
"""code, jump if true, jump if false, operand: as struct sock_filter has them."""


class Range(NamedTuple):
    """Numbers from `first` to where the next range begins, and what they are answered."""

    first: int
    answer: Instruction


def program(machine: Machine, pid: int) -> list[Instruction]:
    """The filter for process `pid` on `machine`."""
    found = machine.numbers
    code = [
        (_LOAD, 0, 0, _ARCH),
        (_JUMP_EQUAL, 1, 0, machine.audit),
        _answer(_KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_JUMP_NOT_LESS, 0, 1, _X32),
        _answer(_KILL),
    ]
    for name in _ON_ITSELF:
        code += _when(found[name], _only_first_argument_in(pid, zero=name != "tgkill"))
    # A thread is a clone that shares its thread group; every other clone is a process.
    code += _when(found["clone"], [_argument(0), (_JUMP_BITS, 0, 1, _CLONE_THREAD), _answer(_ALLOW), _deny()])
    # The flags of clone3 are out of a filter's reach; told that there is none, glibc uses clone.
    code += _when(found["clone3"], [_answer(_ERRNO | errno.ENOSYS)])
    # asyncio wakes itself through a pair; of any other kind one could send to addresses.
    code += _when(found["socketpair"], _socketpair())
    code += _when(found["ioctl"], _ioctl())
    # With the first three a pipe of one's own sends a signal of one's choice to any process of the same user; a lease
    # or delegation holds up whoever opens the file, a notice tells when somebody does; hints stay on the file.
    owned = _F_SETOWN, _F_SETSIG, _F_SETOWN_EX, _F_SETLEASE, _F_NOTIFY, _F_SETDELEG
    code += _when(found["fcntl"], _unless_second_argument_in(*owned, _F_SET_RW_HINT, _F_SET_FILE_RW_HINT))
    return code + _search(_ranges(machine))


def _ranges(machine: Machine) -> list[Range]:
    """What every number is answered that is not asked for its arguments, in ranges from the lowest to the highest."""
    denied = {number for name, number in machine.numbers.items() if name not in _CONDITIONAL}
    ranges = [Range(0, _deny() if 0 in denied else _answer(_ALLOW))]
    for number in range(1, machine.newest + 1):
        answer = _deny() if number in denied else _answer(_ALLOW)
        if answer != ranges[-1].answer:
            ranges.append(Range(number, answer))
    return [*ranges, Range(machine.newest + 1, _answer(_ERRNO | errno.ENOSYS))]


def _search(ranges: list[Range]) -> list[Instruction]:
    """Find the number among the ranges by halves: before it takes a filter, the kernel tries every number there is."""
    if len(ranges) == 1:
        return [ranges[0].answer]
    middle = len(ranges) // 2
    below = _search(ranges[:middle])
    return [(_JUMP_NOT_LESS, len(below), 0, ranges[middle].first), *below, *_search(ranges[middle:])]


def _answer(action: int) -> Instruction:
    return (_RETURN, 0, 0, action)


def _deny() -> Instruction:
    return _answer(_ERRNO | errno.EPERM)


def _argument(index: int) -> Instruction:
    """Load the lower half of an argument; every argument looked at here is an int."""
    return (_LOAD, 0, 0, _ARGUMENTS + 8 * index)


def _when(number: int, block: list[Instruction]) -> list[Instruction]:
    """`block`, which answers in every case, for the call of that number."""
    return [(_JUMP_EQUAL, 0, len(block), number), *block]


def _only_first_argument_in(pid: int, *, zero: bool) -> list[Instruction]:
    """Allow the call on `pid`, and on 0 where that means the caller itself or its own group."""
    others = [(_JUMP_EQUAL, 0, 1, 0), _answer(_ALLOW)] if zero else []
    return [_argument(0), _is(pid), _answer(_ALLOW), *others, _deny()]


def _is(pid: int) -> Instruction:
    return (_JUMP_EQUAL, 0, 1, pid)


def _unless_second_argument_in(*commands: int) -> list[Instruction]:
    """Allow the call but for these commands."""
    denied = [part for command in commands for part in ((_JUMP_EQUAL, 0, 1, command), _deny())]
    return [_argument(1), *denied, _answer(_ALLOW)]


def _ioctl() -> list[Instruction]:
    """Allow what asks about a descriptor, or sets what ends with it.

    Among the hundreds of others are flags and versions that stay on a file or folder, for later runs to read or to be
    slowed by, and ways to type into a terminal. A clone is answered as by a disk that has none: Python then copies.
    """
    asked = _TCGETS, _TIOCGWINSZ, _FIONREAD, _FIONBIO, _FIONCLEX, _FIOCLEX, _FIOQSIZE
    allowed = [part for command in asked for part in ((_JUMP_EQUAL, 0, 1, command), _answer(_ALLOW))]
    no_clone = [(_JUMP_EQUAL, 0, 1, _FICLONE), _answer(_ERRNO | errno.EOPNOTSUPP)]
    return [_argument(1), *allowed, *no_clone, _deny()]


def _socketpair() -> list[Instruction]:
    return [
        _argument(0),
        (_JUMP_EQUAL, 1, 0, _AF_UNIX),
        _deny(),
        _argument(1),
        (_AND, 0, 0, _TYPE_MASK),
        (_JUMP_EQUAL, 0, 1, _SOCK_STREAM),
        _answer(_ALLOW),
        _deny(),
    ]


def machine() -> Machine | None:
    """The table for this machine, None where there is none."""
    return MACHINES.get(os.uname().machine) if os.uname().sysname == "Linux" else None


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


class Filter:
    """The filter for this machine, packed once; each process only fills in who it is."""

    def __init__(self, here: Machine) -> None:
        self._code = _packed(program(here, _SOMEBODY))

    def install(self, libc: ctypes.CDLL) -> None:
        """Put it on this process, for good; raises OSError where the kernel refuses."""
        code = self._code.replace(_packed([_is(_SOMEBODY)]), _packed([_is(os.getpid())]))
        filled = _Program(len(code) // 8, code)
        if libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(filled), 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "seccomp")


def _packed(code: list[Instruction]) -> bytes:
    return b"".join(pack("<HBBI", *instruction) for instruction in code)


def forbid_new_privileges(libc: ctypes.CDLL) -> None:
    """No program started from here can gain rights; the kernel asks for it before it takes a filter."""
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs")
