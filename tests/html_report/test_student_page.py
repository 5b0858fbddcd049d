"""A student's page: what became of one submission, where to go from there, and how it is reached and left."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from builders import a_case, a_difference, a_report, a_result, a_run, a_wrong_case
from playwright.sync_api import expect

from grader.model import Example, Lateness, Override, Student, SubmissionResult, Verdict, Visibility
from html_report.classes import a_class, a_timed_run
from html_report.conftest import heading

if TYPE_CHECKING:
    from html_report.conftest import Open

CLASS = a_report(
    a_result(submission="anna"),
    a_result(a_case("books"), a_wrong_case("zipf", Visibility.HIDDEN), submission="ben"),
    a_result(submission="cara"),
    a_result(assignment="join", submission="ben"),
)


# ---- there and back --------------------------------------------------------------------------------------------------


def test_a_click_opens_a_student_and_the_back_button_returns_to_where_one_was(opened: Open) -> None:
    """The filter, the place in the list and the focus are as they were left."""
    page = opened(a_class(40))
    page.get_by_role("combobox", name="Verdict").select_option("accepted")
    expect(page.get_by_role("status")).to_contain_text(" of 280 submissions")
    row = page.locator("#rows tr").nth(60)
    row.scroll_into_view_if_needed()
    place, name = page.evaluate("scrollY"), row.get_by_role("link").inner_text()
    row.get_by_role("link").click()
    expect(heading(page)).to_have_text(name)
    expect(heading(page)).to_be_focused()
    assert page.evaluate("scrollY") == 0
    page.go_back()
    expect(page.locator("#rows tr").nth(60).get_by_role("link")).to_be_focused()
    assert page.evaluate("scrollY") == place
    expect(page.get_by_role("combobox", name="Verdict")).not_to_have_value("")


def test_a_click_anywhere_in_a_row_opens_it(opened: Open) -> None:
    """A small target is a hard one."""
    page = opened(CLASS)
    page.locator("#rows tr").nth(0).locator(".at-points").click()
    expect(heading(page)).to_have_text("anna")


def test_a_link_with_student_and_assignment_opens_that_page(opened: Open) -> None:
    """It can be sent and kept; the window's title says what it is."""
    page = opened(CLASS, "ben/join")
    expect(heading(page)).to_have_text("ben")
    expect(page.locator("#assignment-title")).to_have_text("join")
    expect(page).to_have_title("ben · join · pymapr")


def test_a_link_to_nobody_opens_the_overview(opened: Open) -> None:
    """Rather than nothing."""
    expect(opened(CLASS, "nobody/join").get_by_role("heading", name="Class report")).to_be_visible()


def test_previous_and_next_follow_the_table_as_it_is_filtered_and_sorted(opened: Open) -> None:
    """Who marks goes through a list; at its ends there is nowhere to go."""
    page = opened(CLASS)
    page.get_by_role("button", name="Student").click()
    expect(page.locator("#rows a")).to_have_text(["cara", "ben", "ben", "anna"])
    page.get_by_role("link", name="cara").click()
    expect(heading(page)).to_have_text("cara")
    expect(page.get_by_role("link", name="Previous")).to_have_count(0)
    page.get_by_role("link", name="Next: ben").click()
    page.get_by_role("link", name="Next: anna").click()
    expect(heading(page)).to_have_text("anna")
    page.get_by_role("link", name="All submissions").click()
    expect(page.get_by_role("link", name="anna")).to_be_focused()


def test_a_student_s_assignments_are_one_click_from_each_other(opened: Open) -> None:
    """The one that is shown is marked, for readers of screens too."""
    page = opened(CLASS, "ben/wordcount")
    tabs = page.get_by_role("navigation", name="Assignments")
    wordcount, join = "wordcount ✗wrong-answer 4 / 8", "join ✓accepted 4 / 4"
    expect(tabs.get_by_role("link")).to_have_text([wordcount, join], use_inner_text=True)
    tabs.get_by_role("link", name="join").click()
    expect(tabs.locator("[aria-current=page]")).to_have_text(join, use_inner_text=True)


