"""How fast are others? `python benchmarks/engine/rivals` prints a table and a plot; needs the extra `bench` and Java.

Every side runs the same mapper and reducer from the same file, start-up included, all in turn in one run; medians of
several. Outputs must be the same bag of records (in lists within a record, order is not held to).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import geometric_mean, median
from time import perf_counter
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import data
from catalogue import JOBS

HERE = Path(__file__).resolve().parent
SIDES = {
    "pymapr": "",
    "Pool": "with_pool.py",
    "mrjob": "with_mrjob.py",
    "dask.bag": "with_dask.py",
    "PySpark": "with_spark.py",
}
MODULES = {"mrjob": "mrjob", "dask.bag": "dask", "PySpark": "pyspark"}


class Times(NamedTuple):
    """Seconds; CPU of all the processes of a side together."""

    wall: float
    cpu: float


def timed(side: str, job: Path, source: Path, output: Path, workers: int) -> Times:
    """One run of one side; what it prints is shown only where it fails."""
    files = [str(job), str(source)]
    command = ["-m", "pymapr", "run", *files, "--workers", str(workers), "--output", str(output), "--progress", "none"]
    if SIDES[side]:
        command = [str(HERE / SIDES[side]), *files, str(output), str(workers)]
    began, before = perf_counter(), _children_cpu()
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, env=os.environ, check=False)
    if done.returncode:
        raise SystemExit(f"{side} failed:\n{done.stderr[-2000:]}")
    return Times(perf_counter() - began, _children_cpu() - before)


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def bag(output: Path) -> list[str]:
    """The records, whatever their order."""
    return sorted(json.dumps(_settled(json.loads(line))) for line in output.read_text().splitlines())


def _settled(value: object) -> object:
    """A record in which the order of what lists within it hold says nothing."""
    if not isinstance(value, list):
        return value
    return [sorted(item, key=json.dumps) if isinstance(item, list) else item for item in value]


def measure(name: str, work: Path, args: argparse.Namespace) -> dict[str, Times]:
    """All sides on one job."""
    job, maker = JOBS[name]
    source, output = work / f"{name}.json", work / "output"
    data.write(maker, source, args.scale)
    times: dict[str, list[Times]] = {side: [] for side in args.sides}
    expected: list[str] | None = None
    for _ in range(args.runs):
        for side in args.sides:
            times[side].append(timed(side, job, source, output, args.workers))
            found = bag(output)
            if expected is not None and found != expected:
                raise SystemExit(f"{name}: the output of {side} differs from that of {args.sides[0]}")
            expected = found
    source.unlink()
    return {side: Times(*map(median, zip(*found, strict=True))) for side, found in times.items()}


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", nargs="*", default=list(JOBS), metavar="JOB", help=f"default: all of {', '.join(JOBS)}")
    parser.add_argument("--sides", nargs="*", default=list(SIDES), choices=list(SIDES))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="1: 20 to 40 MB a job")
    args = parser.parse_args()
    args.sides = list(dict.fromkeys(["pymapr", *args.sides]))
    if missing := [side for side in args.sides if side in MODULES and not importlib.util.find_spec(MODULES[side])]:
        sys.exit(f"benchmarks/engine/rivals needs {', '.join(missing)}: pip install -e '.[bench]', or choose --sides")
    print(f"{'job':24}" + "".join(f"{side:>22}" for side in args.sides) + "   seconds (wall, CPU over pymapr's)")
    rows = {}
    with tempfile.TemporaryDirectory(prefix="pymapr-bench-") as work:
        for name in args.jobs:
            rows[name] = found = measure(name, Path(work), args)
            cells = (_cell(times, found["pymapr"]) for times in found.values())
            print(f"{name:24}" + "".join(f"{cell:>22}" for cell in cells), flush=True)
    plot(rows, args.sides)


def _cell(times: Times, ours: Times) -> str:
    return f"{times.wall:.2f} ({times.wall / ours.wall:.2f}, {times.cpu / ours.cpu:.2f})"


def plot(rows: dict[str, dict[str, Times]], sides: list[str]) -> None:
    """A bar a side: how many times as long as pymapr it takes, in the geometric mean."""
    print()
    for side in sides:
        ratio = geometric_mean([found[side].wall / found["pymapr"].wall for found in rows.values()])
        print(f"{side:12}|{'#' * min(100, round(ratio * 2))} {ratio:.2f}x")


if __name__ == "__main__":
    main()
