"""What a command must never lose: the files it was given, marks in a gradebook, an instructor's own word."""

from __future__ import annotations

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
