"""Adds up what the workers report: seconds per phase, spans, counts. The parts stay consistent with the whole."""

from __future__ import annotations

from typing import Any

from pymapr.errors import ProtocolError
from pymapr.model import Engine, Options, RunTimings, Span, WorkerReport
from pymapr.timings import PHASES, Stopwatch, covered

MASTER = -1


class _Sum:
    """One worker's sums."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = {}
        self.cpu: dict[str, float] = {}
        self.records = self.pairs = self.keys = self.peak = 0


class Account:
    """Of one run; `began` is the reading of perf_counter when it began."""

    def __init__(self, began: float) -> None:
        self._began = began
        self._sums: dict[int, _Sum] = {}
        self._spans: list[Span] = []
        self.blank = self.records = self.pairs = self.keys = self.shuffled = self.spilled = 0

    def started(self, worker: int, launched: float, ready: float) -> None:
        """A worker took from `launched` to `ready` until it could take tasks."""
        self._add(worker, "startup", launched, ready)

    def add(self, worker: int, stats: dict[str, Any], *, records: int = 0, pairs: int = 0, keys: int = 0) -> None:
        """One task's figures, as a worker claims them; raises ProtocolError for what are no figures."""
        try:
            mine = self._sums.setdefault(worker, _Sum())
            for phase in PHASES:
                mine.wall[phase] = mine.wall.get(phase, 0.0) + float(stats["wall"].get(phase, 0.0))
                mine.cpu[phase] = mine.cpu.get(phase, 0.0) + float(stats["cpu"].get(phase, 0.0))
            mine.peak = max(mine.peak, int(stats["peak"]))
            for phase, start, end in stats["spans"]:
                self._spans.append(self._span(worker, str(phase), float(start), float(end)))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ProtocolError("a worker's figures are no figures") from None
        mine.records, mine.pairs, mine.keys = mine.records + records, mine.pairs + pairs, mine.keys + keys

    def master(self, watch: Stopwatch) -> None:
        """What the master did itself."""
        for phase, start, end in watch.spans:
            self._add(MASTER, phase, start, end)
        for phase, seconds in watch.cpu.items():
            mine = self._sums[MASTER]
            mine.cpu[phase] = mine.cpu.get(phase, 0.0) + seconds

    def _add(self, worker: int, phase: str, start: float, end: float) -> None:
        mine = self._sums.setdefault(worker, _Sum())
        mine.wall[phase] = mine.wall.get(phase, 0.0) + end - start
        self._spans.append(self._span(worker, phase, start, end))

    def _span(self, worker: int, phase: str, start: float, end: float) -> Span:
        return Span(worker=worker, phase=phase, start=max(0.0, start - self._began), end=max(0.0, end - self._began))

    def close(self, engine: Engine, options: Options, ended: float, cpu: float) -> RunTimings:
        """The account of the whole run, which took until `ended` and used `cpu` seconds in the master."""
        wall = ended - self._began
        spans = [span for span in self._spans if span.start <= wall]
        phases = {
            phase: min(wall, covered((span.start, span.end) for span in spans if span.phase == phase)) for phase in PHASES
        }
        cpu_phases = {phase: sum(mine.cpu.get(phase, 0.0) for mine in self._sums.values()) for phase in PHASES}
        workers = {number: mine for number, mine in sorted(self._sums.items()) if number != MASTER}
        busy = [sum(mine.wall.get(phase, 0.0) for phase in PHASES if phase != "startup") for mine in workers.values()]
        return RunTimings(
            engine=engine,
            workers=options.workers if engine == "parallel" else 1,
            order=str(options.order),
            wall=wall,
            cpu=cpu + sum(sum(mine.cpu.values()) for mine in workers.values()),
            phases=phases,
            cpu_phases=cpu_phases,
            spans=tuple(spans),
            per_worker=tuple(_report(number, mine) for number, mine in workers.items()),
            records=self.records,
            pairs=self.pairs,
            keys=self.keys,
            bytes_shuffled=self.shuffled,
            bytes_spilled=self.spilled,
            peak_memory=sum(mine.peak for mine in workers.values()),
            balance=max(busy) * len(busy) / sum(busy) if busy and sum(busy) else 1.0,
        )


def _report(number: int, mine: _Sum) -> WorkerReport:
    return WorkerReport(
        worker=number,
        wall=mine.wall,
        cpu=mine.cpu,
        records=mine.records,
        pairs=mine.pairs,
        keys=mine.keys,
        peak_memory=mine.peak,
    )
