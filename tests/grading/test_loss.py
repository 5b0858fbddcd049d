"""What a command must never lose: the files it was given, marks in a gradebook, an instructor's own word."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from grading.test_class import CANVAS, ROSTER, Class

if TYPE_CHECKING:
    from grading.conftest import Assignments, Command


@pytest.fixture
def pupils(assignments: Assignments, command: Command) -> Class:
    """A class of three."""
    return Class(assignments, command)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["--store", "s.sqlite", "--json", "s.sqlite"], "--store and --json name the same file, s.sqlite"),
        (["--csv", "./roster.csv"], "--roster and --csv name the same file, roster.csv"),
        (["--canvas", "canvas.csv", "out.csv", "--csv", "canvas.csv"], "--canvas and --csv name the same file"),
        (["--canvas", "canvas.csv", "out.csv", "--csv", "out.csv"], "--csv and --canvas name the same file, out.csv"),
        (["--canvas", "canvas.csv", "./canvas.csv"], "--canvas would write over the file that it reads, canvas.csv"),
        (["--canvas", "canvas.csv", "roster.csv"], "--roster and --canvas name the same file, roster.csv"),
    ],
)
def test_no_report_is_written_over_what_another_option_names(typed: list[str], message: str, pupils: Class) -> None:
    """A store, with all that was ever graded, would be gone."""
    done = pupils.grade(*typed)
    assert (done.returncode, message in done.stderr) == (4, True), done.stderr
    assert (pupils.folder / "roster.csv").read_text() == ROSTER
    assert (pupils.folder / "canvas.csv").read_text() == CANVAS


_OPTIONS = ("json", "junit", "csv", "html", "markdown", "gradescope", "classroom50")


@pytest.mark.parametrize("option", [*_OPTIONS, "store"])
def test_no_option_writes_over_the_spec(option: str, pupils: Class) -> None:
    """The name of the file that would be lost is said, and the mend; nothing is judged."""
    spec = pupils.assignment / "assignment.yaml"
    before = spec.read_bytes()
    done = pupils.grade(f"--{option}", str(spec))
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == (
        f"pymapr-grade: error: --{option} would write over {spec}, which belongs to the assignment wordcount\n\n"
        "hint: name another file to write: what lies there would be lost\n"
    )
    assert spec.read_bytes() == before


_ASSIGNED = (
    "data/books.json",
    "expected/diary.json",
    "README.md",
    "solution/right.py",
    "solution/words.txt",
    "help.py",
)
_HANDED_IN = ("class/ada/wordcount.py", "class/ada/words.txt", "class/bob.zip", "class/cy_wordcount.py")


@pytest.mark.parametrize("name", [*_ASSIGNED, "submissions/eve/wordcount.py", "starter/wordcount.py"])
def test_no_report_is_written_over_a_file_of_the_assignment(name: str, pupils: Class) -> None:
    """Data, golden files, the statement, the reference and what lies beside it, samples; by whatever name."""
    assigned = pupils.assignment / name
    assigned.parent.mkdir(exist_ok=True, parents=True)
    if not assigned.exists():
        assigned.write_text("kept\n")
    spec = pupils.assignment / "assignment.yaml"
    (pupils.assignment / "solution").mkdir(exist_ok=True)
    (pupils.assignment / "solution" / "right.py").touch()
    described = json.loads(spec.read_text())
    spec.write_text(json.dumps({**described, "reference": "solution/right.py"}))
    (pupils.folder / "other.csv").symlink_to(assigned)
    before = assigned.read_bytes()
    for path in (str(assigned), "other.csv"):
        done = pupils.grade("--canvas", "canvas.csv", path)
        message = f"--canvas would write over {path}, which belongs to the assignment wordcount"
        assert (done.returncode, message in done.stderr) == (4, True), done.stderr
    assert assigned.read_bytes() == before


@pytest.mark.parametrize("name", _HANDED_IN)
def test_no_report_is_written_over_what_a_class_handed_in(name: str, pupils: Class) -> None:
    """Programs, archives, and whatever else a student's folder holds."""
    theirs = pupils.folder / name
    if not theirs.exists():
        theirs.write_text("kept\n")
    before = theirs.read_bytes()
    done = pupils.grade("--csv", name, "--store", "s.sqlite")
    message = f"--csv would write over {name}, which was handed in"
    assert (done.returncode, message in done.stderr, done.stdout) == (4, True, ""), done.stderr
    assert theirs.read_bytes() == before


def test_a_self_check_keeps_the_program_and_replaces_its_own_report(pupils: Class) -> None:
    """As in CI, where both lie in the folder that is checked."""
    folder = pupils.folder / "class" / "ada"
    for report, code in (("r.json", 0), ("r.json", 0), ("wordcount.py", 4)):
        done = pupils.command(pupils.assignment, "--submission", str(folder), "--json", str(folder / report))
        assert done.returncode == code, done.stderr
    assert "which was handed in" in done.stderr


