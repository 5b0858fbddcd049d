"""Packed runs are the same runs: nothing is lost but the digits that no clock can tell."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest
from builders import a_case, both_runs
from hypothesis import given
from hypothesis import strategies as st

from grader.model import RunRecord, Span
from grader.packed import PackedRuns, pack, small
from store.results import cases, runs


@given(st.lists(runs, max_size=3))
def test_packed_runs_equal_what_was_packed(given_runs: list[RunRecord]) -> None:
    """From either side, one by one, in slices, and packed once more."""
    packed = pack(given_runs)
    assert packed == tuple(given_runs)
    assert tuple(given_runs) == packed
    assert list(packed) == given_runs
    assert [packed[place] for place in range(len(packed))] == given_runs
    assert packed[1:] == tuple(given_runs[1:])
    assert pack(packed) is packed
    assert pickle.loads(pickle.dumps(packed)) == packed


@given(cases)
def test_a_small_result_tells_the_same(case: object) -> None:
    """All but the runs is untouched; making it small twice is making it small once."""
    assert isinstance(case, type(a_case()))
    lean = small(case)
    assert replace(lean, runs=()) == replace(case, runs=())
    assert isinstance(lean.runs, PackedRuns)
    assert small(lean) is lean
    assert len(lean.runs) == len(case.runs)


def test_times_are_kept_to_the_microsecond() -> None:
    """Of the run, its phases and its spans."""
    span = Span(worker=0, phase="map", start=0.1234567, end=1.0000004)
    run = RunRecord(
        engine="serial", workers=1, order="stable", wall=1.23456789, cpu=2.0, phases={"map": 0.00000149}, spans=(span,)
    )
    assert small(a_case(runs=(run,))).runs == (
        RunRecord(
            engine="serial",
            workers=1,
            order="stable",
            wall=1.234568,
            cpu=2.0,
            phases={"map": 0.000001},
            spans=(Span(worker=0, phase="map", start=0.123457, end=1.0),),
        ),
    )


def test_packed_runs_are_not_equal_to_others() -> None:
    """Nor to what is no sequence of runs."""
    packed = pack(both_runs())
    assert packed != pack(both_runs(serial=2))
    assert packed != "runs"
    assert not pack(())
    assert repr(pack(())) == "()"


def test_packed_runs_have_no_room_for_more() -> None:
    """Unpacking leaves nothing behind: ten thousand results are looked at one after the other."""
    assert not hasattr(pack(both_runs()), "__dict__")


def test_spans_are_a_sequence_like_any_other() -> None:
    """With a length, elements and equality."""
    span = Span(worker=1, phase="map", start=0.0, end=1.0)
    [run] = pack([replace(both_runs()[0], spans=(span, span))])
    assert (len(run.spans), run.spans[1], run.spans) == (2, span, (span, span))
    with pytest.raises(IndexError):
        run.spans[2]
