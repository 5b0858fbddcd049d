"""No output takes the place of what its run needs: the job, the data, or the other output."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from engine.villains import data, job

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from engine.conftest import Command

OURS = "[0, 63]\n[1, 70]\n[2, 57]\n"
QUIET = ("--progress", "none")

LOST = {
    "job.py data.json --output job.py": ("--output job.py would overwrite the job job.py", "--output"),
    "job.py data.json --output ./data.json": ("--output ./data.json would overwrite the data data.json", "--output"),
    "job.py data.json --timings job.py": ("--timings job.py would overwrite the job job.py", "--timings"),
    "job.py more.json data.json --timings data.json": (
        "--timings data.json would overwrite the data data.json",
        "--timings",
    ),
    "job.py data.json --output link.json": ("--output link.json would overwrite the data data.json", "--output"),
    "job.py link.json --output data.json": ("--output data.json would overwrite the data link.json", "--output"),
    "job.py data.json --output hard.json": ("--output hard.json would overwrite the data data.json", "--output"),
    "job.py data.json --output data.json/.": ("--output data.json/. would overwrite the data data.json", "--output"),
    "job.py data.json --output t --timings t": ("--timings t would overwrite the output", "--timings"),
    "job.py data.json --output t --timings ./t": ("--timings ./t would overwrite the output", "--timings"),
    "job.py data.json --output hanging --timings t": ("--timings t would overwrite the output", "--timings"),
    "job.py data.json --output old --timings new": ("--timings new would overwrite the output", "--timings"),
}
"""Command lines, what they are told, and the option that wants another file."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A job, its data and other names for them; all of it must be as it was when the test ends."""
    job(tmp_path, more="open('ran', 'w').close()")
    data(tmp_path)
    data(tmp_path, 2, "more.json")
    (tmp_path / "link.json").symlink_to("data.json")
    (tmp_path / "hard.json").hardlink_to(tmp_path / "data.json")
    (tmp_path / "hanging").symlink_to("t")
    (tmp_path / "old").write_text("old\n")
    (tmp_path / "new").symlink_to(tmp_path / "old")
    before = contents(tmp_path)
    yield tmp_path
    assert contents(tmp_path) == before


def contents(folder: Path) -> dict[str, str]:
    """All files by name, links as what they lead to."""
    return {path.name: path.read_text() if path.exists() else "" for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize(("command", "answer"), LOST.items())
@pytest.mark.usefixtures("folder")
def test_an_output_that_would_overwrite_what_is_needed_is_refused(
    pymapr: Command, command: str, answer: tuple[str, str]
) -> None:
    """However it is spelled; before anything runs, with exit code 4, and every file is as it was."""
    done = pymapr("run", *command.split(), *QUIET)
    says, option = answer
    assert done.stderr == f"pymapr: error: {says}\n\nhint: name another file after {option}\n"
    assert (done.returncode, done.stdout) == (4, "")


def test_the_data_may_come_by_redirection(folder: Path, pymapr: Command) -> None:
    """`- < data.json --output data.json` would lose it just as well."""
    with (folder / "data.json").open() as stdin:
        done = pymapr("run", "job.py", "-", "--output", "data.json", *QUIET, stdin=stdin)
    assert done.stderr.startswith("pymapr: error: --output data.json would overwrite the data on standard input\n")
    assert done.returncode == 4


def test_the_output_may_go_by_redirection(folder: Path, pymapr: Command) -> None:
    """`--timings old > old` would lose the output."""
    with (folder / "old").open("a") as stdout:
        streams = {"stdout": stdout, "stderr": subprocess.PIPE, "capture_output": False}
        done = pymapr("run", "job.py", "data.json", "--timings", "old", *QUIET, **streams)
    assert done.stderr.startswith("pymapr: error: --timings old would overwrite the output\n")
    assert done.returncode == 4


def test_what_is_written_and_not_replaced_may_have_several_uses(tmp_path: Path, pymapr: Command) -> None:
    """Devices and pipes, also for both outputs at once; a file of the same content is another file."""
    job(tmp_path)
    data(tmp_path)
    same = tmp_path / "same.json"
    same.write_bytes((tmp_path / "data.json").read_bytes())
    null = "/dev/null"
    assert pymapr("run", "job.py", "data.json", null, "--output", null, "--timings", null, *QUIET).returncode == 0
    both = pymapr("run", "job.py", "data.json", "--output", "/dev/stdout", "--timings", "/dev/stdout", *QUIET)
    assert (both.returncode, both.stderr) == (0, "")
    assert "[2, 57]\n" in both.stdout
    assert '"phases"' in both.stdout
    assert pymapr("run", "job.py", "data.json", "--output", same, *QUIET).returncode == 0
    assert same.read_text() == OURS


@pytest.mark.parametrize("path", ["/dev/stdout", "//dev/stdout", "/dev/fd/1", "link"])
def test_an_output_that_is_named_as_stdout_is_appended_where_stdout_is(
    tmp_path: Path, pymapr: Command, path: str
) -> None:
    """`--output /dev/stdout >> log` keeps the log."""
    job(tmp_path)
    data(tmp_path)
    (tmp_path / "link").symlink_to("/dev/stdout")
    log = tmp_path / "log"
    log.write_text("kept\n")
    with log.open("a") as stdout:
        done = pymapr("run", "job.py", "data.json", "--output", path, *QUIET, stdout=stdout, capture_output=False)
    assert (done.returncode, log.read_text()) == (0, f"kept\n{OURS}")


def test_a_named_pipe_may_take_the_output(tmp_path: Path, pymapr: Command) -> None:
    """It stays one."""
    job(tmp_path)
    data(tmp_path)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    done = pymapr("run", "job.py", "data.json", "--output", pipe, *QUIET)
    assert (done.returncode, done.stderr, os.read(reader, 100).decode()) == (0, "", OURS)
    os.close(reader)
    assert pipe.is_fifo()


@pytest.mark.parametrize("option", ["--output", "--timings"])
@pytest.mark.parametrize("path", [".", "folder", "folder/", "new/"])
def test_a_folder_is_no_file(tmp_path: Path, pymapr: Command, option: str, path: str) -> None:
    """Nor is what is spelled like one; the mend is a file's name."""
    job(tmp_path)
    data(tmp_path)
    (tmp_path / "folder").mkdir()
    done = pymapr("run", "job.py", "data.json", option, path, *QUIET)
    assert (done.returncode, done.stdout) == (4, "")
    example = f"{path.rstrip('/')}/out.json"
    assert done.stderr == f"pymapr: error: {path}: Is a directory\n\nhint: name a file, as in {example}\n"
    assert not (tmp_path / "new").exists()