def test_a_report_of_one_student_begins_with_the_student(opened: Open) -> None:
    """There is no class to overlook, and nowhere to go back to."""
    page = opened(a_report(a_result(a_wrong_case(), submission="ben")))
    expect(heading(page)).to_have_text("ben")
    expect(page.get_by_role("link", name="All submissions")).to_have_count(0)


# ---- what it says ----------------------------------------------------------------------------------------------------


def test_all_that_was_found_is_told_for_each_dataset(opened: Open) -> None:
    """Message, difference, hint, command, remark; the first that failed is open, the others one click away."""
    page = opened(a_report(a_result(a_case("one"), a_wrong_case("books"), a_wrong_case("zipf"))))
    assert [card.get_attribute("open") is not None for card in page.locator("details.dataset").all()] == [True, False]
    books = page.locator(".dataset").nth(1)
    assert " ".join(books.locator(".dataset-head").inner_text().split()) == "books ✗wrong-answer 0 / 4"
    for text in (
        "the output is not what was expected",
        "compare with the reference's output on a few lines of the data",
        "pymapr run wordcount.py data/books.json --engine serial",
        "it printed 3 lines",
        "1 record missing and 1 record unexpected",
    ):
        expect(books.get_by_text(text)).to_be_visible()
    page.locator("summary").nth(1).click()
    expect(page.locator(".dataset").nth(2).get_by_text("it printed 3 lines")).to_be_visible()


def test_what_the_message_counts_is_not_counted_again(opened: Open) -> None:
    """The examples still have a title, for those who listen."""
    message = "1 record missing and 1 record should not be there"
    case = a_case(verdict=Verdict.WRONG_ANSWER, message=message, difference=a_difference())
    page = opened(a_report(a_result(case)))
    expect(page.get_by_text(message)).to_be_visible()
    expect(page.locator(".difference caption")).to_have_text("examples")
    expect(page.get_by_text("unexpected")).to_have_count(0)


def test_expected_and_got_stand_side_by_side_with_what_differs_marked(opened: Open) -> None:
    """What lacks, or is too many, has nothing beside it."""
    difference = a_difference(
        3,
        2,
        Example(expected='["the", 19]', got='["the", 18]', where="at $[1]: expected 19, got 18"),
        Example(expected='["lost", 1]', got=None),
        Example(expected=None, got='["odd", 2]'),
    )
    page = opened(a_report(a_result(a_case(verdict=Verdict.WRONG_ANSWER, difference=difference))))
    rows = [cell.strip() for cell in page.locator(".difference tbody td").all_inner_texts()]
    assert rows == [
        '["the", 19]',
        '["the", 18]',
        "at $[1]: expected 19, got 18",
        '["lost", 1]',
        "no such record",
        "no such record",
        '["odd", 2]',
    ]
    assert page.locator(".difference mark").all_inner_texts() == ["9", "8", '["lost", 1]', '["odd", 2]']
    expect(page.get_by_text("and 1 record more")).to_be_visible()


def test_the_command_can_be_copied(opened: Open) -> None:
    """As it stands; and that it was is said."""
    page = opened(a_report(a_result(a_wrong_case())))
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "pymapr run wordcount.py data/books.json --engine serial"


def test_a_traceback_keeps_its_lines(opened: Open) -> None:
    """The first line is the message, what follows was printed."""
    crash = a_case(verdict=Verdict.RUNTIME_ERROR, message="KeyError: 'x'\n  in reducer\n    total[x]")
    page = opened(a_report(a_result(crash)))
    assert page.locator(".message .first").inner_text() == "KeyError: 'x'"
    assert page.locator(".message pre").inner_text() == "  in reducer\n    total[x]"


