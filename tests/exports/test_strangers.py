"""Whoever chose a name, or has a number from elsewhere, gets into nobody's row of a gradebook."""

from __future__ import annotations

import pytest

from exports.marks import a_mark, a_student, marks
from grader.reports import to_canvas, to_moodle

CANVAS = 'Student,ID,SIS User ID,SIS Login ID,Section,Word count (123)\n"Lovelace, Ada",1001,s-1,ada,A,5\n'
MOODLE = "Identifier,Full name,Grade\nParticipant 101,Ada Lovelace,\nParticipant 102,Grace Hopper,\n"
TITLES = {"wordcount": "Word count"}


@pytest.mark.parametrize("login", ["ada", ""])
def test_a_login_at_github_is_no_login_here_unless_a_roster_says_so(login: str) -> None:
    """Anybody can take another's at GitHub, and would overwrite her mark; a roster of such logins says no more."""
    mallory = a_student("ada", login=login, ids={"github": "ada"})
    done = to_canvas.merge(marks(a_mark(0, mallory)), CANVAS, file="grades.csv", titles=TITLES)
    assert done.text == CANVAS
    assert "wordcount: no row found for ada" in done.said
    listed = a_student("ada", "Ada Lovelace", login="ada", ids={"github": "ada"})
    done = to_canvas.merge(marks(a_mark(0, listed)), CANVAS, file="grades.csv", titles=TITLES)
    assert done.text == CANVAS.replace("A,5", "A,0")


def test_a_number_of_moodles_from_another_assignment_is_told_by_the_name() -> None:
    """Moodle numbers participants anew in each: the row of that number is somebody else's."""
    grace = a_student("grace", "Grace Hopper", ids={"moodle": "101"})
    done = to_moodle.merge(marks(a_mark(8, grace)), MOODLE, file="grades.csv", feedback=False)
    assert done.text == MOODLE
    assert any("could be any of the lines 2, 3: no mark filled in" in line for line in done.said)
    renamed = a_student("ada", "Ada King", ids={"moodle": "101"})
    done = to_moodle.merge(marks(a_mark(8, renamed)), MOODLE, file="grades.csv", feedback=False)
    assert done.text == MOODLE.replace("Ada Lovelace,", "Ada Lovelace,8")
