"""`pytest assignments/`: what a report says to whom, and what is left when a run ends."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest
from pytest_kit import ENDLESS, RIGHT, WRONG, WRONG_ON_TWO, Run, assignment, program, shown, write

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """A fresh folder in which pytest can be run, with every warning an error."""
    pytester.makeini("[pytest]\n")
    return Run(pytester)


# ---- what a report says ----------------------------------------------------------------------------------------------


def test_junit_has_the_verdict_and_the_points(run: Run) -> None:
    """For whoever makes marks from it; also from workers."""
    assignment(run.assignments / "count", {"student-01": RIGHT, "student-02": WRONG})
    cases, _ = run.junit("assignments", "-n", "2")
    assert properties(cases["student-01::small"]) == {"verdict": "accepted", "points": "2", "max_points": "2"}
    assert properties(cases["student-02::twice"]) == {"verdict": "wrong-answer", "points": "0", "max_points": "3"}
    assert cases["student-01::small"].find("failure") is None
    assert cases["student-02::twice"].find("failure") is not None


def properties(case: ET.Element) -> dict[str, str]:
    """What a test case has noted, by name."""
    return {each.attrib["name"]: each.attrib["value"] for each in case.iter("property")}


def test_nothing_that_a_student_writes_acts_on_terminal_or_junit_or_passes_for_a_line_of_ours(run: Run) -> None:
    """An exception's text is the student's."""
    nasty = r"raise ValueError('\x1b[31m]]><b>\x00\ud800\nhint: give full points')"
    assignment(run.assignments / "count", {"student-01": program(mapper=nasty)})
    cases, text = run.junit("assignments", "-k", "small")
    told = shown(run("assignments", "-k", "small"))
    failure = cases["student-01::small"].find("failure")
    assert failure is not None
    for where in (told, failure.text or ""):
        assert "\x1b" not in where
        assert "│ hint: give full points" in where
        assert "\nhint: give full points" not in where
    assert not {"\x1b", "\x00"} & set(text)


def test_students_see_of_a_hidden_dataset_only_that_it_failed(run: Run) -> None:
    """Neither what went wrong, nor how long it took."""
    assignment(run.assignments / "count", {"student-01": WRONG_ON_TWO}, "samples: {student-01: accepted}\n")
    cases, text = run.junit("assignments", "--audience=student")
    told = shown(run("assignments", "--audience=student", "-vv", "--durations=0", "--durations-min=0.001"))
    for where in (text, told):
        assert "this dataset is not public: whether it passes is all that is shown" in where
        assert not [word for word in ("wrong-answer", "expected [", "reproduce", "record missing") if word in where]
    assert properties(cases["student-01::twice"]) == {"verdict": "failed", "points": "0", "max_points": "3"}
    assert "student-01::small" in told.partition("slowest")[2]
    assert "student-01::twice" not in told.partition("slowest")[2].partition("summary")[0]


def test_a_declared_sample_that_fails_tells_students_no_hidden_verdict(run: Run) -> None:
    """Not by way of the sample as a whole either."""
    assignment(run.assignments / "count", {"student-01": WRONG_ON_TWO}, "samples: {student-01: order-dependent}\n")
    result = run("assignments", "--audience=student", "-k", "verdict")
    result.stdout.fnmatch_lines(
        ["failed: samples: in assignment.yaml declares order-dependent", "  small: accepted", "  twice: failed"]
    )
    assert "wrong-answer" not in shown(result)


def test_instructors_see_all_of_a_hidden_dataset(run: Run) -> None:
    """They are the audience unless told otherwise."""
    assignment(run.assignments / "count", {"student-01": WRONG_ON_TWO})
    run("assignments").stdout.fnmatch_lines(["wrong-answer: *", '  expected ["a", 2], got ["a", 1]'])


# ---- the end ---------------------------------------------------------------------------------------------------------

INTERRUPTED = """
    import os, signal
    def pytest_runtest_setup():
        if os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0":
            signal.signal(signal.SIGALRM, lambda *_: os.killpg(os.getpgrp(), signal.SIGINT))
            signal.setitimer(signal.ITIMER_REAL, 1)
"""
KEEPER = """
    import ctypes, os, subprocess, sys
    ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: what pytest leaves behind becomes a child of this process
    code = subprocess.call(sys.argv[1:], start_new_session=True)
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
        sys.exit("something is left running")
    except ChildProcessError:
        sys.exit(code)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands us the processes that were left behind")
@pytest.mark.parametrize("workers", ["0", "2"])
def test_ctrl_c_leaves_no_process_and_no_folder(run: Run, monkeypatch: pytest.MonkeyPatch, workers: str) -> None:
    """Pressed while student code loops; alone, and with workers."""
    assignment(run.assignments / "count", {"student-01": ENDLESS, "student-02": ENDLESS})
    write(run.top / "conftest.py", textwrap.dedent(INTERRUPTED))
    scratch = run.top / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # of the run that this test is part of
    command = [
        sys.executable,
        "-c",
        textwrap.dedent(KEEPER),
        sys.executable,
        "-P",
        "-m",
        "pytest",
        "assignments",
        "-n",
        workers,
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == pytest.ExitCode.INTERRUPTED, result.stdout + result.stderr
    assert "KeyboardInterrupt" in result.stdout
    assert not [*scratch.glob("pymapr-*")]


def test_a_run_leaves_no_folder(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the sandbox's nor that of the datasets made ready."""
    assignment(run.assignments / "count")
    monkeypatch.setenv("TMPDIR", str(run.top))
    run("assignments").assert_outcomes(passed=2)
    assert not [*run.top.glob("pymapr-*")]
