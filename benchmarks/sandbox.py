"""What does keeping student code apart cost? A sandboxed run beside the same without layers, and beside a bare script.

`python benchmarks/sandbox.py` runs the course's word count on a small and on a class-size dataset, taking turns, and
prints medians and ratios. `python benchmarks/sandbox.py --many 10000` makes so many runs in a row, and says whether
memory, descriptors, threads, processes or temporary files grow; then it exits with 1.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from grader.sandbox import levels
from grader.sandbox.layers import Wanted
from grader.sandbox.runner import Program, Sandbox
from grader.sandbox.stage import Stage
from grader.sandbox.zygote import descendants
from pymapr.model import Order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[1]
SOLUTION = ROOT / "assignments" / "wordcount" / "solution" / "wordcount.py"
SIZES = {"10 documents": 10, "1,000 documents": 1000}
GOALS = {"without layers": 1.5, "bare script": 0.5}
NO_LAYERS = Wanted(landlock=0, seccomp=False)


def main() -> int:
    """Compare, or run many."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40, help="runs of each kind (default: 40)")
    parser.add_argument("--many", type=int, metavar="N", help="make N runs in a row and look for growth")
    options = parser.parse_args()
    print(f"isolation level {levels.current().number}, Python {sys.version.split()[0]}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as home:
        if options.many:
            return run_many(Path(home), options.many)
        for name, size in SIZES.items():
            compare(Path(home), name, size, options.rounds)
    return 0


# ---- what it costs ---------------------------------------------------------------------------------------------------


def compare(home: Path, name: str, size: int, rounds: int) -> None:
    """Print medians of all kinds of run on a dataset of `size` documents, and what they are to one another."""
    data = documents(home, size)
    with ExitStack() as opened:
        kinds = kinds_of_run(home, data, opened)
        times = taking_turns(kinds, rounds)
    found = {kind: median(each) for kind, each in times.items()}
    print(f"\n{name} ({data.stat().st_size / 1024:.0f} kB), median of {rounds} in ms")
    for kind, seconds in found.items():
        print(f"  {kind:32} {seconds * 1000:8.1f}")
    for other, goal in GOALS.items():
        ratio = median(one / two for one, two in zip(times["sandboxed"], times[other], strict=True))
        print(f"  sandboxed / {other:20} {ratio:8.2f}   goal: at most {goal} ({'met' if ratio <= goal else 'MISSED'})")


def kinds_of_run(home: Path, data: Path, opened: ExitStack) -> dict[str, Callable[[], None]]:
    """All that is compared, ready to go."""
    full = opened.enter_context(Sandbox())
    bare = opened.enter_context(Sandbox(wanted=NO_LAYERS))
    script = original(home)
    return {
        "sandboxed": opened.enter_context(Serial(full, data)),
        "without layers": opened.enter_context(Serial(bare, data)),
        "bare script": lambda: bare_script(script, data),
        "sandboxed, 2 + 2 workers": opened.enter_context(Parallel(full, data)),
    }


class Serial:
    """Serial runs in a sandbox; checks that each succeeds."""

    def __init__(self, sandbox: Sandbox, data: Path) -> None:
        self.sandbox = sandbox
        self.stage = Stage(sandbox.stock, [(SOLUTION.name, SOLUTION)], data, [data.name])
        self.program = Program(stage=self.stage, file=SOLUTION.name, data=data.name, hide=[data.name], source=data)

    def __enter__(self) -> Callable[[], None]:
        return self.run

    def __exit__(self, *_: object) -> None:
        self.stage.__exit__()

    def run(self) -> None:
        """One run."""
        outcome = self.sandbox.serial(self.program)
        assert outcome.failure is None, outcome.failure


class Parallel(Serial):
    """Isolated runs with two workers in each phase."""

    def run(self) -> None:
        """One run."""
        outcome = self.sandbox.parallel(self.program, workers=2, order=Order())
        assert outcome.failure is None, outcome.failure


def bare_script(script: Path, data: Path) -> None:
    """`python wordcount.py data.json` with the original framework, as students ran it for ten years."""
    subprocess.run([sys.executable, script, data], check=True, stdout=subprocess.DEVNULL)


def original(home: Path) -> Path:
    """The word count beside the original framework under its own name."""
    folder = home / "original"
    folder.mkdir(exist_ok=True)
    shutil.copy(ROOT / "dropin" / "MapReduce_original.py", folder / "MapReduce.py")
    return Path(shutil.copy(SOLUTION, folder))


def taking_turns(kinds: dict[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each kind, round by round, so that what else the machine does meets all alike."""
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    for number in range(rounds + 3):
        for kind, run in kinds.items():
            began = perf_counter()
            run()
            if number >= 3:  # the first ones start zygotes and fill caches
                times[kind].append(perf_counter() - began)
    return times


def documents(home: Path, size: int) -> Path:
    """A dataset of so many documents of 100 words, a few of them common and most of them rare."""
    rng = random.Random(size)
    path = home / f"documents-{size}.json"
    with path.open("w") as file:
        for number in range(size):
            words = " ".join(f"w{int(20_000 ** rng.random())}" for _ in range(100))
            file.write(json.dumps([f"document {number}", words]) + "\n")
    return path


# ---- what it leaves --------------------------------------------------------------------------------------------------


def run_many(home: Path, count: int) -> int:
    """Make `count` runs, serial and now and then parallel; 1 if anything has grown."""
    data = documents(home, 10)
    tempfile.tempdir = str(home)
    with Sandbox() as sandbox, Serial(sandbox, data) as alone, Parallel(sandbox, data) as together:
        for _ in range(min(200, count)):
            alone()
            together()
        before = state(home)
        began = perf_counter()
        for number in range(count):
            (together if number % 10 == 0 else alone)()
        seconds = perf_counter() - began
        after = state(home)
    print(f"{count} runs in {seconds:.0f} s, {seconds / count * 1000:.1f} ms each")
    grown = [name for name in before if after[name] > before[name] + ALLOWED.get(name, 0)]
    for name in before:
        print(f"  {name:28} {before[name]:10} -> {after[name]:10}{'   GROWN' if name in grown else ''}")
    return int(bool(grown))


ALLOWED = {"memory, kB": 2048, "memory of zygotes, kB": 2048}
"""What may come and go with the allocator's moods, however many runs there are."""


def state(home: Path) -> dict[str, int]:
    """All that must not grow."""
    zygotes = list(descendants(os.getpid()))
    return {
        "memory, kB": resident(os.getpid()),
        "memory of zygotes, kB": sum(map(resident, zygotes)),
        "descriptors": len(list(Path("/dev/fd").iterdir())),
        "descriptors of zygotes": sum(count_descriptors(pid) for pid in zygotes),
        "threads": threading.active_count(),
        "processes": len(zygotes),
        "temporary files": sum(1 for _ in all_below(home)),
    }


def resident(pid: int) -> int:
    """Kilobytes of memory that a process has in use; 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0])
    except (OSError, IndexError):
        return 0


def count_descriptors(pid: int) -> int:
    """How many a process has open; 0 where one may not know, as of zygotes unless one is root."""
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return 0


def all_below(folder: Path) -> Iterator[Path]:
    """Every file and folder."""
    return folder.rglob("*")


if __name__ == "__main__":
    sys.exit(main())
