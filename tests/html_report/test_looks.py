"""For every reader: by day, by night, on a phone, on paper, without sight of colours, motion or scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it has no types of its own
from builders import a_case, a_report, a_result, a_wrong_case
from playwright.sync_api import expect

from grader.model import Verdict
from html_report.classes import a_class

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from html_report.conftest import Open

PLACES = {"overview": "", "student": "student-0003/join"}

each_place = pytest.mark.parametrize("place", list(PLACES.values()), ids=list(PLACES))
each_light = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
each_width = pytest.mark.parametrize("width", [375, 768, 1280])


def brightness(page: Page) -> float:
    """Of the paper, from 0 to 1."""
    red, green, blue = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    return float(red + green + blue) / (3 * 255)


@each_light
@pytest.mark.parametrize("width", [375, 1280])
@each_place
def test_axe_finds_nothing(opened: Open, place: str, width: int, dark: bool) -> None:
    """Names, roles, contrast, order of headings: at any width, in either light, all cards unfolded."""
    page = opened(a_class(20), place, width=width, dark=dark)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = Axe().run(page).response
    assert len(found["passes"]) > 20
    assert [(rule["id"], rule["impact"], rule["nodes"][0]["target"]) for rule in found["violations"]] == []


@each_width
@each_place
def test_nothing_must_be_scrolled_sideways(opened: Open, place: str, width: int) -> None:
    """From a phone to a desk."""
    page = opened(a_class(20), place, width=width)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == width


@each_light
def test_the_page_is_light_by_day_and_dark_by_night(opened: Open, dark: bool) -> None:
    """As the reader's system says."""
    assert (brightness(opened(a_class(2), dark=dark)) < 0.2) is dark


def test_paper_is_white_and_everything_on_it_is_unfolded(opened: Open) -> None:
    """Also where the screen was dark; what one would click is left out."""
    page = opened(a_class(20), "student-0003/join", dark=True)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(page.locator("details.dataset:not([open])")).to_have_count(0)
    expect(page.get_by_role("navigation", name="Report")).to_be_hidden()


def test_on_paper_the_table_has_all_its_rows(opened: Open) -> None:
    """Not only those that somebody scrolled to."""
    page = opened(a_class(20))
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("#rows tr")).to_have_count(140)


def test_nothing_moves_for_those_who_asked_for_stillness(opened: Open) -> None:
    """Not even a colour."""
    still = "[...document.querySelectorAll('*')].every(one => getComputedStyle(one).transitionDuration === '0s')"
    assert opened(a_class(2), calm=True).evaluate(still)
    assert not opened(a_class(2)).evaluate(still)


def test_every_verdict_has_a_sign_and_a_word_besides_its_colour(opened: Open) -> None:
    """Three signs: right, not right, and could not be judged."""
    results = [a_result(a_wrong_case(), submission="w")]
    results += [a_result(a_case(verdict=verdict), submission=verdict.value) for verdict in Verdict]
    page = opened(a_report(*results))
    page.get_by_role("button", name="Verdict").click()
    badges = page.locator("#rows .badge")
    expect(badges.first).to_have_text("✓accepted")
    expect(badges.last).to_have_text("!grader-error")
    texts = ["".join(text.split()) for text in badges.all_inner_texts()]
    assert {text[0] for text in texts[1:-1]} == {"✗"}
    assert {text[1:] for text in texts} == {verdict.value for verdict in Verdict}


def test_focus_can_be_seen(opened: Open) -> None:
    """On links, buttons and fields alike."""
    page = opened(a_class(2))
    for _ in range(8):
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_css("outline-style", "solid")


def test_without_scripts_one_student_reads_all_and_a_class_is_told_to_open_a_browser(opened: Open) -> None:
    """Some systems show files that way."""
    page = opened(a_report(a_result(a_wrong_case(), submission="ben")), scripts=False)
    for text in ("wrong-answer: 0 of 4 points", "the output is not what was expected", '["the", 9]', "Hint: compare"):
        expect(page.get_by_text(text).first).to_be_visible()
    assert "please open it in a browser" in opened(a_class(2), scripts=False).inner_text("body")
