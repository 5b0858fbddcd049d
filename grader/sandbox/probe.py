"""The self-test: what a process behind the layers can still do. The level is what was really denied.

Each attempt is something a submission might do. It counts as denied when the kernel says no; that it failed for another
reason counts as allowed.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_NO = (errno.EPERM, errno.EACCES, errno.ENOSYS)
_SET_FLAGS, _NO_DUMP = 0x40086602, 0x40


def attempts() -> dict[str, Callable[[], object]]:
    """What to try, by name; those that begin with `file` are for Landlock to deny, the others for seccomp."""
    return {
        "file: list the root folder": lambda: os.listdir("/"),
        "file: read another process's environment": lambda: os.close(
            os.open(f"/proc/{os.getppid()}/environ", os.O_RDONLY)
        ),
        "file: read the list of users": lambda: os.close(os.open("/etc/passwd", os.O_RDONLY)),
        "file: write beside the own folder": _write_outside,
        "start a process": _fork,
        "start a program": lambda: os.execv("/bin/true", ["true"]) if os.path.exists("/bin/true") else _missing(),  # noqa: S606 - to see that it fails
        "open a network connection": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close(),
        "open a local socket": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).close(),
        "signal another process": lambda: os.kill(os.getppid(), 0),
        "change a file's rights": lambda: os.chmod(".", 0o700),
        "mark a folder for a later run": _mark,
        "hide memory in a file": lambda: os.close(os.memfd_create("probe")),
        "look into another process": lambda: _call(
            101 if os.uname().machine == "x86_64" else 117, 16, os.getppid(), 0, 0
        ),
        "leave the session": os.setsid,
        "make a namespace": lambda: _call(272 if os.uname().machine == "x86_64" else 97, 0x10000000),
    }


def run() -> dict[str, bool]:
    """Try everything; by name, whether it was denied. For a process behind the layers that is not needed any more."""
    return {name: _is_denied(attempt) for name, attempt in attempts().items()}


def _is_denied(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError as error:
        return error.errno in _NO
    except Exception:  # not denied, only not possible
        return False
    return False


def _write_outside() -> None:
    path = os.path.join("..", f"probe-{os.getpid()}")
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT))
    os.unlink(path)


def _mark() -> None:
    import fcntl  # not there on every system

    folder = os.open(".", os.O_RDONLY)
    try:
        fcntl.ioctl(folder, _SET_FLAGS, struct.pack("i", _NO_DUMP))
    finally:
        os.close(folder)


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)
    os.wait()


def _missing() -> None:
    raise FileNotFoundError


def _call(number: int, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "syscall")


def user() -> int:
    """Who this process is."""
    return os.geteuid() if sys.platform != "win32" else 0
