"""Marks and feedback merged into Moodle's grading worksheet: the right row, what Moodle would take, no markup."""

from __future__ import annotations

import csv
import html
import io
import re
from dataclasses import replace

import pytest
from builders import a_case, a_report, a_wrong_case
from hypothesis import given

from exports.hostile import UNTIMED, harmless, results
from exports.marks import a_mark, a_student, marks
from grader.errors import UsageError
from grader.model import Audience, GradeReport, Lateness, SubmissionResult, Visibility
from grader.reports import to_moodle

EXPORT = """\
Identifier,"Full name","ID number","Email address",Status,Grade,"Maximum Grade","Grade can be changed",\
"Last modified (submission)","Last modified (grade)","Feedback comments"
"Participant 501","Ada Lovelace",s-1,ada@uni.edu,"Submitted for grading",,10.00,Yes,"Monday, 2 March 2026, 9:00 AM",-,
"Participant 502","Grace Hopper",s-2,grace@uni.edu,"Submitted for grading",7.00,10.00,Yes,-,-,"<p>Nice!</p>"
"Participant 503","Emmy Noether",,emmy@uni.edu,"No submission",,10.00,No,-,-,
"""
ADA = a_student("Ada Lovelace_501", ids={"moodle": "501"})
GRACE = a_student("grace", email="grace@uni.edu")
EMMY = a_student("emmy", "Emmy Noether")
GERMAN = to_moodle.Columns(
    identifier="ID",
    grade="Bewertung",
    maximum="Bestwertung",
    name="Vollständiger Name",
    changeable="Bewertung kann geändert werden",
    feedback="Feedback als Kommentar",
    unlocked="Ja",
)


def merged(
    report: GradeReport, exported: str | bytes = EXPORT, columns: to_moodle.Columns | None = None
) -> tuple[str, tuple[str, ...]]:
    """The merged text, and what was said."""
    done = to_moodle.merge(report, exported, file="grades.csv", columns=columns)
    return done.text, done.said


def column(text: str, title: str = "Grade", delimiter: str = ",") -> list[str]:
    """The cells of a column, as the standard library reads them."""
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter)
    return [row[title] for row in rows]


def refusal(report: GradeReport, exported: str | bytes = EXPORT) -> UsageError:
    """The error that a merge ends with."""
    with pytest.raises(UsageError) as raised:
        merged(report, exported)
    return raised.value


def test_marks_and_feedback_go_into_the_students_row_and_nothing_else_changes() -> None:
    """Cell for cell, quotation marks and all."""
    text, said = merged(marks(a_mark(8, ADA)))
    told = "pymapr: wrong-answer, 8 of 10 points<br>wrong-answer<br>  books: not what was expected"
    before, after = 'grading",,10.00', 'grading",8,10.00'
    assert text == EXPORT.replace(before, after, 1).replace('AM",-,', f'AM",-,"{told}"')
    assert column(text) == ["8", "7.00", ""]
    assert column(text, "Feedback comments") == [told, "<p>Nice!</p>", ""]
    assert said == (
        "wordcount: 1 mark filled in",
        "wordcount: no submission found for Grace Hopper (line 3), Emmy Noether (line 4)",
    )


@pytest.mark.parametrize(
    "student",
    [
        pytest.param(a_student("x", ids={"moodle": "501"}), id="the participant's number"),
        pytest.param(a_student("x", ids={"sis": "s-1"}), id="the ID number"),
        pytest.param(a_student("x", email="ADA@uni.edu"), id="the address"),
        pytest.param(a_student("x", "ada lovelace"), id="a name that only she has"),
    ],
)
def test_a_student_is_found_by_whatever_identifies_her(student: object) -> None:
    """The number is the one in the folders of a bulk download."""
    assert isinstance(student, type(ADA))
    assert column(merged(marks(a_mark(8, student)))[0]) == ["8", "7.00", ""]


def test_a_comment_of_somebody_elses_stays() -> None:
    """The mark is filled in all the same, and the comment is said."""
    text, said = merged(marks(a_mark(10, GRACE)))
    assert column(text) == ["", "10", ""]
    assert column(text, "Feedback comments")[1] == "<p>Nice!</p>"
    assert said[0] == "wordcount: 1 mark filled in, 1 of them changed: grace 7.00 -> 10"
    assert said[1] == "wordcount: 1 comment of somebody else's left, without our feedback"


@pytest.mark.parametrize("wrapped", ["{}", "<p>{}</p>"])
def test_our_own_feedback_is_replaced(wrapped: str) -> None:
    """A regrade must not leave last week's behind, whatever Moodle has put around it."""
    old = EXPORT.replace("<p>Nice!</p>", wrapped.format("pymapr: accepted, 7 of 10 points"))
    assert column(merged(marks(a_mark(10, GRACE)), old)[0], "Feedback comments")[1] == (
        "pymapr: accepted, 10 of 10 points"
    )


def test_feedback_may_be_left_out() -> None:
    """Where the instructor writes it."""
    done = to_moodle.merge(marks(a_mark(8, ADA)), EXPORT, file="grades.csv", feedback=False)
    assert done.text == EXPORT.replace('grading",,10', 'grading",8,10')


def test_a_worksheet_without_feedback_gets_marks_alone() -> None:
    """A column cannot be invented: Moodle would not read it."""
    bare = re.sub(r",[^,\n]*$", "", EXPORT, flags=re.MULTILINE)
    assert column(merged(marks(a_mark(8, ADA)), bare)[0]) == ["8", "7.00", ""]


