"""Rosters: a table becomes students, or an error with its place; and a submission is somebody's, or nobody's."""

from __future__ import annotations

import csv
import io
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classes.conftest import JOIN, WORDCOUNT, Class
from grader import roster
from grader.errors import UsageError
from grader.layouts.found import Found
from grader.model import Student

if TYPE_CHECKING:
    from pathlib import Path

    from grader.roster import Roster


def read(school: Class, text: str | bytes) -> Roster:
    """A roster of this text."""
    return roster.read(school.roster(text))


def keys(rows: Roster, found: Found) -> list[str]:
    """Whose it is."""
    return [row.student.key for row in rows.match(found)]


# ---- the table -------------------------------------------------------------------------------------------------------


def test_columns_are_found_by_their_usual_names_in_any_order(school: Class) -> None:
    """In any case; what nobody asks for is passed over."""
    text = "Group,E-Mail,Shoe size,GitHub Username,User_ID,Full name\nred,ada@x.edu,39,adal,17,Ada Lovelace\n"
    [row] = read(school, text).rows
    assert row.student == Student(key="17", name="Ada Lovelace", email="ada@x.edu", ids={"github": "adal"})
    assert row.group == "red"


def test_columns_that_are_not_used_are_said(school: Class) -> None:
    """One of them may be a slip; but not a row's number, a column without a name, or all that Canvas exports."""
    roster = school.put("ada/wordcount.py").found(roster="nr,key,grop,,Shoe\x1bsize\n1,ada,red,x,39\n")
    assert roster.said[1] == r"roster: 1 student; columns not used: grop, Shoe\x1bsize"
    assert school.found(roster="No.,Student No.\n1,ada\n").said[1] == "roster: 1 student"
    canvas = "Student,ID,SIS User ID,SIS Login ID,Section,Word count (3)\nAda,1,s1,ada,CS1,\n"
    assert school.found(roster=canvas).said[1] == "roster: 1 student"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_spreadsheets_of_all_countries_are_read(delimiter: str, school: Class) -> None:
    """With a byte order mark, with other separators, with Windows' ends of lines, with a separator in quotes."""
    text = f'\ufeffkey{delimiter}name\r\nada{delimiter}"Lovelace{delimiter} Ada"\r\n\r\n'
    [row] = read(school, text).rows
    assert (row.student.key, row.student.name) == ("ada", f"Lovelace{delimiter} Ada")


def test_canvas_gradebook_is_a_roster(school: Class) -> None:
    """Its `Student` is the name, its `ID` Canvas's own; neither possible points nor Canvas's test student are one."""
    text = (
        "Student,ID,SIS User ID,SIS Login ID,Section,Word count (3)\n"
        '"    Points Possible",,,,,10\n"Lovelace, Ada",1001,s1,ada,CS1,\n'
        '"Student, Test",1003,,f3a1,CS1,\n"Student, Tess",1004,s4,tess,CS1,\n'
    )
    [row, tess] = read(school, text).rows
    assert row.student == Student(key="ada", name="Lovelace, Ada", login="ada", ids={"canvas": "1001", "sis": "s1"})
    assert tess.student.key == "tess"


def test_first_and_last_name_make_a_name(school: Class) -> None:
    """And Moodle's participant is a number, whatever the site's language puts before it."""
    [row] = read(school, "Identifier,First name,Last name,Participant\n7,Ada,Lovelace,Teilnehmer/in 101\n").rows
    assert (row.student.key, row.student.name, row.student.ids["moodle"]) == ("7", "Ada Lovelace", "101")


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("shoe size\n39\n", "1:1", "no column says who a student is"),
        ("key,email,E-Mail\na,b,c\n", "1:11", "'E-Mail' and 'email' mean the same"),
        ("name,key\nA,ada\nB,ada\n", "3:3", "'ada' is in line 2 already"),
        ("key,group\n,red\n", "2:1", "no key, login, email or name"),
        ("key,name\nada,Lovelace, Ada\n", "2:14", "3 cells, but 2 columns"),
        ('key,"name, submitted",submitted\nada,"x, y",now\n', "2:12", "submitted: 'now' is no time"),
        ("key,submitted\nada,2026-11-20T17:30\n", "2:5", "submitted: '2026-11-20T17:30' has no offset"),
        ('key,name\nada,"A\nB"\nbob,C\nada,D\n', "5:1", "'ada' is in line 2 already"),
        ('key,name\nada,"A\n', "2:1", "unexpected end of data"),
        (b"key\n\xffda\n", "2:1", "not UTF-8"),
    ],
)
def test_what_is_wrong_is_told_with_file_line_and_column(
    text: str | bytes, place: str, message: str, school: Class
) -> None:
    """The column is the character at which the cell begins, whatever is quoted before it."""
    with pytest.raises(UsageError) as caught:
        read(school, text)
    assert caught.value.message == f"{school.home / 'students.csv'}:{place}: {message}"
    assert caught.value.hint


