"""A worker's reduce tasks: merge a partition's blocks, call the reducer on each key, encode what it emits.

A partition that outgrows the memory budget is merged in smaller and smaller parts, until it fits.
"""

from __future__ import annotations

from array import array
from contextlib import suppress
from itertools import accumulate, chain, compress, islice
from operator import sub
from typing import TYPE_CHECKING, Any
from zlib import crc32

from pymapr.blame import blame, describe_key
from pymapr.codecs import Group, encode_texts, pack_group, unpack_group
from pymapr.errors import CannotEncode, CannotPartition, CannotTravel, MaprError
from pymapr.grouping import Groups, merge
from pymapr.parallel.account import figures
from pymapr.parallel.memory import Budget, MergeGuard, Outgrown, too_small
from pymapr.parallel.ordering import Entries, pack_entries
from pymapr.parallel.protocol import KEPT, Begin, Place, Reduced, ReduceTask
from pymapr.parallel.store import fetch
from pymapr.partition import partition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pymapr.job import Job
    from pymapr.parallel.store import Store
    from pymapr.timings import Stopwatch

Item = tuple[Any, list[Any]]
"""What a reducer is called with."""

_AT_ONCE = 512
"""Keys reduced before their outputs are encoded: few enough that what they emit is not all held twice."""

_PARTS = 8
"""Into how many parts to divide what turns out not to fit."""

_MOST_DIVISIONS = 4

_MASK = 2**64 - 1

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
            place, payload = self._store.put_whole(found.packed(in_order=self._begin.order == "stable"))
        return Reduced(task.task, found.keys, place, figures(watch), payload)

    def _reduce_all(self, blocks: list[Block], divisions: int, found: _Found) -> None:
        with found.watch.phase("shuffle"):
            merged = self._merged(blocks, found.task)
        if merged is None:
            if divisions == _MOST_DIVISIONS:
                raise too_small()
            self._reduce_divided(blocks, _PARTS, divisions, found)
            return
        items, ranks = iter(merged[0]), merged[1]
        found.part(len(ranks))
        for start in range(0, len(ranks), _AT_ONCE):
            some = list(islice(items, _AT_ONCE))
            with found.watch.phase("reduce"):
                outputs, ends = self._reduce(some)
            with found.watch.phase("write"):
                found.add(ranks[start : start + _AT_ONCE], some, outputs, ends)

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
            whole = self._opened(place, payload, task)
            try:
                groups = _dealt(whole, count, divisions)
            except BaseException as error:  # hashing keys may run the job's own methods
                raise blame(error, "reduce", "") from None
            places, kept = self._store.put_away([pack_group(group) for group in groups])
            for part, group, lies in zip(parts, groups, places, strict=True):
                if group.keys:
                    part.append((number, lies, kept))
        return parts

    def _merged(self, blocks: list[Block], task: int) -> tuple[Iterable[Item], list[int]] | None:
        """What there is to reduce, with the keys' ranks; None if it outgrows the memory."""
        merged: Groups = {}
        try:
            _, ranks = merge(self._unpacked(blocks, merged, task), merged)
        except Outgrown:
            self._store.restore(task)
            return None
        except MaprError:
            raise
        except BaseException as error:  # hashing and comparing keys may run the job's own methods
            raise blame(error, "reduce", "") from None
        return (self._scrambled(merged, task) if self._begin.order == "scramble" else merged.items()), ranks

    def _unpacked(self, blocks: list[Block], merged: Groups, task: int) -> Iterator[tuple[int, Group]]:
        self._guard.begin()
        for number, place, payload in blocks:
            yield number, self._opened(place, payload, task)
            self._guard.check(merged)

    def _opened(self, place: Place, payload: bytes, task: int) -> Group:
        if place[0] == KEPT:
            return self._store.kept(task, place[1])
        return _unpack(fetch(place, payload))

    def _scrambled(self, groups: Groups, task: int) -> list[Item]:
        """The same in another order, as the seed has it; ranks mean nothing any more."""
        from random import Random

        chance = Random(f"{self._begin.seed} {task}")
        items = list(groups.items())
        for _, values in items:
            chance.shuffle(values)
        chance.shuffle(items)
        return items

    # ---- reducing ----------------------------------------------------------------------------------------------------

    def _reduce(self, items: list[Item]) -> tuple[list[Any], list[int]]:
        """The outputs of some keys, and for each key how many there were when it was done."""
        emitter, reducer, ends = self._job.emitter, self._job.reducer, list[int]()
        emitter.begin("reduce")
        emitted = emitter.counter()
        for key, values in items:
            try:
                reducer(key, values)
            except BaseException as error:
                raise blame(error, "reduce", describe_key(key), reducer) from None
            ends.append(emitted())
        return emitter.take()[1], ends


