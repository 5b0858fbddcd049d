"""A class as an instructor grades it, by the command: who is missing, what is kept, and which reports are written."""

from __future__ import annotations

import csv
import json
import shutil
import stat
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from grader import arguments, layouts
from grader.publish import FORMATS
from grading.conftest import FIXTURES, Assignments, Command

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

ROSTER = "id,name,email\nada,Ada Lovelace,ada@example.org\nbob,Bob Babbage,bob@example.org\ncy,Cy Noir,cy@example.org\n"
CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Word count (77)
    Points Possible,,,,,20
"Lovelace, Ada",11,s1,ada,A,
"Babbage, Bob",12,s2,bob,A,3
"Noir, Cy",13,s3,cy,A,
"""


class Class:
    """A word count, and a class of three of whom two handed in: ada's is right, bob's solves another problem."""

    def __init__(self, assignments: Assignments, command: Command) -> None:
        self.assignment = assignments.wordcount(title="Word count").folder
        self.command, self.folder = command, command.folder
        self.hand_in("ada", "plain")
        self.hand_in("bob", "other_problem")
        (self.folder / "roster.csv").write_text(ROSTER)
        (self.folder / "canvas.csv").write_text(CANVAS)

    def hand_in(self, student: str, fixture: str) -> None:
        """Put a fixture where the student's file is looked for."""
        (self.folder / "class" / student).mkdir(parents=True, exist_ok=True)
        shutil.copy(FIXTURES / "wordcount" / f"{fixture}.py", self.folder / "class" / student / "wordcount.py")

    def grade(self, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Grade the class, with its roster."""
        whose = ("--submissions", "class", "--roster", "roster.csv")
        return self.command(self.assignment, *whose, *options, **environment)

    def marks(self) -> dict[str, tuple[str, float | None]]:
        """Verdict and mark by submission, as r.json has them."""
        results = json.loads((self.folder / "r.json").read_text())["results"]
        return {each["submission"]: (each["verdict"], each["mark"]) for each in results}


@pytest.fixture
def pupils(assignments: Assignments, command: Command) -> Class:
    """The class."""
    return Class(assignments, command)


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of a class that was graded, for questions that change nothing."""
    folder = tmp_path_factory.mktemp("graded")
    Class(Assignments(folder / "assignments"), Command(folder)).grade("--store", "s.sqlite")
    return folder / "s.sqlite"


# ---- who -------------------------------------------------------------------------------------------------------------


def test_it_is_said_what_was_found_and_who_handed_in_nothing(pupils: Class) -> None:
    """On stderr; whoever is in the roster alone is `missing`, with no points."""
    done = pupils.grade("--json", "r.json")
    assert done.stderr.splitlines() == [
        "pymapr-grade: a folder or archive per student: 2 students",
        "pymapr-grade: roster: 3 students",
        "pymapr-grade: handed in nothing: 1 student: cy",
    ]
    assert pupils.marks() == {"ada": ("accepted", 10), "bob": ("wrong-answer", 0), "cy": ("missing", 0)}


def test_a_class_may_be_one_archive(pupils: Class) -> None:
    """As a download is; nothing has to be unpacked by hand."""
    shutil.make_archive(str(pupils.folder / "class"), "zip", pupils.folder / "class")
    done = pupils.command(pupils.assignment, "--submissions", "class.zip")
    assert "2 submissions: 1 accepted, 1 wrong-answer" in done.stdout


def test_each_layout_that_is_known_can_be_asked_for() -> None:
    """The parser has a list of its own, so that `--help` loads nothing that reads a class."""
    assert sorted(arguments.LAYOUTS) == sorted(layouts.NAMES)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["--roster", "roster.csv"], "--roster needs --submissions"),
        (["--layout", "flat"], "--layout needs --submissions"),
        (["--submissions", "class", "--layout", "moodle"], "nothing in it is named as in the layout moodle"),
        (["--submissions", "class", "--roster", "nobody.csv"], "nobody.csv"),
        (["--regrade"], "--regrade needs a store"),
        (["--resume"], "--resume needs a store"),
        (["--store", "s", "--resume", "--regrade"], "not allowed with argument"),
        (["--submissions", "class", "--store", "roster.csv"], "roster.csv"),
        (["--csv", "r", "--json", "r"], "--json and --csv name the same file, r"),
        (["--html", "nowhere/r.html"], "nowhere/r.html cannot be written"),
        (["--feedback", "nowhere/else"], "nowhere/else cannot be written"),
        (["--canvas", "gone.csv", "out.csv"], "--canvas gone.csv: No such file or directory"),
        (["--canvas", "roster.csv", "out.csv"], "the columns are not Canvas'"),
        (["--canvas", "canvas.csv", "nowhere/out.csv"], "nowhere/out.csv cannot be written"),
        (["--canvas", "canvas.csv", "out.csv", "--column", "wordcount=Essay"], "no column for Essay"),
        (["--canvas", "canvas.csv", "out.csv", "--column", "essay=Essay"], "--column essay=Essay: there is no"),
        (["--column", "essay"], "expected NAME=HEADER, got 'essay'"),
        (["--github"], "GITHUB_STEP_SUMMARY and GITHUB_OUTPUT are not set"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_graded(typed: list[str], message: str, pupils: Class) -> None:
    """Not an hour later, when the class is graded and there is nowhere to put it."""
    done = pupils.command(pupils.assignment, *typed)
    assert message in done.stderr
    assert (done.returncode in (4, 5), done.stdout) == (True, "")


# ---- what is kept ----------------------------------------------------------------------------------------------------


def test_a_store_is_taken_up_where_it_was_left(pupils: Class) -> None:
    """Only what has changed is judged; the reports are of the whole class."""
    assert "0 of 6 judgements taken from s.sqlite" in pupils.grade("--store", "s.sqlite").stderr
    pupils.hand_in("bob", "plain")
    done = pupils.grade("--store", "s.sqlite", "--resume", "--json", "r.json")
    assert "4 of 6 judgements taken from s.sqlite" in done.stderr
    assert pupils.marks() == {"ada": ("accepted", 10), "bob": ("accepted", 10), "cy": ("missing", 0)}
    assert "0 of 6 judgements taken" in pupils.grade("--store", "s.sqlite", "--regrade").stderr


def test_history_tells_each_grading_and_why_it_was_made(pupils: Class) -> None:
    """A name that is none gets the nearest; without one, everybody is named."""
    pupils.grade("--store", "s.sqlite")
    pupils.hand_in("bob", "plain")
    pupils.grade("--store", "s.sqlite")
    told = pupils.command("history", "bob", "--store", "s.sqlite").stdout.splitlines()
    lines = [line.split(None, 2)[2] for line in told]
    assert sorted(lines[:2]) + sorted(lines[2:]) == [  # judged side by side, they come in any order
        "wordcount  books  wrong-answer  0 of 3  first grading",
        "wordcount  diary  wrong-answer  0 of 7  first grading",
        "wordcount  books  accepted      3 of 3  changed: submission",
        "wordcount  diary  accepted      7 of 7  changed: submission",
    ]
    assert pupils.command("history", "--store", "s.sqlite").stdout.split() == ["ada", "bob", "cy"]
    nobody = pupils.command("history", "bop", "--store", "s.sqlite")
    assert (nobody.returncode, "did you mean bob?" in nobody.stderr) == (4, True)


def test_an_override_stands_beside_what_was_computed(pupils: Class) -> None:
    """In every report, until it is withdrawn; the score is never touched."""
    store = ("--store", "s.sqlite")
    pupils.grade(*store)
    given = pupils.command("override", "cy", "wordcount", "7.5", "--reason", "on paper", *store)
    assert given.stdout == "wordcount of cy: 7.5, whatever was computed; reports show both\n"
    assert "on paper" in pupils.grade(*store, "--json", "r.json").stdout
    assert pupils.marks()["cy"] == ("missing", 7.5)
    pupils.command("override", "cy", "wordcount", "--withdraw", "--reason", "a mistake", *store)
    pupils.grade(*store, "--json", "r.json")
    assert pupils.marks()["cy"] == ("missing", 0)
    assert "override withdrawn" in pupils.command("history", "cy", *store).stdout


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["override", "cy", "wordcount", "lots", "--reason", "x"], "expected points, got 'lots'"),
        (["override", "cy", "wordcount", "nan", "--reason", "x"], "expected points, got 'nan'"),
        (["override", "cy", "wordcount", "3"], "the following arguments are required: --reason"),
        (["override", "cy", "wordcount", "3", "--reason", " "], "an override needs a reason"),
        (["override", "cy", "wordcout", "3", "--reason", "x"], "did you mean wordcount?"),
        (["override", "cy", "wordcount", "--reason", "x"], "one of the arguments SCORE --withdraw is required"),
        (["override", "cy", "wordcount", "--withdraw", "--reason", "x"], "there is no override of wordcount for cy"),
        (["history", "cy"], "the following arguments are required: --store"),
    ],
)
def test_bookkeeping_refuses_what_makes_no_sense(
    typed: list[str], message: str, graded: Path, command: Command
) -> None:
    """And says how it would."""
    options: list[str | Path] = [] if typed[0] == "history" else ["--store", graded]
    done = command(*typed, *options)
    assert message in done.stderr
    assert done.returncode == 4


