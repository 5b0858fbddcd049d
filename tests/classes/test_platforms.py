"""Platforms: whose file it is, and what its author called it, as Canvas, Moodle, GitHub and Gradescope tell it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classes.conftest import JOIN, WORDCOUNT, pack, spec
from grader.errors import UsageError
from grader.intake import handed_in
from grader.layouts import canvas
from grader.layouts.found import Asked, Listing

if TYPE_CHECKING:
    from classes.conftest import Class

METADATA = """
submission_11:
  :submitters:
  - :name: Ada Lovelace
    :sid: '12'
    :email: ada@x.edu
  :created_at: 2026-11-20 17:30:00.123 -08:00
  :results: {tests: [{output: "anything"}]}
submission_12:
  :submitters:
  - :name: Blaise
    :email: b@x.edu
  - :name: Carl
    :email: c@x.edu
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: &1 2026-11-21 01:02:03.000000000 Z
    zone: &2 !ruby/object:ActiveSupport::TimeZone
      name: America/Los_Angeles
    time: 2026-11-20 17:02:03.000000000 Z
"""


def gradescope(school: Class, metadata: str = METADATA) -> Class:
    """An export of two submissions."""
    school.put("submission_11/wordcount.py", "submission_12/wordcount.py")
    (school.folder / "submission_metadata.yml").write_text(metadata)
    return school


# ---- Canvas ----------------------------------------------------------------------------------------------------------


def test_canvas_names_are_taken_apart(school: Class) -> None:
    """Late or not, anonymous or not; what was typed into the page is handed in, but no file."""
    school.put(
        "lovelaceada_1001_50_wordcount.py", "pascal_LATE_1002_51_wordcount.py", "anon_x7Kq2_52_wordcount.py",
        "LATE_anon_y8_53_wordcount.py", "gauss_1003_text.html", "doe_jr_1004_54_wordcount.py",
    )  # fmt: skip
    found = school.by_name()
    late = ("Canvas marks it as late",)
    assert {name: (bool(one.module), one.remarks) for name, one in found.items()} == {
        "lovelaceada_1001": (True, ()),
        "pascal_1002": (True, late),
        "anon_x7Kq2": (True, ()),
        "anon_y8": (True, late),
        "gauss_1003": (False, ()),
        "doe_jr_1004": (True, ()),
    }
    assert [dict(student.ids) for student in found["pascal_1002"].students] == [{"canvas": "1002"}]
    assert [dict(student.ids) for student in found["anon_y8"].students] == [{}]


def test_of_several_uploads_to_canvas_the_newest_counts(school: Class) -> None:
    """By the attachment's number, not by the file's name; it is said."""
    school.put("ada_1_60_wordcount.py", "ada_1_970_wordcount-1.py", "ada_1_1080_wordcount-2.py")
    [one] = school.found().submissions
    assert one.module is not None
    assert one.module.name == "ada_1_1080_wordcount-2.py"
    assert (one.staged_as, one.files) == ("wordcount.py", (("wordcount.py", one.module),))
    assert set(one.remarks) == {"wordcount.py was handed in more than once: the newest counts"}


def test_what_was_handed_in_again_to_canvas_gets_all_its_names_back(school: Class) -> None:
    """A helper has the number too, and is imported without."""
    school.put("ada_1_60_wordcount-1.py", "ada_1_61_helper-1.py")
    [one] = school.found().submissions
    assert one.files is not None
    assert [name for name, _ in one.files] == ["helper.py", "wordcount.py"]
    assert one.remarks == ()


def test_canvas_numbers_are_left_where_they_are_the_students(school: Class) -> None:
    """`part-1.py` and `part-2.py` are two files."""
    school.put("ada_1_60_part-1.py", "ada_1_61_part-2.py")
    found = school.found(spec("one", "part-1.py"), spec("two", "part-2.py")).submissions
    assert [one.module.name for one in found if one.module] == ["ada_1_60_part-1.py", "ada_1_61_part-2.py"]
    found = school.found(spec("one", "part-1.py"), spec("none", "part.py")).submissions
    assert [one.module and one.module.name for one in found] == ["ada_1_60_part-1.py", "ada_1_61_part-2.py"]


@settings(deadline=None)  # on a busy machine anything may take a while
@given(
    st.from_regex(r"[a-zà-ü_]{0,9}[a-zà-ü]", fullmatch=True),
    st.booleans(),
    st.integers(0),
    st.integers(0),
    st.text("a_-1.é ", min_size=1),
)
def test_whatever_canvas_writes_is_read_back(name: str, late: bool, user: int, upload: int, file: str) -> None:
    """For any student and file: Canvas leaves no number between underscores in a name."""
    written = "_".join(filter(None, [name, "LATE" if late else "", str(user), str(upload), file]))
    there = Listing(folder=Path(), folders=(), files=(written,))
    [one] = canvas.read(there, Asked(modules=(("x", "x.py"),)))
    assert (one.key, bool(one.remarks), one.uploads[0].order) == (f"{name}_{user}", late, upload)
    assert file.startswith(one.uploads[0].name.partition(".")[0][:1])


# ---- Moodle ----------------------------------------------------------------------------------------------------------


def test_moodle_is_read_in_folders_and_flat(school: Class) -> None:
    """Both endings of its folders are seen; typed text is no file. An archive in a folder is unpacked."""
    school.put(
        "Ada Lovelace_101_assignsubmission_file_/wordcount.py",
        "Blaise_102_assignsubmission_file/x.txt",
        "Carl_Friedrich_103_assignsubmission_onlinetext/onlinetext.html",
        "Dora_104_assignsubmission_file_wordcount.py",
    )
    pack(school.folder / "Blaise_102_assignsubmission_file" / "hw.zip", {"hw/wordcount.py": "zipped"})
    found = school.by_name()
    assert {name: one.module.read_text() if one.module else "" for name, one in found.items()} == {
        "Ada Lovelace_101": "Ada Lovelace_101_assignsubmission_file_/wordcount.py",
        "Blaise_102": "zipped",
        "Carl_Friedrich_103": "",
        "Dora_104": "Dora_104_assignsubmission_file_wordcount.py",
    }
    [ada] = found["Ada Lovelace_101"].students
    assert (ada.name, dict(ada.ids)) == ("Ada Lovelace", {"moodle": "101"})


def test_a_file_named_as_moodle_names_anothers_stays_its_authors(school: Class) -> None:
    """Else whoever knows a fellow student's number could hand in for them."""
    forged = "Eve_9_assignsubmission_file_Ada Lovelace_101_assignsubmission_file_wordcount.py"
    school.put(forged, "Ada Lovelace_101_assignsubmission_file_wordcount.py")
    found = school.by_name()
    assert set(found) == {"Eve_9", "Ada Lovelace_101"}
    assert found["Eve_9"].students[0].ids == {"moodle": "9"}


