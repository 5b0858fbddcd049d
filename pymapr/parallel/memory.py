"""Keeps a merge within the memory budget: looks at what the process really holds, and names the key that cannot fit."""

from __future__ import annotations

import os
from typing import Any

from pymapr.codecs import repr_safely, shorten
from pymapr.errors import EngineError, ValuesExceedMemory

EXPANSION = 8
"""How many times larger a block is once it is unpacked: measured 5 to 12 on words, numbers and short tuples."""


def resident() -> int:
    """Bytes of memory that this process holds now; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - pathlib costs milliseconds at start-up
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


class MergeGuard:
    """Watches one merge. budget: bytes it may add to what the process holds already; 0 means any."""

    def __init__(self, budget: int) -> None:
        self._budget, self._before = budget, resident()

    def check(self, groups: dict[Any, list[Any]]) -> None:
        """Raise ValuesExceedMemory or EngineError once the merge has outgrown its budget."""
        if not self._budget or resident() - self._before <= self._budget:
            return
        key, values = max(groups.items(), key=lambda item: len(item[1]))
        if len(values) * 2 > sum(map(len, groups.values())):
            raise ValuesExceedMemory(
                f"the values of key {shorten(repr_safely(key))} alone do not fit the memory budget ({len(values)} so far)",
                "add a combiner(key, values), which shortens them in the map phase, or raise --memory",
                phase="reduce",
            )
        raise EngineError(
            f"{len(groups)} keys of one partition do not fit the memory budget", "raise --memory, or use fewer workers", "reduce"
        )
