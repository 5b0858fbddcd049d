"""The filter, run in a model of the kernel's machine: what each call is answered. The attacks ask the kernel itself."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.sandbox import seccomp
from grader.sandbox.syscalls import AARCH64, MACHINES, X86_64, Machine
from sandbox.bpf import answer

PID, PARENT = 4711, 4700
ALLOW, KILL = 0x7FFF0000, 0x80000000
DENY, UNKNOWN = 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS
CLONE_THREAD, CLONE_VM, SIGCHLD = 0x10000, 0x100, 17

PROGRAMS = {machine.audit: seccomp.program(machine, PID) for machine in MACHINES.values()}
CONDITIONAL = {"kill", "tgkill", "prlimit64", "sched_setaffinity", "clone", "clone3", "socketpair", "ioctl", "fcntl"}

each_machine = pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)


def ask(machine: Machine, call: str | int, *arguments: int) -> int:
    """What the filter answers to a call by name or number."""
    number = machine.numbers[call] if isinstance(call, str) else call
    return answer(PROGRAMS[machine.audit], number, machine.audit, *arguments)


@each_machine
def test_every_call_of_the_table_is_denied_whatever_its_arguments(machine: Machine) -> None:
    """But for those where it depends on what is asked."""
    for name in machine.numbers.keys() - CONDITIONAL:
        assert ask(machine, name) == ask(machine, name, *[2**64 - 1] * 6) == DENY, name


@each_machine
def test_what_a_program_needs_is_allowed(machine: Machine) -> None:
    """Reading, writing, opening, mapping, waiting, ending: the first by number."""
    needed = {"x86_64": [0, 1, 9, 12, 35, 60, 202, 231, 257], "aarch64": [56, 63, 64, 93, 94, 98, 101, 214, 222]}
    [name] = [name for name, one in MACHINES.items() if one is machine]
    assert {ask(machine, number) for number in needed[name]} == {ALLOW}


@each_machine
def test_the_filter_allows_nothing_beyond_the_calls_that_it_knows(machine: Machine) -> None:
    """A call that a later kernel brings is as if it were not there."""
    assert ask(machine, machine.newest + 1) == ask(machine, 1000) == ask(machine, 0x3FFFFFFF) == UNKNOWN
    assert ask(machine, machine.newest - 1) == ALLOW or machine.newest - 1 in machine.numbers.values()


@each_machine
def test_a_foreign_convention_kills(machine: Machine) -> None:
    """Another machine's numbers (32-bit programs), and x32 with its flag among the numbers."""
    program = PROGRAMS[machine.audit]
    assert answer(program, 1, 0x40000003) == answer(program, 1, 0) == KILL
    assert answer(program, 0x40000000, machine.audit) == answer(program, 0xFFFFFFFF, machine.audit) == KILL


@each_machine
def test_a_thread_may_be_made_and_a_process_may_not(machine: Machine) -> None:
    """Told apart by the one flag that only threads have; clone3 hides its flags, so there is none."""
    assert ask(machine, "clone", CLONE_THREAD | CLONE_VM) == ALLOW
    assert ask(machine, "clone", SIGCHLD) == ask(machine, "clone", CLONE_VM | SIGCHLD) == DENY
    assert ask(machine, "clone3", 0, 88) == UNKNOWN


@each_machine
@pytest.mark.parametrize("call", ["kill", "prlimit64", "sched_setaffinity"])
def test_a_process_may_do_to_itself_what_it_may_not_do_to_others(machine: Machine, call: str) -> None:
    """0 is the caller too; everybody else, groups and all are others."""
    assert ask(machine, call, PID, 9) == ask(machine, call, 0, 9) == ALLOW
    for other in (PARENT, 1, -1, -PID, PID + 1):
        assert ask(machine, call, other, 9) == DENY


@each_machine
def test_a_thread_is_signalled_only_within_the_process(machine: Machine) -> None:
    """For tgkill there is no 0; tkill, which names no process, is denied."""
    assert ask(machine, "tgkill", PID, PID, 6) == ALLOW
    assert ask(machine, "tgkill", 0, PARENT, 6) == ask(machine, "tgkill", PARENT, PARENT, 6) == DENY
    assert ask(machine, "tkill", PID, 9) == DENY


@each_machine
def test_only_stream_pairs_of_local_sockets(machine: Machine) -> None:
    """As asyncio needs them, with or without the flags; from other kinds one could send to addresses."""
    stream, datagram, packets, flags = 1, 2, 5, 0o2004000
    assert ask(machine, "socketpair", 1, stream) == ask(machine, "socketpair", 1, stream | flags) == ALLOW
    for family, kind in ((1, datagram), (1, packets), (1, datagram | flags), (2, stream), (16, stream), (30, stream)):
        assert ask(machine, "socketpair", family, kind) == DENY