def test_how_a_mark_came_to_be_is_told_where_it_is_not_just_the_score(opened: Open) -> None:
    """Lateness, an instructor's own mark with its reason, and what was computed."""
    page = opened(
        a_report(
            SubmissionResult(
                assignment="a",
                submission="s1",
                datasets=(a_case(max_score=10),),
                students=(Student(key="s1", name="Ada"), Student(key="s2", name="Grace")),
                group="Compilers",
                submitted="2026-02-01T18:30:00+01:00",
                late=Lateness(days=2, penalty=0.25),
                override=Override(score=8.5, reason="was ill", by="mvd", at="2026-03-02T09:00:00+01:00"),
                remarks=("the file was called Wordcount.py",),
            )
        )
    )
    expect(heading(page)).to_have_text("Ada, Grace")
    expect(page.locator(".who-head .aside")).to_have_text("s1 · group Compilers")
    expect(page.locator(".big-mark")).to_have_text("8.5 of 10 points")
    assert dict(zip(*[page.locator(f".reckoning {tag}").all_inner_texts() for tag in ("dt", "dd")], strict=True)) == {
        "Submitted": "2026-02-01 18:30 +01:00",
        "Late": "2 days, which costs 25 % of the points",
        "Computed": "10 of 10 points",
        "Set by hand": "8.5 points by mvd, 2026-03-02 09:00 +01:00: was ill",
    }
    expect(page.locator(".summary .remarks")).to_have_text("Remark the file was called Wordcount.py")


def test_where_there_is_no_mark_there_is_a_dash(opened: Open) -> None:
    """Our own fault is no zero."""
    page = opened(a_report(a_result(a_case(verdict=Verdict.GRADER_ERROR, message="the disk is full"))))
    expect(page.locator(".big-mark")).to_have_text("\u2013 of 4 points")


def test_withheld_datasets_are_named(opened: Open) -> None:
    """In a kit's self-check, so that nobody takes it for the whole."""
    page = opened(a_report(a_result(withheld=("zipf",))))
    expect(page.locator(".dataset").nth(1)).to_have_text("zipfwithheld, so not judged")


# ---- runs ------------------------------------------------------------------------------------------------------------


def test_runs_are_drawn_with_a_lane_for_each_worker_on_one_axis(opened: Open) -> None:
    """So that one sees what parallel work gains; spans lie where they were measured."""
    serial, parallel = (a_timed_run(random.Random(3), workers, length) for workers, length in ((1, 2.0), (2, 1.0)))
    page = opened(a_report(a_result(a_case(runs=(serial, parallel)))))
    page.locator("summary.dataset-head").click()
    expect(page.locator(".lane-name")).to_have_text(["serial", "worker 0", "worker 1"])
    mapped = [span for span in parallel.spans if span.worker == 1 and span.phase == "map"]
    drawn = (
        page.locator(".lane")
        .nth(2)
        .locator(".phase-map")
        .evaluate_all("bars => bars.map(bar => parseFloat(bar.getAttribute('x')))")
    )
    assert drawn == pytest.approx([span.start / serial.wall * 100 for span in mapped], abs=0.2)
    page.get_by_role("img").get_by_text("reduce:").first.wait_for(state="attached")
    told = page.locator(".lanes").get_attribute("aria-label") or ""
    assert told.startswith(f"Timeline. serial: {serial.wall:.2f} s, 2 workers: {parallel.wall:.2f} s.")


def test_phases_are_told_in_seconds_beside_the_drawing(opened: Open) -> None:
    """Of the serial run and the fastest fair one: how long a scramble took says nothing of the program."""
    scrambled = a_run("parallel", 0.1, order="scramble:1")
    runs = (a_run("serial", 2.0), a_run("parallel", 1.0), a_run("parallel", 0.8), scrambled)
    page = opened(a_report(a_result(a_case(runs=runs))))
    page.locator("summary.dataset-head").click()
    expect(page.get_by_role("row", name="map 1.00 s 400 ms", exact=True)).to_be_visible()
    expect(page.get_by_role("row", name="wall 2.00 s 800 ms", exact=True)).to_be_visible()
    expect(page.locator("figcaption")).to_have_text("Time · 2.5\u00d7 as fast with 4 workers as serial")


def test_times_that_no_clock_can_measure_break_nothing(opened: Open) -> None:
    """What cannot be drawn is left out."""
    odd = [replace(span, end=float("nan")) for span in a_timed_run(random.Random(1), 1, 1.0).spans]
    run = replace(a_run("serial", float("inf")), spans=tuple(odd))
    page = opened(a_report(a_result(a_case(runs=(run,)))))
    page.locator("summary.dataset-head").click()
    expect(page.locator(".phases")).to_be_visible()
