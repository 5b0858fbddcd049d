"""What students may not know of a hidden dataset is not in the file at all, wherever one looks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from builders import a_case, a_report, a_result, a_run
from playwright.sync_api import expect

from grader.model import Audience, Difference, Example, Span, Verdict, Visibility
from grader.reports import to_feedback, to_html

if TYPE_CHECKING:
    from pathlib import Path

    from grader.model import CaseResult, GradeReport
    from html_report.conftest import Open

SECRETS = ("SECRETMESSAGE", "SECRETHINT", "SECRETCOMMAND", "SECRETREMARK", "SECRETRECORD", "SECRETGOT", "SECRETPLACE")
FIGURES = ("98765", "43.21", "12.34")
"""The number of records missing, seconds of CPU, the end of a span."""


def concealed(verdict: Verdict, visibility: Visibility = Visibility.HIDDEN) -> CaseResult:
    """A hidden dataset with secrets in each of its fields."""
    message, hint, command, remark, record, got, place = SECRETS
    spans = (Span(worker=0, phase="map", start=0.0, end=12.34),)
    return a_case(
        "zipf",
        verdict,
        visibility=visibility,
        message=message,
        hint=hint,
        reproduce=command,
        remarks=(remark,),
        difference=Difference(missing=98765, unexpected=0, examples=(Example(expected=record, got=got, where=place),)),
        runs=(replace(a_run("serial"), cpu=43.21, spans=spans),),
    )


def secrets_in(text: str) -> list[str]:
    """Which secrets can be read off the bytes."""
    return [secret for secret in (*SECRETS, *FIGURES, Verdict.TIME_LIMIT.value) if text.count(secret) > BASE[secret]]


BASE = {
    secret: "".join(to_html.render(a_report(a_result(), audience=Audience.STUDENT))).count(secret)
    for secret in (*SECRETS, *FIGURES, Verdict.TIME_LIMIT.value)
}
"""How often each occurs where there is nothing to hide: the script knows the verdicts' names."""


def for_students(case: CaseResult) -> GradeReport:
    """A report with that dataset beside a public one."""
    return a_report(a_result(a_case("books"), case), audience=Audience.STUDENT)


def test_the_test_would_see_the_secrets() -> None:
    """An instructor's file has them."""
    report = a_report(a_result(concealed(Verdict.TIME_LIMIT)))
    assert set(SECRETS) <= set(secrets_in("".join(to_html.render(report))))


@pytest.mark.parametrize("visibility", [Visibility.HIDDEN, Visibility.AFTER_DEADLINE])
@pytest.mark.parametrize("verdict", [Verdict.TIME_LIMIT, Verdict.ACCEPTED, Verdict.GRADER_ERROR])
def test_a_student_s_file_holds_no_fact_of_a_hidden_dataset(verdict: Verdict, visibility: Visibility) -> None:
    """Pass, fail or not judged, and nothing else: no message, count, record, command, time, and no verdict's name."""
    assert secrets_in("".join(to_html.render(for_students(concealed(verdict, visibility))))) == []


def test_feedback_is_for_students_whatever_the_report_is_for(tmp_path: Path) -> None:
    """An instructor's report makes the same files."""
    to_feedback.write(a_report(a_result(a_case("books"), concealed(Verdict.TIME_LIMIT))), tmp_path)
    [file] = tmp_path.iterdir()
    assert secrets_in(file.read_text(encoding="utf-8")) == []


def test_all_failures_of_hidden_datasets_make_the_same_bytes() -> None:
    """Nothing tells one kind from another."""
    documents = {
        "".join(to_html.render(for_students(concealed(verdict))))
        for verdict in Verdict
        if verdict not in (Verdict.ACCEPTED, Verdict.GRADER_ERROR)
    }
    # They earn no points, all of them.
    assert len(documents) == 1


def test_a_student_reads_that_it_failed_and_why_there_is_no_more(opened: Open) -> None:
    """In words, not by silence."""
    page = opened(for_students(concealed(Verdict.WRONG_ANSWER)))
    card = page.locator("details.dataset")
    assert " ".join(card.locator(".dataset-head").inner_text().split()) == "zipf hidden ✗failed 0 / 4"
    expect(card.get_by_text("this dataset is not public: whether it passes is all that is shown")).to_be_visible()
    expect(page.locator("#foot")).to_contain_text("As students may see it")
