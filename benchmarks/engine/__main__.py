"""How fast is the engine? `python benchmarks/engine` prints a table and a plot.

Against the serial original (one process, `json`) and against the floor (see floor.py): all sides in one run, in turn,
medians of several, outputs checked equal. Ratios are what counts: machines differ, and are busy.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import geometric_mean, median
from time import perf_counter
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

import data
from catalogue import HERE, JOBS, ROOT


class Row(NamedTuple):
    """Medians in seconds: wall of the original and of the engine, CPU of the floor."""

    name: str
    megabytes: float
    original: float
    engine: float
    floor: float

    @property
    def speedup(self) -> float:
        """How many times as fast as the original."""
        return self.original / self.engine

    def over_floor(self, workers: int) -> float:
        """Wall time over the floor's CPU time shared among the workers."""
        return self.engine / (self.floor / workers)


def measure(name: str, work: Path, args: argparse.Namespace) -> Row:
    """One job, all sides in turn, several times."""
    job, maker = JOBS[name]
    source = work / f"{name}.json"
    data.write(maker, source, args.scale)
    original = work / "original"
    original.mkdir(exist_ok=True)
    shutil.copyfile(ROOT / "dropin/MapReduce_original.py", original / "MapReduce.py")
    walls: dict[str, list[float]] = {"original": [], "engine": []}
    floors = []
    for _ in range(args.runs):
        expected = work / "original.out"
        walls["original"].append(_run([str(job), str(source)], expected, {"PYTHONPATH": str(original)}))
        got = work / "engine.out"
        settings = {"PYMAPR_WORKERS": str(args.workers), "PYMAPR_ORDER": args.order, "PYMAPR_PROGRESS": "none"}
        walls["engine"].append(_run([str(job), str(source)], got, settings))
        _require_equal(name, expected, got, in_order=args.order == "stable")
        floors.append(_floor(job, source, work / "floor.out"))
    row = Row(name, source.stat().st_size / 1e6, median(walls["original"]), median(walls["engine"]), median(floors))
    source.unlink()
    return row


def _run(command: list[str], output: Path, environment: dict[str, str]) -> float:
    with output.open("wb") as file:
        began = perf_counter()
        subprocess.run([sys.executable, *command], stdout=file, check=True, env={**os.environ, **environment})
        return perf_counter() - began


def _floor(job: Path, source: Path, output: Path) -> float:
    command = [sys.executable, str(HERE / "floor.py"), str(job), str(source), str(output)]
    return float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def _require_equal(name: str, expected: Path, got: Path, *, in_order: bool) -> None:
    one, other = expected.read_bytes(), got.read_bytes()
    if one != other and (in_order or sorted(one.splitlines()) != sorted(other.splitlines())):
        raise SystemExit(f"{name}: the engine's output differs from the original's")


def show(rows: list[Row], workers: int) -> None:
    """The table, and a bar a job."""
    print(f"{'job':24}{'MB':>6}{'original s':>12}{'engine s':>10}{'speed-up':>10}{'floor s':>9}{'over floor':>12}")
    for row in rows:
        times = f"{row.original:12.2f}{row.engine:10.2f}{row.speedup:10.2f}{row.floor / workers:9.2f}"
        print(f"{row.name:24}{row.megabytes:6.1f}{times}{row.over_floor(workers):12.2f}")
    speedup = geometric_mean([row.speedup for row in rows])
    above = geometric_mean([row.over_floor(workers) for row in rows])
    print(f"{'geometric mean':24}{'':28}{speedup:10.2f}{'':9}{above:12.2f}\n")
    for row in rows:
        print(f"{row.name:24}|{'#' * round(row.speedup * 10)} {row.speedup:.2f}x")


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