def test_feedback_is_what_students_may_see_even_in_an_instructors_report() -> None:
    """Moodle shows it to them."""
    hidden = replace(a_mark(0, ADA), datasets=(a_case("zipf"), a_wrong_case("tail", Visibility.HIDDEN)))
    told = column(merged(marks(hidden))[0], "Feedback comments")[0]
    assert told == (
        "pymapr: failed, 4 of 8 points<br>failed<br>"
        "  tail: this dataset is not public: whether it passes is all that is shown"
    )


def test_a_locked_row_is_left_and_said() -> None:
    """Moodle would pass over it without a word."""
    text, said = merged(marks(a_mark(8, EMMY)))
    assert text == EXPORT
    assert said[:2] == (
        "wordcount: 0 marks filled in",
        "wordcount: Emmy Noether (line 4) is locked, so left as it was",
    )


def test_our_own_error_leaves_the_student_as_she_was_and_says_so() -> None:
    """Neither mark nor feedback."""
    text, said = merged(marks(a_mark(None, ADA)))
    assert text == EXPORT
    assert said[1] == "wordcount: could not be judged, so left as it was: Ada Lovelace_501"


def test_the_mark_counts_not_the_score_and_is_scaled() -> None:
    """Less what lateness costs, out of what Moodle gives, and both are said."""
    late = replace(a_mark(4, ADA, best=4), late=Lateness(days=1, penalty=0.1))
    text, said = merged(marks(late))
    assert column(text)[0] == "9"
    assert said[1] == "wordcount: marks out of 4 are scaled to the 10 of `Grade`"
    assert column(text, "Feedback comments")[0] == (
        "pymapr: accepted, 3.6 of 4 points<br>late: 1 day, which costs 10 % of the points<br>"
        "mark: 3.6 of 4 (computed: 4)"
    )


def test_a_site_with_a_decimal_comma_gets_one() -> None:
    """And semicolons stay, line ends and BOM too; its words are given by name."""
    export = (
        "\ufeffID;Vollständiger Name;Bewertung;Bestwertung;Bewertung kann geändert werden;Feedback als Kommentar\r\n"
        "Teilnehmer/in501;Ada Lovelace;;1.000,00;Ja;\r\n"
        "Teilnehmer/in502;Emmy Noether;;1.000,00;Nein;\r\n"
    )
    text, said = merged(marks(a_mark(1, ADA, best=3), a_mark(1, EMMY, best=3)), export.encode(), GERMAN)
    assert text.startswith(export[:130].split("\r\n")[0])
    assert column(text, "Bewertung", ";") == ["333,33", ""]
    assert text.count("\r\n") == 3
    assert "wordcount: Emmy Noether (line 3) is locked, so left as it was" in said


def test_a_comma_that_somebody_typed_does_not_make_a_site_write_commas() -> None:
    """Where the other numbers have a dot."""
    assert column(merged(marks(a_mark(2.5, ADA)), EXPORT.replace(",7.00,", ',"7,0",'))[0])[0] == "2.5"


def test_a_maximum_in_words_is_refused() -> None:
    """Points are no items of a scale, and that is so before anybody has handed in."""
    error = refusal(marks(a_mark(8, submission="nobody")), EXPORT.replace("10.00", '"Good, better, best"'))
    assert error.message == "grades.csv:2:75: the maximum 'Good, better, best' is no number"
    assert error.hint == "marks are points: let Moodle grade this assignment in points, not on a scale"


def test_a_file_that_is_no_worksheet_is_refused() -> None:
    """With what was found, and what to do in other languages."""
    error = refusal(marks(a_mark(8, ADA)), "Name,Note\nAda,1\n")
    assert error.message == "grades.csv:1:1: no column 'Identifier' and no column 'Grade' in 'Name', 'Note'"
    assert error.hint == "give the grading worksheet of the assignment; where it is not in English, name its columns"


def test_a_column_that_is_there_twice_is_refused() -> None:
    """Moodle would read one of them."""
    error = refusal(marks(a_mark(8, ADA)), "Identifier,Grade,Grade\n")
    assert (error.message, error.hint) == ("grades.csv:1:18: a second column 'Grade'", "export the worksheet again")


def test_a_worksheet_is_about_one_assignment() -> None:
    """Which one must be said where several were graded, and must have been graded."""
    both = marks(a_mark(8, ADA), a_mark(5, ADA, assignment="join"))
    error = refusal(both)
    assert error.message == "grades.csv: a worksheet is about one assignment; graded were: wordcount, join"
    assert error.hint == "name the assignment"
    assert refusal(marks()).message.endswith("graded were: none")
    assert column(to_moodle.merge(both, EXPORT, file="grades.csv", assignment="join").text)[0] == "5"
    with pytest.raises(UsageError, match="nothing was graded for 'sort'") as raised:
        to_moodle.merge(both, EXPORT, file="grades.csv", assignment="sort")
    assert raised.value.hint == "name an assignment of this report"


@UNTIMED
@given(results(judged=True))
def test_no_text_becomes_markup_or_leaves_its_cell(result: SubmissionResult) -> None:
    """The feedback is HTML with line ends alone, and every other cell is as it was."""
    one = replace(result, students=(ADA,))
    text, said = merged(a_report(one, audience=Audience.STUDENT))
    told = column(text, "Feedback comments")
    assert set(re.findall("<[^>]*>", told[0])) <= {"<br>"}
    assert told[0].startswith("pymapr: ")
    assert harmless(html.unescape(told[0].replace("<br>", "")))
    assert told[1:] == column(EXPORT, "Feedback comments")[1:]
    for title in ("Identifier", "Full name", "Status", "Maximum Grade", "Last modified (grade)"):
        assert column(text, title) == column(EXPORT, title)
    assert all(harmless(line) for line in said)
