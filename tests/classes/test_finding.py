"""Finding modules in a class: what is graded, by which name, with which remark; one student's mess is only theirs."""

from __future__ import annotations

import os
import stat
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from classes.conftest import JOIN, WORDCOUNT, Class, pack, spec
from grader import intake, uploads
from grader.errors import NothingToGrade, UsageError
from grader.layouts.found import Asked, Found, Upload
from grader.model import Verdict

if TYPE_CHECKING:
    from grading.conftest import Assignments, Bench

    from grader.model import Spec

RIGHT = """import sys
import MapReduce

mr = MapReduce.MapReduce()


def mapper(record):
    for word in record[1].split():
        mr.emit_intermediate(word, 1)


def reducer(key, values):
    mr.emit([key, sum(values)])


mr.execute(open(sys.argv[1]), mapper, reducer)
"""


@pytest.fixture
def wordcount(assignments: Assignments) -> Spec:
    """An assignment that can be judged."""
    return assignments.wordcount()


def test_a_file_named_wrong_is_graded_by_the_modules_name_with_a_remark(
    wordcount: Spec,
    bench: Bench,
    school: Class,
) -> None:
    """It runs as what it should have been called; a command that shows the same names the file that is there."""
    (school.put("ada/hello.py").folder / "ada" / "hello.py").write_text(
        f"import os\nassert sorted(os.listdir())[-1] == 'wordcount.py'\nassert not os.path.exists('hello.py')\n{RIGHT}"
    )
    [one] = school.found(wordcount).submissions
    assert one.remarks == ("graded hello.py as wordcount.py",)
    assert bench.judge_submission(one, wordcount).verdict is Verdict.ACCEPTED
    (school.folder / "ada" / "hello.py").write_text(RIGHT.replace("sum(values)", "0"))
    assert "ada/hello.py " in bench.judge_submission(one, wordcount).reproduce


def test_an_upload_is_graded_with_what_was_handed_in_beside_it(
    wordcount: Spec,
    bench: Bench,
    school: Class,
) -> None:
    """And with nothing of anybody else's, though all lie in one folder."""
    school.put("ada_1_5_wordcount.py", "ada_1_6_words.py", "eve_2_7_wordcount.py")
    (school.folder / "ada_1_5_wordcount.py").write_text(
        RIGHT.replace("record[1].split()", "words.of(record)").replace("import sys", "import sys, words")
    )
    (school.folder / "ada_1_6_words.py").write_text("def of(record):\n    return record[1].split()\n")
    (school.folder / "eve_2_7_wordcount.py").write_text("import os, sys\nsys.exit(repr(os.listdir()))")
    ada, eve = school.found(wordcount).submissions
    assert bench.judge_submission(ada, wordcount).verdict is Verdict.ACCEPTED
    assert "words.py" not in bench.judge_submission(eve, wordcount).message


def test_a_broken_archive_is_its_authors_invalid_submission(
    wordcount: Spec,
    bench: Bench,
    school: Class,
) -> None:
    """And nobody else's: the others are graded."""
    school.put("ada/wordcount.py", bob={"../evil.py": ""})
    (school.folder / "ada" / "wordcount.py").write_text(RIGHT)
    found = school.by_name(wordcount)
    case = bench.judge_submission(found["bob"], wordcount)
    assert (case.verdict, case.score) == (Verdict.INVALID_SUBMISSION, 0)
    assert case.message == "bob.zip cannot be unpacked: ../evil.py leads out of it"
    assert case.hint.startswith("pack it again")
    assert bench.judge_submission(found["ada"], wordcount).verdict is Verdict.ACCEPTED


def test_more_files_than_are_taken_are_an_invalid_submission(
    wordcount: Spec,
    bench: Bench,
    school: Class,
) -> None:
    """As a folder of so many is."""
    school.put(ada={"wordcount.py": RIGHT, **{f"data/{number}": "" for number in range(501)}})
    [one] = school.found(wordcount).submissions
    case = bench.judge_submission(one, wordcount)
    assert (case.verdict, case.message) == (Verdict.INVALID_SUBMISSION, "more than 500 files or 64 MB were handed in")


# ---- archives --------------------------------------------------------------------------------------------------------


def test_a_students_archive_is_stepped_into(school: Class) -> None:
    """One folder in another, as file managers pack; unless it is an assignment's."""
    school.put(ada={"hw/final/wordcount.py": "", "__MACOSX/x": ""}, bob={"wordcount/wordcount.py": ""})
    for one in school.found().submissions:
        assert one.files is not None
        assert ([name for name, _ in one.files], one.remarks) == (["wordcount.py"], ())


def test_a_folder_of_an_assignment_is_not_stepped_into(school: Class) -> None:
    """Where modules of all assignments have one name, it alone tells which is meant."""
    school.put(ada={"a/main.py": ""})
    one, other = school.found(spec("a", "main.py"), spec("b", "main.py")).submissions
    assert (bool(one.module), bool(other.module)) == (True, False)


