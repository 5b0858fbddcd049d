"""The quick ways of the engine say exactly what the plain ways say, or step aside."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymapr.codecs import encode_json, parse_lines
from pymapr.grouping import split
from pymapr.partition import partition, partition_all

NUMBERS = st.integers() | st.integers(min_value=10**18, max_value=10**25) | st.floats()
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
ENOUGH = b'["' + b"x" * 2**16 + b'"]'
"""A line that makes the data large enough for the quick way to be worth it."""


def same(one: Any, other: Any) -> bool:
    """Equal, type for type, NaN included."""
    return repr(one) == repr(other)


@given(st.lists(VALUES, max_size=5), st.booleans())
def test_lines_are_parsed_as_json_parses_them_or_not_at_all(values: list[Any], ascii_only: bool) -> None:
    """Whatever `json` can write; surrogate halves cannot be written as UTF-8, and are left out."""
    texts = [json.dumps(value, ensure_ascii=ascii_only) for value in values]
    lines = [text.encode("utf-8", "replace") for text in texts] + [ENOUGH]
    found = parse_lines(lines)
    assert found is None or same(found, [json.loads(line) for line in lines])


@pytest.mark.parametrize(
    "line",
    [
        b"18446744073709551616",
        b"[123456789012345678901234567890]",
        b"NaN",
        b"-Infinity",
        b'"\\ud800"',
        b"1e400",
        b"",
        b"[1",
    ],
)
def test_a_line_on_which_the_libraries_differ_is_left_to_json(line: bytes) -> None:
    """Integers beyond 64 bits, what is no strict JSON, blank and broken lines."""
    assert parse_lines([ENOUGH, line]) is None


@pytest.mark.parametrize("before", range(20))
def test_a_long_number_is_noticed_wherever_it_stands(before: int) -> None:
    """Nineteen digits are the fewest that may be too many."""
    assert parse_lines([ENOUGH, b" " * before + b"1" * 19]) is None


def test_little_data_is_left_to_json() -> None:
    """Loading another library takes longer than it could save."""
    assert parse_lines([b"1"]) is None


def test_ordinary_data_is_parsed_the_quick_way() -> None:
    """Otherwise the tests above would hold nothing."""
    assert parse_lines([ENOUGH, b'{"a": [1, 2.5, "\\u00e4", null, -0.0]}']) is not None


@given(st.lists(VALUES))
def test_values_are_encoded_to_the_byte_as_json_encodes_them(values: list[Any]) -> None:
    """Separators, escapes, floats, NaN."""
    assert encode_json(values) == [json.JSONEncoder().encode(value) for value in values]


@pytest.mark.parametrize("value", [{1, 2}, [object()], {"a": b"x"}, {(1, 2): 3}])
def test_what_json_refuses_is_refused_alike_and_leaves_no_trace(value: Any) -> None:
    """The encoder is kept from value to value: it must not remember the one that it broke off."""
    with pytest.raises(TypeError):
        encode_json([1, value])
    assert encode_json([[1, [2]]]) == ["[1, [2]]"]


def test_a_value_that_contains_itself_is_refused_time_and_again() -> None:
    """And the same list is fine once it does not."""
    ring: list[Any] = [1]
    ring.append(ring)
    for _ in range(2):
        with pytest.raises(ValueError, match="Circular"):
            encode_json([ring])
    ring.pop()
    assert encode_json([ring]) == ["[1]"]


TEXTS = st.text() | st.sampled_from(["\ud800", ""])
WHOLE = st.integers() | st.sampled_from([-1, 0, 2**63, -(2**64)])
KEYS = (
    TEXTS
    | WHOLE
    | st.tuples(st.text(), st.integers())
    | st.none()
    | st.sampled_from([1.0, True, (), (1.0, 2), (True,)])
)
SOME_KEYS = st.one_of(
    *(st.lists(kind, unique=True) for kind in (KEYS, TEXTS, st.tuples(TEXTS, TEXTS), st.tuples(WHOLE, WHOLE)))
)
"""Of many kinds, or all of one kind, as a quick way expects them."""


@given(SOME_KEYS, st.integers(1, 7))
def test_many_keys_are_dealt_as_the_partition_function_deals_each(keys: list[Any], buckets: int) -> None:
    """Whatever the kind."""
    assert partition_all(keys, buckets) == [partition(key, buckets) for key in keys]


@given(SOME_KEYS, st.integers(1, 7))
def test_a_partitioner_of_the_job_and_ours_deal_groups_alike(keys: list[Any], buckets: int) -> None:
    """Where they name the same buckets."""
    groups = {key: [number] for number, key in enumerate(keys)}
    quick = split(groups, buckets)
    plain = split(groups, buckets, lambda key, n: partition(key, n))
    assert [tuple(part) for part in quick] == [tuple(part) for part in plain]
