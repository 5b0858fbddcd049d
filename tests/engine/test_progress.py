"""What a run tells of itself: lines for a log, a bar for a terminal, nothing if nothing is wanted."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from engine.conftest import clean_environment
from engine.villains import data, job
from pymapr.backend import Data, JobFile
from pymapr.backends.local import Parallel
from pymapr.engine import make_options
from pymapr.errors import UsageError
from pymapr.inputs import open_input
from pymapr.parallel.progress import BarProgress, PlainProgress, Progress, choose, in_bytes, seconds

if TYPE_CHECKING:
    from pathlib import Path


class Terminal(io.StringIO):
    """Says that it is one."""

    def isatty(self) -> bool:
        """Always."""
        return True


def test_the_kind_decides_and_auto_looks_at_the_stream() -> None:
    """A bar on a terminal, lines elsewhere."""
    assert type(choose("none")) is Progress
    assert type(choose("plain", Terminal())) is PlainProgress
    assert type(choose("auto", io.StringIO())) is PlainProgress
    assert type(choose("auto", Terminal())) is BarProgress


def test_another_kind_is_refused() -> None:
    """With those that there are."""
    with pytest.raises(UsageError, match="progress: expected auto, plain or none, got 'loud'"):
        choose("loud")


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1500, "2 kB"), (2 * 10**6, "2 MB"), (3 * 10**9, "3.0 GB")]
)
def test_bytes_are_told_as_people_write_them(size: int, text: str) -> None:
    """In thousands."""
    assert in_bytes(size) == text


@pytest.mark.parametrize(("value", "text"), [(0.0123, "12 ms"), (0.9, "900 ms"), (61.25, "61.2 s")])
def test_seconds_are_told_as_people_write_them(value: float, text: str) -> None:
    """Milliseconds below one."""
    assert seconds(value) == text


def told(folder: Path, progress: Progress, count: int = 20) -> None:
    """Run a job with this progress."""
    source = open_input(str(data(folder, count)))
    Parallel(progress).run(JobFile(str(job(folder))), Data([source]), make_options(2), lambda _: None)
    source.close()


def test_a_short_run_shows_no_bar(tmp_path: Path) -> None:
    """One line is left: that it is done, how long it took, and where the time went."""
    stream = Terminal()
    told(tmp_path, BarProgress(stream))
    [line] = stream.getvalue().splitlines()
    assert line.startswith("pymapr: master: done in ")


def test_a_longer_run_shows_a_bar_and_takes_it_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here every run is a longer one."""
    monkeypatch.setattr(BarProgress, "_PATIENCE", -1.0)
    stream = Terminal()
    told(tmp_path, BarProgress(stream))
    shown = stream.getvalue()
    assert "map" in shown
    assert "100%" in shown
    assert shown.rstrip().splitlines()[-1].rpartition("\x1b")[2].partition("pymapr: ")[2].startswith("master: done in ")


def test_a_line_now_and_then_is_enough(tmp_path: Path) -> None:
    """Of many tasks, each worker's first is told; the others only when there has been silence."""
    stream = io.StringIO()
    told(tmp_path, PlainProgress(stream), 100_000)
    fed = [line for line in stream.getvalue().splitlines() if "fed worker" in line]
    assert 2 <= len(fed) <= 8


def test_on_a_terminal_the_command_ends_with_one_line(tmp_path: Path) -> None:
    """A real one: stderr is a pseudo-terminal, stdout a pipe."""
    job(tmp_path)
    data(tmp_path)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "pymapr", "run", "job.py", "data.json"]
    done = subprocess.run(
        command, cwd=tmp_path, env=clean_environment(), stdout=-1, stderr=theirs, text=True, check=False
    )
    os.close(theirs)
    shown = os.read(ours, 9999).decode()
    os.close(ours)
    assert done.stdout == "[0, 63]\n[1, 70]\n[2, 57]\n"
    assert shown.startswith("pymapr: master: done in ")
    assert shown.count("\n") == 1
