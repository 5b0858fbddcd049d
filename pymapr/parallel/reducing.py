"""A worker's reduce tasks: merge a partition's blocks, call the reducer on each key, encode what it emits.

A partition that outgrows the memory budget is merged in smaller and smaller parts, until it fits.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from pymapr.blame import blame, describe_key
from pymapr.codecs import Group, encode_outputs, pack_group, unpack_group
from pymapr.errors import CannotTravel, MaprError
from pymapr.grouping import Groups, merge
from pymapr.parallel.account import figures
from pymapr.parallel.memory import Budget, MergeGuard, Outgrown, too_small
from pymapr.parallel.ordering import Entries, pack_entries
from pymapr.parallel.protocol import KEPT, Begin, Place, Reduced, ReduceTask
from pymapr.parallel.store import fetch
from pymapr.partition import partition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pymapr.job import Job
    from pymapr.parallel.store import Store
    from pymapr.timings import Stopwatch

Item = tuple[int, Any, list[Any]]
"""What a reducer is called with, and before it the key's rank."""

_AT_ONCE = 512
"""Keys reduced before their outputs are encoded: few enough that what they emit is not all held twice."""

_PARTS = 8
"""Into how many parts to divide what turns out not to fit."""

_MOST_DIVISIONS = 4

Block = tuple[int, Place, bytes]
"""A block that waits: its map task, its place, and the payload that it may be in."""


class Reducing:
    """The reducer's side of one worker."""

    def __init__(self, job: Job, begin: Begin, store: Store) -> None:
        self._job, self._begin, self._store = job, begin, store
        self._guard = MergeGuard(Budget(begin.memory))

    def run(self, task: ReduceTask, watch: Stopwatch) -> Reduced:
        """Do one task. Raises JobErrors and EngineError."""
        found = _Found(task.task, watch)
        blocks: list[Block] = [(number, place, task.payload) for number, *place in task.blocks]
        if task.parts > 1:
            self._reduce_divided(blocks, task.parts, 0, found)
        else:
            self._reduce_all(blocks, 0, found)
        self._store.drop(task.task)
        with watch.phase("write"):
            places, payload = self._store.put([found.packed(in_order=self._begin.order == "stable")])
        return Reduced(task.task, found.keys, places[0], figures(watch), payload)

    def _reduce_all(self, blocks: list[Block], divisions: int, found: _Found) -> None:
        with found.watch.phase("shuffle"):
            items = self._merged(blocks, found.task)
        if items is None:
            if divisions == _MOST_DIVISIONS:
                raise too_small()
            self._reduce_divided(blocks, _PARTS, divisions, found)
            return
        found.part(len(items))
        for start in range(0, len(items), _AT_ONCE):
            some = items[start : start + _AT_ONCE]
            with found.watch.phase("reduce"):
                outputs, ends = self._reduce(some)
            with found.watch.phase("write"):
                found.add(some, outputs, ends)

    def _reduce_divided(self, blocks: list[Block], count: int, divisions: int, found: _Found) -> None:
        with found.watch.phase("shuffle"):
            parts = self._divided(blocks, count, divisions, found.task)
        for part in parts:
            self._reduce_all(part, divisions + 1, found)

    # ---- merging -----------------------------------------------------------------------------------------------------

    def _divided(self, blocks: list[Block], count: int, divisions: int, task: int) -> list[list[Block]]:
        """The blocks, their keys dealt into `count` parts, in another way each time; one block is open at a time."""
        parts: list[list[Block]] = [[] for _ in range(count)]
        for number, place, payload in blocks:
            groups = _dealt(self._opened(place, payload, task), count, divisions)
            places, kept = self._store.put_away([pack_group(group) for group in groups])
            for part, group, lies in zip(parts, groups, places, strict=True):
                if group.keys:
                    part.append((number, lies, kept))
        return parts

    def _merged(self, blocks: list[Block], task: int) -> list[Item] | None:
        """What there is to reduce; None if it outgrows the memory."""
        merged: Groups = {}
        try:
            _, ranks = merge(self._unpacked(blocks, merged, task), merged)
        except Outgrown:
            return None
        except MaprError:
            raise
        except BaseException as error:  # hashing and comparing keys may run the job's own methods
            raise blame(error, "reduce", "") from None
        items = [(rank, key, values) for rank, (key, values) in zip(ranks, merged.items(), strict=True)]
        if self._begin.order == "scramble":
            self._scramble(items, task)
        return items

    def _unpacked(self, blocks: list[Block], merged: Groups, task: int) -> Iterator[tuple[int, Group]]:
        self._guard.begin()
        for number, place, payload in blocks:
            yield number, self._opened(place, payload, task)
            self._guard.check(merged)

    def _opened(self, place: Place, payload: bytes, task: int) -> Group:
        if place[0] == KEPT:
            return self._store.kept(task, place[1])
        return _unpack(fetch(place, payload))

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
                raise blame(error, "reduce", describe_key(key), reducer) from None
            ends.append(emitter.emitted)
        return emitter.take()[1], ends


class _Found:
    """The outputs of a reduce task, encoded, with the rank of the key that each belongs to."""

    def __init__(self, task: int, watch: Stopwatch) -> None:
        self.task, self.watch = task, watch
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
        if ends == list(range(1, len(items) + 1)):  # one a key, as most reducers emit
            self._ranks.extend([item[0] for item in items])
            self._lengths.extend(map(len, lines))
            self._texts += lines
            return
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


def _dealt(whole: Group, count: int, divisions: int) -> list[Group]:
    """A group's keys dealt into `count` groups; differently for each number of divisions so far.

    Multiplied, because a checksum of key and number would only rename the groups: checksums are linear.
    """
    groups = [Group(array("I"), [], []) for _ in range(count)]
    factor = pow(0x9E3779B1, divisions + 1, 2**32)
    for place, key, values in zip(whole.places, whole.keys, whole.values, strict=True):
        group = groups[(partition(key, 2**32) * factor % 2**32 >> 16) % count]
        group.places.append(place)
        group.keys.append(key)
        group.values.append(values)
    return groups


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
