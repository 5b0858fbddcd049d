"""Layouts: which one it is, is told from names, and said; and where a class lies, in folders and archives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from classes.conftest import JOIN, WORDCOUNT, pack, spec
from grader.errors import NothingToGrade, UsageError
from grader.intake import handed_in
from grader.layouts import NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from classes.conftest import Class
    from grader.submission import Submission


def modules(found: Mapping[str, Submission]) -> dict[str, str]:
    """Names of submissions, and of their modules on the disk; empty where missing."""
    return {name: one.module.name if one.module else "" for name, one in found.items()}


# ---- which one it is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["ada/wordcount.py", "b/wordcount.py"], "a folder or archive per student: 2 students"),
        (["ada_wordcount.py", "b-wordcount.py"], "files named after student and module: 2 students"),
        (["adal_1_2_wordcount.py", "b_3_4_notes.pdf"], "Canvas download: 2 students"),
        (["Ada L_1_assignsubmission_file/wordcount.py"], "Moodle download: 1 student"),
        (["Ada L_1_assignsubmission_file_wordcount.py"], "Moodle download: 1 student"),
        (["hw-ada/.git/HEAD", "hw-b/.git/HEAD"], "GitHub clones: 2 students"),
        (["submission_metadata.yml", "submission_1/wordcount.py"], "Gradescope export: 1 student"),
    ],
)
def test_the_layout_is_told_from_the_names_and_said(names: list[str], said: str, school: Class) -> None:
    """Nothing is opened for it."""
    school.put(*names)
    if "submission_metadata.yml" in names:
        (school.folder / "submission_metadata.yml").write_text("{}")
    assert school.found().said == [said]


def test_what_is_left_aside_is_said(school: Class) -> None:
    """So that nobody's file is lost in silence; what is hidden is nobody's."""
    school.put(
        "ada/wordcount.py",
        "bob/wordcount.py",
        "cy.py",
        "notes.txt",
        ".git/HEAD",
        "_old/x",
        "__MACOSX/x",
        "evil\x1b.txt",
    )
    assert school.found().said == [
        "a folder or archive per student: 2 students; left aside: _old, cy.py, evil\\x1b.txt, notes.txt"
    ]


def test_nobody_is_passed_over_without_a_word(school: Class) -> None:
    """A link is not followed, and an underscore hides a folder; either may be a student's, whom nobody would miss."""
    school.put("ada/wordcount.py", "_eve/wordcount.py", ".hidden/x", "__pycache__/x", "__MACOSX/x")
    (school.folder / "bob").symlink_to("ada")
    assert school.found().said == ["a folder or archive per student: 1 student; left aside: _eve, bob (a link)"]


def test_many_names_are_cut_in_what_is_said(school: Class) -> None:
    """A line stays a line."""
    school.put("ada/wordcount.py", *(f"{number:02}.txt" for number in range(15)))
    assert school.found().said[0].endswith("10.txt, 11.txt and 3 more")


def test_a_mixture_is_refused_with_all_layouts(school: Class) -> None:
    """Half of a class is not graded by guessing."""
    school.put("ada/wordcount.py", "blaise_wordcount.py")
    with pytest.raises(UsageError, match=r"no layout makes sense of most .*of 2 names: flat 1, folders 1") as caught:
        school.found()
    assert caught.value.hint.startswith("say which with --layout: gradescope: ")
    assert all(f"{name}: " in caught.value.hint for name in NAMES[1:])


def test_an_empty_folder_is_nothing_to_grade_and_says_what_there_could_be(school: Class) -> None:
    """With examples of each layout, and the names that were asked for."""
    with pytest.raises(NothingToGrade, match="nothing in it is any student's") as caught:
        school.found(JOIN)
    assert "folders: ada/join.py" in caught.value.hint


def test_layout_overrides(school: Class) -> None:
    """A class whose folders happen to look like Moodle's."""
    school.put("Ada_1_assignsubmission_file/wordcount.py")
    assert list(school.by_name(layout="folders")) == ["Ada_1_assignsubmission_file"]


def test_a_layout_that_fits_nothing_or_does_not_exist_is_said_to(school: Class) -> None:
    """The first is nothing to grade, the second a slip."""
    school.put("ada/wordcount.py")
    with pytest.raises(NothingToGrade, match="nothing in it is named as in the layout canvas: lovelace"):
        school.found(layout="canvas")
    with pytest.raises(UsageError, match="--layout blackboard: no such layout") as caught:
        school.found(layout="blackboard")
    assert caught.value.hint == "choose among auto, gradescope, moodle, canvas, github, flat, folders"


# ---- folders and flat ------------------------------------------------------------------------------------------------


def test_a_folder_and_an_archive_of_one_name_are_one_students(school: Class) -> None:
    """The folder is newer: somebody unpacked it."""
    school.put("ada/wordcount.py", ada={"wordcount.py": "old", "join.py": "old"})
    found = school.found(WORDCOUNT, JOIN).submissions
    assert [one.module.read_text() for one in found if one.module] == ["ada/wordcount.py", "old"]
    assert found[0].remarks == ("wordcount.py was handed in more than once: the newest counts",)