def test_what_was_unpacked_is_shown_by_its_name_inside(school: Class) -> None:
    """Its path is gone when somebody types the command."""
    [one] = school.put(ada={"hw/wordcount.py": "", "hw/x/y.py": ""}).found().submissions
    assert one.shown == "wordcount.py"
    files = {"top/ada/wordcount.py": "", "top/b b/wordcount.py": ""}
    found = intake.handed_in(pack(school.home / "all.zip", files), [WORDCOUNT], work=school.home / "more").submissions
    assert [one.shown for one in found] == ["top/ada/wordcount.py", "'top/b b/wordcount.py'"]
    nested = Class(school.home / "nested")
    nested.put(wordcount={"x_1_2_wordcount.py": "", "y_3_4_wordcount.py": ""})
    assert nested.found().submissions[0].shown == "x_1_2_wordcount.py"


def test_a_command_for_what_was_unpacked_says_that_one_must_unpack_it(
    wordcount: Spec, bench: Bench, school: Class
) -> None:
    """The file that it names lies nowhere yet; a shell passes over the remark."""
    packed = pack(school.home / "all.zip", {"ada/wordcount.py": RIGHT.replace("sum(values)", "0"), "bob/x.txt": ""})
    [one, _] = intake.handed_in(packed, [wordcount], work=school.work).submissions
    command = bench.judge_submission(one, wordcount).reproduce
    assert command.startswith("pymapr run ada/wordcount.py ")
    assert command.endswith(" --engine serial  # first unpack what was handed in")


def test_an_archive_in_an_archive_is_unpacked_and_no_deeper(school: Class) -> None:
    """A student's, in what the platform packed; a third level is nobody's honest way to hand in."""
    inner = pack(school.home / "inner.zip", {"wordcount.py": ""}).read_bytes().decode("latin-1")
    with zipfile.ZipFile(school.home / "class.zip", "w") as outer:
        outer.writestr("ada_1_2_hw.zip", inner.encode("latin-1"))
        with outer.open("bob_3_4_hw.zip", "w") as second, zipfile.ZipFile(second, "w") as middle:
            middle.writestr("deep/hw.zip", inner.encode("latin-1"))
    found = intake.handed_in(school.home / "class.zip", [WORDCOUNT], work=school.work).submissions
    assert {one.name: bool(one.module) for one in found} == {"ada_1": True, "bob_3": False}


@pytest.mark.parametrize("place", ["eve/{}.zip", "eve_1001_{}_part.zip"])
def test_a_student_with_many_archives_fills_no_disk(place: str, school: Class) -> None:
    """None of them is unpacked, since which would be left out nobody could tell; others are not concerned."""
    (school.folder / "eve").mkdir()
    for number in range(9):
        pack(school.folder / place.format(number), {"wordcount.py": ""})
    [eve] = school.found(layout="folders" if "/" in place else "canvas").submissions
    assert eve.module is None
    assert eve.broken.startswith("9 archives were handed in, of which none is unpacked: more than 8 are too many")
    assert eve.mend == "hand in the files themselves, or one zip"
    assert not list(school.work.rglob("wordcount.py"))


def test_a_broken_archive_beside_the_module_is_a_remark(school: Class) -> None:
    """What can be graded is; for the other assignment nothing is there but the broken one."""
    school.put("ada/wordcount.py", "ada/rest.zip", "ada/more.rar")
    one, other = school.found(WORDCOUNT, JOIN).submissions
    assert one.module is not None
    assert one.remarks == (
        "rest.zip cannot be unpacked: it is damaged (File is not a zip file)",
        "more.rar is an archive of a kind that is not unpacked",
    )
    assert (other.module, other.broken) == (None, "rest.zip cannot be unpacked: it is damaged (File is not a zip file)")


def test_what_was_left_out_of_an_archive_is_a_remark(school: Class) -> None:
    """Links, for instance."""
    link = zipfile.ZipInfo("data.json")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(school.folder / "ada.zip", "w") as archive:
        archive.writestr("wordcount.py", "")
        archive.writestr(link, "/etc/passwd")
    [one] = school.found().submissions
    assert one.remarks == ("ada.zip: left out data.json: it is a link or a device",)


# ---- what is not there -----------------------------------------------------------------------------------------------


def test_the_nearest_name_is_told_and_not_one_that_is_graded_already(school: Class) -> None:
    """As where no class is graded."""
    school.put("ada/Wordcount.py", "ada/joint.ipynb")
    one, other = school.found(WORDCOUNT, JOIN).submissions
    assert one.remarks == ("graded Wordcount.py as wordcount.py",)
    assert (other.module, other.nearest) == (None, "joint.ipynb")
    (school.folder / "ada" / "joint.ipynb").unlink()
    (school.folder / "ada" / "Wordcount.py").rename(school.folder / "ada" / "wordcounts.py")
    assert [one.nearest for one in school.found(WORDCOUNT, JOIN).submissions] == ["", ""]


