"""A machine that runs seccomp filters as the kernel would: what does a program answer to a system call?"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from grader.sandbox.seccomp import Instruction

_LOAD, _JUMP_EQUAL, _JUMP_GREATER, _JUMP_NOT_LESS, _JUMP_BITS, _AND, _RETURN = 0x20, 0x15, 0x25, 0x35, 0x45, 0x54, 0x06

TESTS: dict[int, Callable[[int, int], bool]] = {
    _JUMP_EQUAL: lambda held, operand: held == operand,
    _JUMP_GREATER: lambda held, operand: held > operand,
    _JUMP_NOT_LESS: lambda held, operand: held >= operand,
    _JUMP_BITS: lambda held, operand: bool(held & operand),
}


def answer(program: Sequence[Instruction], number: int, arch: int, *arguments: int) -> int:
    """What the filter returns for a call with these arguments, of 64 bits each."""
    padded = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("<IIQ6Q", number, arch, 0, *(argument % 2**64 for argument in padded))
    held, at = 0, 0
    while True:
        code, if_true, if_false, operand = program[at]
        at += 1
        if code == _RETURN:
            return operand
        if code == _LOAD:
            assert operand % 4 == 0, "the kernel refuses loads that are not aligned"
            (held,) = struct.unpack_from("<I", data, operand)
        elif code == _AND:
            held &= operand
        else:
            at += if_true if TESTS[code](held, operand) else if_false
