"""Runs as the HTML report draws them: the serial one and the fastest parallel one, their spans coded in few bytes."""

from __future__ import annotations

from itertools import islice, pairwise
from typing import TYPE_CHECKING

from grader.reports import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from grader.model import CaseResult, RunRecord, Span
    from grader.reports.html.shell import Json

PHASES = ("startup", "read", "map", "shuffle", "reduce", "write")
_TICKS = 2000  # of a run's length: finer than a screen draws
_LANES = 32
_SPANS = 400
_BEYOND_SENSE = 1e9  # seconds: no run takes thirty years
_INSTANT = 1e-9  # seconds: shorter, and dividing by it may give infinity
_NAME = 80


def runs(case: CaseResult) -> list[Json]:
    """What is drawn of a judgement: at most one run of each engine."""
    return [_run(run) for engine in ("serial", "parallel") if (run := _fastest(case.runs, engine))]


def _fastest(runs: Iterable[RunRecord], engine: str) -> RunRecord | None:
    """A scrambled run is drawn only where there is no other: its times are an adversary's."""
    return min(
        (run for run in runs if run.engine == engine),
        key=lambda run: (run.order not in ("stable", "arrival"), run.wall),
        default=None,
    )


def _run(run: RunRecord) -> Json:
    """Engine, workers, order; seconds of wall, CPU, axis and phases; lanes. No keys: a class has tens of thousands."""
    length = _length(run)
    lanes: list[Json] = [[*_coded(lane, length)] for lane in islice(_lanes(run.spans), _LANES)]
    phases: list[Json] = [_seconds(run.phases.get(phase, 0.0)) for phase in PHASES]
    times: list[Json] = [_seconds(run.wall), _seconds(run.cpu), _seconds(length)]
    return [run.engine, run.workers, plain.visible(plain.clipped(run.order, _NAME)), *times, phases, lanes]


def _length(run: RunRecord) -> float:
    """Seconds that the axis must hold."""
    ends = [span.end for span in run.spans if 0 <= span.end < _BEYOND_SENSE]
    return max([run.wall if plain.finite(run.wall) else 0.0, *ends])


def _lanes(spans: Iterable[Span]) -> Iterator[Sequence[Span]]:
    """The spans of each worker that fit an axis, by start."""
    lanes: dict[int, list[Span]] = {}
    for span in spans:
        # False for NaN, too.
        if span.phase in PHASES and 0 <= span.start <= span.end < _BEYOND_SENSE:
            lanes.setdefault(span.worker, []).append(span)
    return (sorted(lanes[worker], key=lambda span: span.start) for worker in sorted(lanes))


def _coded(lane: Sequence[Span], length: float) -> Iterator[int]:
    """Three small integers for each span: its phase, the ticks since the one before ended, and its own ticks.

    What meets within a tick and is of one phase is one span: many small tasks look like one in any case.
    """
    scale = _TICKS / length if length > _INSTANT else 0.0
    drawn: list[tuple[int, int, int]] = []
    for span in lane:
        phase, start, end = PHASES.index(span.phase), round(span.start * scale), round(span.end * scale)
        if drawn and drawn[-1][0] == phase and start - drawn[-1][2] <= 1:
            drawn[-1] = (phase, drawn[-1][1], max(end, drawn[-1][2]))
        else:
            drawn.append((phase, start, end))
    for (_, _, before), (phase, start, end) in pairwise([(0, 0, 0), *drawn[:_SPANS]]):
        yield from (phase, start - before, end - start)


def _seconds(value: float) -> float:
    """To three digits, as they are shown; 0 for what is no number of seconds."""
    return float(f"{plain.finite(value) or 0.0:.3g}")