@pytest.mark.parametrize("text", ["", "key\n", "key\n\n \n"])
def test_an_empty_roster_is_a_slip(text: str, school: Class) -> None:
    """Nobody would be missing."""
    with pytest.raises(UsageError, match=r"students\.csv:?.*no "):
        read(school, text)


def test_a_roster_beyond_all_measure_is_none(school: Class) -> None:
    """Somebody has named another file."""
    path = school.roster("key\nada\n")
    os.truncate(path, 2**25 + 1)
    with pytest.raises(UsageError, match="larger than 32 MB"):
        roster.read(path)


def test_a_roster_that_is_not_there_is_a_slip(tmp_path: Path) -> None:
    """Before anything else is looked at."""
    with pytest.raises(UsageError, match=r"--roster .*r\.csv: No such file"):
        roster.read(tmp_path / "r.csv")


@settings(deadline=None)  # on a busy machine anything may take a while
@given(
    st.lists(
        st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip),
        unique_by=lambda text: text.strip().casefold(),
        min_size=1,
    )
)
def test_whatever_a_table_holds_is_read_as_it_was_written(texts: list[str]) -> None:
    """Quotes, separators and ends of lines inside cells too."""
    import tempfile
    from pathlib import Path

    table = io.StringIO(newline="")
    csv.writer(table).writerows([["key", "name"], *([text, text] for text in texts)])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "r.csv")
        path.write_bytes(table.getvalue().encode())
        found = [row.student.key for row in roster.read(path).rows]
    assert found == [text.strip() for text in texts if not text.strip().startswith("Points Possible")]


# ---- whose it is -----------------------------------------------------------------------------------------------------

CLASS = """key,login,email,name,canvas,github
1,ada,ada.l@x.edu,Ada Lovelace,1001,adal
2,bob,bob@x.edu,Bob King Carl,1002,b0b
3,bob2,b@y.edu,Ada Lovelace,,
"""


@pytest.mark.parametrize(
    ("found", "whose"),
    [
        (Found(key="2"), ["2"]),
        (Found(key="BOB"), ["2"]),
        (Found(key="bob@x.edu"), ["2"]),
        (Found(key="ada.l"), ["1"]),
        (Found(key="b0b"), ["2"]),
        (Found(key="1002"), ["2"]),
        (Found(key="Carl, Bob King"), ["2"]),
        (Found(key="x", called=("carlbobking",)), ["2"]),
        (Found(key="kingcarlbob"), ["2"]),
        (Found(key="Ada Lovelace"), []),
        (Found(key="carl"), []),
        (Found(key="x", students=(Student(key="x", ids={"canvas": "1001"}, email="bob@x.edu"),)), ["1"]),
        (Found(key="x", students=(Student(key="x", login="bob"),)), ["2"]),
        (Found(key="x", students=(Student(key="x", email="B@Y.edu", name="Bob King Carl"),)), ["3"]),
        (Found(key="x", students=(Student(key="1"), Student(key="2"))), ["1", "2"]),
    ],
)
def test_a_submission_is_matched_by_id_login_email_and_name_in_this_order(
    found: Found, whose: list[str], school: Class
) -> None:
    """Only where one student can be meant; a name of two is nobody's."""
    assert keys(read(school, CLASS), found) == whose


