"""Keeps a worker within its memory budget: looks at what the process really holds. Decides nothing but when."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from pymapr.blame import describe_key
from pymapr.errors import EngineError, ValuesExceedMemory

if TYPE_CHECKING:
    from pymapr.grouping import Groups

EXPANSION = 8
"""How many times larger a block is once it is unpacked: measured 5 to 12 on words, numbers and short tuples."""

_SLACK = 2**22
"""Bytes that a process may grow by without meaning anything: the allocator takes memory in steps of a megabyte."""


def resident() -> int:
    """Bytes of memory that this process holds now; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - pathlib costs milliseconds at start-up
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def peak() -> int:
    """The most bytes of memory that this process has held so far."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


class Outgrown(Exception):  # noqa: N818 - a signal to take smaller bites, not an error
    """A merge does not fit, and no single key is the reason."""


class MapGuard:
    """Says when a map task should let go of its groups. budget: bytes it may hold; 0: any number."""

    def __init__(self, budget: int) -> None:
        self._limit = resident() + budget + _SLACK if budget else 0
        self._records = self._enough = 0

    def full(self, records: int) -> bool:
        """Whether to let go now that so many more records were mapped.

        An emptied process keeps its memory: from the second time on, the number of records has its say too.
        """
        self._records += records
        if not self._limit or self._records < self._enough or resident() < self._limit:
            return False
        self._enough = self._enough or self._records // 2
        self._records = 0
        return True


class MergeGuard:
    """Watches one merge. budget: bytes it may add to what the process holds already; 0: any number."""

    def __init__(self, budget: int) -> None:
        self._budget, self._before = budget, resident()

    def check(self, groups: Groups) -> None:
        """Raise Outgrown, or ValuesExceedMemory, once the merge has outgrown its budget."""
        if not self._budget or not groups or resident() - self._before <= self._budget + _SLACK:
            return
        key, values = max(groups.items(), key=lambda item: len(item[1]))
        if len(values) * 2 < sum(map(len, groups.values())):
            raise Outgrown
        raise ValuesExceedMemory(
            f"the values of {describe_key(key)} alone do not fit the memory budget ({len(values)} so far)",
            "add a combiner(key, values), which shortens them in the map phase, or raise --memory",
            phase="reduce",
        )


def too_small() -> EngineError:
    """What to raise when a partition was divided as often as is sensible and still does not fit."""
    hint = "raise --memory, or use fewer workers, so that each has more of it"
    return EngineError("the keys of one partition do not fit the memory budget", hint, "reduce")
