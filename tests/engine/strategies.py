"""Data and jobs as nobody would write them, for properties that hold for all of them.

A record says itself what the mapper shall do with it: which pairs to emit, under which of some difficult KEYS, and
which outputs. So a made dataset is a made job.
"""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from pymapr import MapReduce

Point = namedtuple("Point", "x y")

KEYS: list[Any] = [
    *(1, 1.0, True, 0, -0.0, False, None, "", "a", "A", "é", "\ud800", "\U0001f600", "1", 1.5, 10**30, -1, 2.0**70),
    *((), (1,), (1.0,), (True, "a"), ("a", None), ("a", ("b", 2)), Point(1, 2), (1, 2), frozenset(), frozenset({3})),
    *(b"a", Fraction(1), Fraction(1, 3), Decimal(1), Decimal("1.5"), 2 + 0j, 2, 3 + 1j, float("inf"), range(3)),
]
"""Keys of all sorts, many equal to one another: which of them a reducer sees is the first that was emitted."""

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(), max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)
pairs = st.tuples(st.integers(0, len(KEYS) - 1), values)
records = st.fixed_dictionaries({"pairs": st.lists(pairs, max_size=4), "emits": st.lists(values, max_size=1)})
datasets = st.lists(records, max_size=12)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A dataset as a file: lines that end as they like, blank ones among them, the last perhaps not at all."""
    ends = st.sampled_from(["\n", "\n", "\r\n", "\r", "\n\n", "\n \t\r\n"])
    text = "".join(json.dumps(record, ensure_ascii=draw(st.booleans())) + draw(ends) for record in draw(datasets))
    data = text.encode("utf-8", "backslashreplace")  # half a surrogate pair is no UTF-8
    return data.rstrip() if draw(st.booleans()) else data


# ---- jobs ------------------------------------------------------------------------------------------------------------


def everything(key: Any, values: list[Any]) -> Iterator[Any]:
    """All that a reducer can know, in the order in which it knows it."""
    yield [repr(key), values]


def nothing_or_much(_key: Any, values: list[Any]) -> Iterator[Any]:
    """As many outputs as values, none among them being possible."""
    yield from (value for value in values if value is not None)


def in_place(key: Any, values: list[Any]) -> Iterator[Any]:
    """`values` is a list, to be sorted, indexed, cut short."""
    values.sort(key=repr)
    values.append(len(values))
    yield {"first": values[0], "count": values.pop(), "type": type(key).__name__}


Reducer = Callable[[Any, list[Any]], Iterator[Any]]
reducers = st.sampled_from([everything, nothing_or_much, in_place])
forms = st.sampled_from(["classic", "functional"])


def job(form: str, reducer: Reducer, framework: type[Any] = MapReduce) -> dict[str, Any]:
    """A fresh job in one of the two forms, as the globals of its file. Functional mappers cannot emit outputs."""
    return classic(reducer, framework) if form == "classic" else functional(reducer)


def classic(reducer: Reducer, framework: type[Any] = MapReduce) -> dict[str, Any]:
    """With a global `mr`, whose emissions its functions make."""
    mr = framework()

    def mapper(record: Any) -> None:
        for key, value in record["pairs"]:
            mr.emit_intermediate(KEYS[key], value)
        for value in record["emits"]:
            mr.emit(value)

    def reduce(key: Any, values: list[Any]) -> None:
        for value in reducer(key, values):
            mr.emit(value)

    return {"mr": mr, "mapper": mapper, "reducer": reduce}


def functional(reducer: Reducer) -> dict[str, Any]:
    """Two functions that yield."""

    def mapper(record: Any) -> Iterator[tuple[Any, Any]]:
        for key, value in record["pairs"]:
            yield KEYS[key], value

    return {"mapper": mapper, "reducer": reducer}
