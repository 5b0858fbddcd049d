"""A best matching of two sides by a relation that no sorting decides, within a budget. Knows nothing of records.

Each free item takes the nearest free partner; then paths along which pairs are exchanged let in those that found
none. No path ever leaves out who had a partner. When the budget is used up the search ends: what it found is a
matching still, but maybe not the best, so its owner must not call the sides different for it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from grader.compare.canonical import Number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from grader.compare.tolerance import Budget

ItemT = TypeVar("ItemT")
Key = tuple[Number, ...]

# What else takes time is paid for in comparisons too, at these rates.
_STEPS_PER_COMPARISON = 8
_MOVES_PER_COMPARISON = 4096


@dataclass(eq=False, slots=True)
class _Node(Generic[ItemT]):
    """So many equal items of one side; `partners` says which nodes of the other hold how many of them."""

    item: ItemT
    key: Key
    free: int
    partners: dict[_Node[ItemT], int] = field(default_factory=dict)


class Network(Generic[ItemT]):
    """Expected and got items, to be matched where `alike`; `close` is a part of it that holds for neighbours in key
    order.
    """

    def __init__(
        self,
        alike: Callable[[ItemT, ItemT], bool],
        close: Callable[[ItemT, ItemT], bool],
        key: Callable[[ItemT], Key],
        budget: Budget,
    ) -> None:
        self._alike, self._close, self._key, self._budget = alike, close, key, budget
        self._expected: list[_Node[ItemT]] = []
        self._got: list[_Node[ItemT]] = []

    def add_expected(self, item: ItemT, count: int) -> None:
        """Add items that look for a got one."""
        self._expected.append(_Node(item, self._key(item), count))

    def add_got(self, item: ItemT, count: int) -> None:
        """Add items that look for an expected one."""
        self._got.append(_Node(item, self._key(item), count))

    def add_held(self, item: ItemT, count: int) -> None:
        """Add items that are on both sides, each with its equal for a partner."""
        one, other = _Node(item, self._key(item), 0), _Node(item, self._key(item), 0)
        _pair(one, other, count)
        self._expected.append(one)
        self._got.append(other)

    def solve(self) -> tuple[list[tuple[ItemT, int]], list[tuple[ItemT, int]]]:
        """Return the expected and the got items that remain alone, with their counts."""
        self._take_nearest()
        self._exchange()
        return _alone(self._expected), _alone(self._got)

    def _take_nearest(self) -> None:
        free = _Sorted([node for node in self._got if node.free], self._close)
        for one in _in_order(self._expected):
            while one.free and (at := self._nearest(one, free)) is not None:
                other = free.nodes[at]
                _let_in(one, other, min(one.free, other.free))
                if not other.free:
                    self._budget.spend(len(free.nodes) // _MOVES_PER_COMPARISON)
                    free.remove([at])

    def _nearest(self, one: _Node[ItemT], free: _Sorted[ItemT]) -> int | None:
        return next((at for at in free.around(one) if self._may_pair(one, free.nodes[at])), None)

    def _may_pair(self, one: _Node[ItemT], other: _Node[ItemT]) -> bool:
        return self._budget.spend() and self._alike(one.item, other.item)

    def _exchange(self) -> None:
        """Let in who is alone by a path to a free partner. What a search reached in vain no later one need visit
        again.
        """
        alive = _in_order(self._got)
        for one in _in_order(self._expected):
            while one.free and any(node.free for node in alive):
                self._budget.spend(len(alive) // _STEPS_PER_COMPARISON)
                before: dict[_Node[ItemT], _Node[ItemT]] = {}
                end = self._search(one, _Sorted(alive, self._close), before)
                if end is None:
                    alive = [node for node in alive if node not in before]
                    break
                _swap_along(one, end, before)

    def _search(
        self, start: _Node[ItemT], unseen: _Sorted[ItemT], before: dict[_Node[ItemT], _Node[ItemT]]
    ) -> _Node[ItemT] | None:
        """Return a got node with free items that a path from `start` ends at; `before` gets each node's last one on
        the path.
        """
        queue = deque([start])
        while queue and not self._budget.is_spent:
            one = queue.popleft()
            found = [at for at in unseen.around(one) if self._may_pair(one, unseen.nodes[at])]
            for other in (unseen.nodes[at] for at in found):
                before[other] = one
                if other.free:
                    return other
                holders = [holder for holder in other.partners if holder not in before and holder is not start]
                before.update((holder, other) for holder in holders)
                queue.extend(holders)
            unseen.remove(found)
        return None


class _Sorted(Generic[ItemT]):
    """Nodes in key order, to look around in."""

    def __init__(self, nodes: list[_Node[ItemT]], close: Callable[[ItemT, ItemT], bool]) -> None:
        self.nodes = _in_order(nodes)
        self._keys = [node.key for node in self.nodes]
        self._close = close

    def around(self, one: _Node[ItemT]) -> Iterator[int]:
        """Yield where the nodes close to `one` stand, to the left and the right by turns, from its own place on."""
        right = bisect_left(self._keys, one.key)
        sides = [iter(range(right, len(self.nodes))), iter(range(right - 1, -1, -1))]
        while sides:
            for side in sides[:]:
                at = next(side, None)
                if at is not None and self._close(one.item, self.nodes[at].item):
                    yield at
                else:
                    sides.remove(side)

    def remove(self, places: list[int]) -> None:
        """Take nodes out."""
        for at in sorted(places, reverse=True):
            del self.nodes[at], self._keys[at]


def _in_order(nodes: list[_Node[ItemT]]) -> list[_Node[ItemT]]:
    return sorted(nodes, key=lambda node: node.key)


def _pair(one: _Node[ItemT], other: _Node[ItemT], count: int) -> None:
    for node, partner in ((one, other), (other, one)):
        node.partners[partner] = node.partners.get(partner, 0) + count
        if not node.partners[partner]:
            del node.partners[partner]


def _let_in(one: _Node[ItemT], other: _Node[ItemT], count: int) -> None:
    _pair(one, other, count)
    one.free -= count
    other.free -= count


def _swap_along(start: _Node[ItemT], end: _Node[ItemT], before: dict[_Node[ItemT], _Node[ItemT]]) -> None:
    """Pair anew along the path that `before` leads back from `end` to `start`: as many as all on it can spare."""
    fresh, old = [(before[end], end)], []
    while (holder := fresh[-1][0]) is not start:
        given_up = before[holder]
        old.append((holder, given_up))
        fresh.append((before[given_up], given_up))
    count = min([start.free, end.free, *(one.partners[other] for one, other in old)])
    start.free -= count
    end.free -= count
    for one, other in old:
        _pair(one, other, -count)
    for one, other in fresh:
        _pair(one, other, count)


def _alone(nodes: list[_Node[ItemT]]) -> list[tuple[ItemT, int]]:
    return [(node.item, node.free) for node in nodes if node.free]
