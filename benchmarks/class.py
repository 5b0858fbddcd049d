"""How fast is a whole class graded, and does the grader grow? `python benchmarks/class.py` prints, on the visible data:

    serial    judgements of one serial run, beside a shell loop of `python FILE DATA` with the original framework, no
              sandbox, as many at once
    full      judgements with every check (serial, isolated, permuted, scrambled), of right submissions: a second
    memory    a made class (fixtures/classroom) of 100, 500 and 1,000 students times seven assignments in one go each:
              the grader's memory a quarter, half and all the way, descriptors, what is left behind, wrong verdicts

Choose with `--parts`, and the sizes with `--students`. Exits with 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import csv
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "fixtures" / "classroom")]

import make

from grader import batch
from grader.model import Checks, Spec, Verdict
from grader.sandbox import levels
from grader.submission import of_class
from pymapr.cores import usable_cores

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grader.model import CaseResult, SubmissionResult

LEAST_RATIO, LEAST_RATE, MOST_GROWTH = 3.0, 15.0, 8.0
"""Times as fast; a second; KiB a judgement, which is what its own result holds: runs, phases, spans."""

LIMITS = (Verdict.TIME_LIMIT, Verdict.MEMORY_LIMIT, Verdict.OUTPUT_LIMIT)
ALONE = Checks(isolation="off", order="off", determinism="off")


def main() -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", default=["serial", "full", "memory"], choices=list(PARTS))
    parser.add_argument("--each", type=int, default=30, help="right submissions of each assignment (default: 30)")
    parser.add_argument("--students", type=int, nargs="+", default=[100, 500, 1000], help="sizes of the class")
    parser.add_argument("-n", type=int, default=usable_cores(), dest="at_once", help="judgements at once")
    options = parser.parse_args()
    print(f"level {levels.current().number}, Python {sys.version.split()[0]}, {options.at_once} at once")
    with tempfile.TemporaryDirectory() as home:
        met = [PARTS[part](Path(home) / part, options) for part in options.parts]
    return 0 if all(met) else 1


def goal(text: str, *, met: bool) -> bool:
    """Print a line with what became of its goal."""
    print(f"  {text} ({'met' if met else 'MISSED'})")
    return met


# ---- right submissions -----------------------------------------------------------------------------------------------


def right(home: Path, each: int) -> list[Spec]:
    """So many right submissions of every assignment, and the assignments with their visible dataset alone."""
    for spec in make.assignments():
        texts = [piece.text for piece in make.spoilt(spec) if piece.verdict is Verdict.ACCEPTED]
        for number in range(each):
            folder = home / f"student-{number:04}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / spec.module).write_text(f"{texts[number % len(texts)]}# {number}\n")
    return visible()


def visible() -> list[Spec]:
    """The assignments with what students see of their data."""
    return [replace(spec, datasets=spec.datasets[:1]) for spec in make.assignments()]


def serial(home: Path, options: argparse.Namespace) -> bool:
    """Serial judgements beside the loop that people write."""
    specs = [replace(spec, checks=ALONE) for spec in right(home, options.each)]
    ours, cpu, results = timed(home, specs, options.at_once)
    assert all(result.verdict is Verdict.ACCEPTED for result in results), "they are right"
    loop = shell_loop(home, specs, options.at_once)
    each = 1000 * cpu / len(results)
    print(f"serial judgements: {len(results) / ours:.1f} a second, {each:.0f} ms of CPU each", end="; ")
    print(f"shell loop: {len(results) / loop:.1f} a second")
    return goal(f"{loop / ours:.2f} times as fast; goal: {LEAST_RATIO:g}", met=loop / ours >= LEAST_RATIO)


def shell_loop(home: Path, specs: list[Spec], at_once: int) -> float:
    """Seconds for all of them, each `python FILE DATA > OUT`, with the original framework beside the file."""
    lines = []
    for spec in specs:
        data = (spec.folder / str(spec.datasets[0].file)).resolve()
        for file in sorted(home.glob(f"*/{spec.module}")):
            shutil.copy(ROOT / "dropin" / "MapReduce_original.py", file.with_name("MapReduce.py"))
            lines.append(f"{file} {data} {file}.out")
    script = f'{sys.executable} "$0" "$1" > "$2"'
    began = perf_counter()
    command = ["xargs", "-P", str(at_once), "-n", "3", "sh", "-c", script]
    subprocess.run(command, input="\n".join(lines), text=True, check=True)
    return perf_counter() - began


def full(home: Path, options: argparse.Namespace) -> bool:
    """Judgements with all checks."""
    specs = right(home, options.each)
    seconds, cpu, results = timed(home, specs, options.at_once)
    assert all(result.verdict is Verdict.ACCEPTED for result in results), "they are right"
    rate = len(results) / seconds
    print(f"full judgements: {len(results)} in {seconds:.1f} s, {1000 * cpu / len(results):.0f} ms of CPU each")
    return goal(f"{rate:.1f} a second; goal: {LEAST_RATE:g}", met=rate >= LEAST_RATE)


def timed(home: Path, specs: list[Spec], at_once: int) -> tuple[float, float, list[SubmissionResult]]:
    """Seconds for all of it, zygotes' start and end among them: of wall time, and of CPU over all processes."""
    began, cpu = perf_counter(), used()
    results = batch.grade(specs, of_class(home, specs), at_once=at_once, cache=None)
    return perf_counter() - began, used() - cpu, results


