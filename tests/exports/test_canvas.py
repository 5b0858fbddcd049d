"""Marks merged into what Canvas' gradebook exports: the right cell, nothing else, and everything odd said aloud."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.hostile import UNTIMED, harmless, texts
from exports.marks import a_mark, a_student, marks
from grader.errors import UsageError
from grader.model import GradeReport, Lateness
from grader.reports import to_canvas

EXPORT = """\
Student,ID,SIS User ID,SIS Login ID,Section,Notes,Word count (123),Join (124),Assignments Current Score
,,,,,,Manual Posting,,
    Points Possible,,,,,,10,20,(read only)
"Lovelace, Ada",1001,s-1,ada@uni.edu,"Section, A",shy,,,51.2
"Hopper, Grace",1002,s-2,ghopper,A,,7,,66.0
"Student, Test",1003,,test,A,,,,
"""
ADA = a_student("ada", "Ada Lovelace", email="ada@uni.edu", ids={"canvas": "1001"})
GRACE = a_student("grace", "Grace Hopper", login="ghopper")
TITLES = {"wordcount": "Word count", "join": "Join"}


def merged(report: GradeReport, exported: str | bytes = EXPORT, **asked: str) -> tuple[str, tuple[str, ...]]:
    """The merged text, and what was said."""
    done = to_canvas.merge(report, exported, file="grades.csv", titles=TITLES, columns=asked)
    return done.text, done.said


def cells(text: str, column: int = 6, delimiter: str = ",") -> dict[str, str]:
    """The cells of a column by the rows' names, as the standard library reads them."""
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter)
    return {row[0].strip(): row[column] for row in rows if row}


def refusal(report: GradeReport, exported: str | bytes = EXPORT, **asked: str) -> UsageError:
    """The error that a merge ends with."""
    with pytest.raises(UsageError) as raised:
        merged(report, exported, **asked)
    return raised.value


def test_marks_go_under_the_assignments_title_and_nothing_else_changes() -> None:
    """Not a quotation mark, not a space; a mark that stood there is replaced."""
    text, said = merged(marks(a_mark(8, ADA), a_mark(10, GRACE)))
    assert text == EXPORT.replace("shy,,,51.2", "shy,8,,51.2").replace(",7,,66.0", ",10,,66.0")
    assert said == (
        "wordcount: 2 marks filled in under `Word count (123)`, 1 of them changed: Grace Hopper (grace) 7 -> 10",
    )


@pytest.mark.parametrize("before", ["10", "10.00", "10,00", "", " ", "-"])
def test_a_mark_that_stood_there_already_is_not_called_changed(before: str) -> None:
    """However it was written; nor one that was not there."""
    text, said = merged(marks(a_mark(10, GRACE)), EXPORT.replace(",7,", f',"{before}",'))
    assert cells(text)["Hopper, Grace"] == "10"
    assert said[0] == "wordcount: 1 mark filled in under `Word count (123)`"


def test_words_in_the_place_of_a_mark_are_named_when_they_go() -> None:
    """What a colleague wrote there, say, made visible."""
    said = merged(marks(a_mark(10, GRACE)), EXPORT.replace(",7,", ",see\x1b me,"))[1]
    assert said[0].endswith(r", 1 of them changed: Grace Hopper (grace) see\x1b me -> 10")


@pytest.mark.parametrize(
    "student",
    [
        pytest.param(a_student("x", ids={"canvas": "1001"}), id="Canvas' id"),
        pytest.param(a_student("x", ids={"sis": "s-1"}), id="the SIS' id"),
        pytest.param(a_student("x", login="ADA@uni.edu"), id="login, in any case"),
        pytest.param(a_student("x", email="Ada@Uni.edu"), id="an address that is the login"),
        pytest.param(a_student("ada@uni.edu"), id="a folder named like the login"),
        pytest.param(a_student("x", "Ada Lovelace"), id="a name that only she has"),
        pytest.param(a_student("x", "lovelace,  ada"), id="the same with the family's first"),
        pytest.param(a_student("Ada Lovelace"), id="a folder named like her"),
    ],
)
def test_a_student_is_found_by_whatever_identifies_her(student: object) -> None:
    """Ids first, then login and address, then her name."""
    assert isinstance(student, type(ADA))
    assert cells(merged(marks(a_mark(8, student)))[0])["Lovelace, Ada"] == "8"


