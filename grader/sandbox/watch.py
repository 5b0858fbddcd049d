"""Watches a run from outside: CPU and wall time, memory, output, over all its processes. What a process says of itself counts for nothing."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Protocol

from grader.errors import GraderError, InfrastructureError
from grader.model import Limits
from grader.sandbox.converse import TICK
from grader.sandbox.zygote import descendants

_FOLDER_EVERY = 0.2
"""Seconds between two looks at the folder, which take longer than those at processes."""

MOST_FOLDER = 256 * 2**20
MOST_FOLDER_FILES = 5000
"""What a run's processes may write into their folders, all together."""


class LimitExceeded(GraderError):
    """A run used more than it may. kind: `time`, `memory` or `output`."""

    def __init__(self, kind: str, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.kind = kind


class Watched(Protocol):
    """What the watch asks of a process."""

    pid: int
    cpu: float

    @property
    def running(self) -> bool:
        """Whether it may still use something."""


class Watch:
    """Of one run; called often, looks every TICK seconds and raises LimitExceeded. `processes` may grow while the run goes on."""

    def __init__(
        self, limits: Limits, processes: Sequence[Watched], stop: threading.Event, usage: Callable[[], tuple[int, int]]
    ) -> None:
        self._limits, self._processes, self._stop, self._usage = limits, processes, stop, usage
        self._folder_looked = perf_counter()
        self._began = self._looked = perf_counter()
        self._output = 0
        self._seen: dict[int, float] = {}
        self.peak = 0

    def __call__(self) -> None:
        """Look, if it is time to."""
        now = perf_counter()
        if now - self._looked >= TICK:
            self._looked = now
            self.look()

    def look(self) -> None:
        """Look now."""
        if self._stop.is_set():
            raise InfrastructureError("the grader is stopping")
        if self.cpu() > self._limits.time:
            raise LimitExceeded(
                "time", f"used more than {self._limits.time:g} s of CPU time", "is there a loop that never ends, or work done twice?"
            )
        self._look_at_wall()
        self._look_at_folder()
        self.peak = max(self.peak, sum(memory_of(pid) for pid in self._running()))
        if self.peak > self._limits.memory:
            raise LimitExceeded(
                "memory",
                f"used {self.peak // 2**20} MB of memory; {self._limits.memory // 2**20} MB are allowed",
                "emit instead of collecting: what a mapper or reducer keeps stays in memory",
            )

    def _look_at_wall(self) -> None:
        """Wall time, but for what the processes spent waiting for a core: that the machine is busy is nobody's fault."""
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
        size, files = self._usage()
        if size > MOST_FOLDER or files > MOST_FOLDER_FILES:
            raise LimitExceeded(
                "output",
                f"wrote {size // 2**20} MB in {files} files into its folder; {MOST_FOLDER // 2**20} MB in {MOST_FOLDER_FILES} are allowed",
                "hand results over with emit instead of writing files",
            )

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
        with open(f"/proc/{pid}/task/{pid}/children", "rb") as file:  # noqa: PTH123 - read fifty times a second
            return bool(file.read(1))
    except OSError:
        return False


_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and of those of its children that it has waited for; 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - read fifty times a second
            fields = file.read().rpartition(b")")[2].split()
        return sum(map(int, fields[11:15])) / _TICKS
    except (OSError, ValueError):
        return 0.0


def delay_of(pid: int) -> float:
    """Seconds that a process was ready to run and had no core; 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid}/schedstat", "rb") as file:  # noqa: PTH123
            return int(file.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def memory_of(pid: int) -> int:
    """Bytes of memory that only this process makes necessary: anonymous and shared anonymous pages; 0 where unknown."""
    found = 0
    try:
        with open(f"/proc/{pid}/status", "rb") as file:  # noqa: PTH123 - read fifty times a second
            for line in file:
                if line.startswith((b"RssAnon", b"RssShmem")):
                    found += int(line.split()[1]) * 1024
    except (OSError, ValueError):
        return 0
    return found


_PATIENCE = 5.0
"""Seconds to wait for the end of what was printed, in case a process got away and still holds the pipe."""


class Prints:
    """What a run's processes print: the beginning and the end are kept, the rest only counted.

    Read by a thread, so that a run that prints much is never held up.
    """

    KEPT = 2000

    def __init__(self) -> None:
        self._reading, self.descriptor = os.pipe()
        self.head, self.tail, self.total = b"", b"", 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while data := os.read(self._reading, 2**16):
            self.total += len(data)
            room = self.KEPT - len(self.head)
            self.head += data[:room]
            self.tail = (self.tail + data[room:])[-self.KEPT :] if room < len(data) else self.tail

    def close(self) -> None:
        """No process of the run is left: take in what there still is."""
        os.close(self.descriptor)
        self._thread.join(_PATIENCE)
        if not self._thread.is_alive():
            os.close(self._reading)

    def text(self) -> str:
        """What was printed, with a note where something is left out."""
        left_out = self.total - len(self.head) - len(self.tail)
        middle = f"\n... {left_out} bytes left out ...\n" if left_out else ""
        return self.head.decode("utf-8", "replace") + middle + self.tail.decode("utf-8", "replace")


def _size(size: int) -> str:
    return f"{size // 2**20} MB" if size >= 2**20 else f"{size / 1024:g} kB"