@each_machine
@pytest.mark.parametrize("command", [8, 10, 15, 1024, 1026, 1036, 1038, 1040])
def test_descriptors_may_not_signal_nor_hold_others_up_nor_mark_files(machine: Machine, command: int) -> None:
    """Neither owners, signals, leases and notices, nor hints on a file's life; reading and other flags may be."""
    assert ask(machine, "fcntl", 3, command, 1) == DENY
    assert ask(machine, "fcntl", 3, command | 0xFFFFFFFF00000000) == DENY, "the kernel looks at the lower half only"
    assert {ask(machine, "fcntl", 3, harmless) for harmless in (0, 1, 2, 3, 4, 1030, 1035)} == {ALLOW}


ASKS = {0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451, 0x5460}
"""TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX, FIOQSIZE."""
FICLONE, UNSUPPORTED = 0x40049409, 0x50000 | errno.EOPNOTSUPP


@each_machine
@given(command=st.integers(0, 2**32 - 1))
def test_devices_and_files_take_no_commands(machine: Machine, command: int) -> None:
    """But for the few that Python gives."""
    if command not in {*ASKS, FICLONE}:
        assert ask(machine, "ioctl", 0, command) == DENY
        assert ask(machine, "ioctl", 0, command | 0xFFFFFFFF00000000) == DENY


@each_machine
@pytest.mark.parametrize("command", [0x5412, 0x541C, 0x8901, 0x8902, 0x40086602, 0x40087602, 0x401C5820, 0x40806685])
def test_nor_those_that_type_or_mark(machine: Machine, command: int) -> None:
    """TIOCSTI, TIOCLINUX, FIOSETOWN, SIOCSPGRP; flags, version, project and verity of a file, which would stay."""
    assert ask(machine, "ioctl", 0, command) == DENY


@each_machine
def test_what_python_asks_of_a_descriptor_is_answered(machine: Machine) -> None:
    """Its terminal, its size, what waits there; and that it close, or not wait. A clone is a copy's first try."""
    assert {ask(machine, "ioctl", 0, command) for command in ASKS} == {ALLOW}
    assert ask(machine, "ioctl", 0, FICLONE) == UNSUPPORTED


@given(number=st.integers(0, 2**32 - 1), arguments=st.lists(st.integers(0, 2**64 - 1), max_size=6))
def test_every_call_has_an_answer(number: int, arguments: list[int]) -> None:
    """No path runs off the end, and no answer is none of ours."""
    for machine in MACHINES.values():
        found = answer(PROGRAMS[machine.audit], number, machine.audit, *arguments)
        assert found in {ALLOW, KILL, DENY, UNKNOWN, UNSUPPORTED}


@each_machine
def test_the_program_is_one_that_the_kernel_takes(machine: Machine) -> None:
    """At most 4096 instructions, and every jump lands inside."""
    program = PROGRAMS[machine.audit]
    assert len(program) < 4096
    for at, (code, if_true, if_false, _) in enumerate(program):
        assert code == 0x06 or at + 1 + max(if_true, if_false) < len(program)


@each_machine
def test_the_tables_name_the_same_calls(machine: Machine) -> None:
    """aarch64 lacks only those that it has under a newer name alone."""
    older = """chmod chown create_module fork futimesat inotify_init ioperm iopl lchown mknod modify_ldt sysfs uselib
        ustat utime utimes vfork"""
    assert X86_64.numbers.keys() - AARCH64.numbers.keys() == set(older.split())
    assert AARCH64.numbers.keys() <= X86_64.numbers.keys()
    assert len(set(machine.numbers.values())) == len(machine.numbers), "two calls with one number"
    assert max(machine.numbers.values()) <= machine.newest


HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


@pytest.mark.parametrize("name", HEADERS)
def test_the_numbers_are_those_of_the_kernels_headers(name: str) -> None:
    """As far as the headers that are installed here know the call."""
    if not HEADERS[name].exists():
        pytest.skip(f"{HEADERS[name]} is not installed")
    numbers = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", HEADERS[name].read_text())
    theirs = {call: int(number) for call, number in numbers}
    ours = MACHINES[name].numbers
    known = ours.keys() & theirs.keys()
    assert {call: ours[call] for call in known} == {call: theirs[call] for call in known}
    assert len(known) > 100


def test_the_kernel_agrees_with_the_model() -> None:
    """The filter, put on a process: a thread starts; a fork, a program and a signal to another are refused."""
    if seccomp.machine() is None:
        pytest.skip("no filter for this kind of machine")
    code = """
        import ctypes, os, threading
        from grader.sandbox import seccomp
        libc = ctypes.CDLL(None, use_errno=True)
        seccomp.forbid_new_privileges(libc)
        seccomp.Filter(seccomp.machine()).install(libc)
        thread = threading.Thread(target=print, args=("a thread",))
        thread.start()
        thread.join()
        for attempt in (os.fork, lambda: os.execv("/bin/true", ["true"]), lambda: os.kill(os.getppid(), 0)):
            try:
                attempt()
            except PermissionError:
                print("denied")
        os.kill(os.getpid(), 0)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False)
    assert done.stdout.split("\n")[:-1] == ["a thread", "denied", "denied", "denied"], done.stderr


def test_a_machine_without_a_table_has_no_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The level says so; nothing is guessed."""
    here = os.uname()
    monkeypatch.setattr(os, "uname", lambda: os.uname_result((here[0], here[1], here[2], here[3], "riscv64")))
    assert seccomp.machine() is None