def test_a_report_beside_what_it_is_about_is_replaced(pupils: Class) -> None:
    """In the class's folder, or the assignment's: an earlier one is no work of anybody's."""
    for _ in range(2):
        html, store = (str(pupils.assignment / name) for name in ("r.html", "s.sqlite"))
        done = pupils.grade("--csv", "class/marks.csv", "--html", html, "--store", store)
        assert done.returncode == 0, done.stderr


def test_what_a_store_keeps_beside_it_is_part_of_it(pupils: Class) -> None:
    """SQLite would take a report for marks, and lose them."""
    done = pupils.grade("--store", "s.sqlite", "--json", "s.sqlite-wal")
    assert (done.returncode, "over s.sqlite-wal, which belongs to the store" in done.stderr) == (4, True)


def test_two_names_of_one_file_are_one_file(pupils: Class) -> None:
    """A hard link, as backups are made of."""
    (pupils.folder / "linked").hardlink_to(pupils.folder / "roster.csv")
    assert "--roster and --csv name the same file, linked" in pupils.grade("--csv", "linked").stderr


def test_a_report_may_go_where_nothing_is_kept(pupils: Class) -> None:
    """Behind the one another where it is the same pipe; to what the shell has opened, before the tables."""
    done = pupils.grade("--csv", "/dev/stdout", "--json", "/dev/null", "--html", "/dev/null")
    assert (done.returncode, "ada" in done.stdout.splitlines()[1]) == (0, True), done.stderr
    with (pupils.folder / "all.txt").open("w") as out:
        command = [sys.executable, "-m", "grader", str(pupils.assignment), "--submissions", "class", "--csv"]
        subprocess.run([*command, "/dev/fd/1"], stdout=out, check=True, cwd=pupils.folder)
    written = (pupils.folder / "all.txt").read_text()
    assert (written.count('"ada"'), written.count("2 submissions: ")) == (1, 1), written


def test_who_reads_a_report_from_a_pipe_may_leave(pupils: Class) -> None:
    """As with the tables: nothing is wrong with what was judged, and no other report is left out."""
    command = [sys.executable, "-m", "grader", str(pupils.assignment), "--submissions", "class"]
    with subprocess.Popen(
        [*command, "--html", "/dev/stdout", "--json", "r.json"], cwd=pupils.folder, stdout=subprocess.PIPE
    ) as grader:
        assert grader.stdout is not None
        grader.stdout.close()
        assert grader.wait() == 0
    assert (pupils.folder / "r.json").exists()


def test_a_pipe_gets_its_report(pupils: Class) -> None:
    """And stays a pipe."""
    pipe = pupils.folder / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, text=True) as reader:
        done = pupils.grade("--json", "pipe")
        reader.terminate() if done.returncode else None
        assert done.returncode == 0, done.stderr
        assert reader.stdout is not None
        assert len(json.load(reader.stdout)["results"]) == 3
    assert pipe.is_fifo()


def test_marks_are_filled_in_though_nobody_reads_the_tables(pupils: Class) -> None:
    """As where they go into `head`."""
    command = ["-m", "grader", str(pupils.assignment), "--submissions", "class", "--roster", "roster.csv"]
    with subprocess.Popen(
        [sys.executable, *command, "--canvas", "canvas.csv", "out.csv"], cwd=pupils.folder, stdout=subprocess.PIPE
    ) as grader:
        assert grader.stdout is not None
        grader.stdout.close()
        assert grader.wait() == 0
    assert "ada,A,20" in (pupils.folder / "out.csv").read_text()


def test_marks_are_filled_in_though_a_report_cannot_be_made(pupils: Class) -> None:
    """And what was wrong with that one is said."""
    done = pupils.grade("--gradescope", "r.json", "--canvas", "canvas.csv", "out.csv")
    assert (done.returncode, "takes the result of one submission" in done.stderr) == (4, True)
    assert "ada,A,20" in (pupils.folder / "out.csv").read_text()


def test_an_override_that_changes_no_mark_is_named(pupils: Class) -> None:
    """With another roster students may have other names: nobody's word is dropped without one."""
    pupils.grade("--store", "s.sqlite")
    pupils.command("override", "bob", "wordcount", "9", "--reason", "on paper", "--store", "s.sqlite")
    assert "overrides in" not in pupils.grade("--store", "s.sqlite").stderr
    (pupils.folder / "roster.csv").write_text(ROSTER.replace("bob,Bob", "17,Bob"))
    told = pupils.grade("--store", "s.sqlite").stderr
    assert "pymapr-grade: overrides in s.sqlite of nobody here: bob (wordcount)\n" in told