def test_a_store_that_is_not_there_is_not_made_by_a_question(pupils: Class) -> None:
    """A mistyped name would otherwise leave an empty store, and say that nobody was ever graded."""
    done = pupils.command("history", "--store", "gone.sqlite")
    assert (done.returncode, "gone.sqlite" in done.stderr) == (4, True)
    assert not (pupils.folder / "gone.sqlite").exists()


@pytest.mark.parametrize(("due", "seen"), [("2001-01-01T00:00:00Z", True), ("2999-01-01T00:00:00Z", False)])
def test_what_is_shown_after_the_deadline_is_shown_once_that_is_past(
    due: str, seen: bool, assignments: Assignments, command: Command
) -> None:
    """Students then see of such a dataset what they see of any."""
    spec = assignments.wordcount()
    hidden = [{"name": one.name, "file": one.file, "expected": one.expected} for one in spec.datasets]
    datasets = [{**one, "visibility": "after-deadline"} for one in hidden]
    folder = assignments.wordcount(datasets=datasets, late={"due": due}).folder
    work = command.folder / "work" / "wordcount.py"
    work.parent.mkdir()
    shutil.copy(FIXTURES / "wordcount" / "other_problem.py", work)
    done = command(folder, "--submission", work, "--audience", "student")
    assert ("records missing" in done.stdout) == seen
    assert ("failed" in done.stdout) != seen