def test_where_only_the_submission_is_known_its_name_is_the_students() -> None:
    """Exactly, not nearly."""
    text, said = merged(marks(a_mark(8, submission="Grace Hopper"), a_mark(9, submission="Ada")))
    assert cells(text)["Hopper, Grace"] == "8"
    assert "wordcount: no row found for Ada" in said


def test_a_namesake_gets_nobody_elses_mark() -> None:
    """Two rows of one name, or two students: neither is filled in, and both are named."""
    two_rows = EXPORT + '"Lovelace, Ada",1009,s-9,ada9,B,,,,\n'
    text, said = merged(marks(a_mark(8, a_student("x", "Ada Lovelace"))), two_rows)
    assert text == two_rows
    assert "wordcount: Ada Lovelace (x) could be any of the lines 4, 7: no mark filled in" in said
    twice = marks(a_mark(8, a_student("x", "Ada Lovelace")), a_mark(9, a_student("y", "Ada Lovelace")))
    text, said = merged(twice)
    assert text == EXPORT
    assert "wordcount: no row found for Ada Lovelace (x), Ada Lovelace (y)" in said


def test_a_name_does_not_outweigh_an_id_that_is_another() -> None:
    """Somebody of the same name who is not in this gradebook."""
    text, said = merged(marks(a_mark(8, a_student("x", "Ada Lovelace", ids={"canvas": "9"}))))
    assert text == EXPORT
    assert "wordcount: no row found for Ada Lovelace (x)" in said


def test_ids_that_point_to_two_rows_decide_nothing() -> None:
    """One of them is wrong, and we cannot know which."""
    text, said = merged(marks(a_mark(8, a_student("x", ids={"canvas": "1001", "sis": "s-2"}))))
    assert text == EXPORT
    assert said[1] == "wordcount: x could be any of the lines 4, 5: no mark filled in"


def test_two_submissions_of_one_student_leave_her_as_she_was() -> None:
    """Which of them counts is not for us to say."""
    text, said = merged(marks(a_mark(8, ADA, submission="one"), a_mark(9, ADA, submission="two")))
    assert text == EXPORT
    assert said[1] == (
        "wordcount: Lovelace, Ada (line 4) has 2 submissions, so left as it was: Ada Lovelace (one), Ada Lovelace (two)"
    )


def test_whoever_is_missing_on_either_side_is_named() -> None:
    """The test student is nobody."""
    _, said = merged(marks(a_mark(8, ADA), a_mark(8, a_student("zoe", "Zoë"))))
    assert said[1:] == (
        "wordcount: no row found for Zoë (zoe)",
        "wordcount: no submission found for Hopper, Grace (line 5)",
    )


def test_more_than_fifty_are_counted() -> None:
    """A wrong file must not fill the screen."""
    _, said = merged(marks(*(a_mark(8, a_student(f"s{number}")) for number in range(52))))
    assert said[1].endswith("s49, and 2 more")


def test_a_group_gets_its_mark_in_every_members_row() -> None:
    """One submission, two rows; who is in it twice is one student all the same."""
    assert list(cells(merged(marks(a_mark(6, ADA, GRACE, ADA)))[0]).values())[3:5] == ["6", "6"]


def test_our_own_error_leaves_the_student_as_she_was_and_says_so() -> None:
    """Neither a zero nor a blank, which Canvas takes for a change."""
    text, said = merged(marks(a_mark(8, ADA), a_mark(None, GRACE)))
    assert cells(text)["Hopper, Grace"] == "7"
    assert said[1] == "wordcount: could not be judged, so left as it was: Grace Hopper (grace)"


