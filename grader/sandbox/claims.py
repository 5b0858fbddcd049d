"""What student code says of itself, cut to what a report may hold: known phases, finite figures, words of some length.

It stays a claim. Nothing is decided by it.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import TYPE_CHECKING

from grader.model import RunRecord, Span
from grader.reports.plain import clipped, visible
from pymapr.timings import PHASES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pymapr.model import RunTimings

MOST_SPANS = 2000
MOST_WORDS = 4000
MOST_REMARKS = 20


def words(text: str, most: int = MOST_WORDS) -> str:
    """At most `most` characters of `text`, lines kept, in which nothing acts: no escape, bidi mark or CI command."""
    return "\n".join(map(_line, clipped(text, most).split("\n")))


def _line(text: str) -> str:
    return _ORDERS.sub(lambda order: " ".join(order[0]), visible(text))


_ORDERS = re.compile(r"::(?=[\w-]+(?: [^\n]*)?::)|##(?=\w*\[)")
"""`::error file=x::text`, `##[error]text`, `##vso[...]`: a CI runner obeys them wherever a report's line begins."""


def remarks(claimed: Iterable[str]) -> tuple[str, ...]:
    """The first of them, each on one line."""
    return tuple(_line(clipped(text, 300)) for text, _ in zip(claimed, range(MOST_REMARKS), strict=False))


def record(timings: RunTimings, order: str, wall: float, cpu: float) -> RunRecord:
    """A run for the report. wall, cpu: seconds as they were measured from outside; the rest is as the workers say."""
    return RunRecord(
        engine=timings.engine,
        workers=timings.workers,
        order=order,
        wall=wall,
        cpu=cpu,
        phases={phase: min(timings.phases.get(phase, 0.0), wall) for phase in PHASES} | {"total": wall},
        spans=tuple(span for span, _ in zip(_spans(timings, wall), range(MOST_SPANS), strict=False)),
    )


def _spans(timings: RunTimings, wall: float) -> Iterator[Span]:
    for span in timings.spans:
        start, end = min(span.start, wall), min(span.end, wall)
        if span.phase in PHASES and isfinite(start) and isfinite(end) and 0 <= start <= end:
            yield Span(worker=span.worker, phase=span.phase, start=start, end=end)
