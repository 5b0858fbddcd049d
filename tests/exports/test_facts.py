"""Who handed in, when, how late, and what was overridden, in the JSON and the terminal's report."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from typing import Any

import pytest
from builders import a_case, a_report, a_result
from hypothesis import given
from jsonschema import Draft202012Validator, ValidationError  # type: ignore[import-untyped]  # has no types

from exports.hostile import UNTIMED, harmless, reports
from exports.marks import a_mark, a_student
from grader.model import GradeReport, Lateness, Override, SubmissionResult
from grader.reports import standing, to_json, to_terminal

SCHEMA = Draft202012Validator(json.loads(resources.files("grader").joinpath("report.schema.json").read_text()))
OVERRIDE = Override(score=9, reason="explained it", by="prof", at="2026-03-05T09:00:00+01:00")


def everything() -> SubmissionResult:
    """A submission of which everything is known."""
    return replace(
        a_mark(8, a_student("01", "Ada", email="ada@e.org", login="ada", ids={"canvas": "7"}), a_student("02")),
        submission="team-1",
        group="team 1",
        submitted="2026-03-01T12:00:00+01:00",
        late=Lateness(days=2, penalty=0.2),
        override=OVERRIDE,
        remarks=("named wc.py\nnot wordcount.py",),
    )


def result_of(report: GradeReport) -> Any:
    """The first result of the JSON report, checked against the schema on its way."""
    document = json.loads("".join(to_json.render(report)), parse_constant=pytest.fail)
    SCHEMA.validate(document)
    return document["results"][0]


def test_the_json_report_has_all_that_is_known() -> None:
    """The score is what was computed, the mark what belongs in a gradebook."""
    result = result_of(a_report(everything()))
    del result["datasets"]
    assert result == {
        "assignment": "wordcount",
        "submission": "team-1",
        "students": [
            {"key": "01", "name": "Ada", "email": "ada@e.org", "login": "ada", "ids": {"canvas": "7"}},
            {"key": "02", "name": "", "email": "", "login": "", "ids": {}},
        ],
        "group": "team 1",
        "submitted": "2026-03-01T12:00:00+01:00",
        "verdict": "wrong-answer",
        "score": 8,
        "max_score": 10,
        "late": {"days": 2, "penalty": 0.2},
        "override": {
            "score": 9,
            "reason": "explained it",
            "by": "prof",
            "at": "2026-03-05T09:00:00+01:00",
        },
        "mark": 9,
        "remarks": ["named wc.py\nnot wordcount.py"],
        "withheld": [],
    }


@pytest.mark.parametrize("place", ["students", "late", "override"])
def test_the_schema_misses_every_key_of_the_new_facts(place: str) -> None:
    """A reader may rely on each."""
    document = json.loads("".join(to_json.render(a_report(everything()))))
    facts = document["results"][0][place]
    facts = facts[0] if isinstance(facts, list) else facts
    for key in [*facts]:
        value = facts.pop(key)
        with pytest.raises(ValidationError):
            SCHEMA.validate(document)
        facts[key] = value


@UNTIMED
@given(reports())
def test_any_text_in_the_new_facts_comes_through_a_strict_reader(report: GradeReport) -> None:
    """And the schema accepts the document."""
    text = "".join(to_json.render(report))
    assert text.isascii()
    SCHEMA.validate(json.loads(text, parse_constant=pytest.fail))


def explained(*results: SubmissionResult) -> list[str]:
    """What the terminal's report says below its table, about the first of several submissions."""
    report = a_report(*results, a_result(submission="other"))
    return "".join(to_terminal.render(report)).split("\n\n")[1].split("\n")


def test_the_terminal_says_how_a_mark_came_about() -> None:
    """Above what is wrong, since it is what counts."""
    assert explained(everything()) == [
        "wordcount · team-1 (Ada, 02)  9/10 points",
        "  group: team 1",
        "  late: 2 days, which costs 20 % of the points",
        "  override: 9 by prof at 2026-03-05T09:00:00+01:00: explained it",
        "  mark: 9 of 10 (computed: 8)",
        r"  remark: named wc.py\nnot wordcount.py",
        "  ✗ wrong-answer",
        "    books: not what was expected",
    ]


def test_lateness_that_costs_nothing_is_said_too() -> None:
    """An instructor wants to know, and accepted work gets its explanation as well."""
    assert explained(replace(a_result(), late=Lateness(days=1, penalty=0))) == [
        "wordcount · student-01  4/4 points",
        "  late: 1 day, which costs 0 % of the points",
        "  mark: 4 of 4 (computed: 4)",
    ]


def test_who_was_in_time_is_not_said_to_be_late() -> None:
    """No days, no words; and one who is called like his submission is named once."""
    in_time = replace(a_result(a_case(remarks=("slow",))), late=Lateness(days=0, penalty=0))
    assert explained(replace(in_time, students=(a_student("student-01"),))) == [
        "wordcount · student-01  4/4 points",
        "  remark on books: slow",
    ]


@UNTIMED
@given(reports())
def test_no_text_in_the_new_facts_steers_the_terminal(report: GradeReport) -> None:
    """Names, reasons, remarks."""
    assert harmless("".join(to_terminal.render(report)))


@pytest.mark.parametrize(
    ("score", "at", "said"),
    [
        (10, "2026-03-05T09:00:00.123456+00:00", "10 by prof at 2026-03-05T09:00:00+00:00: explained it"),
        (
            17.5,
            "2026-03-05T09:00:00.123456+00:00",
            "17.5 (more than the 10 that can be earned) by prof at 2026-03-05T09:00:00+00:00: explained it",
        ),
        (9, "last\nweek", r"9 by prof at last\nweek: explained it"),
    ],
)
def test_an_override_is_told_to_the_second_and_whether_it_is_more_than_can_be_earned(
    score: float, at: str, said: str
) -> None:
    """It counts all the same: an instructor may give a bonus, or have slipped."""
    facts = dict(standing.facts(replace(everything(), override=replace(OVERRIDE, score=score, at=at))))
    assert facts["override"] == said
