"""Blocks: what a mapper emitted arrives as it was, type for type, whichever codec carries it."""

from __future__ import annotations

import enum
from array import array
from typing import Any, NamedTuple

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymapr.codecs import Group, pack_group, unpack_group

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["\ud800", -0.0, 2**64, "a" * 300])
)
ROWS = st.lists(SCALARS, min_size=6, max_size=9) | st.lists(SCALARS, max_size=9).map(tuple)
LONG = list(range(8))
"""Enough for the quicker codec."""
KEYS = SCALARS | st.tuples(SCALARS, SCALARS) | st.tuples(st.tuples(SCALARS))
VALUES = SCALARS | ROWS | st.lists(ROWS, max_size=2) | st.dictionaries(st.text(), SCALARS, max_size=2)


class Colour(enum.IntEnum):
    """A number that is more than a number."""

    RED = 1


class Pair(NamedTuple):
    """A tuple that is more than a tuple."""

    left: int
    right: int


class Name(str):
    """A text that is more than a text."""

    __slots__ = ()


def again(group: Group) -> Group:
    """As it arrives in another worker."""
    return unpack_group(pack_group(group))


def shown(value: Any) -> Any:
    """With the type of everything, NaN and -0.0 told apart."""
    if isinstance(value, list | tuple):
        return type(value), [shown(inner) for inner in value]
    return type(value), repr(value)


@given(st.lists(st.tuples(KEYS, st.lists(VALUES, min_size=1, max_size=3)), max_size=4))
def test_a_block_is_read_as_it_was_written(pairs: list[tuple[Any, list[Any]]]) -> None:
    """Places, keys and values, of one kind or of many."""
    group = Group(array("I", range(len(pairs))), [key for key, _ in pairs], [values for _, values in pairs])
    assert shown(tuple(again(group))) == shown(tuple(group))


@given(st.lists(st.tuples(KEYS, st.lists(ROWS, min_size=1, max_size=3)), min_size=1, max_size=4))
def test_rows_are_read_as_they_were_written(pairs: list[tuple[Any, list[Any]]]) -> None:
    """For these there is a quicker codec, if keys and values are plain throughout."""
    group = Group(array("I", range(len(pairs))), [key for key, _ in pairs], [values for _, values in pairs])
    assert shown(tuple(again(group))) == shown(tuple(group))


ODD = [
    array("d", [1.5]),
    bytearray(b"a"),
    numpy.float64(1.5),
    numpy.int32(7),
    numpy.arange(3),
    Colour.RED,
    Pair(1, 2),
    Name("a"),
    {"a": 1},
    frozenset([1]),
]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: type(odd).__name__)
@pytest.mark.parametrize("where", ["in a row", "as a value", "beside rows"])
def test_what_only_looks_plain_keeps_its_type(odd: Any, where: str) -> None:
    """The quicker codec would silently make bytes of an array, and of numpy's numbers."""
    values = {"in a row": [[*LONG, odd]], "as a value": [odd], "beside rows": [LONG, odd]}[where]
    assert shown(again(Group(array("I", [0]), ["key"], [values])).values) == shown([values])


@pytest.mark.parametrize("key", [Colour.RED, Pair(1, 2), Name("a"), (1, Colour.RED), frozenset([1]), b"a"])
def test_a_key_keeps_its_type(key: Any) -> None:
    """Beside rows, too."""
    assert shown(again(Group(array("I", [0]), [key], [[LONG]])).keys) == shown([key])


def test_an_object_emitted_twice_is_still_one_object() -> None:
    """Within a block, as in a serial run."""
    row = [*LONG, "a"]
    values = again(Group(array("I", [0, 1]), ["a", "b"], [[row, row], [row]])).values
    assert values[0][0] is values[0][1] is values[1][0]


def test_rows_take_the_quicker_codec() -> None:
    """Otherwise the tests above would hold nothing: pickles begin with the same byte, and these do not."""
    pickled = pack_group(Group(array("I", [0]), ["a"], [["b"]]))
    rows = pack_group(Group(array("I", [0]), ["a"], [[LONG]]))
    assert pickled[0] == 0x80 != rows[0]
