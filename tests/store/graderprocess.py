"""A grader in a process of its own, to be killed: `python graderprocess.py ASSIGNMENT STORE`.

Says `ready` before it grades, then a line for each judgement, and at the end the gradebook as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from grader import batch, spec, submission
from grader.store import open_store

if TYPE_CHECKING:
    from grader.model import CaseResult, SubmissionResult


def say(line: str) -> None:
    """To whoever may kill us."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def gradebook(results: list[SubmissionResult]) -> list[list[object]]:
    """Whose result is what, but for the times."""
    return [[one.submission, case.name, case.verdict, case.score] for one in results for case in one.datasets]


def heard(_done: int, _of: int, case: CaseResult | None) -> None:
    """A step was made."""
    say("judged" if case else "made ready")


def main(assignment: Path, path: Path) -> None:
    """Grade an assignment's own submissions."""
    one = spec.load(assignment)
    say("ready")
    with open_store(path) as store:
        results = batch.grade([one], submission.own(one), at_once=2, cache=None, heard=heard, store=store)
    say(json.dumps(gradebook(results)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
