"""How much memory does a run take? `python benchmarks/engine/memory.py` prints two tables.

`whole`: the eight jobs in memory, the peak of all processes together beside that of the serial original. `budget`: word
count with a combiner and join over far more data than `--memory` allows, beside a run that has all the memory it wants,
over less of the same data. Memory is PSS (a page that n processes share counts 1/n in each), summed and sampled.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import geometric_mean
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

import data
from catalogue import JOBS, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

_EVERY = 0.05
"""Seconds between two looks."""

_UNITS = {"MB": 2**20, "GB": 2**30}


class Usage(NamedTuple):
    """Of one command: seconds of wall and of CPU, the most bytes that it and its descendants held together, and what it
    printed, as a hash.
    """

    wall: float
    cpu: float
    peak: int
    digest: str


def watched(command: list[str], environment: dict[str, str] | None = None, kept: Path = Path(os.devnull)) -> Usage:
    """Run a command to its end, looking at its memory all the time; its output is kept if it is to be."""
    began, before, peak = perf_counter(), _children_cpu(), 0
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, env={**os.environ, **(environment or {})})
        while True:
            peak = max(peak, sum(map(_pss, _family(process.pid))))
            try:
                process.wait(_EVERY)
                break
            except subprocess.TimeoutExpired:
                continue
        wall, cpu = perf_counter() - began, _children_cpu() - before
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
        output.seek(0)
        digest = hashlib.file_digest(output, "blake2b").hexdigest()
        output.seek(0)
        if kept != Path(os.devnull):
            kept.write_bytes(output.read())
    return Usage(wall, cpu, peak, digest)


def _children_cpu() -> float:
    """CPU seconds of all descendants that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


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


def budget(names: list[str], work: Path, size: int, memory: int) -> None:
    """Far more data than memory; the output is checked against that of a run that has all the memory it wants."""
    heads = f"{'budget MB':>11}{'peak MB':>9}{'over MB':>9}{'wall s':>9}{'wall, each':>12}{'CPU, each':>11}"
    print(f"{'job':12}{'MB':>7}{heads}      (each: of a record, over that of the run in memory)")
    for name in names:
        job, maker = JOBS[name]
        text = job.read_text()
        mine = work / job.name
        mine.write_text(
            text.replace("\n\ndef reducer(", f"{_COMBINES}\n\ndef reducer(") if name == "wordcount" else text
        )
        small, large = work / "small.json", work / "large.json"
        few, many = _of_size(maker, small, 1), _of_size(maker, large, size)
        free = watched(_engine(mine, small, "--memory", "64GB"), kept=work / "small.out")
        tight = watched(_engine(mine, large, "--memory", f"{memory}B"))
        if tight.digest != _expected(name, (work / "small.out").read_bytes(), many // few):
            raise SystemExit(f"{name}: the output within the budget is wrong")
        wall, cpu = tight.wall / many / (free.wall / few), tight.cpu / many / (free.cpu / few)
        over = (tight.peak - memory) / 2**20
        sizes = f"{large.stat().st_size / 2**20:7.0f}{memory / 2**20:11.0f}{tight.peak / 2**20:9.0f}{over:9.0f}"
        print(f"{name:12}{sizes}{tight.wall:9.1f}{wall:12.2f}{cpu:11.2f}", flush=True)
        small.unlink()
        large.unlink()


_FIRST_FIELD = re.compile(rb'^(\["\w+", ")', re.MULTILINE)
"""Before the id in a record of the join; a record of texts has no such thing."""


def _of_size(maker: data.Maker, path: Path, size: int) -> int:
    """Write about so many bytes: copies of some 30 MB, each with other ids; returns the number of records."""
    data.write(maker, path, 1.0)
    base, records, copy = path.read_bytes(), 0, 0
    with path.open("wb") as file:
        while file.tell() < size:
            file.write(_FIRST_FIELD.sub(rb"\g<1>%d-" % copy, base))
            records, copy = records + base.count(b"\n"), copy + 1
    return records


def _expected(name: str, small: bytes, copies: int) -> str:
    """The hash of what copies of the data must give, made from what one of them gave."""
    found = hashlib.new("blake2b")
    if name == "wordcount":
        found.update(b"".join(b'["%s", %d]\n' % (word, n * copies) for word, n in _counts(small)))
    else:
        for copy in range(copies):
            found.update(_ID.sub(rb"\g<1>%d-" % copy, small))
    return found.hexdigest()


def _counts(output: bytes) -> Iterator[tuple[bytes, int]]:
    for line in output.splitlines():
        word, count = line[2:-1].split(b'", ')
        yield word, int(count)


_ID = re.compile(rb'("(?:order|line_item)", ")0-')


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
            jobs = [name for name in ("wordcount", "join") if name in args.jobs]
            budget(jobs, Path(work), args.size, args.memory)


if __name__ == "__main__":
    main()
