"""The table of submissions: it sorts, filters and searches, by mouse and by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builders import a_case, a_report, a_result, a_wrong_case, both_runs
from playwright.sync_api import expect

from grader.model import Lateness, Override, Student, SubmissionResult, Verdict
from html_report.classes import a_class
from html_report.conftest import heading

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from html_report.conftest import Open

ANNA = a_result(a_case(runs=both_runs(2.0, 0.5)), submission="anna")
BEN = a_result(a_wrong_case(), submission="ben")
CARA = a_result(a_case(score=2), submission="cara")
DAN = a_result(a_case(verdict=Verdict.GRADER_ERROR), submission="dan")
FOUR = a_report(CARA, ANNA, DAN, BEN, a_result(assignment="join", submission="ben"))


def column(page: Page, name: str) -> Locator:
    """A column's cells, from the top."""
    return page.locator(f"#rows .at-{name}")


def test_it_begins_in_the_order_of_names_and_then_of_assignments(opened: Open) -> None:
    """Whatever the order in which they were graded."""
    page = opened(FOUR)
    expect(column(page, "student")).to_have_text(["anna", "ben", "ben", "cara", "dan"])
    expect(column(page, "assignment")).to_have_text(["wordcount", "wordcount", "join", "wordcount", "wordcount"])
    expect(page.get_by_role("columnheader", name="Student")).to_have_attribute("aria-sort", "ascending")


@pytest.mark.parametrize(
    ("title", "name", "expected"),
    [
        ("Student", "student", ["dan", "cara", "ben", "ben", "anna"]),
        ("Verdict", "verdict", ["✓accepted", "✓accepted", "✓accepted", "✗wrong-answer", "!grader-error"]),
        ("Points", "points", ["0 / 4", "2 / 4", "4 / 4", "4 / 4", "\u2013 / 4"]),
        ("Gain", "gain", ["3.0\u00d7", "4.0\u00d7", "", "", ""]),
    ],
)
def test_a_column_s_title_sorts_by_it(opened: Open, title: str, name: str, expected: list[str]) -> None:
    """What has no value comes last; a reader of screens hears which column it is and which way."""
    page = opened(FOUR)
    header = page.get_by_role("columnheader", name=title, exact=True)
    header.get_by_role("button").click()
    expect(column(page, name)).to_have_text(expected)
    expect(header).to_have_attribute("aria-sort", "descending" if title == "Student" else "ascending")
    expect(page.locator("#titles [aria-sort]")).to_have_count(1)


def test_a_second_click_turns_the_order_round_but_what_has_no_mark_stays_last(opened: Open) -> None:
    """Nobody looks for the best among those without a mark."""
    page = opened(FOUR)
    for _ in range(2):
        page.get_by_role("button", name="Points").click()
    expect(column(page, "points")).to_have_text(["4 / 4", "4 / 4", "2 / 4", "0 / 4", "\u2013 / 4"])
    expect(page.get_by_role("columnheader", name="Points")).to_have_attribute("aria-sort", "descending")


def test_an_assignment_and_a_verdict_filter_together(opened: Open) -> None:
    """And how many are left is said."""
    page = opened(FOUR)
    page.get_by_role("combobox", name="Assignment").select_option("wordcount")
    expect(column(page, "student")).to_have_text(["anna", "ben", "cara", "dan"])
    page.get_by_role("combobox", name="Verdict").select_option("accepted")
    expect(column(page, "student")).to_have_text(["anna", "cara"])
    expect(page.get_by_role("status")).to_have_text("2 of 5 submissions")


def test_only_verdicts_that_occur_can_be_chosen(opened: Open) -> None:
    """The mildest first, as in the bars."""
    page = opened(FOUR)
    assert page.locator("#verdict option").all_inner_texts() == ["All", "accepted", "wrong-answer", "grader-error"]


@pytest.mark.parametrize("words", ["Øst", "nystrom", "ZOE", "zoë nys", "night owls", "zoe@example.org"])
def test_search_finds_names_groups_and_addresses_whatever_case_or_accents(opened: Open, words: str) -> None:
    """Every word must be found, anywhere."""
    zoe = Student(key="s1", name="Zoë Nyström Øst", email="zoe@example.org")
    page = opened(a_report(with_students("s1", zoe, group="Night Owls"), ANNA))
    page.get_by_label("Student").fill(words)
    expect(column(page, "student").get_by_role("link")).to_have_text(["Zoë Nyström Øst"])


def with_students(submission: str, *students: Student, group: str = "") -> SubmissionResult:
    """A submission of these students."""
    return SubmissionResult(
        assignment="wordcount", submission=submission, datasets=(a_case(),), students=students, group=group
    )


