"""Where the time goes: seconds of wall and CPU per phase, measured inside one process; knows no engine.

The clock is `time.perf_counter`, which on Linux and macOS counts alike in every process of the machine, so that the spans of several
workers can be laid side by side.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

PHASES = ("startup", "read", "map", "shuffle", "reduce", "write")
"""The phases of a run in their order; `total` goes beside them in reports."""


class Stopwatch:
    """Adds up seconds per phase and remembers when each stretch of a phase began and ended."""

    def __init__(
        self, now: Callable[[], float] = time.perf_counter, cpu: Callable[[], float] = time.process_time
    ) -> None:
        self._now, self._cpu = now, cpu
        self.wall: dict[str, float] = {}
        self.cpu: dict[str, float] = {}
        self.spans: list[tuple[str, float, float]] = []

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count the time inside the block to phase `name`, even when the block raises."""
        began, cpu = self._now(), self._cpu()
        try:
            yield
        finally:
            self.add(name, began, self._now(), self._cpu() - cpu)

    def add(self, name: str, began: float, ended: float, cpu: float) -> None:
        """Count a stretch that was measured elsewhere."""
        self.wall[name] = self.wall.get(name, 0.0) + ended - began
        self.cpu[name] = self.cpu.get(name, 0.0) + cpu
        self.spans.append((name, began, ended))


def covered(spans: Iterable[tuple[float, float]]) -> float:
    """Seconds during which at least one of the spans was going on: the length of their union."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total