class _Found:
    """The outputs of a reduce task, encoded, with the rank of the key that each belongs to."""

    def __init__(self, task: int, watch: Stopwatch) -> None:
        self.task, self.watch = task, watch
        self.keys = self._parts = 0
        self._ranks, self._lengths = array("Q"), array("I")
        self._lines: list[bytes] = []

    def part(self, keys: int) -> None:
        """So many keys come next, in the order of their ranks."""
        self.keys += keys
        self._parts += 1

    def add(self, ranks: list[int], items: list[Item], outputs: list[Any], ends: list[int]) -> None:
        """The outputs of some keys; raises CannotEncode."""

        def where(number: int) -> str:
            return describe_key(next(key for (key, _), end in zip(items, ends, strict=True) if number < end))

        try:
            texts = encode_texts(outputs, where)
        except CannotEncode as error:
            raise error.at("reduce", "") from None
        self._lines.append("\n".join([*texts, ""]).encode())
        # JSON as `json` writes it is ASCII: characters are bytes. Each text has a line end.
        if ends == list(range(1, len(items) + 1)):  # one a key, as most reducers emit
            self._ranks.extend(ranks)
            self._lengths.extend([length + 1 for length in map(len, texts)])
            return
        before = list(accumulate(map(len, texts), initial=0))
        marks = [before[end] + end for end in ends]
        lengths = list(map(sub, marks, chain((0,), marks)))
        self._ranks.extend(compress(ranks, lengths))
        self._lengths.extend(filter(None, lengths))

    def packed(self, *, in_order: bool) -> list[bytes]:
        """All of it as bytes; in the order of ranks, if that is wanted and there were several parts."""
        if in_order and self._parts > 1:
            self._sort()
        return pack_entries(Entries(self._ranks, self._lengths, self._lines))

    def _sort(self) -> None:
        whole, ends = b"".join(self._lines), list(accumulate(self._lengths))
        self._lines.clear()  # it is here because memory is short
        order = sorted(range(len(ends)), key=self._ranks.__getitem__)
        self._lines = [b"".join([whole[ends[at] - self._lengths[at] : ends[at]] for at in order])]
        self._ranks = array("Q", [self._ranks[at] for at in order])
        self._lengths = array("I", [self._lengths[at] for at in order])


def _dealt(whole: Group, count: int, divisions: int) -> list[Group]:
    """A group's keys dealt into `count` groups; differently for each number of divisions so far.

    Multiplied, because a checksum of key and number would only rename the groups: checksums are linear.
    """
    groups = [Group(array("I"), [], []) for _ in range(count)]
    factor = pow(0x9E3779B1, divisions + 1, 2**32)
    for place, key, values in zip(whole.places, whole.keys, whole.values, strict=True):
        group = groups[(_checksum(key) * factor % 2**32 >> 16) % count]
        group.places.append(place)
        group.keys.append(key)
        group.values.append(values)
    return groups


def _checksum(key: Any) -> int:
    """A number that equal keys share: that of their bucket or, for those that buckets do not tell apart, of their hash,
    which differs from process to process; but here none of it leaves this one.
    """
    with suppress(CannotPartition):
        if found := partition(key, 2**32):
            return found
    return crc32((hash(key) & _MASK).to_bytes(8, "little"))


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