def test_a_number_that_two_platforms_give_to_two_students_is_nobodys(school: Class) -> None:
    """Unless the platform itself says it."""
    rows = read(school, "key,canvas,moodle\nada,101,\nbob,,101\n")
    assert keys(rows, Found(key="101")) == []
    assert keys(rows, Found(key="x", students=(Student(key="x", ids={"moodle": "101"}),))) == ["bob"]


# ---- a class with a roster -------------------------------------------------------------------------------------------


def test_who_handed_in_nothing_is_named_and_missing(school: Class) -> None:
    """For each assignment, in the roster's order; whoever is not in it is graded all the same, after them."""
    school.put("bob/wordcount.py", "eve/wordcount.py")
    found = school.found(WORDCOUNT, JOIN, roster="key,name\nada,Ada\nbob,Bob\n")
    assert found.said[1:] == ["roster: 2 students", "handed in nothing: 1 student: ada", "not in the roster: eve"]
    assert [(one.assignment, one.name, bool(one.module)) for one in found.submissions] == [
        ("wordcount", "ada", False),
        ("wordcount", "bob", True),
        ("wordcount", "eve", True),
        ("join", "ada", False),
        ("join", "bob", False),
        ("join", "eve", False),
    ]
    assert found.submissions[0].students[0].name == "Ada"


def test_a_student_has_the_rosters_name_and_what_the_platform_calls_them(school: Class) -> None:
    """Reports for the platform need its number, and the roster need not have it."""
    school.put("lovelaceada_1001_5_wordcount.py")
    [one] = school.found(roster="key,name,sis\nada,Ada Lovelace,s1\n").submissions
    assert one.students == (Student(key="ada", name="Ada Lovelace", ids={"canvas": "1001", "sis": "s1"}),)


def test_the_time_is_the_platforms_else_the_rosters(school: Class) -> None:
    """Where neither tells, it is empty: a file's own time says when it was copied."""
    school.put("ada/wordcount.py", "bob/wordcount.py")
    found = school.by_name(roster="key,submitted\nada,2026-11-20T17:30:00Z\nbob,\n")
    assert {name: one.submitted for name, one in found.items()} == {"ada": "2026-11-20T17:30:00+00:00", "bob": ""}


GROUPS = "key,group,submitted\nada,red,{}\nbob,Red,{}\ncy,,\n"


def test_a_group_shares_what_one_of_them_hands_in(school: Class) -> None:
    """All of them get the mark; and none is missing."""
    school.put("bob/wordcount.py", "cy/wordcount.py")
    found = school.found(roster=GROUPS.format("", ""))
    assert "handed in nothing" not in " ".join(found.said)
    red, cy = found.submissions
    assert (red.name, red.group, [one.key for one in red.students]) == ("red", "red", ["ada", "bob"])
    assert red.module == school.folder / "bob" / "wordcount.py"
    assert (cy.name, cy.group) == ("cy", "")


def test_a_folder_may_be_named_after_a_group(school: Class) -> None:
    """It is everybody's."""
    school.put("RED/wordcount.py", "cy/x.py")
    red = school.found(roster=GROUPS.format("", "")).submissions[0]
    assert [one.key for one in red.students] == ["ada", "bob"]
    assert red.module is not None


@pytest.mark.parametrize(
    ("times", "whose", "remark"),
    [
        (("2026-11-20T17:30:00+01:00", "2026-11-20T17:00:00Z"), "bob", "the newest counts, by bob"),
        (("2026-11-20T19:30:00+01:00", "2026-11-20T17:00:00Z"), "ada", "the newest counts, by ada"),
        (("", "2026-11-20T17:00:00Z"), "ada", "nothing tells which is newest, so the first by name counts"),
    ],
)  # fmt: skip
def test_of_several_of_a_group_the_newest_counts(
    times: tuple[str, str], whose: str, remark: str, school: Class
) -> None:
    """Newest by the clock, whatever the offset; where nothing tells, the first by name; either is said."""
    school.put("ada/wordcount.py", "bob/wordcount.py")
    red = school.found(roster=GROUPS.format(*times)).submissions[0]
    assert red.module == school.folder / whose / "wordcount.py"
    assert red.remarks == (f"handed in by ada, bob; {remark}",)


