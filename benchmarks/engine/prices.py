"""What do the serial order and the account of time cost? `python benchmarks/engine/prices.py` prints a table.

`stable` beside `arrival`, in turn; and one phase, timed a hundred thousand times.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import geometric_mean
from time import process_time

sys.path.insert(0, str(Path(__file__).parent))

import data
from catalogue import JOBS
from clock import Cost, middle, run
from sides import engine, require_equal

from pymapr.timings import Stopwatch

_PHASES = 100_000


def measure(name: str, work: Path, args: argparse.Namespace) -> dict[str, Cost]:
    """Medians of one job in both orders."""
    job, maker = JOBS[name]
    source = work / "data.json"
    data.write(maker, source, args.scale)
    costs: dict[str, list[Cost]] = {"stable": [], "arrival": []}
    for _ in range(args.runs):
        for order, found in costs.items():
            found.append(run([str(job), str(source)], work / order, engine(args.workers, order)))
        require_equal(name, work / "stable", work / "arrival", in_order=False)
    return {order: middle(found) for order, found in costs.items()}


def phase() -> float:
    """CPU seconds to time one phase."""
    watch, began = Stopwatch(), process_time()
    for _ in range(_PHASES):
        with watch.phase("map"):
            pass
    return (process_time() - began) / _PHASES


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", nargs="*", default=list(JOBS), metavar="JOB", help=f"default: all of {', '.join(JOBS)}")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="1: 20 to 40 MB a job")
    args = parser.parse_args()
    ratios = []
    print(f"{'job':24}{'arrival s':>16}{'stable s':>16}{'price':>14}")
    for name in args.jobs:
        with tempfile.TemporaryDirectory(prefix="pymapr-bench-") as work:
            found = measure(name, Path(work), args)
        fast, ordered = found["arrival"], found["stable"]
        ratios.append((ordered.wall / fast.wall, ordered.cpu / fast.cpu))
        print(f"{name:24}{_pair(*fast):>16}{_pair(*ordered):>16}{_pair(*ratios[-1]):>14}", flush=True)
    means = [geometric_mean(column) for column in zip(*ratios, strict=True)]
    print(f"{'geometric mean':56}{_pair(*means):>14}\n\none phase: {phase() * 1e6:.1f} us of CPU")


def _pair(by_wall: float, by_cpu: float) -> str:
    return f"{by_wall:.2f} ({by_cpu:.2f})"


if __name__ == "__main__":
    main()
