"""Where the time goes: seconds of wall and CPU per phase, measured inside one process; knows no engine.

The clock is `time.perf_counter`, which on Linux and macOS counts alike in every process of the machine, so that the
spans of several workers can be laid side by side.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PHASES = ("startup", "read", "map", "shuffle", "reduce", "write")
"""The phases of a run in their order; `total` goes beside them in reports."""


class Stopwatch:
    """Adds up seconds per phase: `wall` and `cpu`, by the phase's name. One phase at a time."""

    def __init__(
        self, now: Callable[[], float] = time.perf_counter, cpu: Callable[[], float] = time.process_time
    ) -> None:
        self._now, self._cpu = now, cpu
        self._began: dict[str, float] = {}
        self.wall: dict[str, float] = {}
        self.cpu: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count the time inside the block to phase `name`, even when the block raises."""
        began, cpu = self._now(), self._cpu()
        try:
            yield
        finally:
            self.add(name, began, self._now() - began, self._cpu() - cpu)

    def add(self, name: str, began: float, wall: float, cpu: float) -> None:
        """Count a stretch that was measured elsewhere."""
        self._began.setdefault(name, began)
        self.wall[name] = self.wall.get(name, 0.0) + wall
        self.cpu[name] = self.cpu.get(name, 0.0) + cpu

    def spans(self) -> list[tuple[str, float, float]]:
        """One `(phase, start, end)` a phase, laid end to end in the order in which they began.

        Each is as long as its phase took: phases that took turns (read, map, read, map, ...) stand one after the other,
        so that no moment counts twice, and none ends later than the last of them really did.
        """
        spans, free = [], float("-inf")
        for name, began in self._began.items():
            start = max(began, free)
            free = start + self.wall[name]
            spans.append((name, start, free))
        return spans


def covered(spans: Iterable[tuple[float, float]]) -> float:
    """Seconds during which at least one of the spans was going on: the length of their union."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total