def test_a_link_is_not_followed(school: Class) -> None:
    """Neither to a module nor to a student's folder."""
    school.put("ada/x.txt", "bob/wordcount.py")
    (school.folder / "ada" / "wordcount.py").symlink_to(school.folder / "bob" / "wordcount.py")
    (school.folder / "eve").symlink_to(school.folder / "bob")
    found = school.by_name()
    assert (found["ada"].module, found["ada"].nearest, found["ada"].is_link) == (None, "wordcount.py", True)
    assert set(found) == {"ada", "bob"}


def test_a_folder_of_an_assignment_that_is_a_link_is_not_followed(school: Class) -> None:
    """Repositories may hold links to folders: to another student's, or to where the reference may lie."""
    school.put("ada/wordcount.py", "eve/x.txt", "mal/wordcount.py")
    for thief in ("eve", "mal"):
        (school.folder / thief / "wordcount").symlink_to("../ada")
    found = school.by_name()
    eve = found["eve"]
    assert (eve.module, eve.nearest, eve.is_link) == (None, "wordcount/wordcount.py", True)
    assert found["mal"].module == school.folder / "mal" / "wordcount.py"
    [alone] = intake.one(school.folder / "eve", [WORDCOUNT], work=school.work)
    assert (alone.module, alone.is_link) == (None, True)


@pytest.mark.skipif(os.geteuid() == 0 or sys.platform == "win32", reason="root may read everything")
def test_what_may_not_be_read_is_not_the_students_fault(school: Class) -> None:
    """It cannot be judged, and the others are."""
    school.put("ada/wordcount.py", "bob/wordcount.py")
    (school.folder / "ada").chmod(0)
    found = school.by_name()
    (school.folder / "ada").chmod(0o700)
    assert found["ada"].unreadable.endswith("Permission denied")
    assert found["bob"].module is not None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_class_that_may_not_be_read_is_said_to_be_so(school: Class) -> None:
    """It is the instructor's."""
    school.put("ada/wordcount.py").folder.chmod(0)
    with pytest.raises(UsageError, match="class: cannot be read: Permission denied"):
        school.found()
    school.folder.chmod(0o700)


def test_a_folder_that_goes_away_is_not_the_students_fault(school: Class) -> None:
    """As one on a share may, between looking at the class and looking into it."""
    asked = Asked(modules=(("wordcount", "wordcount.py"),))
    gone = Found(key="ada", uploads=(Upload(path=school.folder / "ada"),))
    [one] = uploads.submissions(gone, asked, school.work)
    assert (one.module, one.unreadable) == (None, f"{school.folder / 'ada'}: No such file or directory")


def test_a_disk_without_room_is_not_the_students_fault(school: Class) -> None:
    """Here the folder for what is unpacked is a file."""
    (school.work / "student-1").write_text("")
    [one] = school.put(ada={"wordcount.py": ""}).found().submissions
    assert "ada.zip could not be unpacked" in one.unreadable


# ---- one student -----------------------------------------------------------------------------------------------------


def test_one_students_archive_is_asked_for_every_assignment(school: Class) -> None:
    """It is named after the archive; what has another name is missing, as in a folder."""
    path = pack(school.home / "ada.zip", {"hw/wordcount.py": "", "hw/Join.py": ""})
    one, other = intake.one(path, [WORDCOUNT, JOIN], work=school.work)
    assert (one.name, one.shown, one.module and one.module.name) == ("ada", "wordcount.py", "wordcount.py")
    assert (other.name, other.module, other.nearest) == ("ada", None, "Join.py")


def test_one_students_broken_archive_is_an_invalid_submission(school: Class) -> None:
    """For each assignment."""
    (school.home / "ada.zip").write_bytes(b"")
    found = intake.one(school.home / "ada.zip", [WORDCOUNT, JOIN], work=school.work)
    assert [(one.assignment, one.name) for one in found] == [("wordcount", "ada"), ("join", "ada")]
    assert all("ada.zip cannot be unpacked" in one.broken for one in found)


def test_one_students_file_or_folder_is_found_as_ever(school: Class) -> None:
    """And what is not there is a slip."""
    school.put("ada/wordcount.py")
    assert intake.one(school.folder / "ada", [WORDCOUNT], work=school.work)[0].module is not None
    with pytest.raises(UsageError, match=r"--submission .*gone\.zip: no such file"):
        intake.one(school.home / "gone.zip", [WORDCOUNT], work=school.work)
    with pytest.raises(NothingToGrade):
        intake.one(school.put("x.py").folder / "x.py", [WORDCOUNT], work=school.work)
