"""Runs as the report's data codes them: small, and as true as a screen can show."""

from __future__ import annotations

import json
import random
from itertools import accumulate
from typing import Any

from builders import a_case
from hypothesis import given
from hypothesis import strategies as st

from grader.model import RunRecord, Span
from grader.reports.html import timeline
from html_report.classes import a_timed_run

any_seconds = st.floats() | st.integers(-(10**400), 10**400)
any_spans = st.builds(
    Span,
    worker=st.integers(0, 3),
    phase=st.sampled_from([*timeline.PHASES, "odd"]),
    start=any_seconds | st.floats(0, 2),
    end=any_seconds | st.floats(0, 2),
)


def coded(run: RunRecord) -> list[Any]:
    """The run as it stands in the data."""
    [found] = json.loads(json.dumps(timeline.runs(a_case(runs=(run,))), allow_nan=False))
    assert isinstance(found, list)
    return found


@given(any_seconds, any_seconds, st.lists(any_spans, max_size=8).map(tuple))
def test_no_time_that_a_worker_may_claim_breaks_the_report(wall: float, cpu: float, spans: tuple[Span, ...]) -> None:
    """Not a number, infinite, negative, backwards: what cannot be drawn is left out, and the rest fits the axis."""
    run = RunRecord(engine="serial", workers=1, order="stable", wall=wall, cpu=cpu, phases={"map": cpu}, spans=spans)
    for lane in coded(run)[-1]:
        steps = [step for _, gap, length in zip(*[iter(lane)] * 3, strict=True) for step in (gap, length)]
        assert all(0 <= place <= 2000 for place in accumulate(steps))


def test_spans_are_drawn_within_a_tick_of_where_they_were_measured() -> None:
    """Two thousand ticks to the axis."""
    run = a_timed_run(random.Random(1), 1, 2.0)
    [lane] = coded(run)[-1]
    steps = [step for _, gap, length in zip(*[iter(lane)] * 3, strict=True) for step in (gap, length)]
    places = list(accumulate(steps))
    expected = [place for span in run.spans for place in (span.start, span.end)]
    assert all(
        abs(place / 2000 * run.wall - exact) <= run.wall / 2000 for place, exact in zip(places, expected, strict=True)
    )


def test_many_small_tasks_of_one_phase_become_one_span() -> None:
    """A run of ten thousand tasks makes no page of ten thousand pieces."""
    spans = tuple(Span(worker=0, phase="map", start=n / 10_000, end=(n + 1) / 10_000) for n in range(10_000))
    run = RunRecord(engine="serial", workers=1, order="stable", wall=1.0, cpu=1.0, spans=spans)
    assert coded(run)[-1] == [[2, 0, 2000]]
