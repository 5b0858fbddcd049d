"""Adds up what the workers report: seconds per phase, spans, counts. The parts stay consistent with the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymapr.errors import ProtocolError
from pymapr.model import Engine, Options, RunTimings, Span, WorkerReport
from pymapr.parallel.memory import peak
from pymapr.timings import PHASES, Stopwatch, covered

if TYPE_CHECKING:
    from collections.abc import Mapping

MASTER = -1


def figures(watch: Stopwatch) -> dict[str, Any]:
    """What a worker reports of its time (seconds, by phase) and memory (bytes), as JSON can say it."""
    return {
        "wall": watch.wall,
        "cpu": watch.cpu,
        "spans": [[*span] for span in watch.spans() if span[2] > span[1]],
        "peak": peak(),
    }


def blank_lines(count: int) -> tuple[str, ...]:
    """The remark on blank lines, if there were any."""
    return (f"{count} blank line(s) in the data were skipped",) if count else ()


class _Sum:
    """One worker's sums."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = {}
        self.cpu: dict[str, float] = {}
        self.records = self.pairs = self.keys = self.peak = 0

    def add(self, wall: Mapping[str, float], cpu: Mapping[str, float]) -> None:
        for phase in PHASES:
            self.wall[phase] = self.wall.get(phase, 0.0) + wall.get(phase, 0.0)
            self.cpu[phase] = self.cpu.get(phase, 0.0) + cpu.get(phase, 0.0)

    @property
    def busy(self) -> float:
        """Seconds of work, loading the job not counted."""
        return sum(seconds for phase, seconds in self.wall.items() if phase != "startup")

    def report(self, worker: int) -> WorkerReport:
        return WorkerReport(worker, self.wall, self.cpu, self.records, self.pairs, self.keys, self.peak)


class Account:
    """Of one run; `began` is the reading of perf_counter when it began."""

    def __init__(self, began: float) -> None:
        self._began = began
        self._sums: dict[int, _Sum] = {}
        self._spans: list[Span] = []
        self.blank = self.records = self.pairs = self.keys = self.shuffled = self.spilled = 0

    def started(self, worker: int, launched: float, ready: float) -> None:
        """A worker took from `launched` to `ready` until it could take tasks."""
        self._sum(worker).add({"startup": ready - launched}, {})
        self._span(worker, "startup", launched, ready)

    def add(self, worker: int, stats: dict[str, Any], *, records: int = 0, pairs: int = 0, keys: int = 0) -> None:
        """One task's figures, as a worker claims them; raises ProtocolError for what are no figures."""
        mine = self._sum(worker)
        try:
            mine.add(_seconds(stats["wall"]), _seconds(stats["cpu"]))
            mine.peak = max(mine.peak, int(stats["peak"]))
            for phase, start, end in stats["spans"]:
                self._span(worker, str(phase), _sane(start), _sane(end))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise ProtocolError("a worker's figures are no figures") from None
        mine.records, mine.pairs, mine.keys = mine.records + records, mine.pairs + pairs, mine.keys + keys

    def master(self, watch: Stopwatch) -> None:
        """What the master did itself."""
        self._sum(MASTER).add(watch.wall, watch.cpu)
        for span in watch.spans():
            self._span(MASTER, *span)

    def _sum(self, worker: int) -> _Sum:
        return self._sums.setdefault(worker, _Sum())

    def _span(self, worker: int, phase: str, start: float, end: float) -> None:
        start = max(0.0, start - self._began)
        self._spans.append(Span(worker, phase, start, max(start, end - self._began)))

    def close(self, engine: Engine, options: Options, ended: float, cpu: float) -> RunTimings:
        """The account of the whole run, which took until `ended` and used `cpu` seconds in the master."""
        wall = ended - self._began
        spans = tuple(span._replace(end=min(span.end, wall)) for span in self._spans if span.start <= wall)
        workers = {number: mine for number, mine in sorted(self._sums.items()) if number != MASTER}
        busy = [mine.busy for mine in workers.values()]
        return RunTimings(
            engine=engine,
            workers=options.workers if engine == "parallel" else 1,
            order=str(options.order),
            wall=wall,
            cpu=cpu + sum(sum(mine.cpu.values()) for mine in workers.values()),
            phases={phase: covered((s.start, s.end) for s in spans if s.phase == phase) for phase in PHASES},
            cpu_phases={phase: sum(m.cpu.get(phase, 0.0) for m in self._sums.values()) for phase in PHASES},
            spans=spans,
            per_worker=tuple(mine.report(number) for number, mine in workers.items()),
            records=self.records,
            pairs=self.pairs,
            keys=self.keys,
            bytes_shuffled=self.shuffled,
            bytes_spilled=self.spilled,
            peak_memory=sum(mine.peak for mine in workers.values()),
            balance=max(busy) * len(busy) / sum(busy) if sum(busy) else 1.0,
        )


def _seconds(claimed: Any) -> dict[str, float]:
    return {phase: _sane(claimed.get(phase, 0.0)) for phase in PHASES}


def _sane(claimed: Any) -> float:
    """A number of seconds; raises ValueError for infinite ones and the like."""
    number = float(claimed)
    if not 0 <= number < 1e12:
        raise ValueError("no number of seconds")
    return number
