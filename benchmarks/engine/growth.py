"""How does the engine grow? `python benchmarks/engine/growth.py` prints three tables.

`size`: the time per record at once, four and sixteen times the data. `workers`: one to eight of them, whatever the
number of cores. `skew`: one key with half of all values, and one record a thousand times the others, beside as much
data without. Times are medians; CPU time says more than wall where the machine is shared.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from itertools import chain
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

import data
from catalogue import JOBS
from memory import watched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random


class Times(NamedTuple):
    """Medians in seconds, of all processes together for CPU; and the busiest worker's share over the mean."""

    wall: float
    cpu: float
    balance: float


def timed(job: Path, source: Path, runs: int, workers: int) -> Times:
    """Several runs of the engine."""
    account = source.with_suffix(".timings")
    command = ["-m", "pymapr", "run", str(job), str(source), "--progress", "none", "--timings", str(account)]
    found = []
    for _ in range(runs):
        usage = watched([sys.executable, *command, "--workers", str(workers)])
        found.append(Times(usage.wall, usage.cpu, json.loads(account.read_text())["balance"]))
    return Times(*map(median, zip(*found, strict=True)))


def by_size(work: Path, args: argparse.Namespace) -> None:
    """Time per record, over that at once the data."""
    print(
        f"{'job':24}{'size':>5}{'MB':>7}{'us/record':>11}{'wall':>7}{'CPU':>7}      (wall, CPU: of a record, over 1x)"
    )
    for name in args.jobs:
        job, maker = JOBS[name]
        first = None
        for size in (1, 4, 16):
            source = work / f"{name}.json"
            data.write(maker, source, args.scale * size)
            records, took = _count(source), timed(job, source, args.runs, args.workers)
            each = (took.wall / records, took.cpu / records)
            first = first or each
            ratios = f"{each[0] / first[0]:7.2f}{each[1] / first[1]:7.2f}"
            print(f"{name:24}{size:4}x{source.stat().st_size / 1e6:7.1f}{each[0] * 1e6:11.1f}{ratios}", flush=True)
            source.unlink()


def _count(source: Path) -> int:
    with source.open("rb") as file:
        return sum(1 for _ in file)


def by_workers(work: Path, args: argparse.Namespace) -> None:
    """Times over those with one worker per core asked for: two."""
    print(f"\n{'job':24}" + "".join(f"{number:>14}" for number in range(1, 9)) + "  workers: wall (CPU) over two")
    for name in args.jobs:
        job, maker = JOBS[name]
        source = work / f"{name}.json"
        data.write(maker, source, args.scale * 4)
        found = {number: timed(job, source, args.runs, number) for number in range(1, 9)}
        cells = (f"{t.wall / found[2].wall:.2f} ({t.cpu / found[2].cpu:.2f})" for t in found.values())
        print(f"{name:24}" + "".join(f"{cell:>14}" for cell in cells), flush=True)


def one_key(rng: Random, scale: float) -> Iterator[Any]:
    """[person, friend]: one person in every second record."""
    for number in range(int(800_000 * scale)):
        yield ["person-0" if number % 2 else f"person-{rng.randrange(60_000)}", f"person-{rng.randrange(60_000)}"]


def many_keys(rng: Random, scale: float) -> Iterator[Any]:
    """The same, everybody as often."""
    for _ in range(int(800_000 * scale)):
        yield [f"person-{rng.randrange(60_000)}", f"person-{rng.randrange(60_000)}"]


def one_record(rng: Random, scale: float) -> Iterator[Any]:
    """Texts, and in their middle one a thousand times as long."""
    texts = data.zipf_texts(rng, scale)
    first = [next(texts) for _ in range(int(20_000 * scale) // 2)]
    long = ["long.txt", " ".join(chain.from_iterable(text.split() for _, text in (first * 1000)[:1000]))]
    return chain(first, [long], texts)


SKEWS = {
    "one key, half of all values": ("friend_count", many_keys, one_key),
    "one record, a thousand times": ("wordcount", data.zipf_texts, one_record),
}


def by_skew(work: Path, args: argparse.Namespace) -> None:
    """Each per megabyte, over as much data without."""
    print(f"\n{'skew':32}{'job':>14}{'wall':>7}{'CPU':>7}{'balance':>9}      (wall, CPU: of a megabyte, over none)")
    for title, (name, plain, skewed) in SKEWS.items():
        found = []
        for maker in (plain, skewed):
            source = work / "skew.json"
            data.write(maker, source, args.scale * 4)
            found.append((source.stat().st_size, timed(JOBS[name][0], source, args.runs, args.workers)))
        (size, without), (skewed_size, took) = found
        wall, cpu = took.wall / without.wall * size / skewed_size, took.cpu / without.cpu * size / skewed_size
        print(f"{title:32}{name:>14}{wall:7.2f}{cpu:7.2f}{took.balance:9.2f}", flush=True)


PARTS = {"size": by_size, "workers": by_workers, "skew": by_skew}


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=list(PARTS), metavar="PART", help="default: size workers skew")
    parser.add_argument("--jobs", nargs="*", default=["wordcount", "join", "friend_count"], metavar="JOB")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scale", type=float, default=0.25, help="of once the data; 1: 20 to 40 MB a job")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pymapr-bench-") as work:
        for part in args.parts:
            PARTS[part](Path(work), args)


if __name__ == "__main__":
    main()
