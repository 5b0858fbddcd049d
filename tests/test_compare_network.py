"""The search for a best matching, by itself: as good as trying everything, for any relation between any two sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.compare.network import Network
from grader.compare.tolerance import Budget

if TYPE_CHECKING:
    from collections.abc import Sequence

Item = tuple[str, int]
Relation = frozenset[tuple[int, int]]

numbers = st.integers(0, 6)
relations = st.frozensets(st.tuples(numbers, numbers), max_size=30)
sides = st.lists(st.tuples(numbers, st.integers(1, 3)), max_size=6)


def solve(
    relation: Relation,
    expected: Sequence[tuple[int, int]],
    got: Sequence[tuple[int, int]],
    held: Sequence[tuple[int, int]],
    budget: int = 10**6,
) -> tuple[list[tuple[Item, int]], list[tuple[Item, int]]]:
    """Return what a network leaves alone of items that are (side, number), given with their counts."""
    network = Network[Item](
        lambda one, other: (one[1], other[1]) in relation or (one[0] == other[0] and one[1] == other[1]),
        lambda _, __: True,
        lambda _: (0,),
        Budget(budget),
    )
    for number, count in expected:
        network.add_expected(("expected", number), count)
    for number, count in got:
        network.add_got(("got", number), count)
    for number, count in held:
        network.add_held(("held", number), count)
    return network.solve()


def best(relation: Relation, expected: list[tuple[str, int]], got: list[tuple[str, int]]) -> int:
    """Return the size of a best matching, item by item: the textbook's way, which is slow and short."""
    partner: dict[int, int] = {}

    def finds_one(one: int, seen: set[int]) -> bool:
        for other in range(len(got)):
            alike = (expected[one][1], got[other][1]) in relation or expected[one] == got[other]
            if alike and other not in seen:
                seen.add(other)
                if other not in partner or finds_one(partner[other], seen):
                    partner[other] = one
                    return True
        return False

    return sum(finds_one(one, set()) for one in range(len(expected)))


def one_by_one(side: str, counted: Sequence[tuple[int, int]]) -> list[tuple[str, int]]:
    """Return the items of a side, each as often as it counts."""
    return [(side, number) for number, count in counted for _ in range(count)]


@settings(max_examples=500, deadline=None)
@given(relations, sides, sides, sides)
@example(  # the first moves on for the second, and cannot do so again for the third
    relation=frozenset({(1, 1), (1, 2), (1, 3), (2, 1), (3, 1)}),
    expected=[(1, 1), (2, 1), (3, 1)],
    got=[(1, 1), (2, 1), (3, 1)],
    held=[],
)
def test_a_best_matching_is_found(
    relation: Relation,
    expected: list[tuple[int, int]],
    got: list[tuple[int, int]],
    held: list[tuple[int, int]],
) -> None:
    """No more are left alone than must be; and none that had a partner from the start."""
    lacking, extra = solve(relation, expected, got, held)
    both = one_by_one("held", held)
    on_one, on_other = one_by_one("expected", expected) + both, one_by_one("got", got) + both
    pairs = best(relation, on_one, on_other)
    assert sum(count for _, count in lacking) == len(on_one) - pairs
    assert sum(count for _, count in extra) == len(on_other) - pairs
    assert {item[0] for item, _ in lacking} <= {"expected"}
    assert {item[0] for item, _ in extra} <= {"got"}


@given(relations, sides, sides, sides, st.integers(0, 60))
def test_a_budget_that_runs_out_leaves_too_many_alone_never_too_few(
    relation: Relation,
    expected: list[tuple[int, int]],
    got: list[tuple[int, int]],
    held: list[tuple[int, int]],
    budget: int,
) -> None:
    """So nothing wrong is ever called equal."""
    all_found, _ = solve(relation, expected, got, held)
    some_found, _ = solve(relation, expected, got, held, budget)
    assert sum(count for _, count in some_found) >= sum(count for _, count in all_found)
