"""Two ways to fail a hidden dataset are one to students, in every format, to the letter."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from builders import a_case, a_report, a_result, a_wrong_case, both_runs
from hypothesis import given
from hypothesis import strategies as st

from exports.hostile import UNTIMED, texts
from exports.marks import a_student
from grader.model import Audience, CaseResult, GradeReport, Verdict, Visibility
from grader.reports import (
    to_canvas,
    to_classroom50,
    to_csv,
    to_github,
    to_gradescope,
    to_json,
    to_junit,
    to_markdown,
    to_moodle,
    to_terminal,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ENVIRON = {
    "CLASSROOM": "c",
    "ASSIGNMENT": "a",
    "OWNER": "o",
    "SUBMISSION_TAG": "submit/1",
    "COMMIT_URL": "u",
    "RELEASE_URL": "u",
}
GRADEBOOK = "Student,ID,SIS Login ID,Section,wordcount (1)\nAda,1,ada,A,\n"
WORKSHEET = "Identifier,Full name,Grade,Maximum Grade,Feedback comments\nParticipant 1,Ada,,8,\n"
FORMATS: dict[str, Callable[[GradeReport], Iterable[str]]] = {
    "json": to_json.render,
    "terminal": to_terminal.render,
    "junit": to_junit.render,
    "csv": to_csv.render,
    "markdown": to_markdown.render,
    "gradescope": to_gradescope.render,
    "annotations": to_github.render,
    "summary": to_github.summary,
    "github classroom": to_github.classroom,
    "classroom 50": lambda report: to_classroom50.render(report, ENVIRON),
    "canvas": lambda report: [to_canvas.merge(report, GRADEBOOK, file="x").text],
    "moodle": lambda report: [to_moodle.merge(report, WORKSHEET, file="x").text],
}
# Their readers are students whoever asked for the file.
ALWAYS = ["github classroom", "classroom 50", "moodle"]

failures = st.sampled_from([one for one in Verdict if one not in (Verdict.ACCEPTED, Verdict.GRADER_ERROR)])
failed = st.builds(
    lambda verdict, message, hint, remark, seconds: replace(
        a_wrong_case("zipf", Visibility.HIDDEN),
        verdict=verdict,
        message=message,
        hint=hint,
        remarks=(remark,),
        runs=both_runs(seconds),
    ),
    failures,
    texts,
    texts,
    texts,
    st.floats(0.1, 9),
)
"""A hidden dataset that was failed in any way."""


def shown(name: str, case: CaseResult, audience: Audience) -> str:
    """What a format shows of a submission with this dataset."""
    result = replace(a_result(a_case(), case), students=(a_student("ada", "Ada"),))
    return "".join(FORMATS[name](a_report(result, audience=audience)))


@pytest.mark.parametrize("name", FORMATS)
@UNTIMED
@given(failed, failed)
def test_students_cannot_tell_one_failure_from_another(name: str, one: CaseResult, other: CaseResult) -> None:
    """So nothing leaks: not even that there was something to hide."""
    assert shown(name, one, Audience.STUDENT) == shown(name, other, Audience.STUDENT)


@pytest.mark.parametrize("name", ALWAYS)
@UNTIMED
@given(failed, failed)
def test_what_students_read_anyway_tells_no_more_in_an_instructors_report(
    name: str, one: CaseResult, other: CaseResult
) -> None:
    """The file ends up with them."""
    assert shown(name, one, Audience.INSTRUCTOR) == shown(name, other, Audience.INSTRUCTOR)


@pytest.mark.parametrize("name", sorted({*FORMATS} - {*ALWAYS, "canvas"}))
def test_instructors_are_told(name: str) -> None:
    """Otherwise the tests above would hold of an empty file."""
    assert "wrong-answer" in shown(name, a_wrong_case("zipf", Visibility.HIDDEN), Audience.INSTRUCTOR)
