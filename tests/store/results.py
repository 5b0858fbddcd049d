"""Results of every kind, for properties; and the few that most tests of the store are about."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from grader.model import CaseResult, Difference, Example, RunRecord, Span, Verdict, Visibility
from grader.store import Identity, Key

texts = st.text(st.characters(codec=None), max_size=20) | st.sampled_from(
    ["", "\x00", "\ud800", "\ud83d\ude00", "\\ud800", "\\\\", "\\", "ä", "\u2028", '"', "\udcff.py"]
)
"""Lone surrogates, pairs of them that are not one character, and what looks like their escapes."""

numbers = st.floats(allow_nan=False) | st.integers(-(2**70), 2**70)
seconds = st.floats(0, 1e6)
spans = st.builds(Span, worker=st.integers(0, 64), phase=texts, start=seconds, end=seconds)
runs = st.builds(
    RunRecord,
    engine=st.sampled_from(["serial", "parallel"]),
    workers=st.integers(1, 64),
    order=texts,
    wall=numbers,
    cpu=numbers,
    phases=st.dictionaries(texts, numbers, max_size=3),
    spans=st.lists(spans, max_size=3).map(tuple),
)
examples = st.builds(Example, expected=st.none() | texts, got=st.none() | texts, where=texts)
differences = st.builds(
    Difference,
    missing=st.integers(0, 2**70),
    unexpected=st.integers(0, 9),
    examples=st.lists(examples, max_size=2).map(tuple),
)
cases = st.builds(
    CaseResult,
    name=texts,
    visibility=st.sampled_from(Visibility),
    verdict=st.sampled_from(Verdict),
    score=st.none() | numbers,
    max_score=numbers,
    message=texts,
    hint=texts,
    reproduce=texts,
    remarks=st.lists(texts, max_size=2).map(tuple),
    difference=st.none() | differences,
    runs=st.lists(runs, max_size=2).map(tuple),
    concealed=st.booleans(),
)

ADA = Identity("ada", "wordcount", "books")
KEY = Key(submission="s1", assignment="a1", data="d1", reference="r1", pymapr="pymapr 0.1.0")


def changed(**parts: str) -> Key:
    """The usual key with some parts changed."""
    return replace(KEY, **parts)
