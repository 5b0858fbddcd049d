"""What holds for any two bags of JSON records; and that equality is as specified, tried by brute force."""

from __future__ import annotations

import math
from itertools import permutations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from strategies_json import lines, near_values, spellings, values

from grader.compare import compare
from grader.model import CompareRules, Difference

EXACT = CompareRules(rel=0)
UNORDERED = [(), ("$",), ("$[1]",), ("$.a",), ("$", "$[*]"), ("$[*]",), ("$.a", "$.a[*]"), ("$[0].a", "$[*]")]

bags = st.lists(values, max_size=6)
near_bags = st.lists(near_values, max_size=5)
rules = st.builds(
    CompareRules,
    unordered=st.sampled_from(UNORDERED),
    rel=st.sampled_from([0, 0.125, 0.5]),
    abs=st.sampled_from([0, 1 / 16, 2 / 16, 0.5]),
)


def counts(difference: Difference) -> tuple[int, int]:
    """Missing and unexpected."""
    return difference.missing, difference.unexpected


# ---- what holds for any two bags -------------------------------------------------------------------------------------


@given(bags, st.data())
def test_a_bag_equals_itself_in_any_order_and_spelling(records: list[Any], data: st.DataObject) -> None:
    """Order, key order, escapes and white space make no difference."""
    again = [data.draw(spellings(record)) for record in data.draw(st.permutations(records))]
    assert not compare(lines(records), again, EXACT)


@given(bags, bags, rules, st.data())
def test_shuffling_changes_nothing_not_even_the_examples(
    one: list[Any], other: list[Any], rule: CompareRules, data: st.DataObject
) -> None:
    """The whole answer depends on the two bags alone."""
    expected, got = (data.draw(st.permutations(lines(side))) for side in (one, other))
    assert compare(lines(one), lines(other), rule) == compare(expected, got, rule)


@given(near_bags, near_bags, rules)
def test_swapping_sides_swaps_missing_and_unexpected(one: list[Any], other: list[Any], rule: CompareRules) -> None:
    """What lacks on one side is too much on the other."""
    there, back = compare(lines(one), lines(other), rule), compare(lines(other), lines(one), rule)
    assert counts(there) == counts(back)[::-1]


@given(bags, values, st.integers(0, 6), rules)
def test_one_more_record_is_one_unexpected_record(records: list[Any], extra: Any, at: int, rule: CompareRules) -> None:
    """Whatever the records, a further one is exactly one difference."""
    more = [*records[:at], extra, *records[at:]]
    assert counts(compare(lines(records), lines(more), rule)) == (0, 1)


@given(bags, values, st.integers(0, 6))
def test_one_record_left_out_is_one_missing_record_where_order_counts(records: list[Any], extra: Any, at: int) -> None:
    """All that follow it have moved, and yet are not wrong."""
    more = [*records[:at], extra, *records[at:]]
    assert counts(compare(lines(more), lines(records), CompareRules(order="keep"))) == (1, 0)


@given(bags, bags, rules)
def test_the_counts_account_for_the_sizes(one: list[Any], other: list[Any], rule: CompareRules) -> None:
    """Who is neither missing nor unexpected has a partner."""
    missing, unexpected = counts(compare(lines(one), lines(other), rule))
    assert len(one) - missing == len(other) - unexpected >= 0


@given(st.one_of(st.tuples(bags, bags), st.tuples(near_bags, near_bags)), rules, st.integers(0, 3000))
def test_memory_does_not_matter(pair: tuple[list[Any], list[Any]], rule: CompareRules, memory: int) -> None:
    """In memory or in files, the answer is the same."""
    expected, got = map(lines, pair)
    assert compare(expected, got, rule, memory=memory) == compare(expected, got, rule)


@given(bags, bags, rules, st.integers(0, 7))
def test_examples_are_records_of_their_sides_and_no_more_than_wanted(
    one: list[Any], other: list[Any], rule: CompareRules, limit: int
) -> None:
    """Examples are real, and few."""
    difference = compare(lines(one), lines(other), rule, examples=limit)
    shown = difference.examples
    assert len(shown) <= limit
    assert len(shown) >= min(limit, 1, sum(counts(difference)))
    assert sum(example.expected is not None for example in shown) <= difference.missing
    assert sum(example.got is not None for example in shown) <= difference.unexpected


# ---- the specification, by brute force -------------------------------------------------------------------------------


