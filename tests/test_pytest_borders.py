"""What pytest imports: nothing of an assignment, whatever a student puts there; all else as without the plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pytest_kit import PYTEST, RIGHT, assignment, villain, write

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("conftest.py", "test_it.py", "__init__.py", "test_more/conftest.py", "test_more/__init__.py")
"""What pytest would import on its own."""
STUDENT = "assignments/count/submissions/student-01"
FILE = "assignments/count/assignment.yaml"


class Hostile:
    """An assignment with villains in every folder, beside one ordinary test."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester
        self.top = pytester.path
        self.home = assignment(self.top / "assignments" / "count", {"student-01": RIGHT, "test-student": RIGHT})
        self._mark = self.top / "imported"
        submissions = self.home / "submissions"
        students = [submissions / "student-01", submissions / "test-student"]
        for folder in (self.home, self.home / "solution", *students):
            for name in NAMES:
                self.villain(folder / name)
        for name in NAMES[:3]:
            self.villain(submissions / name)

    def villain(self, file: Path) -> None:
        """Put one more in place."""
        write(file, villain(self._mark))

    @property
    def imported(self) -> list[str]:
        """The villains that were imported."""
        return self._mark.read_text(encoding="utf-8").splitlines() if self._mark.exists() else []

    def __call__(self, *arguments: str | Path) -> pytest.RunResult:
        """Run pytest there, with every warning an error."""
        return self._pytester.run(*PYTEST, *arguments)

    def collected(self, *arguments: str | Path) -> list[str]:
        """The ids that are collected."""
        return [line for line in self("--collect-only", "-q", *arguments).outlines if "::" in line]


@pytest.fixture
def hostile(pytester: pytest.Pytester) -> Hostile:
    """See Hostile; with settings above it, so that paths count from there."""
    pytester.makeini("[pytest]\n")
    return Hostile(pytester)


ITEMS = [
    f"{FILE}::{student}::{dataset}" for student in ("student-01", "test-student") for dataset in ("small", "twice")
]


@pytest.mark.parametrize(
    ("arguments", "chosen"),
    [
        ([], ITEMS),
        (["assignments"], ITEMS),
        (["assignments/count"], ITEMS),
        (["assignments/count/"], ITEMS),
        (["assignments/count/assignment.yaml"], ITEMS),
        (["assignments/count/submissions"], ITEMS),
        (["assignments/count/solution/test_it.py"], ITEMS),
        ([STUDENT], ITEMS[:2]),
        ([f"{STUDENT}/"], ITEMS[:2]),
        ([f"{STUDENT}/test_it.py"], ITEMS[:2]),
        ([f"{STUDENT}/test_it.py::test_of_mine"], ITEMS[:2]),
        ([f"{STUDENT}/test_more", "assignments/count/submissions/test-student"], ITEMS),
        (["assignments", "--doctest-modules", "--doctest-glob=*"], ITEMS),
        (["assignments", "--import-mode=importlib"], ITEMS),
        (["assignments", "--keep-duplicates"], ITEMS),
        (["-o", "testpaths=assignments/c* assignments/count/submissions"], ITEMS),
    ],
)
def test_whatever_path_is_given_nothing_of_a_student_is_imported(
    hostile: Hostile, arguments: list[str], chosen: list[str]
) -> None:
    """A path inside an assignment means the student whose work it is, or else the whole assignment."""
    assert hostile.collected(*arguments) == chosen
    assert not hostile.imported


@pytest.mark.parametrize(
    ("inside", "chosen"),
    [("", 4), ("submissions", 4), ("submissions/student-01", 2), ("submissions/student-01/test_more", 2)],
)
@pytest.mark.parametrize("settings", [True, False])
def test_wherever_pytest_is_run_nothing_of_a_student_is_imported(
    hostile: Hostile, monkeypatch: pytest.MonkeyPatch, inside: str, chosen: int, settings: bool
) -> None:
    """With settings above the assignment, and with none, where pytest takes its folder for the root."""
    if not settings:
        (hostile.top / "tox.ini").unlink()
    monkeypatch.chdir(hostile.home / inside)
    found = hostile.collected()
    assert len(found) == chosen
    assert all("assignment.yaml::" in each for each in found)
    assert not hostile.imported


def test_judging_imports_nothing_of_a_student_into_pytest(hostile: Hostile) -> None:
    """What a submission brings along is run in the sandbox, if at all; also in each worker."""
    hostile("assignments", "-n", "2").assert_outcomes(passed=4)
    assert not hostile.imported


def test_an_assignment_whose_name_begins_with_test_is_no_exception(hostile: Hostile) -> None:
    """Of a folder that it is given, pytest imports the conftest.py of each child test* before it collects anything."""
    hostile.home.rename(hostile.home.with_name("test_count"))
    assert len(hostile.collected("assignments")) == 4
    assert not hostile.imported


