"""Where the time went: the parts of the account fit the whole, whatever was run."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.strategies import classic, everything
from pymapr import run
from pymapr.parallel.account import MASTER
from pymapr.timings import PHASES, Stopwatch, covered

if TYPE_CHECKING:
    from pathlib import Path

    from pymapr.model import RunTimings

LINES = [json.dumps({"pairs": [[8, n], [9, n], [10, n % 3]], "emits": [n]}) for n in range(2000)]
WAYS: list[dict[str, Any]] = [
    {"engine": "serial"},
    {"workers": 1},
    {"workers": 3},
    {"workers": 2, "isolated": True},
    {"workers": 2, "order": "scramble:1"},
]


@pytest.fixture(scope="module", params=WAYS, ids=str)
def timings(request: pytest.FixtureRequest) -> RunTimings:
    """The account of a run, in each way."""
    return run(classic(everything), LINES, **request.param).timings


def test_no_phase_takes_longer_than_the_whole(timings: RunTimings) -> None:
    """Whoever was in it; and each phase of every run is there."""
    assert set(timings.phases) == set(PHASES)
    assert all(0 <= seconds <= timings.wall for seconds in timings.phases.values())
    assert sum(timings.phases.values()) > 0


def test_the_phases_are_what_the_spans_cover(timings: RunTimings) -> None:
    """To the second's millionth."""
    for phase in PHASES:
        spans = [(span.start, span.end) for span in timings.spans if span.phase == phase]
        assert timings.phases[phase] == pytest.approx(covered(spans), abs=1e-6)


def test_every_span_lies_within_the_run(timings: RunTimings) -> None:
    """And begins before it ends."""
    assert timings.spans
    for span in timings.spans:
        assert 0 <= span.start <= span.end <= timings.wall
        assert MASTER <= span.worker < timings.workers


def test_a_worker_is_in_one_phase_at_a_time(timings: RunTimings) -> None:
    """Its spans do not overlap, so their sum is its time."""
    for worker in range(timings.workers):
        spans = sorted((span.start, span.end) for span in timings.spans if span.worker == worker)
        total = sum(end - start for start, end in spans)
        assert total == pytest.approx(covered(spans), abs=1e-6)
        [report] = [report for report in timings.per_worker if report.worker == worker]
        assert sum(report.wall.values()) == pytest.approx(total, abs=1e-6)


def test_cpu_seconds_add_up(timings: RunTimings) -> None:
    """By phase and by worker; what belongs to no phase is the rest."""
    in_phases = sum(timings.cpu_phases.values())
    assert 0 < in_phases <= timings.cpu + 1e-6
    for phase in PHASES:
        of_workers = sum(report.cpu.get(phase, 0.0) for report in timings.per_worker)
        assert of_workers <= timings.cpu_phases[phase] + 1e-6


def test_counts_add_up(timings: RunTimings) -> None:
    """Records, pairs, keys: overall and by worker."""
    assert (timings.records, timings.pairs, timings.keys) == (2000, 6000, 3)
    assert sum(report.records for report in timings.per_worker) == 2000
    assert sum(report.pairs for report in timings.per_worker) == 6000
    assert timings.balance >= 1
    assert timings.peak_memory > 10**6
    assert len(timings.per_worker) == timings.workers


def test_blocks_are_counted(timings: RunTimings) -> None:
    """Bytes shuffled; spilled are those that went to disk."""
    if timings.engine == "serial":
        assert timings.bytes_shuffled == 0
    else:
        assert 0 <= timings.bytes_spilled <= timings.bytes_shuffled
        assert timings.bytes_shuffled > 1000


def test_the_json_says_it_all(timings: RunTimings) -> None:
    """The run object of the report, with `total` beside the phases, and further keys."""
    told = json.loads(json.dumps(timings.as_json()))
    assert list(told)[:5] == ["engine", "workers", "order", "wall", "cpu"]
    assert list(told["phases"]) == [*PHASES, "total"]
    assert list(told["cpu_phases"]) == [*PHASES, "total"]
    assert told["phases"]["total"] == told["wall"] == timings.wall
    assert told["cpu_phases"]["total"] == told["cpu"]
    assert [set(span) for span in told["spans"]] == [{"worker", "phase", "start", "end"}] * len(timings.spans)
    assert told["per_worker"][0].keys() == {"worker", "wall", "cpu", "records", "pairs", "keys", "peak_memory"}
    counts = {"records", "pairs", "keys", "bytes_shuffled", "bytes_spilled", "peak_memory", "balance"}
    assert counts < set(told)


def test_loading_a_job_is_startup(tmp_path: Path) -> None:
    """Wall from the fork to the word that it is ready; CPU of each worker."""
    path = tmp_path / "job.py"
    path.write_text("sum(range(10**6))\ndef mapper(r):\n    yield 1, 1\ndef reducer(k, v):\n    yield 1\n")
    source = tmp_path / "d.json"
    source.write_text("1\n2\n")
    timings = run(path, source, workers=2).timings
    assert timings.phases["startup"] > 0
    assert timings.cpu_phases["startup"] > 0.005
    assert [report.wall["startup"] > 0 for report in timings.per_worker] == [True, True]


# ---- the stopwatch ---------------------------------------------------------------------------------------------------


class Clock:
    """Says what it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_spans_are_laid_end_to_end(stretches: list[tuple[str, int, int]]) -> None:
    """As long as their phases took, none overlapping, none ending later than the last stretch really did."""
    clock = Clock()
    watch = Stopwatch(clock, clock)
    for name, pause, taken in stretches:
        clock.now += pause
        with watch.phase(name):
            clock.now += taken
    spans = watch.spans()
    assert {name: end - start for name, start, end in spans} == watch.wall == watch.cpu
    assert all(before[2] <= after[1] for before, after in pairwise(spans))
    assert all(start >= 100 and end <= clock.now for _, start, end in spans)


def test_a_phase_that_fails_is_counted() -> None:
    """Its time was spent all the same."""
    clock = Clock()
    watch = Stopwatch(clock, clock)
    with pytest.raises(ValueError, match="x"), watch.phase("map"):
        clock.now += 3
        raise ValueError("x")
    assert watch.wall == {"map": 3.0}


@pytest.mark.parametrize(
    ("spans", "length"),
    [([], 0), ([(1, 3)], 2), ([(1, 3), (2, 5)], 4), ([(4, 5), (1, 2)], 2), ([(1, 9), (2, 3)], 8)],
)
def test_what_spans_cover_is_the_length_of_their_union(spans: list[tuple[float, float]], length: float) -> None:
    """Overlaps count once."""
    assert covered(spans) == length
