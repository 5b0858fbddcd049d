"""How differences are shown: who is paired with whom, and the words that say where they part."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Any

import pytest
from strategies_json import lines

from grader.compare import compare
from grader.model import CompareRules, Example

if TYPE_CHECKING:
    from collections.abc import Sequence


def examples(expected: Sequence[Any], got: Sequence[Any], limit: int = 5, **rules: Any) -> list[Example]:
    """The examples of a comparison."""
    return list(compare(lines(expected), lines(got), CompareRules(**rules), examples=limit).examples)


def pairs(expected: Sequence[Any], got: Sequence[Any], limit: int = 5) -> list[tuple[str | None, str | None]]:
    """The same, without places."""
    return [(example.expected, example.got) for example in examples(expected, got, limit)]


# ---- who is paired with whom -----------------------------------------------------------------------------------------


def test_a_record_is_paired_with_the_one_of_its_key() -> None:
    """The first elements say what a record is about."""
    assert examples([["the", 9], ["a", 3], ["b", 1]], [["b", 1], ["a", 4], ["the", 8]]) == [
        Example(expected='["a", 3]', got='["a", 4]', where="at $[1]: expected 3, got 4"),
        Example(expected='["the", 9]', got='["the", 8]', where="at $[1]: expected 9, got 8"),
    ]


def test_a_record_is_paired_with_whoever_shares_most_of_it() -> None:
    """A long row with one wrong field is still that row."""
    row = ["order", 5, "F", "1996", "line_item", 5, 17]
    wrong, other = [*row[:3], "1997", *row[4:]], ["order", 6, "F", "1996", "line_item", 6, 18]
    assert pairs([row, other], [["order", 7, "O", "1", "line_item", 7, 17], wrong])[0] == (
        '["order", 5, "F", "1996", "line_item", 5, 17]',
        '["order", 5, "F", "1997", "line_item", 5, 17]',
    )


def test_of_those_that_share_as_much_the_first_elements_decide() -> None:
    """Keys come first."""
    assert pairs([["m", "b", 1, 2], "x"], [["a", "a", 1, 2], ["m", "b", 8, 9]])[0] == (
        '["m", "b", 1, 2]',
        '["m", "b", 8, 9]',
    )


def test_objects_are_paired_by_their_fields() -> None:
    """A missing field is named."""
    assert examples([{"id": 1, "n": 2, "t": []}, {"id": 2, "n": 3, "t": 1}], [{"id": 2, "n": 3}]) == [
        Example(expected='{"id": 2, "n": 3, "t": 1}', got='{"id": 2, "n": 3}', where="at $.t: expected 1, got nothing"),
        Example(expected='{"id": 1, "n": 2, "t": []}', got=None),
    ]


def test_records_that_have_little_in_common_are_not_paired() -> None:
    """A pair that is none would mislead."""
    assert pairs([["the", 9], ["x", 1]], [["zebra", 1.5], [3, 4]]) == [
        ('["the", 9]', None),
        (None, '["zebra", 1.5]'),
        ('["x", 1]', None),
        (None, "[3, 4]"),
    ]


def test_where_each_side_has_but_one_they_are_a_pair() -> None:
    """Whatever else could it have been?"""
    assert examples([9], [8]) == [Example(expected="9", got="8", where="at $: expected 9, got 8")]


def test_nobody_is_paired_twice() -> None:
    """The second finds another, or stays alone."""
    assert pairs([["a", 1], ["a", 2], ["a", 3]], [["a", 8], ["a", 9]]) == [
        ('["a", 1]', '["a", 8]'),
        ('["a", 2]', '["a", 9]'),
        ('["a", 3]', None),
    ]
    assert pairs([["a", 1], ["a", 2]], [["a", 8], ["a", 8]]) == [
        ('["a", 1]', '["a", 8]'),
        ('["a", 2]', '["a", 8]'),
    ]


def test_pairs_go_before_records_without_a_like_and_these_take_turns() -> None:
    """Within the limit."""
    expected, got = [["b", 1], "p", "q", "r"], ["x", "y", ["b", 2]]
    assert pairs(expected, got, limit=4) == [('["b", 1]', '["b", 2]'), ('"p"', None), (None, '"x"'), ('"q"', None)]


@pytest.mark.parametrize(
    ("expected", "got", "example"),
    [
        (["a"], [], Example(expected='"a"', got=None)),
        (["a", "a"], [], Example(expected='"a"', got=None, where="twice")),
        ([], ["a"] * 1200, Example(expected=None, got='"a"', where="1,200 times")),
        (["a"], ["a", "a"], Example(expected=None, got='"a"', where="expected once, got twice")),
        (["a"] * 3, ["a"], Example(expected='"a"', got=None, where="expected 3 times, got once")),
    ],
)
def test_how_often_a_record_occurs_is_said_where_that_is_the_difference(
    expected: list[str], got: list[str], example: Example
) -> None:
    """Else a student would wonder at a record that is there."""
    assert examples(expected, got) == [example]


def test_no_examples_are_given_where_none_are_wanted() -> None:
    """The counts stand."""
    difference = compare([b"1"], [b"2"], CompareRules(), examples=0)
    assert (difference.missing, difference.unexpected, difference.examples) == (1, 1, ())


def test_places_out_of_order_are_shown_with_their_number() -> None:
    """The first is 1."""
    assert examples(["a", "b", "c", "d"], ["a", "c", "b", "d"], order="keep") == [
        Example(expected='"b"', got='"c"', where="record 2 is out of order"),
        Example(expected='"c"', got='"b"', where="record 3 is out of order"),
    ]
    assert len(examples(range(9), [*range(1, 9), 0], limit=3, order="keep")) == 3


# ---- where two records part ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "got", "where"),
    [
        (["the", ["a", "b"]], ["the", ["b"]], 'at $[1][0]: expected "a", got nothing'),
        (["the", ["a"]], ["the", ["a", "b"]], 'at $[1][1]: expected nothing, got "b"'),
        (["a", 1, 2, 3], ["a", 4, 5, 3], "at $[1]: expected 1, got 4 (and at 1 more place)"),
        (["a", 1, 2, 3], ["a", 4, 5, 6], "at $[1]: expected 1, got 4 (and at 2 more places)"),
        (["a", *range(12)], ["a", 0, 1, 9, *range(3, 10), 7, 11], "at $[3]: expected 2, got 9 (and at 1 more place)"),
        (["a", True], ["a", 1], "at $[1]: expected true, got 1"),
        (["a", None], ["a", "null"], 'at $[1]: expected null, got "null"'),
        (["a", 9], ["a", "9"], 'at $[1]: expected 9, got "9"'),
        (["a", 9], ["a", 9.5], "at $[1]: expected 9, got 9.5"),
        (["a", float("nan")], ["a", float("inf")], "at $[1]: expected NaN, got Infinity"),
        ([float("nan"), 1], [float("nan"), 2], "at $[1]: expected 1, got 2"),
        ([1.0, 2], [1.0000000000001, 3], "at $[1]: expected 2, got 3"),
        ({"a": {"b c": [1]}}, {"a": {"b c": [2]}}, 'at $.a["b c"][0]: expected 1, got 2'),
        ([], {}, "at $: expected [], got {}"),
        (["\ud800", 1], ["\ud801", 1], r'at $[0]: expected "\ud800", got "\ud801"'),
    ],
)
def test_the_place_is_named(expected: Any, got: Any, where: str) -> None:
    """As a path from the record, with what should be there and what is."""
    assert [example.where for example in examples([expected], [got])] == [where]


@pytest.mark.parametrize(
    ("expected", "got", "paths", "where"),
    [
        (
            ["the", ["x", "y"]],
            ["the", ["y", "z"]],
            ("$[1]",),
            'in $[1], in any order: expected "x", got "z"',
        ),
        (["the", ["x", "y"]], ["the", ["y"]], ("$[1]",), 'in $[1], in any order: expected "x", got nothing'),
        (["the", [1.0, 2.0]], ["the", [2.0000000001, 5.0]], ("$[1]",), "in $[1], in any order: expected 1.0, got 5.0"),
        ({"t": [3, 1], "n": 1}, {"t": [1, 3], "n": 2}, ("$.t",), "at $.n: expected 1, got 2"),
        ([1, 2, 3], [3, 4, 1], ("$",), "in $, in any order: expected 2, got 4"),
        ([[1, 2], [3]], [[2, 1]], ("$[*]",), "at $[1]: expected [3], got nothing"),
    ],
)
def test_where_order_does_not_matter_no_index_is_named(
    expected: Any, got: Any, paths: tuple[str, ...], where: str
) -> None:
    """And what matches elsewhere is not called different."""
    assert [example.where for example in examples([expected], [got], unordered=paths)] == [where]


def test_long_records_and_values_are_shortened_in_the_middle() -> None:
    """Both ends, and how long it is."""
    (example,) = examples([["a" * 500, 1]], [["a" * 499 + "b", 1]])
    assert example.expected == '["' + "a" * 98 + " ... " + "a" * 95 + '", 1] (507 characters)'
    assert example.got == '["' + "a" * 98 + " ... " + "a" * 94 + 'b", 1] (507 characters)'
    value = '"' + "a" * 29 + " ... " + "a" * 29 + '" (502 characters)'
    other = '"' + "a" * 29 + " ... " + "a" * 28 + 'b" (502 characters)'
    assert example.where == f"at $[0]: expected {value}, got {other}"


def test_of_huge_records_the_first_character_that_differs_is_named() -> None:
    """Nobody looks for structure in those, and nobody need wait for it."""
    (example,) = examples([["a", *range(10_000)]], [["a", *range(5000), 0, *range(5001, 10_000)]])
    assert example.where == (
        "from character 28,897 on: expected 5000, 5001, 5002, 5003, 5004, 5005, 5006, 5007, 5008, 5009, "
        "got 0, 5001, 5002, 5003, 5004, 5005, 5006, 5007, 5008, 5009, 501"
    )
    (example,) = examples([["a" * 30_000]], [["a" * 30_000, 1]])
    assert example.where == "from character 30,004 on: expected ], got , 1]"


def test_of_long_records_elements_are_compared_by_position() -> None:
    """Telling which one was left out would take too long in a record made for it."""
    (example,) = examples([["a", *[0, 1] * 1000]], [["a", *[1, 0, 0] * 666, 0]])
    assert example.where.startswith("at $[1]: expected 0, got 1 (and at ")
    (example,) = examples([["a", *range(1000)]], [["a", *range(1, 1000)]])
    assert example.where == "at $[1]: expected 0, got 1 (and at 999 more places)"


def test_a_long_path_is_shortened() -> None:
    """Both ends of it."""
    key = "k" * 300
    (example,) = examples([{key: 1}], [{key: 2}])
    assert example.where == f"at $.{'k' * 98} ... {'k' * 100} (302 characters): expected 1, got 2"


def test_records_too_deep_to_look_into_are_explained_by_characters() -> None:
    """Their paths would take long to find, and nobody could read them."""
    deep, other = [b"[" * 199 + digit + b"]" * 199 for digit in (b"1", b"2")]
    (example,) = compare([deep], [other], CompareRules()).examples
    assert example.where == f"from character 200 on: expected 1{']' * 59}, got 2{']' * 59}"


def test_an_explanation_that_fails_costs_nobody_the_mark() -> None:
    """Here the stack is all but used up: the library that seeks the place cannot, and the counts stand."""

    def near_the_end_of_the_stack(room: int) -> Example:
        if room:
            return near_the_end_of_the_stack(room - 1)
        return examples([["a", [[[[1]]]]]], [["a", [[[[2]]]]]])[0]

    assert near_the_end_of_the_stack(0).where == "at $[1][0][0][0][0]: expected 1, got 2"
    depth = len(inspect.stack())
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 45)
    try:
        where = near_the_end_of_the_stack(5).where
    finally:
        sys.setrecursionlimit(limit)
    assert where == "from character 11 on: expected 1]]]]], got 2]]]]]"


def test_what_does_not_print_is_escaped() -> None:
    """An output cannot colour a terminal, ring its bell or turn its text around."""
    (example,) = examples([], ["é\x1b[31m\x9b\u202e\ud800\U000e0001 ok"])
    assert example.got == r'"é\u001b[31m\u009b\u202e\ud800\udb40\udc01 ok"'