def test_a_group_may_share_out_the_assignments(school: Class) -> None:
    """Each is taken from whoever handed it in."""
    school.put("ada/wordcount.py", "bob/join.py")
    found = [one for one in school.found(WORDCOUNT, JOIN, roster=GROUPS.format("", "")).submissions if one.group]
    assert [one.module and one.module.parent.name for one in found] == ["ada", "bob"]
    assert [one.remarks for one in found] == [(), ()]


def test_moodle_puts_the_groups_name_before_the_students(school: Class) -> None:
    """And every member's copy is the group's."""
    school.put("red-Ada Lovelace_1_assignsubmission_file/wordcount.py")
    found = school.found(roster="key,name,group\nada,Ada Lovelace,red\nbob,Bob,red\n")
    [red] = found.submissions
    assert [one.key for one in red.students] == ["ada", "bob"]


def test_what_cannot_be_graded_does_not_count_where_something_can(school: Class) -> None:
    """A member's broken archive, however new, costs the group nothing; alone it is what they handed in."""
    school.put("ada/wordcount.py", bob={"../evil": ""})
    times = ("2026-11-20T17:30:00Z", "2026-11-21T17:30:00Z")
    one, other = (one for one in school.found(WORDCOUNT, JOIN, roster=GROUPS.format(*times)).submissions if one.group)
    assert (one.module, one.remarks) == (school.folder / "ada" / "wordcount.py", ())
    assert "bob.zip cannot be unpacked" in other.broken


def test_a_partner_who_is_in_no_roster_gets_the_mark_too(school: Class) -> None:
    """And is named."""
    school.put("submission_1/wordcount.py")
    (school.folder / "submission_metadata.yml").write_text(
        "submission_1: {':submitters': [{':sid': x}, {':sid': a}]}\n"
    )
    found = school.found(roster="key\na\n")
    [one] = found.submissions
    assert (one.name, [student.key for student in one.students]) == ("a", ["a", "x"])
    assert found.said[-1] == "not in the roster: x"


def test_no_two_results_have_one_name(school: Class) -> None:
    """A group may be called what a student is called, and a stranger what nobody knows which of two is called."""
    school.put("cy/wordcount.py", "Ada L/wordcount.py")
    found = school.by_name(roster="key,name,group\nada,Ada L,cy\nbob,Ada L,\ncy,Cy,\n")
    assert {name: bool(one.module) for name, one in found.items()} == {
        "cy (group)": False, "bob": False, "cy": True, "Ada L": True
    }  # fmt: skip
    other = Class(school.home / "other")
    other.put("Ada/wordcount.py")
    names = [one.name for one in other.found(roster="key,name,group\n1,Ada,\n2,Ada,Ada\n").submissions]
    assert len(set(names)) == len(names)


def test_who_handed_in_together_on_the_platform_gets_one_mark_together(school: Class) -> None:
    """Though the roster knows no groups; whoever handed in alone as well keeps that."""
    school.put("submission_1/wordcount.py", "submission_2/wordcount.py")
    (school.folder / "submission_metadata.yml").write_text(
        "submission_1: {':submitters': [{':sid': a}, {':sid': b}]}\nsubmission_2: {':submitters': [{':sid': c}]}\n"
    )
    found = school.found(roster="key\na\nb\nc\nd\n").submissions
    assert [(one.name, bool(one.module)) for one in found] == [("a+b", True), ("c", True), ("d", False)]
    assert [student.key for student in found[0].students] == ["a", "b"]


def test_who_handed_in_alone_as_well_keeps_that(school: Class) -> None:
    """A partner's submission is not theirs then."""
    school.put("submission_1/wordcount.py", "submission_2/wordcount.py")
    (school.folder / "submission_metadata.yml").write_text(
        "submission_1: {':submitters': [{':sid': a}, {':sid': b}]}\nsubmission_2: {':submitters': [{':sid': b}]}\n"
    )
    found = school.by_name(roster="key\na\nb\n")
    assert {name: one.module and one.module.parent.name for name, one in found.items()} == {
        "a": "submission_1",
        "b": "submission_2",
    }
