"""Slips of the command line, each told with its mend: a wrong file, arguments swapped, no command, an odd option."""

from __future__ import annotations

import ctypes
import sys
from typing import TYPE_CHECKING

import pytest

from engine.ends import EACH_ENGINE
from engine.villains import data, job

if TYPE_CHECKING:
    from pathlib import Path

    from engine.conftest import Command

QUIET = ("--progress", "none")
SWAPPED = "are job and data swapped? the job comes first: job.py, then {}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Path:
    """A job and its data, and files that are neither."""
    job(tmp_path)
    data(tmp_path)
    (tmp_path / "nojob.py").write_text("answer = 42\n")
    (tmp_path / "null.json").write_text('{"a": null}\n')
    (tmp_path / "text.json").write_text("two words\n")
    return tmp_path


# ---- which file is the job -------------------------------------------------------------------------------------------

NO_JOB = {
    "nojob.py data.json": ("the file has no mapper (in load, nojob.py)", "define a function mapper(record)"),
    "data.json null.json": ("the file has no mapper (in load, data.json)", "define a function mapper(record)"),
    "nojob.py job.py": ("the file has no mapper (in load, nojob.py)", "define a function mapper(record)"),
    "data.json job.py": ("the file has no mapper (in load, data.json)", SWAPPED.format("data.json")),
    "./data.json null.json ./job.py": ("the file has no mapper (in load, data.json)", SWAPPED.format("data.json")),
    "null.json job.py": (
        'NameError: name \'null\' is not defined (in load)\n  File "null.json", line 1, in <module>\n    {"a": null}',
        SWAPPED.format("null.json"),
    ),
    "text.json job.py": (
        "does not compile: invalid syntax, in `two words` (in load, text.json:1:5)",
        SWAPPED.format("text.json"),
    ),
    "dato.json job.py": ("dato.json: No such file or directory (in load)", "did you mean data.json?"),
}


@pytest.mark.parametrize(("command", "answer"), NO_JOB.items())
@EACH_ENGINE
def test_a_file_that_holds_no_job_is_named(pymapr: Command, command: str, answer: tuple[str, str], engine: str) -> None:
    """Where data stands in its place, and the job among the data, the mend is to swap them."""
    done = pymapr("run", *command.split(), "--engine", engine, *QUIET)
    assert done.stderr == "pymapr: error: {}\n\nhint: {}\n".format(*answer)
    assert (done.returncode, done.stdout) == (1, "")


def test_a_job_that_fails_later_is_not_suspected(folder: Path, pymapr: Command) -> None:
    """Whatever its name, and whatever its data's: it was loaded, so it is the job."""
    (folder / "job.py").rename(folder / "job")
    (folder / "data.json").rename(folder / "data.py")
    with (folder / "data.py").open("a") as lines:
        lines.write('"x"\n')
    done = pymapr("run", "job", "data.py", *QUIET)
    assert "TypeError" in done.stderr
    assert "swapped" not in done.stderr


# ---- what doctor is asked about --------------------------------------------------------------------------------------

UNREADABLE = {
    "jab.py": ("jab.py: No such file or directory", "did you mean job.py?"),
    "no/job.py": ("no/job.py: No such file or directory", "there is no folder no either"),
    "job.py/job.py": ("job.py/job.py: Not a directory", "there is no folder job.py either"),
    ".": (".: Is a directory", "name the file that holds mapper and reducer"),
    "locked.py": ("locked.py: Permission denied", "let yourself read it: chmod u+r locked.py"),
}


@pytest.mark.skipif(sys.platform != "linux", reason="root is to be like others, which is Linux's own affair")
@pytest.mark.parametrize(("path", "answer"), UNREADABLE.items())
def test_a_file_that_cannot_be_read_is_told_alike_by_run_and_doctor(
    folder: Path, pymapr: Command, path: str, answer: tuple[str, str]
) -> None:
    """Message and mend; for doctor, who judges no job's code, it is a wrong command line."""
    job(folder, name="locked.py").chmod(0)
    says, hint = answer
    asked = pymapr("doctor", path, preexec_fn=without_privilege)
    assert asked.stderr == f"pymapr: error: {says}\n\nhint: {hint}\n"
    assert (asked.returncode, asked.stdout) == (4, "")
    run = pymapr("run", path, "data.json", *QUIET, preexec_fn=without_privilege)
    assert run.stderr == f"pymapr: error: {says} (in load)\n\nhint: {hint}\n"
    assert (run.returncode, run.stdout) == (1, "")


