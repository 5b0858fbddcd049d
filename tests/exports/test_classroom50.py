"""Classroom 50's `result.json` by the constraints that its schema and its validators put on it."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from builders import a_case, a_report, a_result, a_wrong_case
from hypothesis import given
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # has no types

from exports.hostile import UNTIMED, harmless, reports_of_one
from exports.marks import a_mark
from grader.errors import InfrastructureError, UsageError
from grader.model import GradeReport, Lateness, Verdict, Visibility
from grader.reports import to_classroom50

SOME = {"type": "string", "minLength": 1}
COUNT = {"type": "integer", "minimum": 0}
MOMENT = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$"}
TEST = {"test-name": SOME, "passed": {"type": "boolean"}, "score": COUNT, "max-score": COUNT}
REQUIRED = {
    "schema": {"const": "classroom50/result/v1"},
    "classroom": SOME,
    "assignment": SOME,
    "assignment_type": {"enum": ["individual", "group", "team"]},
    "owner": SOME,
    "submission": {"type": "string", "pattern": "^submit/"},
    "commit": SOME,
    "release": SOME,
    "review": SOME,
    "datetime": MOMENT,
    "score": COUNT,
    "max-score": COUNT,
    "tests": {"type": "array", "items": {"type": "object", "required": [*TEST], "properties": TEST}},
}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": [*REQUIRED],
    "properties": REQUIRED | {"graded_at": MOMENT},
}
ENVIRON = {
    "CLASSROOM": "cs50",
    "ASSIGNMENT": "wordcount",
    "OWNER": "ada",
    "SUBMISSION_TAG": "submit/2026-03-01T12-00-00Z-abc",
    "COMMIT_URL": "https://example.org/c",
    "RELEASE_URL": "https://example.org/r",
    "REVIEW_URL": "https://example.org/v",
    "ASSIGNMENT_TYPE": "group",
}


def rendered(report: GradeReport, environ: dict[str, str] | None = None) -> Any:
    """The document, strictly read and checked, across its fields too."""
    text = "".join(to_classroom50.render(report, ENVIRON if environ is None else environ))
    document = json.loads(text, parse_constant=pytest.fail)
    Draft202012Validator(SCHEMA).validate(document)
    for scored in (document, *document["tests"]):
        assert scored["score"] <= scored["max-score"]
    return document


def test_the_document_word_for_word() -> None:
    """Who and what comes from the runner, the moment from the submission, in UTC."""
    result = replace(a_result(a_case(), a_case("zipf", Verdict.TIME_LIMIT)), submitted="2026-03-01T01:30:00+02:00")
    assert rendered(a_report(result)) == {
        "schema": "classroom50/result/v1",
        "classroom": "cs50",
        "assignment": "wordcount",
        "assignment_type": "group",
        "owner": "ada",
        "submission": "submit/2026-03-01T12-00-00Z-abc",
        "commit": "https://example.org/c",
        "release": "https://example.org/r",
        "review": "https://example.org/v",
        "datetime": "2026-02-28T23:30:00Z",
        "graded_at": "2026-03-01T12:00:00Z",
        "score": 4,
        "max-score": 8,
        "tests": [
            {
                "test-name": "books",
                "passed": True,
                "score": 4,
                "max-score": 4,
                "verdict": "accepted",
                "output": "accepted\npoints: 4 of 4",
            },
            {
                "test-name": "zipf",
                "passed": False,
                "score": 0,
                "max-score": 4,
                "verdict": "time-limit",
                "output": "time-limit\npoints: 0 of 4",
            },
        ],
    }


def test_the_moment_does_not_depend_on_where_the_grader_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A runner has its own time zone."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        document = rendered(a_report(replace(a_mark(8), submitted="2026-03-01T01:30:00+02:00")))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert document["datetime"] == "2026-02-28T23:30:00Z"


def test_fractions_are_given_in_hundredths_throughout() -> None:
    """Points must be whole there; a quarter of the late day shows in the score alone."""
    document = rendered(a_report(replace(a_mark(10 / 3), late=Lateness(days=1, penalty=0.1))))
    assert (document["score"], document["max-score"]) == (233, 1000)
    assert [(test["score"], test["max-score"]) for test in document["tests"]] == [(333, 1000)]


@pytest.mark.parametrize(("override", "score"), [(12, 10), (-3, 0)])
def test_a_score_stays_between_nothing_and_all(override: float, score: int) -> None:
    """Whatever the instructor gave: the collector would refuse the file."""
    assert rendered(a_report(a_mark(5, override=override)))["score"] == score


def test_other_names_of_the_variables_will_do() -> None:
    """Runners of other ages set others; without a type, the work is one's own."""
    environ = {name: value for name, value in ENVIRON.items() if name not in ("OWNER", "REVIEW_URL", "ASSIGNMENT_TYPE")}
    document = rendered(a_report(a_result()), environ | {"USERNAME": "grace"})
    assert (document["owner"], document["review"]) == ("grace", "https://example.org/c")
    assert document["assignment_type"] == "individual"
    assert rendered(a_report(a_result()), environ | {"USERNAME": "x", "MODE": "team"})["assignment_type"] == "team"


def refusal(environ: dict[str, str]) -> UsageError:
    """The error that a document ends with."""
    with pytest.raises(UsageError) as raised:
        rendered(a_report(a_result()), environ)
    return raised.value


def test_a_variable_that_lacks_is_named() -> None:
    """Nothing is invented in its place."""
    error = refusal({name: value for name, value in ENVIRON.items() if name not in ("OWNER", "RELEASE_URL")})
    assert error.message == "no result for Classroom 50: the environment lacks OWNER or USERNAME, RELEASE_URL"
    assert error.hint == "run this in Classroom 50's autograder, which sets them"


@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [
        ("SUBMISSION_TAG", "v1", "does not begin with submit/"),
        ("ASSIGNMENT_TYPE", "pair\x1b", "is none of individual, group, team"),
    ],
)
def test_a_variable_that_cannot_be_is_refused(variable: str, value: str, why: str) -> None:
    """The collector would leave the file out without a word."""
    error = refusal(ENVIRON | {variable: value})
    shown = value.replace("\x1b", r"\\x1b")
    assert error.message == f"no result for Classroom 50: {variable} is '{shown}', which {why}"
    assert error.hint == "leave the runner's variables as they are"


def test_a_hidden_dataset_tells_nothing_more_than_failed_for_whomever_the_report_is() -> None:
    """The file ends up in the student's own repository."""
    [test] = rendered(a_report(a_result(a_wrong_case("zipf", Visibility.HIDDEN))))["tests"]
    assert (test["passed"], test["verdict"]) == (False, "failed")
    assert "expected" not in test["output"]


def test_what_could_not_be_judged_makes_no_document_at_all() -> None:
    """An autograder that ends without one has failed there, and gives no zero."""
    with pytest.raises(InfrastructureError, match="no result for Classroom 50: wordcount: books could not be judged"):
        rendered(a_report(a_mark(None)))


def test_several_assignments_of_one_submission_are_told_apart() -> None:
    """Their points add up."""
    document = rendered(a_report(a_mark(8), a_mark(5, assignment="join")))
    assert (document["score"], [test["test-name"] for test in document["tests"]]) == (
        13,
        ["wordcount: books", "join: books"],
    )


@UNTIMED
@given(reports_of_one())
def test_no_text_breaks_the_document(report: GradeReport) -> None:
    """Names are there, and everything in it can be seen."""
    document = rendered(report)
    assert all(harmless(test["test-name"]) and harmless(test["output"]) for test in document["tests"])
