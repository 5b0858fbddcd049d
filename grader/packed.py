"""The runs of a judgement, kept small: thousands of judgements wait in memory, or in a file, to be reported.

A run unpacked is some twenty objects; packed, ten runs are a few kilobytes. Nothing is lost, and nothing is decided.
"""

from __future__ import annotations

import json
import zlib
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar, overload

from grader.model import CaseResult, RunRecord, Span

T = TypeVar("T")

_DIGITS = 6
"""Of a second: a clock that is read by Python tells no more than microseconds."""


class _Lazy(Sequence[T]):
    """A tuple that is made anew each time that somebody looks at it."""

    __slots__ = ()

    @abstractmethod
    def _all(self) -> tuple[T, ...]:
        """The tuple."""

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        return self._all()[index]

    def __len__(self) -> int:
        return len(self._all())

    def __eq__(self, other: object) -> bool:
        """As a tuple with the same in it."""
        return self._all() == tuple(other) if isinstance(other, tuple | _Lazy) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._all())

    def __iter__(self) -> Any:
        return iter(self._all())

    def __repr__(self) -> str:
        return repr(self._all())


class _Spans(_Lazy[Span]):
    __slots__ = ("_rows",)

    def __init__(self, rows: list[list[Any]]) -> None:
        self._rows = rows

    def _all(self) -> tuple[Span, ...]:
        return tuple(Span(worker=row[0], phase=row[1], start=row[2], end=row[3]) for row in self._rows)

    def __len__(self) -> int:
        return len(self._rows)


class PackedRuns(_Lazy[RunRecord]):
    """Equals the tuple of the same runs, and serves as one. `packed` is what `pack` made of them."""

    __slots__ = ("packed",)

    def __init__(self, packed: bytes) -> None:
        self.packed = packed

    def _all(self) -> tuple[RunRecord, ...]:
        rows = json.loads(zlib.decompress(self.packed).decode("utf-8", "surrogatepass")) if self.packed else ()
        return tuple(_run(row) for row in rows)


def pack(runs: Sequence[RunRecord], digits: int | None = None) -> PackedRuns:
    """The same runs, small; their times to so many digits of a second, to the last by default."""
    if isinstance(runs, PackedRuns):
        return runs
    if not runs:
        return PackedRuns(b"")
    to = _exact if digits is None else partial(_rounded, digits)
    text = json.dumps([_row(run, to) for run in runs], ensure_ascii=False, separators=(",", ":"))
    return PackedRuns(zlib.compress(text.encode("utf-8", "surrogatepass")))


def small(case: CaseResult) -> CaseResult:
    """A judgement that may wait long: its runs packed, their times to the microsecond."""
    return case if isinstance(case.runs, PackedRuns) else replace(case, runs=pack(case.runs, _DIGITS))


def _row(run: RunRecord, to: Callable[[float], float]) -> list[Any]:
    phases = {phase: to(seconds) for phase, seconds in run.phases.items()}
    spans = [[span.worker, span.phase, to(span.start), to(span.end)] for span in run.spans]
    return [run.engine, run.workers, run.order, to(run.wall), to(run.cpu), phases, spans]


def _exact(seconds: float) -> float:
    return seconds


def _rounded(digits: int, seconds: float) -> float:
    return round(seconds, digits)


def _run(row: Sequence[Any]) -> RunRecord:
    engine, workers, order, wall, cpu, phases, spans = row
    return RunRecord(
        engine=engine, workers=workers, order=order, wall=wall, cpu=cpu, phases=phases, spans=_Spans(spans)
    )