def test_the_mark_counts_not_the_score() -> None:
    """Less what lateness costs, or what the instructor gave instead, even where nothing could be judged."""
    late = replace(a_mark(10, ADA), late=Lateness(days=1, penalty=0.1))
    assert cells(merged(marks(late, a_mark(None, GRACE, override=5.5)))[0]) | {} == {
        "Student": "Word count (123)",
        "": "Manual Posting",
        "Points Possible": "10",
        "Lovelace, Ada": "9",
        "Hopper, Grace": "5.5",
        "Student, Test": "",
    }


def test_marks_are_scaled_to_the_points_that_canvas_gives_and_that_is_said() -> None:
    """As plain numbers with a dot: Canvas takes the last comma or dot for the decimal sign."""
    text, said = merged(marks(a_mark(1, ADA, best=3), a_mark(3, GRACE, best=3)))
    assert (cells(text)["Lovelace, Ada"], cells(text)["Hopper, Grace"]) == ("3.33", "10")
    assert said[1] == "wordcount: marks out of 3 are scaled to the 10 of `Word count (123)`"
    thousand = EXPORT.replace(",10,20,", ',"2,469.00",20,')
    assert cells(merged(marks(a_mark(5, ADA)), thousand)[0])["Lovelace, Ada"] == "1234.5"


def test_no_mark_exceeds_the_maximum() -> None:
    """An override above it is cut, and said."""
    text, said = merged(marks(a_mark(8, ADA, override=12)))
    assert cells(text)["Lovelace, Ada"] == "10"
    assert said[1] == "wordcount: the override exceeds the maximum, so cut to that: Ada Lovelace (ada)"


@pytest.mark.parametrize("possible", ["", "0", "none"])
def test_where_the_maximum_is_not_said_marks_are_as_they_are(possible: str) -> None:
    """And that is said."""
    text, said = merged(marks(a_mark(8, ADA)), EXPORT.replace(",10,20,", f",{possible},20,"))
    assert cells(text)["Lovelace, Ada"] == "8"
    assert said[1] == (
        "wordcount: `Word count (123)` does not say how many points are possible: marks are filled in as they are"
    )


def test_what_was_withheld_is_said() -> None:
    """Marks from a students' kit are not out of everything."""
    _, said = merged(marks(replace(a_mark(8, ADA), withheld=("zipf",))))
    assert said[1] == "wordcount: the marks leave out what was withheld and not judged: zipf"


def test_an_excused_student_stays_excused() -> None:
    """An instructor said so."""
    excused = EXPORT.replace("shy,,", "shy,EX,")
    text, said = merged(marks(a_mark(8, ADA)), excused)
    assert text == excused
    assert said[:2] == (
        "wordcount: 0 marks filled in under `Word count (123)`",
        "wordcount: Lovelace, Ada (line 4) is excused, so left as it was",
    )


# ---- which column ----------------------------------------------------------------------------------------------------


def test_several_assignments_fill_several_columns() -> None:
    """Each by its own title and maximum."""
    text, _ = merged(marks(a_mark(8, ADA), a_mark(10, ADA, assignment="join")))
    assert (cells(text)["Lovelace, Ada"], cells(text, 7)["Lovelace, Ada"]) == ("8", "20")


def test_an_assignment_without_a_column_is_said_and_the_others_filled() -> None:
    """With the columns that there are."""
    text, said = merged(marks(a_mark(8, ADA), a_mark(1, ADA, assignment="sort")))
    assert cells(text)["Lovelace, Ada"] == "8"
    assert said[-1] == (
        "sort: no column, so none of its marks is in the file;"
        " those that can be filled: 'Word count (123)', 'Join (124)'"
    )


@pytest.mark.parametrize("asked", ["Join (124)", "join", " 124"])
def test_a_column_may_be_named_by_header_title_or_id(asked: str) -> None:
    """For what Canvas calls otherwise."""
    assert cells(merged(marks(a_mark(5, ADA)), wordcount=asked)[0], 7)["Lovelace, Ada"] == "10"


