"""How a submission's serial time compares with its parallel time; adds up what runs measured, and measures nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from grader.model import CaseResult, RunRecord

PHASES = ("map", "shuffle", "reduce")


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Seconds of wall time that one way of running took over some datasets, and of `PHASES` within, in that order."""

    total: float
    phases: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Speed:
    """The serial runs, and the fastest parallel ones over the same datasets where there are any."""

    serial: Pace
    parallel: Pace | None = None

    @property
    def ratio(self) -> float | None:
        """How many times as fast the parallel runs were."""
        return self.serial.total / self.parallel.total if self.parallel and self.parallel.total > 0 else None


def speed(cases: Iterable[CaseResult]) -> Speed | None:
    """Serial against parallel over the datasets that ran both ways; the serial time alone if none did; else None."""
    runs = [(_fastest(case.runs, "serial"), _fastest(case.runs, "parallel")) for case in cases]
    both = [(serial, parallel) for serial, parallel in runs if serial and parallel]
    if both:
        serials, parallels = zip(*both, strict=True)
        return Speed(serial=_pace(serials), parallel=_pace(parallels))
    alone = [serial for serial, _ in runs if serial]
    return Speed(serial=_pace(alone)) if alone else None


def _fastest(runs: Iterable[RunRecord], engine: str) -> RunRecord | None:
    # A scrambled run is an adversary's: how long it took says nothing of the program.
    fair = [run for run in runs if run.engine == engine and run.order in ("stable", "arrival")]
    return min(fair, key=lambda run: run.wall, default=None)


def _pace(runs: Sequence[RunRecord]) -> Pace:
    phases = tuple(sum(run.phases.get(phase, 0.0) for run in runs) for phase in PHASES)
    return Pace(total=sum(run.wall for run in runs), phases=phases)
