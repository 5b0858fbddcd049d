"""When are two outputs the same? The rules of the comparison, one by one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from strategies_json import lines

from grader.compare import compare
from grader.errors import InfrastructureError, SpecError
from grader.model import CompareRules

if TYPE_CHECKING:
    from collections.abc import Sequence

NAN, INF = float("nan"), float("inf")


def counts(expected: Sequence[Any], got: Sequence[Any], **rules: Any) -> tuple[int, int]:
    """Missing and unexpected."""
    difference = compare(lines(expected), lines(got), CompareRules(**rules))
    return difference.missing, difference.unexpected


def raw_counts(expected: Sequence[bytes], got: Sequence[bytes], **rules: Any) -> tuple[int, int]:
    """The same for lines as they are written."""
    difference = compare(expected, got, CompareRules(**rules))
    return difference.missing, difference.unexpected


# ---- bags ------------------------------------------------------------------------------------------------------------


def test_two_empty_outputs_are_equal() -> None:
    """Nothing is the right answer to nothing."""
    difference = compare([], [], CompareRules())
    assert not difference
    assert difference.examples == ()


def test_each_record_counts_as_often_as_it_occurs() -> None:
    """A reducer that emits a key twice is wrong."""
    assert counts([["a", 1]], [["a", 1], ["a", 1]]) == (0, 1)
    assert counts([["a", 1]] * 3, [["a", 1]]) == (2, 0)


def test_a_wrong_value_is_one_missing_and_one_unexpected() -> None:
    """The two are not one difference: what was paired is said in the examples."""
    assert counts([["a", 1], ["b", 2]], [["b", 3], ["a", 1]]) == (1, 1)


# ---- equal, exactly --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(b"1", b"1.0", id="an integer is a float of its value"),
        pytest.param(b"1", b"10e-1", id="whatever its exponent"),
        pytest.param(b"-0.0", b"0", id="minus nought is nought"),
        pytest.param(b"9007199254740993", b" 9007199254740993", id="big integers keep their last digit"),
        pytest.param(b"1e300", str(int(1e300)).encode(), id="big floats have a value too"),
        pytest.param(b"NaN", b"NaN ", id="NaN is NaN"),
        pytest.param(b"1e999", b"Infinity", id="too big a float is infinite"),
        pytest.param(b"-1e999", b"-Infinity", id="on either side"),
        pytest.param(b'{"a": 1, "b": 2}', b'{"b":2,"a":1}', id="keys have no order"),
        pytest.param(b'"\\u00e9"', '"é"'.encode(), id="letters may be escaped"),
        pytest.param(b'"\\ud83d\\ude00"', '"😀"'.encode(), id="surrogate pairs are one letter"),
        pytest.param(b'["a",1]', b'\t["a", 1]\r\n', id="white space counts for nothing"),
    ],
)
def test_one_value_may_be_written_in_two_ways(one: bytes, other: bytes) -> None:
    """Numbers compare by value, objects without order, text by letters."""
    assert raw_counts([one], [other], rel=0) == (0, 0)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(1, True, id="true is no number"),
        pytest.param(0, False, id="nor is false"),
        pytest.param(None, False, id="null is not false"),
        pytest.param(1, "1", id="text is no number"),
        pytest.param("#", 1, id="whatever the text"),
        pytest.param("NaN", NAN, id="not even this"),
        pytest.param(NAN, INF, id="NaN is not infinite"),
        pytest.param(INF, -INF, id="infinities have a sign"),
        pytest.param(INF, 1.7e308, id="and are far from any number"),
        pytest.param(2**53, 2**53 + 1, id="integers are equal or not, however big"),
        pytest.param(10**400, 10**400 + 1, id="bigger than any float"),
        pytest.param([1, 2], [2, 1], id="arrays have an order"),
        pytest.param([1], [1, None], id="and a length"),
        pytest.param([], {}, id="an array is no object"),
        pytest.param({"a": None}, {}, id="null is not nothing"),
        pytest.param("\ud800", "\ud801", id="lone surrogates are letters"),
        pytest.param("é", "e\u0301", id="letters are what they are made of"),
    ],
)
def test_two_values_differ(one: Any, other: Any) -> None:
    """And both ways round."""
    assert counts([one], [other]) == counts([other], [one]) == (1, 1)


# ---- within a tolerance ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "rules", "equal"),
    [
        (0.1 + 0.2, 0.3, {}, True),
        (0.1 + 0.2, 0.3, {"rel": 0}, False),
        (1.0, 1.01, {"abs": 0.01}, False),  # 1.01 - 1.0 is a little more than 0.01
        (0.0, 0.01, {"abs": 0.01}, True),
        (100.0, 101.0, {"rel": 0.01}, True),
        (100.0, 102.0, {"rel": 0.01}, False),
        (0.0, 1e-12, {}, False),
        (100, 100.5, {"abs": 1}, True),
        (100, 101, {"abs": 1}, False),
        (10**12, 10**12 + 1.0, {}, True),
        (10**12, 10**12 + 1, {}, False),
        (1e16, 1e16 + 2, {}, True),
        (2**53 + 1, 2.0**53, {"rel": 0, "abs": 0.5}, False),
        (2**53 + 1, 2.0**53, {"rel": 0, "abs": 1}, True),
        (10**400, 1e308, {"rel": 0.5}, False),
        (int(1.7e308) * 2, 1.7e308, {"rel": 0.5}, True),
        ([1, [2.0, {"a": 3.0}]], [1, [2.1, {"a": 2.9}]], {"abs": 0.2}, True),
        ([1, [2.0, {"a": 3.0}]], [1, [2.1, {"a": 2.5}]], {"abs": 0.2}, False),
        ([NAN, 1.0], [NAN, 1.1], {"abs": 0.2}, True),
        ([INF, 1.0], [-INF, 1.1], {"abs": 0.2}, False),
    ],
)
def test_floats_may_be_a_little_apart(one: Any, other: Any, rules: dict[str, float], equal: bool) -> None:
    """As in math.isclose, where one of the two was written as a float; integers must be equal."""
    assert counts([one], [other], **rules) == counts([other], [one], **rules) == ((0, 0) if equal else (1, 1))


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        pytest.param([0.00, 0.01], [0.01, 0.02], id="who has an equal gives it up"),
        pytest.param([0.00, 0.01, 0.02, 0.03], [0.01, 0.02, 0.03, 0.04], id="all along a chain"),
        pytest.param([["a", 0.00], ["a", 0.01]], [["a", 0.01], ["a", 0.02]], id="within a key"),
        pytest.param([[0.00, 5.0], [0.01, 5.0]], [[0.01, 5.0], [0.02, 5.0]], id="one of two numbers varies"),
        pytest.param([[0.00, 0.00], [0.01, 0.01]], [[0.01, 0.01], [0.02, 0.02]], id="both vary"),
        pytest.param([[0.00, 0.03], [0.01, 0.02]], [[0.01, 0.02], [0.02, 0.01]], id="and in opposite directions"),
        pytest.param([0, 0.01, 0.01], [0.01, 0.0, 0.02], id="an integer among them"),
        pytest.param([[1, 0.00], [1, 0.01]], [[1.0, 0.01], [1.0, 0.02]], id="an integer that is a float elsewhere"),
        pytest.param([0.00] * 1000 + [0.01] * 1000, [0.01] * 1000 + [0.02] * 1000, id="a thousand times"),
    ],
)
def test_equal_records_part_where_a_better_matching_wants_it(expected: list[Any], got: list[Any]) -> None:
    """Pairing equal ones first would leave the others without partners, though a perfect matching exists."""
    assert counts(expected, got, abs=0.0101) == (0, 0)


@pytest.mark.parametrize(
    "spelling",
    [
        pytest.param(b'["caf\\u00e9", %s]', id="escapes"),
        pytest.param('["café", %s]'.encode(), id="no escapes"),
        pytest.param(b'{"word":"the","mean":%s}', id="keys out of order"),
        pytest.param(b'["\\"", "a\\\\", %s]', id="quotes and backslashes"),
        pytest.param(b"[{}, [[], %s]]", id="no text at all"),
    ],
)
def test_records_that_have_an_equal_are_found_however_they_are_written(spelling: bytes) -> None:
    """Most of them are not decoded; these must be."""
    expected, got = [[spelling % number for number in side] for side in ((b"0.00", b"0.01"), (b"0.01", b"0.02"))]
    assert raw_counts(expected, got, abs=0.0101) == (0, 0)


def test_integers_do_not_stand_in_for_one_another_among_floats() -> None:
    """Sorting alone would pair 100 with 101 here; crosswise all is well."""
    assert counts([100.0, 101], [101, 102.0], abs=1) == (0, 0)
    assert counts([100, 101.0], [101, 102.0], abs=1) == (1, 1)
    assert counts([100, 101.0], [101, 101.0], abs=1) == (0, 0)


def test_a_column_of_integers_may_hold_a_float_where_both_sides_agree() -> None:
    """What is odd, 9 and 8, are integers; but the 8.5 that both hold lets them meet."""
    assert counts([["a", 9], ["a", 8.5]], [["a", 8], ["a", 8.5]], abs=0.5) == (0, 0)
    assert raw_counts([b"1.0", b"1"], [b"1.0", b"2"], abs=1) == (0, 0)
    assert counts([["a", 9], ["b", 8.5]], [["a", 8], ["b", 8.5]], abs=0.5) == (1, 1)


def test_what_cannot_be_matched_is_counted_exactly() -> None:
    """A best matching pairs three of the four."""
    assert counts([0.0, 0.0, 1.0, 5.0], [0.1, 0.9, 1.1, 0.0], abs=0.2) == (1, 1)


# ---- where order does not matter -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "one", "other"),
    [
        ("$", [1, "a", None], [None, 1, "a"]),
        ("$[1]", ["the", ["x", "y", "y"]], ["the", ["y", "x", "y"]]),
        ("$.name", {"name": [1, 2]}, {"name": [2, 1]}),
        ("$[*].tags", [{"tags": [1, 2]}, {"tags": [3, 4]}], [{"tags": [2, 1]}, {"tags": [4, 3]}]),
        ('$["a b"][0]', {"a b": [[1, 2]]}, {"a b": [[2, 1]]}),
        ("$['a.b']", {"a.b": [1, 2]}, {"a.b": [2, 1]}),
        ("$[1]", ["the", [1.0, 2.0, 3.0]], ["the", [3.0000000001, 0.9999999999, 2.0]]),
        ("$[1]", ["the", [[0.5, "x"], [0.5, "y"]]], ["the", [[0.5, "y"], [0.5, "x"]]]),
        ("$[1]", "no array here", "no array here"),
    ],
)
def test_order_does_not_matter_at_unordered_places(path: str, one: Any, other: Any) -> None:
    """Not even among floats."""
    assert counts([one], [other], unordered=(path,)) == (0, 0)


@pytest.mark.parametrize(
    ("path", "one", "other"),
    [
        ("$[1]", [["x", "y"], ["x"]], [["y", "x"], ["x"]]),
        ("$[1]", ["the", ["x", "y", "y"]], ["the", ["x", "x", "y"]]),
        ("$", [[1, 2], 3], [3, [2, 1]]),
        ("$.name", {"name": {"name": [1, 2]}}, {"name": {"name": [2, 1]}}),
        ("$", [[1.0, 2.0], [2.0, 1.0]], [[1.0, 1.0], [2.0, 2.0]]),
    ],
)
def test_order_matters_everywhere_else(path: str, one: Any, other: Any) -> None:
    """And every element counts."""
    assert counts([one], [other], unordered=(path,)) == (1, 1)


def test_elements_in_any_order_are_matched_not_only_sorted() -> None:
    """Sorted by the first number, each element stands opposite the wrong one."""
    one, other = [[1.0, 5.0], [1.1, 9.0]], [[1.0, 9.0], [1.1, 5.0]]
    assert counts([one], [other], unordered=("$",), abs=0.2) == (0, 0)
    assert counts([one], [other], abs=0.2) == (1, 1)


def test_integers_in_any_order_among_floats_are_matched_too() -> None:
    """Sorted, 100 would stand opposite 101."""
    assert counts([[100.0, 101]], [[101, 102.0]], unordered=("$",), abs=1) == (0, 0)


def test_columns_of_integers_mean_nothing_where_elements_change_places() -> None:
    """The integers 1, 2 and 3 never meet here: each meets a float, and so all records find partners."""
    expected, got = [[1, 2.0], [2, 2.0]], [[2, 2.0], [3, 3.0]]
    assert counts(expected, got, unordered=("$",), abs=1) == (0, 0)
    assert counts(expected, got, abs=1) == (1, 1)


def test_elements_that_only_look_alike_column_by_column_differ_in_order_too() -> None:
    """Each column holds a 1 and a 2 on either side."""
    assert counts([[[1, 2], [2, 1]]], [[[1, 1], [2, 2]]], unordered=("$",), order="keep") == (1, 1)


# ---- where the order of records matters ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "got", "answer"),
    [
        pytest.param([1, 2, 3], [1, 2, 3], (0, 0), id="in order"),
        pytest.param([1, 2.0, 3], [1.0, 2.0000000001, 3], (0, 0), id="within the tolerance"),
        pytest.param([1, 2, 3], [1, 3, 2], (2, 2), id="two out of place"),
        pytest.param([1, 2, 3, 4], [2, 3, 4, 1], (4, 4), id="all out of place"),
        pytest.param([1, 2, 3, 4], [2, 3, 4], (1, 0), id="one left out, and no more than that"),
        pytest.param([1, 2, 3], [1, 9, 2, 8, 3], (0, 2), id="two too many"),
        pytest.param([1, 2, 3], [1, 9, 3], (1, 1), id="a wrong one in its place"),
        pytest.param([1, 2, 3], [3, 2, 9], (1, 1), id="wrong ones go before wrong places"),
        pytest.param([], [1], (0, 1), id="something for nothing"),
    ],
)
def test_kept_order(expected: list[Any], got: list[Any], answer: tuple[int, int]) -> None:
    """The difference of the bags, if there is one; else each place that holds another record."""
    assert counts(expected, got, order="keep") == answer


def test_of_many_records_in_order_one_left_out_is_one_missing() -> None:
    """Not as many as follow it."""
    records = [[f"word{number}", number] for number in range(10_000)]
    assert counts(records, records[:5000] + records[5001:], order="keep") == (1, 0)


# ---- rules that make no sense ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "says", "hint"),
    [
        (
            {"rel": 1},
            "compare: float: rel: 1 is no tolerance",
            "write a number of at least 0 and below 1, such as 1e-9",
        ),
        ({"rel": NAN}, "compare: float: rel: nan is no tolerance", None),
        ({"abs": -1}, "compare: float: abs: -1 is no tolerance", "write a number of at least 0, such as 0.01"),
        ({"abs": math.inf}, "compare: float: abs: inf is no tolerance", None),
        (
            {"unordered": ("[1]",)},
            "compare: unordered: '[1]' is no path",
            'a path begins with $, the record, and goes on with [1], [*], .name or ["a name"]',
        ),
        ({"unordered": ("$[",)}, "compare: unordered: '$[' is no path", None),
        ({"unordered": ("$..a",)}, "compare: unordered: '$..a' is no path", None),
        ({"unordered": ("$[-1]",)}, "compare: unordered: '$[-1]' is no path", None),
        (
            {"unordered": ("$", "$[1]")},
            "compare: unordered: '$[1]' counts inside an array whose order does not matter",
            "write [*] for [1]",
        ),
        (
            {"unordered": ("$[*]", "$[0][2].a")},
            "compare: unordered: '$[0][2].a' counts inside an array whose order does not matter",
            "write [*] for [2]",
        ),
    ],
)
def test_senseless_rules_are_the_instructors_to_mend(rules: dict[str, Any], says: str, hint: str | None) -> None:
    """They are refused before anything is compared."""
    with pytest.raises(SpecError) as caught:
        counts([], [], **rules)
    assert str(caught.value) == says
    assert hint is None or caught.value.hint == hint


# ---- the limit of what can be told -----------------------------------------------------------------------------------


def crossing(count: int) -> tuple[list[Any], list[Any]]:
    """Records that are all near one another, and each of which fits few of the other side."""
    expected = [[number / 10, (number * 7919 % count) / 10] for number in range(count)]
    return expected, [[one + 0.9, other - 0.9] for one, other in expected]


def test_where_too_many_records_are_near_none_is_called_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that was cut short may not decide over a mark."""
    monkeypatch.setattr("grader.compare._COMPARISONS", 100)
    with pytest.raises(InfrastructureError) as caught:
        counts(*crossing(60), abs=1)
    assert str(caught.value).startswith("cannot tell whether the outputs are equal: ")
    assert str(caught.value).endswith(" records have too many near them")
    assert caught.value.hint == "narrow compare.float, or let the records differ in more than numbers"


def test_a_search_cut_short_still_tells_bags_of_different_size_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """No matching could make them equal."""
    monkeypatch.setattr("grader.compare._COMPARISONS", 100)
    expected, got = crossing(60)
    missing, unexpected = counts(expected, [*got, got[30]], abs=1)
    assert unexpected == missing + 1


def test_what_is_certainly_wrong_is_wrong_whatever_else_cannot_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another record that has no partner settles it."""
    monkeypatch.setattr("grader.compare._COMPARISONS", 100)
    expected, got = crossing(60)
    missing, unexpected = counts([*expected, ["a", 1]], [*got, ["a", 2]], abs=1)
    assert missing == unexpected >= 1


def test_hard_cases_of_honest_size_are_told() -> None:
    """The search is for the few records that sorting does not settle, and those may be hundreds."""
    assert counts(*crossing(400), abs=1) == (0, 0)
