"""The zygote: started once, small and clean, it forks every process that runs student code.

It holds nothing of the grader's. It answers one request at a time on a socket: `launch` (descriptors come along),
`reap`, `sweep`. Whatever it touches after a fork has to be copied, so it does little. When the socket closes, the
grader is gone: it kills whatever it started and leaves.
"""

from __future__ import annotations

import _thread
import contextlib
import ctypes
import gc
import json
import marshal
import os
import signal
import socket
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from grader.sandbox import child, denials, rehearsal
from grader.sandbox.layers import Layers, Wanted
from grader.sandbox.limits import ChildLimits
from pymapr import blame

if TYPE_CHECKING:
    import resource
    from collections.abc import Iterator

MOST_REQUEST = 2**16
_MOST_ATTACHED = 256
"""Bytes of a request, and of the descriptors that come with it."""

_PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 4, 36

_STACK = 2**21
"""Bytes of stack for a thread: the usual 8 MB count as data, of which a submission has no more than it may hold."""

_PRELOADED = (
    "bisect",
    "collections",
    "collections.abc",
    "copy",
    "enum",
    "functools",
    "heapq",
    "io",
    "itertools",
    "json",
    "math",
    "operator",
    "os",
    "pickle",
    "random",
    "re",
    "string",
    "struct",
    "sys",
    "textwrap",
    "time",
    "traceback",
    "typing",
)
"""What students import most: loaded once here rather than in every run. What few import is left out, as every library
makes every fork dearer."""


class Zygote:
    """Forks on request. `children` are those it launched and has not reaped, with their end as far as it is known."""

    def __init__(self, requests: socket.socket, layers: Layers) -> None:
        self._requests, self._layers = requests, layers
        self._children: dict[int, list[float] | None] = {}

    def serve(self) -> None:
        """Answer requests until the grader closes the socket, then leave nothing behind."""
        while True:
            text, attached, _, _ = self._requests.recvmsg(MOST_REQUEST, _MOST_ATTACHED)
            if not text:
                break
            descriptors = memoryview(attached[0][2]).cast("i").tolist() if attached else []
            self._requests.send(self._answer(marshal.loads(text), descriptors))  # noqa: S302 - the grader wrote it
        self._sweep()

    def _answer(self, request: dict[str, Any], descriptors: list[int]) -> bytes:
        """In JSON; where there are only numbers, Python writes them as JSON does, and touches fewer pages."""
        try:
            match request["do"]:
                case "launch":
                    return b"%d" % self._launch(request, descriptors)
                case "reap":
                    return repr([[*map(self._reap, request["pids"])], int(not _has_children())]).encode()
                case _:
                    return b"%d" % self._sweep()
        except OSError as error:
            return json.dumps({"error": f"{request['do']}: {error}"}).encode()

    def _launch(self, request: dict[str, Any], descriptors: list[int]) -> int:
        pid = os.fork()
        if pid == 0:
            self._requests.close()
            run_child(request, descriptors, self._layers)
        for descriptor in descriptors:
            os.close(descriptor)
        self._children[pid] = None
        return pid

    def _reap(self, pid: int) -> list[float]:
        """Wait for a child's end: wait status, CPU seconds of it and its descendants, peak memory in bytes."""
        ended = self._children.pop(pid, None)
        return ended if ended is not None else _ended(*os.wait4(pid, 0)[1:])

    def _sweep(self) -> int:
        """Kill all descendants, however they tried to get away: as their subreaper we inherit every orphan.

        Returns how many.
        """
        killed = 0
        if not _has_children():
            return killed
        while found := list(descendants(os.getpid())):
            for pid in found:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            killed += len(found)
            self._collect()
        return killed

    def _collect(self) -> None:
        """Take note of whatever has ended; the first wait is for somebody to end at all."""
        flags = 0
        while True:
            try:
                pid, status, usage = os.wait4(-1, flags)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self._children:
                self._children[pid] = _ended(status, usage)
            flags = os.WNOHANG


def _ended(status: int, usage: resource.struct_rusage) -> list[float]:
    unit = 1 if sys.platform == "darwin" else 1024
    return [status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit]


def _has_children() -> bool:
    """Whether there is any child, dead or alive: an orphan becomes one, so without any there is no descendant."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def descendants(pid: int) -> Iterator[int]:
    """The processes below `pid` that still run (no zombies among them), from /proc; none where there is no /proc."""
    parents: dict[int, list[int]] = {}
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdigit() and (found := parent_of(int(name))) is not None:
                parents.setdefault(found, []).append(int(name))
    waiting = parents.get(pid, [])
    while waiting:
        child_pid = waiting.pop()
        waiting += parents.get(child_pid, [])
        yield child_pid


def parent_of(pid: int) -> int | None:
    """The parent of a process, None if it has ended."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            state, parent = file.read().rpartition(b")")[2].split()[:2]
    except (OSError, ValueError):
        return None
    return None if state == b"Z" else int(parent)


def run_child(request: dict[str, Any], descriptors: list[int], layers: Layers) -> NoReturn:
    """In the fork: become what the request says, and never come back."""
    status = 70
    try:
        limits = ChildLimits(*request["limits"])
        child.become(request["folder"], descriptors, limits, layers)
        child.ROLES[request["role"]](request, descriptors)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


def prepare() -> None:
    """Load what every run needs, then hold still: no signal of the terminal's, no debugger, every orphan ours.

    What is there by now is shared with every fork, and left alone by the collector.
    """
    for name in _PRELOADED:
        import_module(name)
    child.prepare()
    warm_up()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the grader to answer
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_DUMPABLE, 0)
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)
    blame.disown(os.path.dirname(os.path.dirname(__file__)))
    blame.add_mender(denials.mend)
    sys.dont_write_bytecode = True
    _thread.stack_size(_STACK)
    gc.collect()
    gc.freeze()


def warm_up() -> None:
    """Rehearse, where the system has what that takes: it makes runs faster, and no run depends on it."""
    with contextlib.suppress(OSError, AttributeError):
        rehearsal.rehearse()


def main(descriptor: int, wanted: list[Any], secret: list[str]) -> None:
    """Be a zygote that is asked through the socket at `descriptor`; its forks put on the layers that are wanted."""
    requests = socket.socket(fileno=descriptor)
    layers = Layers(Wanted(*wanted), secret)
    prepare()
    requests.send(b"%d" % layers.abi)
    Zygote(requests, layers).serve()