def test_nothing_found_is_said_and_one_button_gives_everything_back(opened: Open) -> None:
    """Also where one comes from a filter."""
    page = opened(FOUR)
    page.get_by_role("combobox", name="Verdict").select_option("wrong-answer")
    page.get_by_label("Student").fill("nobody")
    expect(page.locator("#rows")).to_have_text("No submission is like that.")
    expect(page.get_by_role("status")).to_have_text("0 of 5 submissions")
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_role("status")).to_have_text("5 submissions")
    expect(column(page, "student")).to_have_count(5)
    expect(page.get_by_label("Student")).to_be_focused()


def test_a_click_on_a_verdict_s_count_shows_those_submissions(opened: Open) -> None:
    """The legend of the bars is the way into the table."""
    page = opened(FOUR)
    page.get_by_role("button", name="1 wrong-answer").click()
    expect(column(page, "student")).to_have_text(["ben"])
    expect(page.get_by_role("combobox", name="Assignment")).to_have_value("0")


def test_a_class_is_drawn_as_far_as_one_looks(opened: Open) -> None:
    """Thousands of rows would make every click slow; a button, and scrolling, bring more."""
    page = opened(a_class(100))
    expect(page.locator("#rows tr")).to_have_count(100)
    expect(page.get_by_role("table", name="Submissions")).to_have_attribute("aria-rowcount", "701")
    page.get_by_role("button", name="Show more").focus()  # which scrolls to it
    expect(page.locator("#rows tr")).to_have_count(200)
    page.keyboard.press("Enter")
    expect(page.locator("#rows tr")).to_have_count(700)
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()


def test_everything_can_be_done_by_keyboard(opened: Open) -> None:
    """From the search through the titles to a student, and back to where one was."""
    page = opened(FOUR)
    page.get_by_label("Student").focus()
    page.keyboard.type("ben")
    expect(column(page, "student")).to_have_text(["ben", "ben"])
    for _ in range(4):  # assignment, verdict, clear, the first title
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("columnheader", name="Student")).to_have_attribute("aria-sort", "descending")
    for _ in range(7):  # the six other titles, the first student
        page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="ben").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(heading(page)).to_be_focused()
    page.go_back()
    expect(page.get_by_role("link", name="ben").first).to_be_focused()


def test_what_was_late_or_set_by_hand_is_said_beside_the_mark(opened: Open) -> None:
    """The mark is what belongs in the gradebook."""
    late = Lateness(days=2, penalty=0.25)
    by_hand = Override(score=3.5, reason="", by="", at="")
    page = opened(
        a_report(
            SubmissionResult(assignment="a", submission="one", datasets=(a_case(),), late=late),
            SubmissionResult(assignment="a", submission="two", datasets=(a_case(),), late=late, override=by_hand),
        )
    )
    expect(column(page, "points")).to_have_text(
        ["3 / 4 2 days late", "3.5 / 4 set by hand, 2 days late"], use_inner_text=True
    )


def test_those_of_a_group_are_named_together(opened: Open) -> None:
    """One submission, one mark, several students."""
    both = (Student(key="a", name="Ada"), Student(key="g", name="Grace"))
    page = opened(a_report(with_students("team-4", *both, group="Compilers"), ANNA))
    expect(column(page, "student")).to_have_text(["Ada, Grace team-4 · Compilers", "anna"], use_inner_text=True)


def test_a_long_name_breaks_behind_its_underscores_and_is_copied_whole(opened: Open) -> None:
    """Neither a word nor what looks like markup is torn: the lines that one sees begin behind an underscore."""
    name = "asymmetric_friendships_<b>of_bob</b>"
    page = opened(a_report(a_result(a_case(), assignment=name), ANNA))
    cell = column(page, "assignment").filter(has_text="asymmetric").locator("bdi")
    expect(cell).to_have_text(name)
    seen = cell.evaluate(_LINES)
    assert len(seen) > 1
    assert [line[-1] for line in seen[:-1]] == ["_"] * (len(seen) - 1), seen
    assert cell.evaluate("(cell) => (getSelection().selectAllChildren(cell), String(getSelection()))") == name


_LINES = """(cell) => {
  const lines = new Map(), walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode()); )
    for (let place = 0; place < node.length; place++) {
      const range = document.createRange();
      range.setStart(node, place);
      range.setEnd(node, place + 1);
      const top = Math.round(range.getClientRects()[0].top);
      lines.set(top, (lines.get(top) ?? "") + node.data[place]);
    }
  return [...lines.values()];
}"""
