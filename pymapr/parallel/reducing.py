"""A worker's reduce tasks: merge a partition's blocks, call the reducer on each key, encode what it emits.

A partition that outgrows the memory budget is merged in smaller and smaller parts, until it fits.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from pymapr.blame import blame, describe_key
from pymapr.codecs import encode_outputs, unpack_group
from pymapr.errors import CannotTravel, MaprError
from pymapr.grouping import Groups, merge
from pymapr.parallel.account import figures
from pymapr.parallel.memory import MergeGuard, Outgrown, too_small
from pymapr.parallel.ordering import Entries, pack_entries
from pymapr.parallel.protocol import Begin, Reduced, ReduceTask
from pymapr.parallel.store import fetch
from pymapr.partition import partition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pymapr.codecs import Group
    from pymapr.job import Job
    from pymapr.parallel.store import Store
    from pymapr.timings import Stopwatch

Item = tuple[int, Any, list[Any]]
"""What a reducer is called with, and before it the key's rank."""

_AT_ONCE = 512
"""Keys reduced before their outputs are encoded: few enough that what they emit is not all held twice."""

_MOST_SHARES = 2**12


class Reducing:
    """The reducer's side of one worker."""

    def __init__(self, job: Job, begin: Begin, store: Store) -> None:
        self._job, self._begin, self._store = job, begin, store

    def run(self, task: ReduceTask, watch: Stopwatch) -> Reduced:
        """Do one task. Raises JobErrors and EngineError."""
        found = _Found()
        self._reduce_share(task, task.share, task.shares, watch, found)
        with watch.phase("write"):
            places, payload = self._store.put([found.packed(in_order=self._begin.order == "stable")])
        return Reduced(task.task, found.keys, places[0], figures(watch), payload)

    def _reduce_share(self, task: ReduceTask, share: int, shares: int, watch: Stopwatch, found: _Found) -> None:
        with watch.phase("shuffle"):
            items = self._merged(task, share, shares)
        if items is None:
            if shares >= _MOST_SHARES:
                raise too_small()
            for half in (share, share + shares):  # whoever was `share` of n is one of these two of 2n
                self._reduce_share(task, half, 2 * shares, watch, found)
            return
        found.part(len(items))
        for start in range(0, len(items), _AT_ONCE):
            some = items[start : start + _AT_ONCE]
            with watch.phase("reduce"):
                outputs, ends = self._reduce(some)
            with watch.phase("write"):
                found.add(some, outputs, ends)

    # ---- merging -----------------------------------------------------------------------------------------------------

    def _merged(self, task: ReduceTask, share: int, shares: int) -> list[Item] | None:
        """What there is to reduce; None if it outgrows the memory."""
        keep = None if shares == 1 else (lambda key: partition(("share", key), shares) == share)
        merged: Groups = {}
        try:
            _, ranks = merge(self._unpacked(task, merged), keep, into=merged)
        except Outgrown:
            return None
        except MaprError:
            raise
        except BaseException as error:  # hashing and comparing keys may run the job's own methods
            raise blame(error, "reduce", "") from None
        items = [(rank, key, values) for rank, (key, values) in zip(ranks, merged.items(), strict=True)]
        if self._begin.order == "scramble":
            self._scramble(items, task.task)
        return items

    def _unpacked(self, task: ReduceTask, merged: Groups) -> Iterator[tuple[int, Group]]:
        guard = MergeGuard(self._begin.memory)
        for number, *place in task.blocks:
            yield number, _unpack(fetch(place, task.payload))
            guard.check(merged)

    def _scramble(self, items: list[Item], task: int) -> None:
        from random import Random

        chance = Random(f"{self._begin.seed} {task}")  # noqa: S311 - to be repeated, not a secret
        for _, _, values in items:
            chance.shuffle(values)
        chance.shuffle(items)

    # ---- reducing ----------------------------------------------------------------------------------------------------

    def _reduce(self, items: list[Item]) -> tuple[list[Any], list[int]]:
        """The outputs of some keys, and for each key how many there were when it was done."""
        emitter, reducer, ends = self._job.emitter, self._job.reducer, []
        emitter.begin("reduce")
        for _, key, values in items:
            try:
                reducer(key, values)
            except BaseException as error:
                raise blame(error, "reduce", describe_key(key)) from None
            ends.append(emitter.emitted)
        return emitter.take()[1], ends


class _Found:
    """The outputs of a reduce task, encoded, with the rank of the key that each belongs to."""

    def __init__(self) -> None:
        self.keys = self._parts = 0
        self._ranks, self._lengths = array("Q"), array("I")
        self._texts: list[str] = []

    def part(self, keys: int) -> None:
        """So many keys come next, in the order of their ranks."""
        self.keys += keys
        self._parts += 1

    def add(self, items: list[Item], outputs: list[Any], ends: list[int]) -> None:
        """The outputs of some keys; raises CannotEncode."""

        def where(number: int) -> str:
            return describe_key(next(item[1] for item, end in zip(items, ends, strict=True) if number < end))

        lines = encode_outputs(outputs, where)
        start = 0
        for (rank, _, _), end in zip(items, ends, strict=True):
            if end > start:
                text = lines[start] if end == start + 1 else "".join(lines[start:end])
                self._ranks.append(rank)
                self._lengths.append(len(text))  # JSON as `json` writes it is ASCII: characters are bytes
                self._texts.append(text)
                start = end

    def packed(self, *, in_order: bool) -> bytes:
        """All of it as bytes; in the order of ranks, if that is wanted and there were several parts."""
        if in_order and self._parts > 1:
            order = sorted(range(len(self._ranks)), key=self._ranks.__getitem__)
            self._ranks = array("Q", [self._ranks[at] for at in order])
            self._lengths = array("I", [self._lengths[at] for at in order])
            self._texts = [self._texts[at] for at in order]
        return pack_entries(Entries(self._ranks, self._lengths, "".join(self._texts).encode()))


def _unpack(block: bytes) -> Group:
    try:
        return unpack_group(block)
    except Exception as error:  # unpickling runs the constructors of the job's own classes
        raise CannotTravel(
            f"a key or value was sent to another process and cannot be read there: {type(error).__name__}: {error}",
            "emit plain values, or make the class able to be pickled",
            "reduce",
            cause=type(error).__name__,
        ) from None
