"""The table on the terminal where a mark is not the score: what a gradebook gets, and why it is another."""

from __future__ import annotations

from dataclasses import replace

from builders import a_case, a_report, a_result

from grader.model import Lateness, Override, SubmissionResult, Verdict
from grader.reports import to_terminal

LATE = replace(a_result(a_case(max_score=10), submission="bob"), late=Lateness(days=9, penalty=1.0))
SET = replace(
    a_result(a_case(max_score=10), submission="cy"),
    late=Lateness(days=1, penalty=0.1),
    override=Override(score=7.5, reason="on paper", by="", at="2026-11-02T10:40:12+01:00"),
)
PLAIN = a_result(a_case(max_score=10), submission="ada")


def report(*results: SubmissionResult) -> str:
    """The terminal report of these."""
    return "".join(to_terminal.render(a_report(*results), width=100))


def test_a_class_shows_marks_and_says_which_are_no_scores() -> None:
    """An override is set whatever lateness would cost; points stand below one another."""
    _titles, _assignment, *rows = report(PLAIN, LATE, SET).partition("\n\n")[0].splitlines()
    assert rows == [
        "  ada         ✓ accepted   10/10",
        "  bob         ✓ accepted    0/10 late",
        "  cy          ✓ accepted  7.5/10 set",
    ]


def test_below_the_table_the_mark_comes_first_and_then_what_was_computed() -> None:
    """The heading has the mark, too."""
    shown = report(PLAIN, LATE)
    assert "wordcount · bob  0/10 points\n" in shown
    assert "mark: 0 of 10 (computed: 10)" in shown


def test_one_student_has_a_total_where_the_mark_is_not_the_score() -> None:
    """Though there is one dataset alone."""
    assert "total    ✓ accepted   0/10 late\n" in report(LATE)
    assert "total" not in report(PLAIN)


def test_what_is_missing_is_no_submission() -> None:
    """Where somebody of a class handed in nothing, it is said how many students there are; a self-check has one."""
    missing = a_case(verdict=Verdict.MISSING)
    results = [PLAIN, a_result(missing, submission="bob"), a_result(a_case(), assignment="join", submission="ada")]
    assert "\n2 students, 2 submissions: 2 accepted, 1 missing\n" in report(*results)
    assert "\n3 submissions: 3 accepted\n" in report(PLAIN, LATE, SET)
    assert "\n1 submission: 1 missing\n" in report(a_result(missing))