def test_a_link_into_an_assignment_is_not_followed(hostile: Hostile) -> None:
    """Else the same files would be found by another name."""
    for name, target in (("short", "submissions"), ("test_short.py", "submissions/student-01/test_it.py")):
        (hostile.top / name).symlink_to(hostile.home / target)
    assert hostile.collected(hostile.top) == ITEMS
    assert not hostile.imported


def test_a_link_into_an_assignment_that_is_given_means_what_it_leads_to(hostile: Hostile) -> None:
    """A student's folder may be linked to from anywhere."""
    (hostile.top / "mine").symlink_to(hostile.home / "submissions" / "student-01")
    assert hostile.collected("mine") == ITEMS[:2]
    assert not hostile.imported


def test_an_assignment_that_a_student_hands_in_is_none(hostile: Hostile) -> None:
    """Else a student could be judged by rules of the student's own."""
    assignment(hostile.home / "submissions" / "student-01", {"cheat": RIGHT})
    assert hostile.collected("assignments") == ITEMS
    assert hostile.collected(STUDENT) == ITEMS[:2]


# ---- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["submissions/student-01", "submissions"])
def test_settings_inside_an_assignment_are_refused(hostile: Hostile, where: str) -> None:
    """They could have pytest overwrite any file: `addopts = --junitxml=...`."""
    write(hostile.home / where / "pytest.ini", "[pytest]\naddopts = --junitxml=overwritten\n")
    result = hostile(STUDENT)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            f"ERROR: {hostile.home / where}/pytest.ini: settings from inside an assignment are not followed: *",
            f"hint: name the assignment, and choose with -k: pytest {hostile.home} -k NAME",
        ]
    )
    assert not (hostile.top / "overwritten").exists()


def test_settings_inside_an_assignment_do_not_matter_where_the_assignment_is_named(hostile: Hostile) -> None:
    """Which is why it is the advice: this file would switch the plugin off."""
    write(hostile.home / "submissions" / "student-01" / "pytest.ini", "[pytest]\naddopts = -p no:pymapr_grader\n")
    assert hostile.collected("assignments/count") == ITEMS


def test_settings_beside_an_assignment_yaml_are_the_instructors(hostile: Hostile) -> None:
    """A repository may be a single assignment, with its own settings."""
    write(hostile.home / "pytest.ini", "[pytest]\naddopts = -k student-01\n")
    assert len(hostile.collected("assignments/count")) == 2


# ---- everywhere else -------------------------------------------------------------------------------------------------

HOOKS = """
import pytest
@pytest.fixture
def here(): return {0!r}
def pytest_runtest_setup(item): print("{0} sets up", item.name)
"""


def test_the_same_files_in_a_folder_without_an_assignment_yaml_are_imported_as_ever(hostile: Hostile) -> None:
    """And so every test above would notice an import."""
    (hostile.home / "assignment.yaml").unlink()
    hostile(STUDENT, "-p", "no:doctest").assert_outcomes(passed=1)
    places = ["", "submissions", "submissions/student-01", "submissions/student-01/test_more"]
    assert {str(hostile.home / place / "conftest.py") for place in places} <= set(hostile.imported)


def test_ordinary_tests_run_beside_an_assignment_with_the_hooks_and_fixtures_above_both(hostile: Hostile) -> None:
    """The conftest.py files above an assignment hold for its items, too."""
    write(hostile.top / "conftest.py", HOOKS.format("top"))
    write(hostile.top / "assignments" / "conftest.py", HOOKS.format("middle"))
    write(hostile.top / "assignments" / "test_ours.py", "def test_here(here): assert here == 'middle'\n")
    write(hostile.top / "tests" / "test_more.py", "def test_here(here): assert here == 'top'\n")
    result = hostile("assignments", "tests", "-k", "here or small", "-s")
    result.assert_outcomes(passed=4)
    lines = result.stdout.str()
    assert lines.count("top sets up") == 4
    assert lines.count("middle sets up small") == 2
    assert not hostile.imported


def test_where_there_is_no_assignment_nothing_of_the_grader_is_imported(pytester: pytest.Pytester) -> None:
    """Every pytest run on the machine pays for what this plugin imports."""
    pytester.makepyfile(
        """
        import sys
        def test_nothing():
            heavy = {"grader", "pymapr", "yaml", "rich"}
            found = sorted(name for name in sys.modules if name.split(".")[0] in heavy)
            assert found == ["grader", "grader.pytest_plugin"]
        """
    )
    pytester.run(*PYTEST).assert_outcomes(passed=1)
