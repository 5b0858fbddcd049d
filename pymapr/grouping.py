"""Pairs into groups, groups into partitions, partitions back together. Pure: no files, no processes.

A group keeps each key's values in order of arrival and knows the key's place by first appearance; that is all that is
needed to give back, at the end, the very order of a serial run.
"""

from __future__ import annotations

from array import array
from itertools import count
from typing import TYPE_CHECKING, Any

from pymapr.codecs import Group
from pymapr.partition import partition as default_partition
from pymapr.partition import partition_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Groups = dict[Any, list[Any]]

RANK_SHIFT = 32
"""A key's rank over a whole run: its task's number, shifted by this, plus its place within the task."""


def split(
    groups: Groups, buckets: int, partitioner: Callable[[Any, int], int] = default_partition, first: int = 0
) -> list[Group]:
    """Deal the groups of one task into `buckets` partitions; each keeps the keys' order of first appearance.

    first: the place of the first key, where the task has let out groups before.
    """
    parts: list[Group] = [Group(array("I"), [], []) for _ in range(buckets)]
    if partitioner is default_partition:
        chosen: Iterable[int] = partition_all(groups, buckets)
    else:
        chosen = (partitioner(key, buckets) for key in groups)
    adders = [(part.places.append, part.keys.append, part.values.append) for part in parts]
    for bucket, place, (key, values) in zip(chosen, count(first), groups.items(), strict=False):
        add_place, add_key, add_values = adders[bucket]
        add_place(place)
        add_key(key)
        add_values(values)
    return parts


def merge(blocks: Iterable[tuple[int, Group]], into: Groups | None = None) -> tuple[Groups, list[int]]:
    """Put one partition together from `(task, group)`, given in task order.

    Returns the groups, keys in order of first appearance over the whole run, and each key's rank (ascending). `into` is
    an empty dict of the caller's, to watch it grow.
    """
    merged: Groups = {} if into is None else into
    ranks: list[int] = []
    for task, group in blocks:
        base = task << RANK_SHIFT
        if not merged:
            merged.update(zip(group.keys, group.values, strict=True))
            if len(merged) == len(group.keys):
                ranks += [base + place for place in group.places]
                continue
            merged.clear()  # keys that were not equal in the worker that sent them are so in this one
        for place, key, values in zip(group.places, group.keys, group.values, strict=True):
            known = merged.setdefault(key, values)
            if known is values:
                ranks.append(base + place)
            else:
                known.extend(values)
    return merged, ranks
