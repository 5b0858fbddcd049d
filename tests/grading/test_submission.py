"""Finding students' files: whose, where, and what comes nearest when the file is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grader import submission
from grader.errors import NothingToGrade, UsageError
from grader.model import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from grader.model import Spec
    from grading.conftest import Assignments, Bench


@pytest.fixture
def spec(assignments: Assignments) -> Spec:
    """Word count."""
    return assignments.wordcount()


def touch(*paths: Path) -> None:
    """Files with nothing in them: looking for them reads none."""
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


# ---- an assignment's own ---------------------------------------------------------------------------------------------


def test_each_folder_of_submissions_is_a_student(spec: Spec) -> None:
    """In alphabetical order; what begins with a dot or an underscore is none, nor is a file."""
    folder = spec.folder / "submissions"
    touch(
        *(folder / name / "wordcount.py" for name in ("zoe", "adam", ".git", "_old", "__pycache__")), folder / "notes"
    )
    found = submission.own(spec)
    assert [one.name for one in found] == ["adam", "zoe"]
    assert found[0].module == folder / "adam" / "wordcount.py"
    assert not found[0].alone


@pytest.mark.parametrize("submissions", [False, True])
def test_else_the_module_beside_the_spec_is_the_submission(spec: Spec, submissions: bool) -> None:
    """Also where a folder for submissions holds no student's."""
    touch(spec.folder / "wordcount.py")
    if submissions:
        touch(spec.folder / "submissions" / ".gitkeep")
    [found] = submission.own(spec)
    assert (found.name, found.module, found.alone) == ("wordcount.py", spec.folder / "wordcount.py", True)


def test_else_there_is_none(spec: Spec) -> None:
    """Which is no error: other assignments may have some."""
    assert submission.own(spec) == []


# ---- a class ---------------------------------------------------------------------------------------------------------


def test_every_student_of_a_class_is_asked_for_every_assignment(assignments: Assignments, tmp_path: Path) -> None:
    """A folder with nothing in it is a student who handed in nothing: missing, for each assignment."""
    specs = [assignments.wordcount(), assignments.join()]
    touch(tmp_path / "class" / "ada" / "join.py")
    (tmp_path / "class" / "blaise").mkdir()
    found = submission.of_class(tmp_path / "class", specs)
    assert [(one.assignment, one.name, one.module is not None) for one in found] == [
        ("wordcount", "ada", False),
        ("wordcount", "blaise", False),
        ("join", "ada", True),
        ("join", "blaise", False),
    ]


def test_a_student_may_keep_a_folder_for_each_assignment(spec: Spec, tmp_path: Path) -> None:
    """`student/wordcount/wordcount.py` goes before `student/wordcount.py`."""
    touch(tmp_path / "ada" / "wordcount" / "wordcount.py", tmp_path / "ada" / "wordcount.py")
    [found] = submission.single(tmp_path / "ada", [spec])
    assert found.module == tmp_path / "ada" / "wordcount" / "wordcount.py"


@pytest.mark.parametrize(
    ("made", "asked", "error", "message", "hint"),
    [
        ("class/ada", "clas", UsageError, "no such folder", "did you mean"),
        ("class/ada", "elsewhere/class", UsageError, "no such folder", "there is no folder"),
        ("class", "class", NothingToGrade, "no student's folder in it", "one folder per student"),
    ],
)
def test_a_class_must_be_there(
    made: str, asked: str, error: type[Exception], message: str, hint: str, spec: Spec, tmp_path: Path
) -> None:
    """It says what is near, or what is wanted."""
    (tmp_path / made).mkdir(parents=True)
    with pytest.raises(error, match=message) as caught:
        submission.of_class(tmp_path / asked, [spec])
    assert hint in caught.value.hint  # type: ignore[attr-defined]  # both are GraderErrors


# ---- one student's work ----------------------------------------------------------------------------------------------


def test_a_file_is_for_the_assignments_whose_module_it_is_named_after(assignments: Assignments, tmp_path: Path) -> None:
    """Others are not asked."""
    specs = [assignments.wordcount(), assignments.join()]
    touch(tmp_path / "home" / "join.py")
    [found] = submission.single(tmp_path / "home" / "join.py", specs)
    assert (found.assignment, found.name, found.alone) == ("join", "home", True)


def test_a_file_that_nobody_asks_for_is_nothing_to_grade(assignments: Assignments, tmp_path: Path) -> None:
    """It says what is asked for."""
    specs = [assignments.wordcount(), assignments.join()]
    touch(tmp_path / "jion.py")
    with pytest.raises(NothingToGrade, match="no assignment asks for a file of that name") as caught:
        submission.single(tmp_path / "jion.py", specs)
    assert caught.value.hint == "asked for: join.py, wordcount.py"


def test_a_path_that_is_not_there_is_a_slip(spec: Spec, tmp_path: Path) -> None:
    """It says what is near."""
    touch(tmp_path / "wordcount.py")
    with pytest.raises(UsageError, match=r"--submission .*wordcuont\.py: no such file or folder") as caught:
        submission.single(tmp_path / "wordcuont.py", [spec])
    assert caught.value.hint == f"did you mean {tmp_path / 'wordcount.py'}?"


# ---- missing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("there", "message", "hint"),
    [
        ([], "there is no file named wordcount.py", "hand in a file named wordcount.py"),
        (["word_count.py", "join.py"], "; the nearest is word_count.py", "rename word_count.py to wordcount.py"),
        (["WordCount.py.txt"], "; the nearest is WordCount.py.txt", "rename WordCount.py.txt to wordcount.py"),
        (["problem1.py", "books.json"], "; the nearest is problem1.py", "rename problem1.py to wordcount.py"),
        (["problem1.py", "MapReduce.py", "join.py"], "; the nearest is problem1.py", "rename problem1.py"),
        (["a.py", "b.py"], "there is no file named wordcount.py", "hand in a file named wordcount.py"),
        (["join.py"], "there is no file named wordcount.py", "hand in a file named wordcount.py"),
        (
            ["week1/wordcount.py"],
            "where it should be; there is week1/wordcount.py",
            "move week1/wordcount.py to the top",
        ),
        ([".venv/wordcount.py"], "there is no file named wordcount.py", "hand in a file named wordcount.py"),
    ],
)
def test_a_missing_module_is_told_with_the_nearest_file(
    there: list[str], message: str, hint: str, assignments: Assignments, bench: Bench, tmp_path: Path
) -> None:
    """A file that another assignment asks for is not near, nor is the framework."""
    specs = [assignments.wordcount(), assignments.join()]
    (tmp_path / "ada").mkdir()
    touch(*(tmp_path / "ada" / name for name in there))
    [found, _] = submission.single(tmp_path / "ada", specs)
    case = bench.judge_submission(found, specs[0])
    assert (case.verdict, case.score) == (Verdict.MISSING, 0)
    assert case.message.endswith(message)
    assert case.hint.startswith(hint)


@pytest.mark.parametrize("asked", ["ada", "ada/wordcount.py"])
def test_a_link_is_not_followed(asked: str, spec: Spec, bench: Bench, tmp_path: Path) -> None:
    """It could lead to anything that the grader may read."""
    touch(tmp_path / "secret.py")
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "wordcount.py").symlink_to(tmp_path / "secret.py")
    [found] = submission.single(tmp_path / asked, [spec])
    case = bench.judge_submission(found, spec)
    assert (case.verdict, case.message) == (Verdict.MISSING, "wordcount.py is a link, and links are not followed")
    assert case.hint == "hand in the file itself"
