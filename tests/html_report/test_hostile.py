"""Whatever a student writes is text: in no field does it act, hide, or break the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import html5lib  # type: ignore[import-untyped]  # it has no types of its own
import pytest
from builders import a_report, a_result
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import expect

from grader.model import (
    CaseResult,
    Difference,
    Example,
    GradeReport,
    Lateness,
    Override,
    RunRecord,
    SandboxReport,
    Span,
    Student,
    SubmissionResult,
    Verdict,
    Visibility,
)
from grader.reports import to_html
from html_report.classes import a_class
from html_report.conftest import heading

if TYPE_CHECKING:
    from html_report.conftest import Open

EVIL = {
    "script": "<script>alert(1)</script>",
    "closing": "</script></style></title></noscript><img src=x onerror=alert(2)>",
    "comment": "<!--<script>alert(3)",
    "attribute": "\"'` onmouseover=alert(4) x=",
    "entity": "&lt;b&gt;&amp;&#60;script&#62;",
    "template": "${alert(5)} {{alert(6)}} $title $$",
    "address": "javascript:alert(7)",
    "remote": '<link rel=stylesheet href="https://example.org/x.css"><img src="https://example.org/x.png">',
    "bidi": "abc\u202egnp.exe\u2066\u2069",
    "controls": "a\x00b\x07c\x1b[31mred\x1b[0m\r\u2028\u2029\x85",
    "surrogate": "half \udc80 and \ud83d",
    "path": "../../etc/passwd#x/y?z%2F%",
    "prototype": "__proto__",
}

each_evil = pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in EVIL.items()])


def everywhere(text: str) -> GradeReport:
    """A report with `text` in every field that takes text, for two who handed in."""
    run = RunRecord(engine="serial", workers=1, order=text, wall=1, cpu=1, phases={"map": 1.0, text: 1.0})
    spans = (Span(worker=0, phase=text, start=0, end=1), Span(worker=0, phase="map", start=0, end=1))
    case = CaseResult(
        name=text,
        visibility=Visibility.PUBLIC,
        verdict=Verdict.WRONG_ANSWER,
        score=0,
        max_score=1,
        message=f"{text}\n{text}",
        hint=text,
        reproduce=text,
        remarks=(text,),
        difference=Difference(missing=1, unexpected=1, examples=(Example(expected=text, got=text + "x", where=text),)),
        runs=(run, RunRecord(engine="parallel", workers=2, order=text, wall=1, cpu=1, spans=spans)),
    )
    result = SubmissionResult(
        assignment=text,
        submission=text,
        datasets=(case,),
        withheld=(text,),
        students=(Student(key=text, name=text, email=text, login=text, ids={text: text}),),
        group=text,
        submitted=text,
        late=Lateness(days=1, penalty=0.1),
        override=Override(score=1, reason=text, by=text, at=text),
        remarks=(text,),
    )
    sandbox = SandboxReport(level=3, layers=(text,), missing=(text,))
    return a_report(result, a_result(assignment=text, submission="another"), sandbox=sandbox, skipped=(text,))


def rendered(report: GradeReport) -> str:
    """The document, as its bytes say it."""
    return "".join(to_html.render(report)).encode("utf-8").decode("utf-8")


@each_evil
def test_in_no_field_does_text_act(opened: Open, text: str) -> None:
    """No dialog, no request, no element: the overview and the page read as the text does. (The fixture watches.)"""
    page = opened(everywhere(text))
    page.get_by_label("Student").fill(text[:5])
    expect(page.get_by_role("button", name="Clear")).to_be_visible()
    page.get_by_label("Student").fill("")
    expect(page.get_by_role("button", name="Clear")).to_be_hidden()
    page.locator("#rows tr", has_text="set by hand").get_by_role("link").click()
    expect(heading(page)).not_to_be_empty()
    for kind in ("img", "link", "iframe", "[onmouseover]", "[onerror]", "script:not([type*=json], [type=module])"):
        expect(page.locator(kind), kind).to_have_count(0)


def test_markup_is_shown_as_it_was_written(opened: Open) -> None:
    """A student who emits HTML wants to see it."""
    page = opened(everywhere(EVIL["script"]), width=1000)
    page.locator("#rows tr", has_text="set by hand").get_by_role("link").click()
    expect(heading(page)).to_have_text(EVIL["script"])
    expect(page.locator(".difference .expected")).to_have_text(EVIL["script"], use_inner_text=True)
    expect(page.locator(".reproduce code")).to_have_text(EVIL["script"])


def test_what_cannot_be_seen_is_spelt_out(opened: Open) -> None:
    """A name cannot pass for another by what turns text round or hides it."""
    page = opened(everywhere(EVIL["bidi"]))
    assert (
        r"abc\u202egnp.exe\u2066\u2069"
        in page.locator("#rows a").first.inner_text() + page.locator("#rows a").last.inner_text()
    )
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", rendered(everywhere(EVIL["bidi"])))


@each_evil
def test_the_document_is_valid_whatever_it_says(text: str) -> None:
    """html5lib, at its strictest, finds nothing: of a class, and of one student, with scripts and without."""
    one = everywhere(text)
    for report in (one, a_report(one.results[0])):
        for scripts in (True, False):
            html5lib.HTMLParser(strict=True).parse(rendered(report), scripting=scripts)


@given(st.text(st.characters(), max_size=30))
def test_any_text_leaves_the_document_valid(text: str) -> None:
    """Lone surrogates and controls included."""
    html5lib.HTMLParser(strict=True).parse(rendered(a_report(everywhere(text).results[0])), scripting=False)


def test_huge_texts_are_cut_and_it_is_said_how_much_is_missing(opened: Open) -> None:
    """A megabyte in each field makes no page of ten; nothing runs out of the screen."""
    report = everywhere("x" * 1_000_000)
    assert len(rendered(report)) < 200_000
    page = opened(report, width=375)
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    page.locator("#rows tr", has_text="set by hand").get_by_role("link").click()
    expect(heading(page)).to_contain_text("more characters)")
    assert page.evaluate("document.documentElement.scrollWidth") == 375


def test_names_that_look_alike_remain_two(opened: Open) -> None:
    """What is spelt out may read like what another wrote in so many letters."""
    page = opened(a_report(a_result(submission="a\x1b"), a_result(submission="a\\x1b", assignment="join")))
    assert page.locator("#rows tr").count() == 2
    links = [link.get_attribute("href") for link in page.locator("#rows a").all()]
    assert len(set(links)) == 2
    page = opened(a_report(a_result(submission="a\x1b"), a_result(submission="a\\x1b"), a_result(submission="b")))
    assert len({link.get_attribute("href") for link in page.locator("#rows a").all()}) == 3


def test_the_page_may_do_nothing_but_run_its_own_script(opened: Open) -> None:
    """Its policy names the one script and the one style by their hashes; nothing else loads, runs or is sent."""
    text = rendered(a_class(2))
    [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[^ ]{44}'; script-src 'sha256-[^ ]{44}'; base-uri 'none'; "
        r"form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        policy,
    )
    assert not re.search(r"\b(?:src|href)=\"?http|@import|url\(", text)
    opened(a_class(2)).get_by_role("heading", name="Class report").wait_for()