def test_no_column_for_any_assignment_is_an_error_that_lists_them() -> None:
    """A new header would become a new assignment in Canvas."""
    error = refusal(marks(a_mark(8, ADA, assignment="sort")))
    assert error.message == (
        "grades.csv:1:1: no column for sort; those that can be filled: 'Word count (123)', 'Join (124)'"
    )
    assert error.hint == "name the column as Canvas titles it, or by its id"
    assert refusal(marks()).message.startswith("grades.csv:1:1: no column for any assignment;")


@pytest.mark.parametrize("asked", ["125", "Assignments Current Score", "Section", "Notes", "Essay (126)"])
def test_a_column_that_cannot_be_filled_is_refused(asked: str) -> None:
    """It is not there, Canvas would ignore it, or it is no assignment's."""
    export = EXPORT.replace("Assignments Current Score", "Essay (126)") if "126" in asked else EXPORT
    assert refusal(marks(a_mark(8, ADA)), export, wordcount=asked).message.startswith(
        f"grades.csv:1:1: no column for {asked};"
    )


def test_two_columns_of_one_title_are_told_apart_by_id_only() -> None:
    """Otherwise it would be a guess."""
    twins = EXPORT.replace("Join (124)", "Word count (124)")
    error = refusal(marks(a_mark(8, ADA)), twins)
    assert error.message == (
        "grades.csv:1:68: more than one column is called 'Word count': 'Word count (123)', 'Word count (124)'"
    )
    assert error.hint == "name the column by its id, the number in brackets"
    assert cells(merged(marks(a_mark(5, ADA)), twins, wordcount="124")[0], 7)["Lovelace, Ada"] == "10"


def test_two_assignments_never_share_a_column() -> None:
    """The marks of one would stand as the other's."""
    error = refusal(marks(a_mark(8, ADA), a_mark(5, ADA, assignment="join")), join="123")
    assert error.message == "grades.csv:1:51: both wordcount and join would go into 'Word count (123)'"
    assert error.hint == "name the column of each, as Canvas titles it or by its id"


# ---- the file --------------------------------------------------------------------------------------------------------


def test_the_files_bom_delimiter_and_line_ends_stay() -> None:
    """As Canvas writes them for other countries."""
    export = "\ufeff" + EXPORT.replace("Section, A", "A").replace(",", ";").replace("Lovelace;", "Lovelace,")
    export = export.replace("Hopper;", "Hopper,").replace("Student; T", "Student, T").replace("\n", "\r\n")
    text, _ = merged(marks(a_mark(8, ADA)), export.encode())
    assert text == export.replace("shy;;", "shy;8;")


def test_a_file_that_is_not_canvas_is_refused() -> None:
    """Rather than made into one."""
    error = refusal(marks(a_mark(8, ADA)), "Name,Mark\nAda,1\n")
    assert error.message == "grades.csv:1:1: the columns are not Canvas': 'Name', 'Mark'"
    assert error.hint == "give the CSV file that Canvas' gradebook exports, unchanged"
    assert refusal(marks(a_mark(8, ADA)), "Student,ID,Word count (1)\n").message == (
        "grades.csv:1:1: no column `Section` in 'Student', 'ID', 'Word count (1)'"
    )


def test_a_row_that_is_too_short_is_refused_where_it_stands() -> None:
    """It was edited, and the mark would land elsewhere."""
    error = refusal(marks(a_mark(8, ADA)), EXPORT + "Noether,1004,s-4\n")
    assert error.message == "grades.csv:7:14: the row has 3 cells, the header 9"
    assert error.hint == "export the file again, and leave its rows as they are"


@UNTIMED
@given(texts, texts, st.sampled_from([8, None]))
def test_no_name_reaches_the_file_or_steers_the_terminal(name: str, key: str, score: float | None) -> None:
    """Only numbers are written, and what is said is printable."""
    report = marks(a_mark(score, a_student(key, name), submission=key), a_mark(score, ADA))
    text, said = merged(report)
    mine = "8" if score else ""
    assert text.replace("shy,8,", "shy,,") == EXPORT or key in ("ada@uni.edu", "s-1")
    assert cells(text)["Lovelace, Ada"] == mine
    assert all(harmless(line) for line in said)
