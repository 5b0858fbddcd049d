"""Gradescope's `results.json`: what its harness takes, who sees what, and never a zero that nobody earned."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from builders import a_case, a_report, a_result, a_wrong_case, both_runs
from hypothesis import given
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # has no types

from exports.hostile import UNTIMED, harmless, reports_of_one
from exports.marks import a_mark
from grader.audience import for_audience
from grader.errors import InfrastructureError, UsageError
from grader.model import Audience, GradeReport, Lateness, Verdict, Visibility
from grader.reports import plain, to_gradescope

VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
# As Gradescope's documentation describes the file; it publishes no schema.
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["score", "tests"],
    "properties": {
        "score": {"type": "number"},
        "execution_time": {"type": "number"},
        "output": {"type": "string", "not": {"pattern": "\r"}},
        "output_format": FORMAT,
        "test_output_format": FORMAT,
        "test_name_format": FORMAT,
        "visibility": VISIBILITY,
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "score": {"type": "number"},
                    "max_score": {"type": "number"},
                    "status": {"enum": ["passed", "failed"]},
                    "name": {"type": "string"},
                    "number": {"type": "string"},
                    "output": {"type": "string", "not": {"pattern": "\r"}},
                    "output_format": FORMAT,
                    "visibility": VISIBILITY,
                },
            },
        },
    },
}


def rendered(report: GradeReport) -> Any:
    """The document, strictly read and checked."""
    document = json.loads("".join(to_gradescope.render(report)), parse_constant=pytest.fail)
    Draft202012Validator(SCHEMA).validate(document)
    return document


def test_the_document_word_for_word() -> None:
    """Text throughout: what is not declared to be text, Gradescope reads as a kind of HTML."""
    case = a_case(verdict=Verdict.WRONG_ANSWER, message="<b>8</b>\nnot 9", runs=both_runs(1.25, 0.5))
    assert rendered(a_report(a_result(case, withheld=("zipf",)), skipped=("join: no dataset",))) == {
        "score": 0,
        "output": "wordcount: wrong-answer, 0 of 4 points\nnot judged: zipf (withheld)\nnot judged: join: no dataset",
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "execution_time": 1.75,
        "tests": [
            {
                "name": "books",
                "number": "1.1",
                "status": "failed",
                "score": 0,
                "max_score": 4,
                "output": "wrong-answer: <b>8</b>\n  │ not 9\npoints: 0 of 4",
                "output_format": "text",
                "visibility": "visible",
            }
        ],
    }


def test_the_mark_is_the_score_and_its_reasons_are_said() -> None:
    """The tests keep what they earned; Gradescope takes the score over their sum."""
    document = rendered(a_report(replace(a_mark(8), late=Lateness(days=1, penalty=0.25))))
    assert (document["score"], document["tests"][0]["score"]) == (5.5, 8)
    assert document["output"].splitlines()[1:] == [
        "late: 1 day, which costs 25 % of the points",
        "mark: 5.5 of 10 (computed: 8)",
    ]


NOT_PUBLIC = {Visibility.HIDDEN: "hidden", Visibility.AFTER_DEADLINE: "after_due_date"}


@pytest.mark.parametrize("visibility", NOT_PUBLIC)
def test_for_instructors_gradescope_itself_hides_the_details(visibility: Visibility) -> None:
    """They are all there, behind its own visibility."""
    [test] = rendered(a_report(a_result(a_wrong_case("zipf", visibility))))["tests"]
    assert test["visibility"] == NOT_PUBLIC[visibility]
    assert "got" in test["output"]


@pytest.mark.parametrize("visibility", NOT_PUBLIC)
def test_for_students_nothing_is_hidden_since_nothing_is_told(visibility: Visibility) -> None:
    """One hidden test would hide the total from them."""
    document = rendered(a_report(a_result(a_wrong_case("zipf", visibility)), audience=Audience.STUDENT))
    [test] = document["tests"]
    assert (test["status"], test["visibility"], document["execution_time"]) == ("failed", "visible", 0)
    assert test["output"] == (
        "failed: this dataset is not public: whether it passes is all that is shown\npoints: 0 of 4"
    )


def test_one_submission_may_have_several_assignments() -> None:
    """Their marks add up, and each test says whose it is."""
    document = rendered(a_report(a_mark(8), a_mark(5, assignment="join")))
    assert document["score"] == 13
    assert [(test["number"], test["name"]) for test in document["tests"]] == [
        ("1.1", "wordcount: books"),
        ("2.1", "join: books"),
    ]


def test_an_override_counts_even_where_a_dataset_has_no_score() -> None:
    """Which is then left out: null is no number."""
    document = rendered(a_report(a_mark(None, override=7)))
    assert (document["score"], "score" in document["tests"][0]) == (7, False)


@pytest.mark.parametrize(
    ("submissions", "said"), [([], "nothing was graded"), (["ada", "grace"], "2 submissions were graded")]
)
def test_more_or_less_than_one_submission_is_refused(submissions: list[str], said: str) -> None:
    """Whose score would it be?"""
    with pytest.raises(UsageError) as raised:
        rendered(a_report(*(a_result(submission=name) for name in submissions)))
    assert raised.value.message == f"Gradescope takes the result of one submission; {said}"
    assert raised.value.hint == "grade with --submission"


def test_what_could_not_be_judged_makes_no_document_at_all() -> None:
    """Without one, Gradescope says that the autograder failed; with one, it would give points, if only zero."""
    with pytest.raises(InfrastructureError) as raised:
        rendered(a_report(a_result(a_case(), a_case("zi\npf", Verdict.GRADER_ERROR))))
    assert raised.value.message == (
        r"no result for Gradescope: wordcount: zi\npf could not be judged, and it would be given a zero"
    )
    assert raised.value.hint == "see the other reports for what went wrong, and grade again"


@UNTIMED
@given(reports_of_one())
def test_no_text_breaks_the_document_or_changes_a_fact(report: GradeReport) -> None:
    """Line ends are the only signs in it that cannot be seen."""
    document = rendered(report)
    [result] = for_audience(report, report.audience).results
    assert [(test["name"], test.get("score"), test["status"]) for test in document["tests"]] == [
        (plain.visible(case.name), case.score, "passed" if case.verdict is Verdict.ACCEPTED else "failed")
        for case in result.datasets
    ]
    texts = [document["output"], *(test[key] for test in document["tests"] for key in ("name", "output"))]
    assert all(harmless(text) for text in texts)
