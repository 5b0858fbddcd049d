"""Hypothesis strategies for JSON values, and for how one value may be written in different ways."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterable

texts = st.text(max_size=8) | st.sampled_from(["a", "b", "é", "\ud800", '"#"', "\\", "\x1b[31m", "1", "NaN"])

numbers = (
    st.integers(-5, 5)
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.sampled_from([0, -0.0, 1, 1.0, 2**53, 2.0**53, 2**53 + 1, 1e300, 10**300, float("inf"), float("nan")])
)

scalars = st.none() | st.booleans() | numbers | texts


def _containers(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(children, max_size=4) | st.dictionaries(texts, children, max_size=3)


values = st.recursive(scalars, _containers, max_leaves=10)
"""Any JSON value that Python's json reads and writes."""

near_numbers = st.sampled_from([0, 1, 2, 3]) | st.integers(0, 24).map(lambda sixteenths: sixteenths / 16)
"""Numbers in steps of 1/16, without rounding: what is near depends on a tolerance of a few steps; some are integers."""


def _near_containers(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(children, min_size=1, max_size=3) | st.fixed_dictionaries({"a": children})


near_values = st.recursive(near_numbers | st.sampled_from(["x", True, None]), _near_containers, max_leaves=4)
"""Small values of few forms, so that two of them are often alike, or nearly."""


def lines(records: Iterable[Any]) -> list[bytes]:
    """Return records as JSON lines."""
    return [json.dumps(record).encode() for record in records]


@st.composite
def spellings(draw: st.DrawFn, value: Any) -> bytes:
    """Return one of the ways to write a value: key order, escapes, white space."""
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")]))
    shuffled = _reordered(draw, value)
    ascii_only = draw(st.booleans())
    text = json.dumps(shuffled, ensure_ascii=ascii_only, separators=separators)
    if any("\ud800" <= letter <= "\udfff" for letter in text):  # UTF-8 cannot say them
        text = json.dumps(shuffled, separators=separators)
    return (draw(st.sampled_from(["", " "])) + text + draw(st.sampled_from(["", " ", "\r"]))).encode()


def _reordered(draw: st.DrawFn, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reordered(draw, value[key]) for key in draw(st.permutations(list(value)))}
    return [_reordered(draw, item) for item in value] if isinstance(value, list) else value
