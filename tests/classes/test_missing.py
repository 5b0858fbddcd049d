"""What is said of a class's submission that is not there: what was handed in instead, or that nothing was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from grading.conftest import Assignments, Bench

    from classes.conftest import Class

ROSTER = "key\nada\n"


@pytest.mark.parametrize(
    ("there", "message"),
    [
        ([], "nothing was handed in"),
        (["helper.py", "solution.py"], "there is no file named wordcount.py; handed in: helper.py, solution.py"),
        (["a/x.py", "b.txt"], "there is no file named wordcount.py; the nearest is a/x.py"),
        ([f"{name}.txt" for name in "gabcdef"], "; handed in: a.txt, b.txt, c.txt, d.txt, e.txt and 2 more"),
        (["\x1b[1m.py", "b.py"], r"; handed in: \x1b[1m.py, b.py"),
    ],
)
def test_a_class_s_missing_module_is_told_with_what_is_there(
    there: list[str], message: str, school: Class, assignments: Assignments, bench: Bench
) -> None:
    """An instructor, and the student, see at once what went wrong."""
    spec = assignments.wordcount()
    school.put("eve/wordcount.py", *(f"ada/{name}" for name in there))
    found = school.by_name(spec, assignments.join(), roster=ROSTER)["ada"]
    assert bench.judge_submission(found, spec).message.endswith(message)
