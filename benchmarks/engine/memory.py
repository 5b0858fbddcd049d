"""How much memory does a run take? `python benchmarks/engine/memory.py` prints two tables.

`whole`: the eight jobs in memory, the peak of all processes together beside that of the serial original. `budget`: word
count with a combiner and join over far more data than `--memory` allows, beside a run that has all the memory it wants,
over a sixteenth of the data. Memory is PSS (a page that n processes share counts 1/n in each), summed and sampled.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import geometric_mean
from time import perf_counter
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

import data
from catalogue import JOBS, ROOT

_EVERY = 0.02
"""Seconds between two looks."""

_UNITS = {"MB": 2**20, "GB": 2**30}


class Usage(NamedTuple):
    """Of one command: seconds, the most bytes that it and its descendants held together, what it printed as a hash."""

    wall: float
    peak: int
    digest: str


def watched(command: list[str], environment: dict[str, str] | None = None) -> Usage:
    """Run a command to its end, looking at its memory all the time."""
    began, peak = perf_counter(), 0
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, env={**os.environ, **(environment or {})})
        while True:
            peak = max(peak, sum(map(_pss, _family(process.pid))))
            try:
                process.wait(_EVERY)
                break
            except subprocess.TimeoutExpired:
                continue
        wall = perf_counter() - began
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
        output.seek(0)
        digest = hashlib.file_digest(output, "blake2b").hexdigest()
    return Usage(wall, peak, digest)


def _family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for one in found:
        try:
            for task in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
        except OSError:
            continue  # it has just ended
    return found


def _pss(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:")), 0)


# ---- in memory -------------------------------------------------------------------------------------------------------


def whole(names: list[str], work: Path, scale: float) -> None:
    """Each job once by the serial original and once by the engine with two workers."""
    print(f"{'job':24}{'MB':>6}{'original MB':>13}{'engine MB':>11}{'ratio':>7}")
    ratios = []
    for name in names:
        job, maker = JOBS[name]
        source = work / f"{name}.json"
        data.write(maker, source, scale)
        original = watched([sys.executable, str(job), str(source)], _original(work))
        engine = watched(_engine(job, source))
        if original.digest != engine.digest:
            raise SystemExit(f"{name}: the engine's output differs from the original's")
        ratios.append(engine.peak / original.peak)
        sizes = f"{original.peak / 1e6:13.0f}{engine.peak / 1e6:11.0f}{ratios[-1]:7.2f}"
        print(f"{name:24}{source.stat().st_size / 1e6:6.1f}{sizes}", flush=True)
        source.unlink()
    print(f"{'geometric mean':24}{'':30}{geometric_mean(ratios):7.2f}\n")


def _original(work: Path) -> dict[str, str]:
    """The environment in which `import MapReduce` is the serial original."""
    folder = work / "original"
    folder.mkdir(exist_ok=True)
    (folder / "MapReduce.py").write_bytes((ROOT / "dropin/MapReduce_original.py").read_bytes())
    return {"PYTHONPATH": str(folder)}


def _engine(job: Path, source: Path, *options: str) -> list[str]:
    command = ["-m", "pymapr", "run", str(job), str(source), "--workers", "2", "--progress", "none"]
    return [sys.executable, *command, *options]


# ---- within a budget -------------------------------------------------------------------------------------------------

_COMBINES = "\n\ndef combiner(key, values):\n    mr.emit_intermediate(key, sum(values))\n"


def budget(work: Path, size: int, memory: int) -> None:
    """Far more data than memory; the output is checked against that of a run that has all the memory it wants."""
    heads = f"{'budget MB':>11}{'peak MB':>9}{'over MB':>9}{'us/record':>11}{'in memory':>11}{'ratio':>7}"
    print(f"{'job':12}{'MB':>7}{heads}")
    for name in ("wordcount", "join"):
        job, maker = JOBS[name]
        text = job.read_text()
        mine = work / job.name
        mine.write_text(
            text.replace("\n\ndef reducer(", f"{_COMBINES}\n\ndef reducer(") if name == "wordcount" else text
        )
        small, large = work / "small.json", work / "large.json"
        few, many = _of_size(maker, small, size // 16), _of_size(maker, large, size)
        free = watched(_engine(mine, small, "--memory", "64GB"))
        tight = watched(_engine(mine, large, "--memory", f"{memory}B"))
        each = [free.wall / few * 1e6, tight.wall / many * 1e6]
        over = (tight.peak - memory) / 1e6
        sizes = f"{large.stat().st_size / 1e6:7.0f}{memory / 1e6:11.0f}{tight.peak / 1e6:9.0f}{over:9.0f}"
        print(f"{name:12}{sizes}{each[1]:11.2f}{each[0]:11.2f}{each[1] / each[0]:7.2f}", flush=True)
        small.unlink()
        large.unlink()


def _of_size(maker: data.Maker, path: Path, size: int) -> int:
    """Write about so many bytes; returns the number of records."""
    data.write(maker, path, 0.02)
    scale = 0.02 * size / path.stat().st_size
    data.write(maker, path, scale)
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(2**20), b""))


def _size(text: str) -> int:
    return int(float(text[:-2]) * _UNITS[text[-2:].upper()])


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["whole", "budget"], help="default: both")
    parser.add_argument("--jobs", nargs="*", default=list(JOBS), metavar="JOB")
    parser.add_argument("--scale", type=float, default=1.0, help="of `whole`; 1: 20 to 40 MB a job")
    parser.add_argument("--size", type=_size, default="4GB", help="of the data of `budget` (default: 4GB)")
    parser.add_argument("--memory", type=_size, default="256MB", help="the budget (default: 256MB)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pymapr-bench-") as work:
        if args.what != "budget":
            whole(args.jobs, Path(work), args.scale)
        if args.what != "whole":
            budget(Path(work), args.size, args.memory)


if __name__ == "__main__":
    main()
