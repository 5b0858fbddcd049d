"""Whoever reads our output may leave whenever he likes, as `| head -1` does: a quiet end, exit code 0, nothing left."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from engine.conftest import clean_environment
from engine.villains import data, job

if TYPE_CHECKING:
    from pathlib import Path

LONG = 300_000
"""Letters in a line of output: more than a pipe holds, so that the reader has left while we write."""


def piped(folder: Path, command: str, reader: str) -> tuple[str, str, str]:
    """`command | reader` in a shell: what the reader said, what came on stderr, the exit code of the command."""
    script = f"{sys.executable} {command} | {reader}; echo ${{PIPESTATUS[0]}} >&3"
    with (folder / "code").open("w+") as code:
        told = f"exec 3>{code.name}; {script}"
        environment = clean_environment() | {"PYMAPR_PROGRESS": "none"}
        done = subprocess.run(
            ["bash", "-c", told], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        return done.stdout, done.stderr, code.read().strip()


COMMANDS = {
    "pymapr run": "-m pymapr run job.py data.json",
    "by arrival": "-m pymapr run job.py data.json --order arrival",
    "serially": "-m pymapr run job.py data.json --engine serial",
    "drop-in": "job.py data.json",
    "to its name": "-m pymapr run job.py data.json --output /dev/stdout",
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("reader", ["head -1", "head -c 5", "true"])
def test_a_reader_that_has_had_enough_ends_it_quietly(tmp_path: Path, command: str, reader: str) -> None:
    """Not a word on stderr, and what was read is the beginning of the output."""
    job(tmp_path, f"mr.emit([record, 'x' * {LONG}])")
    data(tmp_path)
    stdout, stderr, code = piped(tmp_path, command, reader)
    assert (stderr, code) == ("", "0")
    whole = f'[0, "{"x" * LONG}"]\n'
    assert stdout == {"head -1": whole, "head -c 5": whole[:5], "true": ""}[reader]


def test_a_job_that_fails_still_says_so(tmp_path: Path) -> None:
    """To a reader who has left: the failure is on stderr, and in the exit code."""
    job(tmp_path, "1 / 0")
    data(tmp_path)
    stdout, stderr, code = piped(tmp_path, COMMANDS["pymapr run"], "true")
    assert (stdout, code) == ("", "1")
    assert stderr.startswith("pymapr: error: ZeroDivisionError: division by zero")
