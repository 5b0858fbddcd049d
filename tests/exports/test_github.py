"""What GitHub's runner makes of our lines: annotations, a summary, a result; and nothing that a student commands."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from builders import a_case, a_report, a_result, a_wrong_case
from hypothesis import given
from hypothesis import strategies as st

from exports.hostile import UNTIMED, harmless, reports, reports_of_one, texts
from exports.marks import a_mark
from grader.errors import InfrastructureError, UsageError
from grader.model import Audience, GradeReport, Lateness, Verdict, Visibility
from grader.reports import to_github

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TOKEN = "0123456789abcdef"


@dataclass(frozen=True)
class Command:
    """A workflow command as the runner understands it."""

    name: str
    properties: dict[str, str]
    message: str


def obeyed(lines: Iterable[str]) -> Iterator[Command]:
    """The commands that the runner obeys in a log, in either of its syntaxes; deaf between a stop and its token."""
    deaf = ""
    for line in "".join(lines).splitlines():
        text = line.lstrip()
        if deaf:
            deaf = "" if text == f"::{deaf}::" else deaf
        elif found := re.match(r"::([^ :]+)(?: (.*?))?::(.*)", text):
            if found[1] == "stop-commands":
                deaf = found[3]
            parts = [part.split("=", 1) for part in (found[2] or "").split(",") if part]
            yield Command(found[1], {key: unescaped(value) for key, value in parts}, unescaped(found[3]))
        elif "##[" in line:
            yield Command("legacy", {}, line)


def unescaped(text: str) -> str:
    """What was written before it was escaped."""
    for code, sign in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, sign)
    return text


def test_the_annotations_word_for_word() -> None:
    """Beside the file and line that the message names."""
    crash = a_case(
        verdict=Verdict.RUNTIME_ERROR, message="ZeroDivisionError: 100 %\n  wordcount.py:7, in mapper", hint="look"
    )
    report = a_report(replace(a_result(crash), late=Lateness(days=1, penalty=0.5)))
    assert "".join(to_github.render(report, files={"wordcount": "hw/wordcount.py"})) == (
        "::error file=hw/wordcount.py,line=7,title=runtime-error%3A wordcount%3A student-01::"
        "books: ZeroDivisionError: 100 %25%0A  │   wordcount.py:7, in mapper%0Ahint: look\n"
        "::notice title=pymapr::runtime-error: 0 of 4 points\n"
        "::notice file=hw/wordcount.py,title=wordcount%3A student-01::"
        "late: 1 day, which costs 50 %25 of the points%0Amark: 0 of 4 (computed: 0)\n"
    )


def test_our_own_fault_is_a_warning_and_a_class_is_counted() -> None:
    """Where the file is not known, the annotation stands by itself."""
    commands = [*obeyed(to_github.render(a_report(a_mark(None), a_result(a_case(remarks=("slow",))))))]
    assert [(command.name, command.properties["title"], command.message) for command in commands] == [
        ("warning", "grader-error: wordcount: ada", "books: not what was expected"),
        ("notice", "pymapr", "2 submissions: 1 accepted"),
        ("notice", "wordcount: student-01", "books: slow"),
    ]


def test_more_than_ten_of_a_kind_are_counted() -> None:
    """GitHub shows ten, and drops the rest without a word."""
    results = [a_mark(1, submission=f"s{number}") for number in range(1010)]
    errors = [command for command in obeyed(to_github.render(a_report(*results))) if command.name == "error"]
    assert len(errors) == 10
    assert errors[-1].message == (
        "1,001 more are not shown here: GitHub shows 10 of a kind. The step's summary has them."
    )


def test_ten_of_a_kind_are_all_shown() -> None:
    """None is counted that could be shown."""
    results = [a_mark(1, submission=f"s{number}") for number in range(10)]
    errors = [command for command in obeyed(to_github.render(a_report(*results))) if command.name == "error"]
    assert [command.properties["title"][-2:] for command in errors] == [f"s{number}" for number in range(10)]


@pytest.mark.parametrize("message", ["otherwordcount.py:7", "wordcount.pyc:7", "wordcount.py:x", "wordcount.py"])
def test_a_line_is_given_only_where_the_message_names_one(message: str) -> None:
    """Of that very file."""
    report = a_report(a_result(a_case(verdict=Verdict.RUNTIME_ERROR, message=message)))
    [error, _tally] = obeyed(to_github.render(report, files={"wordcount": "wordcount.py"}))
    assert "line" not in error.properties


def test_a_hidden_dataset_tells_students_nothing_more_than_failed() -> None:
    """In annotations, summary and result alike."""
    report = a_report(a_result(a_wrong_case("zipf", Visibility.HIDDEN)), audience=Audience.STUDENT)
    told = ["".join(to_github.render(report)), "".join(to_github.summary(report)), json.dumps(classroom(report))]
    for text in told:
        assert "failed" in text
        assert not [word for word in ("wrong-answer", "expected", "printed", "pymapr run") if word in text]


@UNTIMED
@given(reports(), texts)
def test_no_text_becomes_a_command(report: GradeReport, file: str) -> None:
    """The runner obeys our annotations, a line each, and nothing else."""
    lines = [*to_github.render(report, files={"wordcount": file})]
    commands = [*obeyed(lines)]
    assert len(commands) == len(lines) == "".join(lines).count("\n")
    assert {command.name for command in commands} <= {"error", "warning", "notice"}
    for command in commands:
        assert set(command.properties) <= {"file", "line", "title"}
        assert all(harmless(value) for value in command.properties.values())
        assert harmless(command.message)


@UNTIMED
@given(st.lists(texts))
def test_the_runner_is_deaf_to_what_is_quoted(parts: list[str]) -> None:
    """And hears again afterwards."""
    lines = [*to_github.quoted(parts, TOKEN), "::notice::after"]
    assert [command.name for command in obeyed(lines)] == ["stop-commands", "notice"]


@pytest.mark.parametrize("token", ["", "short", "with:colons::and-such", "0123456789abcde\n"])
def test_a_token_that_could_be_guessed_or_misread_is_refused(token: str) -> None:
    """A student who knows it could speak to the runner."""
    with pytest.raises(ValueError, match="at least 16 letters and digits"):
        [*to_github.quoted([], token)]


# ---- the summary -----------------------------------------------------------------------------------------------------


def test_the_summary_is_the_report_in_markdown() -> None:
    """Where it fits."""
    text = "".join(to_github.summary(a_report(a_result())))
    assert text.startswith("# Grading report\n")
    assert text.endswith("pymapr 0.1.0\n")


@pytest.mark.parametrize("limit", [300, 700, 5000])
def test_the_summary_keeps_to_its_limit_and_says_so(limit: int) -> None:
    """Above it GitHub would show nothing. Umlauts are two bytes."""
    report = a_report(*(a_mark(1, submission="ä" * 50 + str(number)) for number in range(100)))
    text = "".join(to_github.summary(report, limit=limit))
    assert len(text.encode()) <= limit
    assert text.endswith("\n\nThe report is longer than a step's summary may be; the rest was left out.\n")


# ---- GitHub Classroom ------------------------------------------------------------------------------------------------


def classroom(report: GradeReport) -> Any:
    """The JSON that GitHub Classroom's reporter finds."""
    [line] = to_github.classroom(report)
    assert (line[:7], line[-1]) == ("result=", "\n")
    return json.loads(base64.b64decode(line[7:-1], validate=True), parse_constant=pytest.fail)


