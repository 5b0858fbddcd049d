"""Keeps a worker within its memory budget: looks at what the process really holds. Decides nothing but when."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from pymapr.blame import describe_key
from pymapr.codecs import pack
from pymapr.errors import EngineError, ValuesExceedMemory

if TYPE_CHECKING:
    from pymapr.grouping import Groups

EXPANSION = 8
"""How many times larger a block is once it is unpacked: measured 5 to 12 on words, numbers and short tuples."""

MOST_STRIDE = 1024
"""Records between two looks at the memory: one costs as much as mapping a short record."""

_SLACK = 2**22
"""Bytes that a process may grow by without meaning anything: the allocator takes memory in steps of a megabyte."""


def resident() -> int:
    """Bytes of memory that this process holds now; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def peak() -> int:
    """The most bytes of memory that this process has held so far."""
    try:
        with open("/proc/self/status", "rb") as file:
            return int(file.read().partition(b"VmHWM:")[2].split(maxsplit=1)[0]) * 1024
    except (OSError, IndexError, ValueError):
        pass
    import resource  # costs each worker a millisecond

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


class Outgrown(Exception):
    """A merge does not fit, and no single key is the reason."""


def give_back() -> None:
    """Let the system have the memory that the allocator keeps for later, where it can be told to (glibc)."""
    try:
        import ctypes  # costs milliseconds

        ctypes.CDLL(None).malloc_trim(0)
    except (ImportError, OSError, AttributeError):
        return


class Budget:
    """What a worker may hold beyond what it held when it began. size: bytes; 0: any number."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.limit = resident() + size + _SLACK

    def exceeded(self, limit: int = 0) -> bool:
        """Whether it holds more than that, or than `limit`, though the allocator gave back what it can."""
        if not self.size or resident() <= (limit or self.limit):
            return False
        give_back()
        return resident() > (limit or self.limit)


class MapGuard:
    """Says when a map task should let go of its groups. stride: how many records to map before asking again."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._records = self._enough = 0
        self._held = resident()
        self.stride = 1 if budget.size else MOST_STRIDE

    def begin(self) -> None:
        """Grouping begins, with nothing mapped yet."""
        self._records = 0

    @property
    def roomy(self) -> bool:
        """Whether less than a quarter of the budget is taken, so that groups may stay where they are."""
        return not self._budget.exceeded(self._budget.limit - self._budget.size * 3 // 4)

    def full(self, records: int) -> bool:
        """Whether to let go now that so many more records were mapped.

        Memory in pieces cannot be given back: from the second time on, the number of records has its say too.
        """
        if not self._budget.size:
            return False
        self._records += records
        self._adapt()
        if self._records < self._enough or not self._budget.exceeded():
            return False
        self._enough = self._enough or self._records // 2
        self._records = 0
        return True

    def _adapt(self) -> None:
        """Look more often where records make much of little, less often where they do not."""
        held = resident()
        fast = held - self._held > max(self._budget.size // 16, _SLACK // 4)
        self.stride = max(1, self.stride // 4) if fast else min(MOST_STRIDE, self.stride * 2)
        self._held = held


class MergeGuard:
    """Watches one merge at a time."""

    def __init__(self, budget: Budget) -> None:
        self._budget, self._limit = budget, budget.limit

    def begin(self) -> None:
        """A merge begins. Where memory in pieces cannot be given back, an eighth of the budget must do for it."""
        self._limit = self._budget.limit
        if self._budget.exceeded():
            self._limit = max(self._limit, resident() + self._budget.size // 8)

    def check(self, groups: Groups) -> None:
        """Raise Outgrown, or ValuesExceedMemory, once the merge has outgrown its budget."""
        if not groups or not self._budget.exceeded(self._limit):
            return
        if (heavy := _heaviest(groups)) is None:
            raise Outgrown
        key, values = heavy
        raise ValuesExceedMemory(
            f"the values of {describe_key(key)} alone do not fit the memory budget ({len(values)} so far)",
            "add a combiner(key, values), which shortens them in the map phase, or raise --memory",
            phase="reduce",
        )


_FEW_KEYS = 10_000
"""So many keys can be weighed one by one; where there are more, their values are counted."""


def _heaviest(groups: Groups) -> tuple[Any, list[Any]] | None:
    """The key whose values make up more than half of all, by weight or where that takes too long by number."""
    weigh = _weight if len(groups) <= _FEW_KEYS else len
    weights = {key: weigh(values) for key, values in groups.items()}
    key = max(weights, key=lambda key: weights[key])
    return (key, groups[key]) if weights[key] * 2 >= sum(weights.values()) else None


def _weight(values: list[Any]) -> int:
    """About how many bytes the values take: as many as they are, times what one of them is in a block."""
    return len(values) * (len(pack(values[0])) + 8)


def too_small() -> EngineError:
    """What to raise when a partition was divided as often as is sensible and still does not fit."""
    hint = "raise --memory, or use fewer workers, so that each has more of it"
    return EngineError("the keys of one partition do not fit the memory budget", hint, "reduce")
