"""Students of one name: nobody gets a namesake's mark, nor that of whoever takes another's name."""

from __future__ import annotations

import pytest

from classes.conftest import JOIN, WORDCOUNT, Class
from grader import roster
from grader.layouts.found import Found
from grader.model import Student


@pytest.mark.parametrize(
    ("student", "whose"),
    [
        (Student(key="x", name="Bob King Carl", ids={"canvas": "1009"}), []),
        (Student(key="bob", login="bob", ids={"github": "bob"}), []),
        (Student(key="x", name="Bob King Carl", ids={"canvas": "1002"}), ["2"]),
        (Student(key="x", name="Bob King Carl", ids={"moodle": "101"}), []),
        (Student(key="x", name="Bobby", ids={"moodle": "102"}), ["2"]),
        (Student(key="x", name="Bob King Carl", ids={"moodle": "999"}), ["2"]),
    ],
)
def test_a_name_counts_for_nothing_against_an_id(student: Student, whose: list[str], school: Class) -> None:
    """Whoever has another id is another, though a namesake; Moodle's numbers, new for each assignment, must agree."""
    table = "key,login,name,canvas,github,moodle\n1,ada,Ada Lovelace,1001,adal,101\n2,bob,Bob King Carl,1002,b0b,102\n"
    found = Found(key="x", students=(student,), called=(student.name, student.login))
    rows = roster.read(school.roster(table)).match(found)
    assert [row.student.key for row in rows] == whose


def test_of_namesakes_the_one_in_the_roster_is_told_by_the_platforms_number_or_not_at_all(school: Class) -> None:
    """Two students of the platform are never one student who handed in twice: that would give one the other's mark."""
    school.put("lovelaceada_1001_5_wordcount.py", "lovelaceada_1002_6_wordcount.py")
    found = school.found(roster="key,name\nada,Ada Lovelace\n")
    assert found.said[-1] == "not in the roster: lovelaceada_1001, lovelaceada_1002"
    ada, *others = found.submissions
    assert (ada.name, ada.module) == ("ada", None)
    assert {one.name: "it is nobody's until the roster has ids" in one.remarks[0] for one in others} == {
        "lovelaceada_1001": True, "lovelaceada_1002": True
    }  # fmt: skip


def test_of_namesakes_in_moodle_the_roster_s_number_tells_one(school: Class) -> None:
    """The other is in no roster; and in a folder for each assignment a student has a number in each."""
    school.put("Ada L_101_assignsubmission_file/wordcount.py", "Ada L_102_assignsubmission_file/wordcount.py")
    found = school.by_name(roster="key,name,moodle\nada,Ada L,102\n")
    assert found["ada"].module == school.folder / "Ada L_102_assignsubmission_file" / "wordcount.py"
    assert found["Ada L_101"].module is not None
    other = Class(school.home / "other")
    other.put("join/Ada L_101_assignsubmission_file/join.py", "wordcount/Ada L_7_assignsubmission_file/wordcount.py")
    both = other.found(WORDCOUNT, JOIN, roster="key,name\nada,Ada L\n").submissions
    assert [(one.name, bool(one.module)) for one in both] == [("ada", True), ("ada", True)]


@pytest.mark.parametrize("order", ["b, a", "a, b", "b, a, d"])
def test_who_hands_in_with_somebody_of_no_group_or_another_hands_in_for_the_group(order: str, school: Class) -> None:
    """Whoever comes first in the platform's list: else the group would be missing, with no points."""
    school.put("submission_1/wordcount.py")
    submitters = ", ".join(f"{{':sid': {sid}}}" for sid in order.split(", "))
    (school.folder / "submission_metadata.yml").write_text(f"submission_1: {{':submitters': [{submitters}]}}\n")
    found = school.found(roster="key,group\na,red\nb,\nc,red\nd,blue\n").submissions
    marked = {one.name: [student.key for student in one.students] for one in found if one.module}
    assert marked == {"red": ["a", "c", "b"], **({"blue": ["d"]} if "d" in order else {})}


def test_a_groups_file_tells_no_members_number(school: Class) -> None:
    """Canvas writes the number of whoever uploaded it: in a gradebook, another member would get that one's row."""
    school.put("red_1002_5_wordcount.py")
    [red] = school.found(roster="key,name,group\nada,Ada,red\nbob,Bob,red\n").submissions
    assert [(one.key, one.ids) for one in red.students] == [("ada", {}), ("bob", {})]


@pytest.mark.parametrize("written", ["ada-l", "@Ada-L", "https://github.com/ada-l/"])
def test_a_login_at_github_is_the_same_however_it_is_written(written: str, school: Class) -> None:
    """Else an address in the roster would say that everybody is somebody else."""
    rows = roster.read(school.roster(f"key,login,github\n1,ada-l,{written}\n"))
    clone = Student(key="ada-l", login="ada-l", ids={"github": "ada-l"})
    assert [row.student.key for row in rows.match(Found(key="ada-l", students=(clone,)))] == ["1"]
