"""When a submission was handed in, where nothing tells: nobody is late, and that is said once, not to each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from classes.conftest import WORDCOUNT
from grader.model import LatePolicy

if TYPE_CHECKING:
    from classes.conftest import Class

DUE = replace(WORDCOUNT, late=LatePolicy(due=datetime(2026, 11, 1, 23, 59, tzinfo=UTC), grace=0, penalty=0.1, cap=1))
MARKED_ONLY = "late by Canvas's word, but by how much nothing tells: no penalty"
UNTOLD = "not late: nothing tells when it was handed in"
WOULD_TELL = "so none of these is late; a roster's column `submitted` would tell"


def test_what_is_so_of_everybody_is_said_once_and_remarked_on_nobodys(school: Class) -> None:
    """Whoever handed in nothing does not count."""
    school.put("ada/wordcount.py", "bob/wordcount.py", "cy/notes.txt")
    handed_in = school.found(DUE)
    said = f"wordcount: of 2 of 2 submissions nothing tells when they were handed in, {WOULD_TELL}"
    assert handed_in.said[1:] == [said]
    assert not any(one.remarks for one in handed_in.submissions)


def test_whoever_canvas_calls_late_has_one_remark_and_is_named(school: Class) -> None:
    """It says both what Canvas knows and that it costs nothing."""
    school.put("ada_1001_50_wordcount.py", "bob_LATE_1002_51_wordcount.py")
    handed_in = school.found(DUE)
    assert [one.remarks for one in handed_in.submissions] == [(), (MARKED_ONLY,)]
    assert handed_in.said[1].endswith(f"{WOULD_TELL}; late by Canvas's word: bob_1002")


def test_where_others_have_a_time_each_who_has_none_is_remarked_on(school: Class) -> None:
    """There it tells somebody from the others."""
    school.put("ada_1001_50_wordcount.py", "bob_1002_51_wordcount.py", "cy_LATE_1003_52_wordcount.py")
    roster = "canvas,submitted\n1001,2026-11-01T17:30:00+01:00\n1002,\n1003,\n"
    handed_in = school.found(DUE, roster=roster)
    assert [one.remarks for one in handed_in.submissions] == [(), (UNTOLD,), (MARKED_ONLY,)]
    assert handed_in.said[-1].startswith("wordcount: of 2 of 3 submissions nothing tells when")


def test_without_a_policy_canvas_is_quoted_and_nothing_else_is_said(school: Class) -> None:
    """Nor where every time is known: then Canvas's word is one fact among others."""
    school.put("cy_LATE_1003_52_wordcount.py")
    handed_in = school.found()
    assert [one.remarks for one in handed_in.submissions] == [("Canvas marks it as late",)]
    assert len(handed_in.said) == 1
    timed = school.found(DUE, roster="canvas,submitted\n1003,2026-11-01T17:30:00+01:00\n")
    assert [one.remarks for one in timed.submissions] == [("Canvas marks it as late",)]
    assert timed.said[-1] == "roster: 1 student"
