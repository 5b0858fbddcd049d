"""How fast is the engine? `python benchmarks/engine` prints a table and a plot.

Against the serial original (one process, `json`) and against the floor (see floor.py): all sides in one run, in turn,
medians of several, outputs checked equal. Ratios are what counts: machines differ, and are busy. In
brackets stands what CPU time says, which other programs disturb less. *Crowd* is how much longer the floor itself takes
when as many floors as workers run at once: what the cores of this machine take from one another, whatever they run.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import geometric_mean, median
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

import data
from catalogue import HERE, JOBS
from clock import Cost, middle, run
from sides import engine, original, require_equal

if TYPE_CHECKING:
    from collections.abc import Iterable


class Row(NamedTuple):
    """Medians in seconds; of the floor, CPU. crowded: of one floor, when one for each worker runs at once."""

    name: str
    megabytes: float
    original: Cost
    engine: Cost
    floor: float
    crowded: float

    def speedup(self) -> float:
        """How many times as fast as the original."""
        return self.original.wall / self.engine.wall

    def speedup_by_cpu(self, workers: int) -> float:
        """The same as it would be if nothing else ran, and all workers were always busy."""
        return self.original.cpu / (self.engine.cpu / workers)

    def over_floor(self, workers: int) -> float:
        """Wall time over the floor's CPU time shared among the workers."""
        return self.engine.wall / (self.floor / workers)

    def over_floor_by_cpu(self) -> float:
        """All CPU time over the floor's."""
        return self.engine.cpu / self.floor

    def crowd(self) -> float:
        """What busy neighbours cost the floor."""
        return self.crowded / self.floor


def measure(name: str, work: Path, args: argparse.Namespace) -> Row:
    """One job, all sides in turn, several times."""
    job, maker = JOBS[name]
    source, expected, got = work / f"{name}.json", work / "original.out", work / "engine.out"
    data.write(maker, source, args.scale)
    originals, engines, floors, crowded = [], [], [], []
    for _ in range(args.runs):
        originals.append(run([str(job), str(source)], expected, original(work)))
        engines.append(run([str(job), str(source)], got, engine(args.workers, args.order)))
        require_equal(name, expected, got, in_order=args.order == "stable")
        floors += _floors(job, source, work, 1)
        crowded += _floors(job, source, work, args.workers)
    size = source.stat().st_size / 1e6
    row = Row(name, size, middle(originals), middle(engines), median(floors), median(crowded))
    source.unlink()
    return row


def _floors(job: Path, source: Path, work: Path, count: int) -> list[float]:
    """So many floors at once; CPU seconds of each."""
    command = [sys.executable, str(HERE / "floor.py"), str(job), str(source)]
    outputs = [work / f"floor{number}.out" for number in range(count)]
    floors = [subprocess.Popen([*command, str(output)], stdout=subprocess.PIPE, text=True) for output in outputs]
    return [float(floor.communicate()[0]) for floor in floors]


def show(rows: list[Row], workers: int) -> None:
    """The table, and a bar a job. In brackets: by CPU time."""
    times, floor = f"{'original s':>16}{'engine s':>16}", f"{'floor s':>9}{'over floor':>14}{'crowd':>7}"
    print(f"{'job':24}{'MB':>6}{times}{'speed-up':>14}{floor}")
    for row in rows:
        times = f"{_pair(*row.original):>16}{_pair(*row.engine):>16}"
        ratio = _pair(row.speedup(), row.speedup_by_cpu(workers))
        above = _pair(row.over_floor(workers), row.over_floor_by_cpu())
        floor = f"{row.floor / workers:9.2f}{above:>14}{row.crowd():7.2f}"
        print(f"{row.name:24}{row.megabytes:6.1f}{times}{ratio:>14}{floor}")
    speedup = _mean(row.speedup() for row in rows), _mean(row.speedup_by_cpu(workers) for row in rows)
    above = _pair(_mean(row.over_floor(workers) for row in rows), _mean(row.over_floor_by_cpu() for row in rows))
    print(f"{'geometric mean':62}{_pair(*speedup):>14}{above:>23}{_mean(row.crowd() for row in rows):7.2f}\n")
    for row in rows:
        print(f"{row.name:24}|{'#' * round(row.speedup() * 10)} {row.speedup():.2f}x")


def _pair(by_wall: float, by_cpu: float) -> str:
    return f"{by_wall:.2f} ({by_cpu:.2f})"


def _mean(ratios: Iterable[float]) -> float:
    return geometric_mean(list(ratios))


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", nargs="*", default=list(JOBS), metavar="JOB", help=f"default: all of {', '.join(JOBS)}")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--order", default="stable")
    parser.add_argument("--scale", type=float, default=1.0, help="1: 20 to 40 MB a job")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pymapr-bench-") as work:
        rows = []
        for name in args.jobs:
            rows.append(measure(name, Path(work), args))
            print(f"{name} done", file=sys.stderr)
    show(rows, args.workers)


if __name__ == "__main__":
    main()