def test_the_result_for_github_classroom_word_for_word() -> None:
    """Its reporter adds up the tests' scores."""
    assert classroom(a_report(a_result(a_case(), a_case("zipf", Verdict.TIME_LIMIT)))) == {
        "version": 1,
        "status": "fail",
        "message": None,
        "max_score": 8,
        "tests": [
            {
                "name": "wordcount: books",
                "status": "pass",
                "message": None,
                "test_code": "",
                "filename": "",
                "line_no": 0,
                "execution_time": "0ms",
                "score": 4,
            },
            {
                "name": "wordcount: zipf",
                "status": "fail",
                "message": "time-limit\npoints: 0 of 4",
                "test_code": "",
                "filename": "",
                "line_no": 0,
                "execution_time": "0ms",
                "score": 0,
            },
        ],
    }


@pytest.mark.parametrize(
    ("result", "score", "last"),
    [
        (replace(a_mark(10), late=Lateness(days=1, penalty=0.2)), 8, ("wordcount: late", "fail", -2)),
        (a_mark(6, override=9), 9, ("wordcount: override", "pass", 3)),
        (a_mark(None, override=9), 9, ("wordcount: override", "pass", 9)),
    ],
)
def test_the_tests_add_up_to_the_mark(result: Any, score: int, last: tuple[str, str, int]) -> None:
    """So what lateness costs or an instructor gives is a test of its own."""
    document = classroom(a_report(result))
    assert sum(test["score"] for test in document["tests"]) == score
    assert tuple(document["tests"][-1][key] for key in ("name", "status", "score")) == last


def test_fractions_are_given_in_hundredths() -> None:
    """The reporter reads whole numbers."""
    document = classroom(a_report(a_mark(2.5)))
    assert (document["max_score"], document["tests"][0]["score"], document["status"]) == (1000, 250, "fail")


def test_all_that_passed_is_a_pass() -> None:
    """And nothing else is."""
    assert classroom(a_report(a_result()))["status"] == "pass"


def test_what_is_not_one_judged_submission_makes_no_result() -> None:
    """The reporter knows no absent score."""
    with pytest.raises(InfrastructureError, match="no result for GitHub Classroom"):
        [*to_github.classroom(a_report(a_mark(None)))]
    with pytest.raises(UsageError, match="GitHub Classroom takes the result of one submission; nothing was graded"):
        [*to_github.classroom(a_report())]


@UNTIMED
@given(reports_of_one())
def test_no_text_breaks_the_result(report: GradeReport) -> None:
    """Names and messages come through, and everything in them can be seen."""
    for test in classroom(report)["tests"]:
        assert harmless(test["name"])
        assert harmless(test["message"] or "")