# ---- what is written -------------------------------------------------------------------------------------------------


def test_every_format_is_written_in_one_go(pupils: Class) -> None:
    """Each tells of the same class."""
    class_wide = [name for name in FORMATS if name not in ("gradescope", "classroom50")]
    done = pupils.grade(*(word for name in class_wide for word in (f"--{name}", f"r.{name}")), "--feedback", "back")
    assert done.returncode == 0, done.stderr
    assert len(ElementTree.parse(pupils.folder / "r.junit").findall(".//testcase")) == 6
    with (pupils.folder / "r.csv").open(newline="", encoding="utf-8-sig") as file:
        assert [(row["submission"], row["mark"]) for row in csv.DictReader(file)] == [
            ("ada", "10"),
            ("bob", "0"),
            ("cy", "0"),
        ]
    assert all("bob" in (pupils.folder / f"r.{name}").read_text() for name in class_wide)
    assert sorted(path.name for path in (pupils.folder / "back").iterdir()) == ["ada.html", "bob.html", "cy.html"]


def test_marks_go_into_the_gradebook_that_canvas_exported(pupils: Class) -> None:
    """As a copy, in its points; nothing else of it changes."""
    done = pupils.grade("--canvas", "canvas.csv", "out.csv", "--column", "wordcount=77")
    marked = CANVAS.replace("ada,A,", "ada,A,20").replace("bob,A,3", "bob,A,0").replace("cy,A,", "cy,A,0")
    assert (pupils.folder / "out.csv").read_text() == marked
    assert (pupils.folder / "canvas.csv").read_text() == CANVAS
    assert "pymapr-grade: out.csv: wordcount: 3 marks filled in" in done.stderr


@pytest.mark.parametrize("platform", ["gradescope", "classroom50"])
def test_what_a_platform_takes_of_one_submission_is_refused_for_a_class(platform: str, pupils: Class) -> None:
    """The tables are shown all the same."""
    done = pupils.grade(f"--{platform}", "r.json")
    assert done.returncode == 4
    assert "takes the result of one submission; 3 submissions were graded" in done.stderr
    assert "3 students, 2 submissions" in done.stdout


def test_a_step_of_github_gets_annotations_a_summary_and_a_result(pupils: Class) -> None:
    """And does not obey what a student's output looks like."""
    step = {name: str(pupils.folder / name) for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    work = ("--submission", "class/bob", "--audience", "student", "--github")
    done = pupils.command(pupils.assignment, *work, GITHUB_ACTIONS="true", **step)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("::stop-commands::")
    token = lines[0].removeprefix("::stop-commands::")
    after = lines[lines.index(f"::{token}::") + 1 :]
    assert after[0].startswith("::error ")
    assert "file=class/bob/wordcount.py" in after[0]
    assert "wrong-answer" in (pupils.folder / "GITHUB_STEP_SUMMARY").read_text()
    assert (pupils.folder / "GITHUB_OUTPUT").read_text().startswith("result=")


def test_an_override_above_the_maximum_is_remarked_on(pupils: Class) -> None:
    """Of what was graded last. It counts all the same: bonus points exist, and so do slips."""
    pupils.grade("--store", "s.sqlite")
    pupils.command(pupils.assignment, "--submissions", "class", "--store", "s.sqlite", "--regrade")
    give = ("override", "bob", "wordcount")
    why = ("--reason", "bonus", "--store", "s.sqlite")
    done = pupils.command(*give, "99", *why)
    assert (done.returncode, done.stderr) == (0, "pymapr-grade: 99 is above the maximum of 10 for wordcount\n")
    assert done.stdout == "wordcount of bob: 99, whatever was computed; reports show both\n"
    assert pupils.command(*give, "10", *why).stderr == ""


def test_marks_that_people_read_are_private(pupils: Class) -> None:
    """Table, page and gradebook are made for their owner alone; one that is there stays for whom it was."""
    options = ("--csv", "marks.csv", "--html", "r.html", "--canvas", "canvas.csv", "out.csv", "--json", "r.json")
    for mode in (0o600, 0o640):
        assert pupils.grade(*options).returncode == 0
        for path in (pupils.folder / name for name in ("marks.csv", "r.html", "out.csv")):
            assert stat.S_IMODE(path.stat().st_mode) == mode, path
            path.chmod(0o640)
    read_by_scripts = stat.S_IMODE((pupils.folder / "r.json").stat().st_mode)
    assert read_by_scripts == stat.S_IMODE((pupils.folder / "canvas.csv").stat().st_mode)
