"""Watches a run from outside: CPU and wall time, memory, threads, disk and output, over all its processes.

What a process says of itself counts for nothing.
"""

from __future__ import annotations

import os
import re
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple, Protocol

from grader.errors import GraderError, InfrastructureError
from grader.sandbox.converse import TICK
from grader.sandbox.stage import MOST_MADE
from grader.sandbox.zygote import descendants

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from grader.model import Limits
    from grader.sandbox.tree import Usage

_FOLDER_EVERY = 0.2
"""Seconds between two looks at the folder, which take longer than those at processes."""

MOST_FOLDER = 256 * 2**20
"""Bytes that a run's processes may write into their folders, all together."""

MOST_THREADS = 2048
"""Threads of a run: each costs the machine memory that no limit of a process counts."""

LEAST_FREE = 512 * 2**20
"""Bytes of free disk; a run that leaves less, and has taken more than its folder may hold, is ended."""

MOST_TAKEN = 4 * 2**30
"""Bytes by which the disk may shrink while a run lasts, whoever takes them."""


class LimitExceeded(GraderError):
    """A run used more than it may. kind: `time`, `memory` or `output`."""

    def __init__(self, kind: str, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.kind = kind


def out_of_time(allowed: float) -> LimitExceeded:
    """Of CPU time (seconds): the same words for whoever finds out, the watch, the kernel or the final account."""
    message = f"used more than {allowed:g} s of CPU time"
    return LimitExceeded("time", message, "is there a loop that never ends, or work done twice?")


class DiskShrinks(InfrastructureError):
    """The disk is filling up while a run lasts, and not with what lies in its folder. free: the bytes left."""

    def __init__(self, free: int) -> None:
        super().__init__(
            f"only {free // 2**20} MB of the disk are left for student code",
            "free some space, or point TMPDIR elsewhere",
        )
        self.free = free


class Watched(Protocol):
    """What the watch asks of a process."""

    pid: int
    cpu: float

    @property
    def running(self) -> bool:
        """Whether it may still use something."""


class Watch:
    """Of one run; called often, looks every TICK seconds and raises LimitExceeded or InfrastructureError.

    processes: may grow while the run goes on. usage: of its folders. free: bytes of free disk. take: called every time,
    takes in what waits.
    """

    def __init__(
        self,
        limits: Limits,
        processes: Sequence[Watched],
        stop: threading.Event,
        usage: Callable[[], Usage],
        free: Callable[[], int],
        take: Callable[[], None],
    ) -> None:
        self._limits, self._processes, self._stop, self._usage = limits, processes, stop, usage
        self._free, self._take = free, take
        self._began = self._looked = self._folder_looked = perf_counter()
        self._free_before = free()
        self._output = 0
        self._seen: dict[int, float] = {}
        self.peak = 0

    def __call__(self) -> None:
        """Take in what waits, and look, if it is time to."""
        self._take()
        now = perf_counter()
        if now - self._looked >= TICK:
            self._looked = now
            self.look()

    def look(self) -> None:
        """Look now."""
        if self._stop.is_set():
            raise InfrastructureError("the grader is stopping")
        self._look_at_cpu()
        self._look_at_wall()
        self._look_at_folder()
        self._look_at_memory()

    def _look_at_cpu(self) -> None:
        if self.cpu() > self._limits.time:
            raise out_of_time(self._limits.time)

    def _look_at_memory(self) -> None:
        held = [held_by(pid) for pid in self._running()]
        self.peak = max(self.peak, sum(each.memory for each in held))
        threads = sum(each.threads for each in held)
        if self.peak > self._limits.memory:
            raise LimitExceeded(
                "memory",
                f"used {self.peak // 2**20} MB of memory; {self._limits.memory // 2**20} MB are allowed",
                "emit instead of collecting: what a mapper or reducer keeps stays in memory",
            )
        if threads > MOST_THREADS:
            raise LimitExceeded(
                "memory",
                f"ran {threads} threads at once; {MOST_THREADS} are allowed",
                "wait for threads before more are started, or do without them",
            )

    def _look_at_wall(self) -> None:
        """Wall time, but for what the processes spent waiting for a core: a busy machine is nobody's fault."""
        wall = perf_counter() - self._began
        if wall <= self._limits.wall:
            return
        delayed = max((delay_of(process.pid) for process in self._processes if process.running), default=0.0)
        if wall - delayed > self._limits.wall:
            raise LimitExceeded(
                "time",
                f"took more than {self._limits.wall:g} s, and used {self.cpu():.1f} s of CPU time",
                "does it wait for something: input, a lock, sleep?",
            )

    def _look_at_folder(self) -> None:
        now = perf_counter()
        if now - self._folder_looked < _FOLDER_EVERY:
            return
        self._folder_looked = now
        self._look_at_disk()
        used = self._usage()
        if used.locked:
            raise LimitExceeded("output", "made a folder that cannot be looked into", _HAND_OVER)
        if used.size > MOST_FOLDER or used.entries > MOST_MADE:
            wrote = f"wrote {used.size // 2**20} MB and {used.entries} files and folders"
            allowed = f"{MOST_FOLDER // 2**20} MB and {MOST_MADE} are allowed"
            raise LimitExceeded("output", f"{wrote}; {allowed}", _HAND_OVER)

    def _look_at_disk(self) -> None:
        """A file that was deleted while open, or lies where nobody looks, is in no folder, but on the disk."""
        free = self._free()
        taken = self._free_before - free
        if taken > MOST_TAKEN or (taken > MOST_FOLDER and free < LEAST_FREE):
            raise DiskShrinks(free)

    def count_output(self, size: int) -> None:
        """So many more bytes of output have come."""
        self._output += size
        if self._output > self._limits.output:
            raise LimitExceeded(
                "output",
                f"emitted more than {_size(self._limits.output)} of output",
                "emit each result once; is emit called inside the wrong loop?",
            )

    def cpu(self) -> float:
        """CPU seconds that the run has used so far, over all its processes."""
        for process in self._processes:
            used = cpu_of(process.pid) if process.running else process.cpu
            self._seen[process.pid] = max(used, self._seen.get(process.pid, 0.0))
        return sum(self._seen.values())

    def _running(self) -> list[int]:
        roots = [process.pid for process in self._processes if process.running]
        return roots + [pid for root in roots if _has_children(root) for pid in descendants(root)]


def _has_children(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/task/{pid}/children", "rb") as file:
            return bool(file.read(1))
    except OSError:
        return False


_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and of the children that it has waited for; 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:
            fields = file.read().rpartition(b")")[2].split()
        return sum(map(int, fields[11:15])) / _TICKS
    except (OSError, ValueError):
        return 0.0


def delay_of(pid: int) -> float:
    """Seconds that a process was ready to run and had no core; 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid}/schedstat", "rb") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


class Held(NamedTuple):
    """Bytes of memory that only this process makes necessary (anonymous pages, shared or not), and its threads."""

    memory: int = 0
    threads: int = 0


def held_by(pid: int) -> Held:
    """What a process holds; nothing where the system does not tell."""
    try:
        with open(f"/proc/{pid}/status", "rb", buffering=0) as file:
            told = dict(_HELD.findall(file.read()))
    except OSError:
        return Held()
    memory = int(told.get(b"RssAnon", 0)) + int(told.get(b"RssShmem", 0))
    return Held(memory * 1024, int(told.get(b"Threads", 0)))


_HELD = re.compile(rb"^(RssAnon|RssShmem|Threads):\s*(\d+)", re.MULTILINE)


_HAND_OVER = "hand results over with emit instead of writing files"


def _size(size: int) -> str:
    return f"{size // 2**20} MB" if size >= 2**20 else f"{size / 1024:g} kB"