def used() -> float:
    """CPU seconds of this process and of all below it that have ended."""
    kinds = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, kinds))


# ---- a whole class ---------------------------------------------------------------------------------------------------


def memory(home: Path, options: argparse.Namespace) -> bool:
    """Classes of several sizes, each graded by a process of its own."""
    home.mkdir()
    print("class      judgements   seconds   a second   MiB at 1/4, 1/2, end   descriptors   left   wrong verdicts")
    found = [size_of(home / str(students), students, options.at_once) for students in options.students]
    shown = ", ".join(f"{grown:.1f}" for grown in found)
    text = f"grew by {shown} KiB a judgement from the quarter on; goal: {MOST_GROWTH:g}, its result"
    return goal(text, met=max(found) <= MOST_GROWTH)


def size_of(home: Path, students: int, at_once: int) -> float:
    """Grade a class in a child process; returns by how many KiB a judgement it grew from a quarter of the way on."""
    make.make(home, students, 7)
    reading, writing = os.pipe()
    if (pid := os.fork()) == 0:
        try:
            os.write(writing, repr(graded(home, students, at_once)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        answer = file.read()
    os.waitpid(pid, 0)
    return float(answer)


def graded(home: Path, students: int, at_once: int) -> float:
    """Grade it, print a line, return the growth in KiB a judgement."""
    specs, marks = visible(), list[float]()
    temporary = home / "temporary"
    temporary.mkdir()
    tempfile.tempdir = str(temporary)
    descriptors = len(list(Path("/proc/self/fd").iterdir()))

    def heard(done: int, whole: int, _: CaseResult | None) -> None:
        if whole and done in (whole // 4, whole // 2, whole):
            marks.append(held())

    began = perf_counter()
    results = batch.grade(specs, of_class(home / "class", specs), at_once=at_once, cache=None, heard=heard)
    seconds, count = perf_counter() - began, len(results)
    more = len(list(Path("/proc/self/fd").iterdir())) - descriptors
    left = len(list(temporary.iterdir()))
    shown = ", ".join(f"{mark:.0f}" for mark in marks)
    wrong = wrong_verdicts(home, results)
    speed = f"{students:5} x 7 {count:12} {seconds:9.0f} {count / seconds:10.1f}"
    print(f"{speed} {shown:>24} {more:+13} {left:6} {wrong:16}")
    sys.stdout.flush()
    return (marks[-1] - marks[0]) * 1024 / (0.75 * count)


def held() -> float:
    """MiB that this process holds."""
    with Path("/proc/self/status").open() as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


def wrong_verdicts(home: Path, results: Iterable[SubmissionResult]) -> int:
    """How many are not what was written down. What only the hidden data show may be accepted, or exceed no limit."""
    with (home / "truth.csv").open() as file:
        truth = {(row["student"], row["assignment"]): row["verdict"] for row in csv.DictReader(file)}
    seen = [(result.verdict, Verdict(truth[result.submission, result.assignment])) for result in results]
    return sum(verdict not in (Verdict.ACCEPTED, true) and true not in LIMITS for verdict, true in seen)


PARTS = {"serial": serial, "full": full, "memory": memory}


if __name__ == "__main__":
    sys.exit(main())
