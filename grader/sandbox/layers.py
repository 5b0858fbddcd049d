"""The layers between student code and everything else, and how to put them on, in their order. Nothing here watches.

    a user of its own or no capabilities, no new privileges, Landlock, seccomp, limits (limits.py)

Each is put on where there is one; which were is no matter of trust, but of the self-test (see probe.py).
"""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any, NamedTuple

from grader.sandbox import landlock, seccomp

_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION_3 = 0x20080522


class Wanted(NamedTuple):
    """Which layers to put on where there are any: all, unless a test plays an older kernel.

    landlock: the highest ABI to use. user: the uid to become, 0 to stay.
    """

    landlock: int = 99
    seccomp: bool = True
    user: int = 0


def denies_calls(wanted: Wanted) -> bool:
    """Whether forks put on a filter of system calls; where they should and cannot, they do not run."""
    return wanted.seccomp and seccomp.machine() is not None


def guards_copies(wanted: Wanted) -> bool:
    """Whether a fork can change nothing of what others are lent: no rights and times, and no file beside its folder."""
    return denies_calls(wanted) and (_landlock(wanted, ctypes.CDLL(None)) > 0 or _becomes_another(wanted))


def _landlock(wanted: Wanted, libc: ctypes.CDLL) -> int:
    """The ABI that is used, 0 for none."""
    return min(wanted.landlock, landlock.version(libc)) if sys.platform == "linux" else 0


def _becomes_another(wanted: Wanted) -> bool:
    return wanted.user != 0 and os.geteuid() == 0


class Layers:
    """Made once, in the zygote, with everything loaded that a fork needs.

    secret: folders that no student code may read.
    """

    def __init__(self, wanted: Wanted, secret: list[str]) -> None:
        self.wanted = wanted
        self._libc = ctypes.CDLL(None, use_errno=True)
        _ = self._libc.syscall, self._libc.prctl  # looked up once and kept, else in every fork
        self.abi = _landlock(wanted, self._libc)
        here = seccomp.machine() if denies_calls(wanted) else None
        self._filter = seccomp.Filter(here) if here else None
        self._rules = landlock.Rules(landlock.readable_places(secret), self.abi) if self.abi else None
        self._drop_capabilities = _capset()

    @property
    def descriptors(self) -> list[int]:
        """What a fork must keep open until its layers are on."""
        return self._rules.descriptors if self._rules else []

    def put_on(self, folder: str) -> None:
        """Close this process in, for good, with `folder` as its own.

        Raises OSError where the kernel refuses what it offered.
        """
        if sys.platform != "linux":
            return
        self._drop_rights()
        # Even where nothing else is to be had: what we could not kill, a set-user-id program for one, must not arise.
        seccomp.forbid_new_privileges(self._libc)
        if self._rules is not None:
            self._rules.restrict(self._libc, folder)
            for descriptor in self.descriptors:
                os.close(descriptor)
        if self._filter is not None:
            self._filter.install(self._libc)

    def _drop_rights(self) -> None:
        """As root: become nobody that owns anything, or at least hold no capability."""
        if os.geteuid() != 0:
            return
        if self.wanted.user:
            os.setgroups([])
            os.setresgid(self.wanted.user, self.wanted.user, self.wanted.user)
            os.setresuid(self.wanted.user, self.wanted.user, self.wanted.user)
            return
        if self._drop_capabilities and self._libc.syscall(*self._drop_capabilities) != 0:
            raise OSError(ctypes.get_errno(), "capset")


def _capset() -> tuple[Any, ...]:
    """The system call, with its arguments, after which the caller has no capability; none where it is not known."""
    number = _CAPSET.get(os.uname().machine)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    return (number, header, (ctypes.c_uint32 * 6)()) if number is not None else ()