def without_privilege() -> None:
    """Let the next program, if it is root's, heed a file's permissions as anyone's does."""
    for privilege in (1, 2):  # to write and read any file, to read any file
        ctypes.CDLL(None).prctl(24, privilege, 0, 0, 0)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (b"name = '\xe9'\n", "odd.py:1: byte 0xe9 is not UTF-8"),
        ("name = 1\n".encode("utf-16"), "odd.py: the file holds null bytes"),
    ],
)
def test_doctor_tells_of_what_is_no_text(folder: Path, pymapr: Command, source: bytes, says: str) -> None:
    """It is a finding, as any other."""
    (folder / "odd.py").write_bytes(source)
    done = pymapr("doctor", "odd.py")
    assert done.stdout.startswith(says)
    assert (done.returncode, done.stderr) == (0, "")


# ---- which command ---------------------------------------------------------------------------------------------------

FORGOTTEN = {
    "job.py data.json": "pymapr run job.py data.json",
    "./job.py data.json --workers 2": "pymapr run ./job.py data.json --workers 2",
    "job.py": "pymapr run job.py DATA",
    "rum job.py data.json": "pymapr --help",
    "data.json job.py": "pymapr --help",
    "": "pymapr --help",
}


@pytest.mark.parametrize(("command", "hint"), FORGOTTEN.items())
def test_a_job_in_the_place_of_the_command_is_led_to_run(pymapr: Command, command: str, hint: str) -> None:
    """With the line to type; whatever else stands there is led to the help."""
    done = pymapr(*command.split())
    assert done.stderr.startswith("usage: pymapr [-h] [--version] COMMAND ...\npymapr: error: ")
    assert done.stderr.endswith(f"\n\nhint: {hint}\n")
    assert (done.returncode, done.stdout) == (4, "")


def test_the_line_to_type_is_fit_for_a_shell(pymapr: Command) -> None:
    """Names with blanks are quoted."""
    assert pymapr("job.py", "my data.json").stderr.endswith("\n\nhint: pymapr run job.py 'my data.json'\n")


UNKNOWN = {
    "run job.py data.json --bogus": ("pymapr run", "--bogus"),
    "run job.py data.json --bogus -x": ("pymapr run", "--bogus -x"),
    "doctor job.py more.py": ("pymapr doctor", "more.py"),
    "--bogus doctor job.py": ("pymapr", "--bogus"),
}


@pytest.mark.parametrize(("command", "answer"), UNKNOWN.items())
def test_what_a_command_does_not_know_is_told_with_its_own_usage(
    pymapr: Command, command: str, answer: tuple[str, str]
) -> None:
    """Not with that of `pymapr`, which lists no options."""
    done = pymapr(*command.split())
    whose, unknown = answer
    assert done.stderr.startswith(f"usage: {whose} [-h] ")
    assert done.stderr.endswith(f"\npymapr: error: unrecognized arguments: {unknown}\n\nhint: {whose} --help\n")
    assert (done.returncode, done.stdout) == (4, "")


# ---- help ------------------------------------------------------------------------------------------------------------

HELP = {
    "run": [
        "JOB.py the file with mapper and reducer",
        "DATA JSON lines, .gz too; - is standard input",
        "exit code: 0 done, 1 the job's code failed, 2 interrupted, 3 the engine failed, 4 usage",
        "`python JOB.py DATA` takes no options: PYMAPR_WORKERS, PYMAPR_ORDER and PYMAPR_PROGRESS steer it",
    ],
    "doctor": [
        "Say what this machine offers a job: cores, memory, processes, engines.",
        "With FILE, say instead what in that job file would surprise its author",
        "FILE a job file: it is read, never run",
        "exit code: 0 told, whatever was found; 4 usage, or FILE cannot be read",
    ],
}


@pytest.mark.parametrize(("command", "says"), HELP.items())
def test_help_says_what_a_command_does_takes_and_answers(pymapr: Command, command: str, says: list[str]) -> None:
    """Each argument in a phrase, each exit code, and what steers the other way to run a job."""
    done = pymapr(command, "--help")
    told = " ".join(done.stdout.split())
    assert [line for line in says if line not in told] == []
    assert (done.returncode, done.stderr) == (0, "")