def test_in_a_flat_folder_the_longest_module_is_meant(school: Class) -> None:
    """`ada_word_count.py` is Ada's word_count.py, not ada_word's count.py."""
    school.put("ada_word_count.py", "ada_l-count.py")
    found = school.found(spec("count"), spec("word", "word_count.py")).submissions
    assert {(one.assignment, one.name) for one in found if one.module} == {("word", "ada"), ("count", "ada_l")}


# ---- archives and folders of classes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("top", ["", "class/"])
def test_a_class_in_an_archive_is_a_class(top: str, tmp_path: Path) -> None:
    """A sole top folder is stepped into; the command that shows a verdict again names the file inside."""
    path = pack(tmp_path / "class.zip", {f"{top}ada/wordcount.py": "", f"{top}bob/x.txt": ""})
    found = handed_in(path, [WORDCOUNT], work=tmp_path / "work")
    assert modules({one.name: one for one in found.submissions}) == {"ada": "wordcount.py", "bob": ""}


def test_a_class_of_one_in_an_archive_is_not_stepped_into(tmp_path: Path) -> None:
    """The only folder is a student's if Python lies in it."""
    path = pack(tmp_path / "class.zip", {"ada/wordcount.py": ""})
    [one] = handed_in(path, [WORDCOUNT], work=tmp_path / "work").submissions
    assert one.name == "ada"


def test_folders_named_after_assignments_hold_a_class_each(school: Class) -> None:
    """As one downloads them, one by one; the layouts may differ, and an empty one is said to be so."""
    school.put("wordcount/ada_1_2_wordcount.py", "join/Ada_7_assignsubmission_file_/join.py")
    found = school.found(WORDCOUNT, JOIN)
    assert found.said == ["join: Moodle download: 1 student", "wordcount: Canvas download: 1 student"]
    assert [(one.assignment, one.name) for one in found.submissions] == [("wordcount", "ada_1"), ("join", "Ada_7")]


def test_an_assignments_folder_among_others_is_no_student(school: Class) -> None:
    """Of two assignments' downloads side by side one may be asked for; its name would get somebody's mark."""
    school.put("wordcount/ada/wordcount.py", "join/ada/join.py")
    with pytest.raises(
        UsageError, match="class: wordcount: named after an assignment; what lies beside it is not"
    ) as no:
        school.found()
    assert no.value.hint.startswith(f"name {school.folder / 'wordcount'}, or put the rest aside")
    assert {one.name for one in school.found(layout="folders").submissions} == {"wordcount", "join"}


def test_an_assignments_folder_with_nothing_in_it_is_said_to_be_so(school: Class) -> None:
    """The others are graded."""
    school.put("wordcount/ada_1_2_wordcount.py", "join/README.txt")
    assert "join: " in school.found(WORDCOUNT, JOIN).said[0]
    (school.folder / "wordcount" / "ada_1_2_wordcount.py").unlink()
    with pytest.raises(NothingToGrade, match="nothing in it is any student's"):
        school.found(WORDCOUNT, JOIN)


@pytest.mark.parametrize(
    ("name", "content", "message", "hint"),
    [
        ("clas", None, "--submissions .*clas: no such folder", "did you mean .*class"),
        ("class.rar", b"", "neither a folder nor a .zip or .tar.gz", "unpack it"),
        ("class.zip", b"x", "class.zip cannot be unpacked: it is damaged", "unpack it yourself"),
    ],
)
def test_a_class_that_is_none_is_a_slip(
    name: str, content: bytes | None, message: str, hint: str, school: Class
) -> None:
    """It says what is near, or what to do."""
    if content is not None:
        (school.home / name).write_bytes(content)
    with pytest.raises(UsageError, match=message) as caught:
        handed_in(school.home / name, [WORDCOUNT], work=school.work)
    assert re.match(hint, caught.value.hint)


@pytest.mark.parametrize("put", [["wordcount.py"], ["wordcount/wordcount.py", "join/join.py"]])
def test_one_students_folder_is_no_class_and_told_so(put: list[str], school: Class) -> None:
    """The option has a neighbour of nearly the same name."""
    with pytest.raises(NothingToGrade) as caught:
        school.put(*put).found(WORDCOUNT, JOIN)
    assert caught.value.hint == f"if it is one student's work, not a class: --submission {school.folder}"


def test_what_is_wrong_with_an_archive_is_told_of_the_archive(school: Class) -> None:
    """Not of the folder that it is unpacked to, which is gone by then."""
    path = pack(school.home / "class.zip", {"ada/wordcount.py": "", "bob/wordcount.py": ""})
    with pytest.raises(NothingToGrade, match="nothing in it is named as in the layout canvas") as caught:
        handed_in(path, [WORDCOUNT], layout="canvas", work=school.work)
    assert caught.value.message.startswith(f"{path}: ")
