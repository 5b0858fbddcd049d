"""How long does a comparison take, beside decoding the same lines with `json.loads`, and how much memory?

`python benchmarks/compare.py [--records N] [--shape ints|floats|...] [--shuffle] [--wrong 0.1]` writes two JSON lines
files, one in ten records wrong, compares and decodes both, and prints CPU seconds, their ratio and the peak of resident
memory; then the same for deepdiff's own order-ignoring comparison of a few records, which takes quadratic time.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.compare import compare
from grader.model import CompareRules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHAPES: dict[str, Callable[[int, int], object]] = {
    "ints": lambda number, count: [f"word{number}", count],
    "floats": lambda number, count: [f"word{number}", count / 7],
    "numbers": lambda number, count: number / 7 + count,
    "objects": lambda number, count: {"name": f"word{number}", "count": count},
    "rows": lambda number, count: ["order", number, "1996-01-02", count, "line_item", number, 17, 0.04, "TRUCK"],
}


class Lines:
    """The lines of a file, as often as one asks."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            for line in file:
                yield line.rstrip(b"\n")


def write(path: Path, records: int, shape: str, wrong: float, *, shuffle: bool) -> None:
    """Write records, a share of them with a wrong count."""
    chance = random.Random(records)  # a benchmark keeps no secrets
    lines = [
        json.dumps(SHAPES[shape](number, number % 97 + (chance.random() < wrong))) + "\n" for number in range(records)
    ]
    if shuffle:
        chance.shuffle(lines)
    path.write_text("".join(lines))


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def timed(job: Any) -> tuple[float, Any]:
    """Return the CPU seconds that a job takes, and its result."""
    start = time.process_time()
    result = job()
    return time.process_time() - start, result


def decode_all(*sides: Lines) -> None:
    """Decode every line, keeping none: what any comparison has to beat."""
    for side in sides:
        for line in side:
            json.loads(line)


def measure(expected: Path, got: Path) -> None:
    """Print the ratio of the two times, run in turn in this process, and what memory the comparison took."""
    sides = Lines(expected), Lines(got)
    before = peak_memory()
    comparing, difference = timed(lambda: compare(*sides, CompareRules()))
    grown = peak_memory() - before
    decoding, _ = timed(lambda: decode_all(*sides))
    say(f"decoding {decoding:.2f} s, comparing {comparing:.2f} s: ratio {comparing / decoding:.2f}")
    say(f"peak memory {grown / 2**20:,.0f} MiB above the {before / 2**20:,.0f} MiB before")
    say(f"{difference.missing:,} missing, {difference.unexpected:,} unexpected; the first:")
    for example in difference.examples:
        say(f"  {example}")


def peak_memory() -> int:
    """Bytes of resident memory at the most, so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def measure_deepdiff(records: int) -> None:
    """Print how long deepdiff takes to compare so many records in any order, one in ten wrong, and how long we take."""
    from deepdiff import DeepDiff

    numbers = range(records)
    expected = [[f"word{number}", number % 97] for number in numbers]
    got = [[f"word{number}", number % 97 + (number % 10 == 0)] for number in numbers]
    theirs, _ = timed(lambda: DeepDiff(expected, got, ignore_order=True))
    lines, other_lines = ([json.dumps(record).encode() for record in side] for side in (expected, got))
    ours, _ = timed(lambda: compare(lines, other_lines, CompareRules()))
    say(f"{records:,} records: deepdiff {theirs:.2f} s, grader.compare {ours:.3f} s")


def main() -> None:
    """Write the files in a process of their own, to leave no trace in this one's memory; then measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--shape", choices=SHAPES, default="ints")
    parser.add_argument("--wrong", type=float, default=0.1, help="share of wrong records")
    parser.add_argument("--shuffle", action="store_true", help="put what was got in another order")
    parser.add_argument("--deepdiff", type=int, default=500, metavar="RECORDS", help="0 for none")
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        write(options.write / "expected", options.records, options.shape, 0, shuffle=False)
        write(options.write / "got", options.records, options.shape, options.wrong, shuffle=options.shuffle)
        return
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, __file__, *sys.argv[1:], "--write", folder], check=True)
        measure(Path(folder) / "expected", Path(folder) / "got")
    if options.deepdiff:
        measure_deepdiff(options.deepdiff)


if __name__ == "__main__":
    main()
