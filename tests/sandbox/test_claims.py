"""What workers claim, cut to what a report may hold."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.sandbox import claims
from pymapr.model import RunTimings, Span
from pymapr.timings import PHASES


def timings(*spans: Span, **phases: float) -> RunTimings:
    """Of a serial run."""
    return RunTimings(
        engine="serial",
        workers=1,
        order="stable",
        wall=1.0,
        cpu=1.0,
        phases={**dict.fromkeys(PHASES, 0.0), **phases},
        cpu_phases={},
        spans=spans,
        per_worker=(),
        records=0,
        pairs=0,
        keys=0,
        bytes_shuffled=0,
        bytes_spilled=0,
        peak_memory=0,
        balance=1.0,
    )


def record(*spans: Span, **phases: float) -> tuple[list[Span], dict[str, float]]:
    """What is left of spans and phases in a run of two seconds."""
    found = claims.record(timings(*spans, **phases), "stable", 2.0, 0.5)
    left = [Span(span.worker, span.phase, span.start, span.end) for span in found.spans]
    return left, dict(found.phases)


def test_wall_and_cpu_are_what_was_measured_outside() -> None:
    """Whatever the timings say."""
    found = claims.record(timings(), "scramble:1", 2.0, 0.5)
    assert (found.wall, found.cpu, found.phases["total"], found.order) == (2.0, 0.5, 2.0, "scramble:1")


def test_a_span_of_a_known_phase_within_the_run_is_kept() -> None:
    """As it is."""
    assert record(Span(0, "map", 0.5, 1.5))[0] == [Span(0, "map", 0.5, 1.5)]


def test_a_span_is_cut_to_the_run() -> None:
    """Nobody worked longer than the run took."""
    assert record(Span(0, "map", 0.5, 1e11))[0] == [Span(0, "map", 0.5, 2.0)]


@pytest.mark.parametrize(
    "span",
    [
        Span(0, "<script>", 0.0, 1.0),
        Span(0, "map", float("nan"), 1.0),
        Span(0, "map", 0.0, float("nan")),
        Span(0, "map", -1.0, 1.0),
        Span(0, "map", 1.0, 0.5),
        Span(0, "map", float("-inf"), 1.0),
    ],
)
def test_a_span_that_is_none_is_left_out(span: Span) -> None:
    """Of no known phase, of no finite length, or backwards."""
    assert record(span)[0] == []


def test_spans_are_bounded() -> None:
    """A run has some; a report with millions is nobody's wish."""
    assert len(record(*[Span(0, "map", 0.0, 1.0)] * 5000)[0]) == claims.MOST_SPANS


def test_only_known_phases_are_told_and_none_longer_than_the_run() -> None:
    """Names are ours, figures are cut."""
    assert record(map=99.0, other=1.0)[1] == {**dict.fromkeys(PHASES, 0.0), "map": 2.0, "total": 2.0}


@given(text=st.text(max_size=300))
def test_words_do_not_act(text: str) -> None:
    """Whatever they are: no controls, no marks that cannot be seen, nothing that cannot be encoded."""
    found = claims.words(text)
    found.encode()
    assert {unicodedata.category(character) for character in found.replace("\n", "")} & {"Cc", "Cf", "Cs"} == set()


def test_words_keep_their_lines() -> None:
    """A traceback has several."""
    assert claims.words('KeyError\n  File "job.py", line 3') == 'KeyError\n  File "job.py", line 3'


def test_many_words_are_cut_and_counted() -> None:
    """With a note of how many more there were."""
    assert claims.words("x" * 10_000) == "x" * 4000 + "… (6000 more characters)"


@pytest.mark.parametrize(
    ("order", "shown"),
    [
        ("::error file=x,line=1::owned", ": :error file=x,line=1::owned"),
        ("see ::add-mask::x", "see : :add-mask::x"),
        ("##[error]x", "# #[error]x"),
        ("##vso[task.complete]", "# #vso[task.complete]"),
        ("values[::2] and std::vector and ## heading", "values[::2] and std::vector and ## heading"),
    ],
)
def test_what_a_ci_runner_would_obey_is_broken_up(order: str, shown: str) -> None:
    """And what only looks a little like it is left alone."""
    assert claims.words(order) == shown
    assert claims.remarks([order]) == (shown,)


def test_remarks_are_few_short_and_of_one_line() -> None:
    """However many a worker has reasons for."""
    found = claims.remarks(["one\ntwo", *["x" * 1000] * 100])
    assert found[0] == "one\\ntwo"
    assert len(found) == claims.MOST_REMARKS
    assert len(found[1]) < 350