# ---- GitHub ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "clones", "logins"),
    [
        ("class", ["hw1-ada", "hw1-adam"], ["ada", "adam"]),
        ("hw1-submissions", ["hw1-ada-x", "hw1-ada-y"], ["ada-x", "ada-y"]),
        ("class", ["wordcount-ada-x", "wordcount-ada-y"], ["ada-x", "ada-y"]),
        ("class", ["cs101-hw1-ada", "cs101-hw1-b-c"], ["ada", "b-c"]),
        ("class", ["wordcount-ada"], ["ada"]),
        ("class", ["ada"], ["ada"]),
        ("class", ["ada", "blaise"], ["ada", "blaise"]),
    ],
)
def test_the_login_is_what_follows_the_prefix_of_all_clones(
    folder: str, clones: list[str], logins: list[str], tmp_path: Path
) -> None:
    """What the folder or an assignment is called goes before what the clones have in common."""
    for clone in clones:
        (tmp_path / folder / clone / ".git").mkdir(parents=True)
    found = handed_in(tmp_path / folder, [WORDCOUNT], work=tmp_path / "work").submissions
    assert [one.name for one in found] == logins
    assert [one.students[0].login for one in found] == logins


def test_a_class_in_which_a_few_hand_in_repositories_is_no_class_of_clones(school: Class) -> None:
    """And where most do, those who do not are students as well."""
    school.put("ada/.git/HEAD", "bob/x.py", "cy/x.py")
    assert school.found().said == ["a folder or archive per student: 3 students"]
    school.put("bob/.git/HEAD")
    assert school.found().said == ["GitHub clones: 3 students"]


