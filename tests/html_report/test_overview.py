"""The overview: how the class did, in figures, bars and times; and words beside each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builders import a_case, a_report, a_result, a_wrong_case, both_runs
from playwright.sync_api import expect

from grader.model import Verdict
from html_report.classes import a_class

if TYPE_CHECKING:
    from html_report.conftest import Open


def test_figures_say_how_many_and_how_well(opened: Open) -> None:
    """Students, submissions, how many were accepted, the median; and what has no mark."""
    page = opened(
        a_report(
            a_result(submission="a"),
            a_result(a_wrong_case(), submission="b"),
            a_result(a_case(verdict=Verdict.GRADER_ERROR), submission="c"),
            a_result(a_case(score=1), submission="a", assignment="join"),
        )
    )
    assert page.locator("#figures dt").all_inner_texts() == [
        "students",
        "submissions",
        "accepted",
        "median mark",
        "without a mark",
    ]
    # Of a: 5 of 8 points, of b: 0; c has no mark.
    assert page.locator("#figures dd").all_inner_texts() == ["3", "4", "50 %", "31 %", "1"]


def test_what_is_missing_is_no_submission(opened: Open) -> None:
    """It is counted by itself."""
    page = opened(a_report(a_result(submission="a"), a_result(a_case(verdict=Verdict.MISSING), submission="b")))
    assert page.locator("#figures dt").all_inner_texts()[:3] == ["students", "submissions", "missing"]
    assert page.locator("#figures dd").all_inner_texts()[:3] == ["2", "1", "1"]


def test_the_histogram_has_a_bar_for_each_twentieth_and_one_for_full_marks(opened: Open) -> None:
    """Its picture is described in words for those who do not see it."""
    marks = (0, 1.9, 2, 4, 4)
    page = opened(a_report(*(a_result(a_case(score=mark), submission=f"s{n}") for n, mark in enumerate(marks))))
    titles = [slot.get_attribute("title") or "" for slot in page.locator(".bar:not(.none)").all()]
    assert titles == ["0 to 5 %: 1", "45 to 50 %: 1", "50 to 55 %: 1", "full marks: 2"]
    assert page.get_by_role("img").get_attribute("aria-label") == "Of 5, 2 have full marks and 2 less than half."


def test_the_histogram_follows_the_choice_of_an_assignment(opened: Open) -> None:
    """Over all, it counts students; of one assignment, its submissions."""
    page = opened(a_class(12))
    expect(page.locator("#marks-note")).to_contain_text("12 students over all assignments")
    page.get_by_role("combobox", name="Assignment").select_option("join")
    expect(page.locator("#marks-note")).to_contain_text("12 submissions of join")


def test_each_assignment_has_its_verdicts_as_a_bar_and_in_words(opened: Open) -> None:
    """The bar's parts are as wide as they are many."""
    page = opened(
        a_report(a_result(submission="a"), a_result(submission="b"), a_result(a_wrong_case(), submission="c"))
    )
    row = page.locator(".assignments tbody tr")
    assert row.locator(".keys button").all_inner_texts() == ["2 accepted", "1 wrong-answer"]
    accepted, wrong = (part.bounding_box() for part in row.locator(".part").all())
    assert accepted is not None
    assert wrong is not None
    assert abs(accepted["width"] - 2 * wrong["width"]) < 3


def test_times_stand_against_serial_and_where_none_were_taken_it_is_said(opened: Open) -> None:
    """The median of those that ran both ways."""
    timed = [a_result(a_case(runs=both_runs(2.0, 0.5)), submission=name) for name in "abc"]
    page = opened(a_report(*timed, a_result(assignment="join", submission="a")))
    assert page.locator(".at-time").all_inner_texts() == ["2.00 s → 500 ms\n4.0\u00d7", "not measured"]


def test_what_was_skipped_is_said(opened: Open) -> None:
    """Folded, because there may be many."""
    page = opened(a_report(a_result(submission="a"), a_result(submission="b"), skipped=("zipf: withheld",)))
    page.get_by_text("Skipped: 1 notice").click()
    expect(page.get_by_text("zipf: withheld")).to_be_visible()


def test_a_report_of_nothing_says_so(opened: Open) -> None:
    """And why, where that is known."""
    page = opened(a_report(skipped=("join: no submissions",)))
    expect(page.get_by_text("Nothing was graded.")).to_be_visible()
    page.get_by_text("Skipped").click()
    expect(page.get_by_text("join: no submissions")).to_be_visible()


def test_the_foot_says_how_far_student_code_was_kept_apart(opened: Open) -> None:
    """As every report does."""
    page = opened(a_class(2))
    expect(page.locator("#foot")).to_have_text("Sandbox level 2 (landlock, seccomp), without scopes. pymapr 0.1.0.")
    expect(page.locator("#graded")).to_have_text("Graded 2026-03-01 12:00 +00:00")
