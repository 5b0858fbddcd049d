"""What does a store cost a large class? Seconds to resume where nothing is to be done, and bytes for each result.

`python benchmarks/store.py [--students 1000]` judges one student on the shipped assignments, keeps those results for a
class of copies, each with a comment of its own, and grades the class again: all of it is taken from the store.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import tracemalloc
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING

from grader import batch, materials, spec, submission
from grader.resume import Known
from grader.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from grader.model import CaseResult, Spec
    from grader.store import Store

ASSIGNMENTS = Path(__file__).parents[1] / "assignments"


def hand_in(folder: Path, specs: Sequence[Spec], students: int) -> None:
    """A class that copied every reference, and wrote a name on top."""
    for number in range(students):
        home = folder / f"student-{number:04}"
        home.mkdir(parents=True)
        for one in specs:
            assert one.reference is not None
            (home / one.module).write_text(f"# {number}\n{(one.folder / one.reference).read_text()}")


def judged_once(folder: Path, specs: Sequence[Spec]) -> dict[tuple[str, str], CaseResult]:
    """The first student's results, by assignment and dataset."""
    first = submission.single(folder / "student-0000", specs)
    results = batch.grade(specs, first, at_once=2, cache=materials.cache_folder())
    return {(result.assignment, case.name): case for result in results for case in result.datasets}


def timed(what: str, action: Callable[[], int]) -> None:
    """Do something to many judgements, and say how long it took."""
    began, cpu = perf_counter(), process_time()
    count = action()
    wall, cpu = perf_counter() - began, process_time() - cpu
    print(f"{what:10} {count:7} judgements  {wall:6.1f} s  {cpu:6.1f} s CPU  {1e3 * cpu / count:6.3f} ms CPU each")


class Course:
    """Assignments, and a class that handed them in."""

    def __init__(self, folder: Path, students: int) -> None:
        self.specs = [spec.load(path) for path in spec.find([ASSIGNMENTS])]
        hand_in(folder, self.specs, students)
        self.results = judged_once(folder, self.specs)
        self.wanted = submission.of_class(folder, self.specs)

    def record(self, store: Store) -> int:
        """Keep a result for every judgement; returns how many."""
        known, by_name = Known(store), {one.name: one for one in self.specs}
        todo = [
            (by_name[one.assignment], data, one) for one in self.wanted for data in by_name[one.assignment].datasets
        ]
        for one_spec, data, one in todo:
            known.keep(known.place(one_spec, data, one), self.results[one_spec.name, data.name])
        return len(todo)

    def resume(self, store: Store) -> int:
        """Grade the class, of which everything is known; returns how many judgements that were."""
        taken: list[int] = []
        graded = batch.grade(
            self.specs,
            self.wanted,
            at_once=2,
            cache=None,
            store=store,
            resumed=lambda count, of: taken.extend((count, of)),
        )
        assert taken[0] == taken[1] == sum(len(one.datasets) for one in graded)
        if tracemalloc.is_tracing():
            print(f"{'in memory':10} {tracemalloc.get_traced_memory()[0] / taken[0]:7.0f} bytes a judgement")
        return taken[0]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--trace", action="store_true", help="count Python's memory too: takes several times as long")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        course, path = Course(Path(work, "class"), args.students), Path(work, "grades.sqlite")
        with open_store(path) as store:
            timed("record", lambda: course.record(store))
            if args.trace:
                tracemalloc.start()
            timed("resume", lambda: course.resume(store))
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**10 if sys.platform == "linux" else 2**20)
        print(f"{'on disk':10} {path.stat().st_size / 2**20:7.1f} MB; the grader's peak {megabytes:.0f} MB")


if __name__ == "__main__":
    main()