def covers(path: str, place: tuple[str | int, ...]) -> bool:
    """Whether a path such as `$[*].a` names a place."""
    steps = path.replace("[", ".").replace("]", "").split(".")[1:]
    return len(steps) == len(place) and all(
        (step == "*" and isinstance(here, int)) or step == str(here) for step, here in zip(steps, place, strict=True)
    )


def same(one: Any, other: Any, rule: CompareRules, place: tuple[str | int, ...] = ()) -> bool:
    """Whether two values are the same, as the specification says it."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and any(
            all(same(a, b, rule, (*place, i)) for i, (a, b) in enumerate(zip(one, order, strict=True)))
            for order in (permutations(other) if any(covers(path, place) for path in rule.unordered) else [other])
        )
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key], rule, (*place, key)) for key in one)
    if isinstance(one, bool) or isinstance(other, bool) or not isinstance(one, int | float):
        return type(one) is type(other) and bool(one == other)
    return isinstance(other, int | float) and same_number(one, other, rule)


def same_number(one: float, other: float, rule: CompareRules) -> bool:
    """Whether two numbers are the same."""
    if isinstance(one, int) and isinstance(other, int):
        return one == other
    return math.isclose(one, other, rel_tol=rule.rel, abs_tol=rule.abs)


def best_matching(expected: list[Any], got: list[Any], rule: CompareRules) -> int:
    """Return how many pairs a best matching has: all ways are tried."""
    few, many = sorted([expected, got], key=len)
    alike = [[same(a, b, rule) for b in many] for a in few]
    return max(
        sum(row[i] for row, i in zip(alike, order, strict=True)) for order in permutations(range(len(many)), len(few))
    )


@settings(max_examples=1500, deadline=None)
@given(near_bags, near_bags, rules)
def test_as_many_records_are_paired_as_a_best_matching_pairs(
    expected: list[Any], got: list[Any], rule: CompareRules
) -> None:
    """No record is called wrong that could have a partner, and none is paired twice."""
    pairs = best_matching(expected, got, rule)
    assert counts(compare(lines(expected), lines(got), rule)) == (len(expected) - pairs, len(got) - pairs)


def rows(width: int) -> st.SearchStrategy[list[float]]:
    """Records that are so many numbers, near one another, some of them integers."""
    numbers = st.integers(0, 6).map(lambda sixteenths: sixteenths / 16) | st.integers(0, 1)
    return st.lists(numbers, min_size=width, max_size=width)


@settings(max_examples=500, deadline=None)
@given(
    st.integers(1, 3).flatmap(lambda width: st.tuples(*[st.lists(rows(width), max_size=6)] * 2)),
    rules,
)
def test_a_best_matching_is_found_where_all_records_have_one_form(
    pair: tuple[list[Any], list[Any]], rule: CompareRules
) -> None:
    """The same, where only the numbers can tell records apart."""
    expected, got = pair
    pairs = best_matching(expected, got, rule)
    assert counts(compare(lines(expected), lines(got), rule)) == (len(expected) - pairs, len(got) - pairs)


@settings(max_examples=300, deadline=None)
@given(st.data(), rules)
def test_noise_below_the_tolerance_is_no_difference(data: st.DataObject, rule: CompareRules) -> None:
    """Whoever adds in another order gets other last digits, and no less for it."""
    records = data.draw(near_bags)
    noise = st.sampled_from([-rule.abs / 2, 0.0, rule.abs / 2])

    def disturbed(value: Any) -> Any:
        if isinstance(value, list):
            return [disturbed(item) for item in value]
        if isinstance(value, dict):
            return {key: disturbed(item) for key, item in value.items()}
        return value + data.draw(noise) if type(value) is float else value

    got = data.draw(st.permutations([disturbed(record) for record in records]))
    assert not compare(lines(records), lines(got), rule)


def test_the_specification_itself_sees_what_it_should() -> None:
    """The brute force above decides over the rest: these are its own tests."""
    assert same([1, {"a": [1, 2]}], [1.0, {"a": [2, 1]}], CompareRules(unordered=("$[1].a",)))
    assert not same([1, {"a": [1, 2]}], [1.0, {"a": [2, 1]}], CompareRules(unordered=("$[0].a",)))
    assert not same(True, 1, CompareRules())
    assert best_matching([0.0, 0.5], [0.5, 1.0], CompareRules(abs=0.5)) == 2