def test_a_clone_that_was_never_pushed_to_is_a_student_all_the_same(school: Class) -> None:
    """It begins as the others do."""
    school.put("hw-ada/.git/HEAD", "hw-bob/.git/HEAD", "hw-cy/README.md")
    assert list(school.by_name()) == ["ada", "bob", "cy"]


def test_clones_of_several_assignments_are_each_for_their_own(school: Class) -> None:
    """One student each, asked for each assignment once."""
    school.put(
        "wordcount-ada/.git/HEAD", "wordcount-ada/x.py", "join-ada/.git/HEAD", "join-ada/join.py", "join-bob/.git/HEAD"
    )
    found = school.found(WORDCOUNT, JOIN).submissions
    assert [(one.assignment, one.name, one.module and one.module.name) for one in found] == [
        ("wordcount", "ada", "x.py"),
        ("join", "ada", "join.py"),
        ("join", "bob", None),
    ]


# ---- Gradescope ------------------------------------------------------------------------------------------------------


def test_gradescope_says_who_and_when(school: Class) -> None:
    """Alone or together; the time in either of the ways in which Ruby writes it."""
    ada, both = gradescope(school).found().submissions
    assert (ada.name, ada.submitted) == ("12", "2026-11-20T17:30:00-08:00")
    assert (ada.students[0].name, ada.students[0].email) == ("Ada Lovelace", "ada@x.edu")
    assert dict(ada.students[0].ids) == {"gradescope": "12", "sis": "12"}
    assert (both.name, both.submitted) == ("b@x.edu+c@x.edu", "2026-11-21T01:02:03+00:00")


def test_a_submission_that_gradescope_does_not_name_is_graded_all_the_same(school: Class) -> None:
    """Under its folder's name, with a remark; a time without an offset is none."""
    metadata = "submission_12: {':submitters': [{':name': B}], ':created_at': 2026-11-20 10:00:00}\n"
    found = gradescope(school, metadata).by_name()
    assert found["submission_11"].remarks == ("submission_metadata.yml does not say whose submission_11 is",)
    assert found["B"].submitted == ""


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ("submission_11:\n  - [", r"submission_metadata\.yml:\d+:\d+: "),
        ("- 1\n", "expected a submission per key"),
        ("\x00", "no metadata: "),
        ("[" * 5000, r"submission_metadata\.yml"),
    ],
)
def test_metadata_that_cannot_be_read_are_said_to_be_so(metadata: str, message: str, school: Class) -> None:
    """With the place."""
    with pytest.raises(UsageError, match=message) as caught:
        gradescope(school, metadata).found()
    assert caught.value.hint == "export it again from Gradescope"


def test_metadata_beyond_all_measure_are_not_read(school: Class) -> None:
    """They would fill the memory."""
    gradescope(school)
    os.truncate(school.folder / "submission_metadata.yml", 2**29 + 1)
    with pytest.raises(UsageError, match=r"submission_metadata\.yml: larger than 512 MB"):
        school.found()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_metadata_that_may_not_be_read_are_said_to_be_so(school: Class) -> None:
    """They are the instructor's."""
    (gradescope(school).folder / "submission_metadata.yml").chmod(0)
    with pytest.raises(UsageError, match=r"submission_metadata\.yml cannot be read: Permission denied"):
        school.found()


def test_no_class_of_rubys_or_pythons_is_made_for_a_tag(school: Class) -> None:
    """A tag is what somebody else's program meant."""
    metadata = METADATA.replace("'12'", "!ruby/object:Gem::Installer '12'").replace(
        "Carl", "!!python/name:os.system ''"
    )
    with pytest.raises(UsageError, match="could not determine a constructor"):
        gradescope(school, metadata).found()
