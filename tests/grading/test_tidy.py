"""What graders that were killed left behind goes away at the next start; nothing that is alive, or not ours, does."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest

from grader import tidy
from grader.sandbox import tree
from grader.sandbox.runner import Sandbox
from grading.test_batch import ENDLESS, judging, linux_only, running_below, students, until

if TYPE_CHECKING:
    from pathlib import Path

    from grading.conftest import Assignments, Command


@pytest.fixture
def tmp_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def dead(folder: Path, name: str = "one") -> Path:
    """A folder as a grader leaves it that was killed."""
    left = folder / f"{tidy.PREFIX}{name}"
    left.mkdir(mode=0o700)
    (left / "hidden.json").write_text("[1]\n")
    return left


def grading(spec_folder: Path, command: Command, tmp_folder: Path, *before: str) -> subprocess.Popen[str]:
    """The command at work on an endless submission."""
    running = subprocess.Popen(
        [*before, sys.executable, "-m", "grader", str(spec_folder), "-n", "1"],
        cwd=command.folder,
        env={**command.environment, "TMPDIR": str(tmp_folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: judging(tmp_folder))
    return running


@linux_only
def test_what_a_killed_grader_left_is_swept_away_at_the_next_start(
    assignments: Assignments, command: Command, tmp_folder: Path
) -> None:
    """After a SIGKILL students' files and hidden data lie there until somebody grades again."""
    spec = assignments.wordcount(**ENDLESS)
    students(spec, "endless")
    running = grading(spec.folder, command, tmp_folder)
    tidy.sweep(tree.remove)
    held = sorted(tmp_folder.glob(f"{tidy.PREFIX}*"))
    assert len(held) >= 2, "it lives"
    running.kill()
    running.communicate()
    until(lambda: not running_below(tmp_folder))
    assert sorted(tmp_folder.glob(f"{tidy.PREFIX}*")) == held
    done = command(assignments.wordcount("other").folder, TMPDIR=str(tmp_folder))
    assert done.returncode == 5, done.stderr
    assert not list(tmp_folder.iterdir())


@linux_only
def test_a_hang_up_that_nohup_ignores_ends_nothing(
    assignments: Assignments, command: Command, tmp_folder: Path
) -> None:
    """Whoever says `nohup` means to close the terminal."""
    spec = assignments.wordcount(**ENDLESS)
    students(spec, "endless")
    running = grading(spec.folder, command, tmp_folder, "nohup")
    running.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(0.5)
    running.terminate()
    assert "interrupted" in running.communicate(timeout=30)[1]


def test_a_folder_that_is_held_is_never_swept(tmp_folder: Path) -> None:
    """Given up, it is."""
    held = tidy.Held()
    tidy.sweep(tree.remove)
    assert held.path.is_dir()
    held.give_up()
    held.give_up()
    tidy.sweep(tree.remove)
    assert not held.path.exists()


def test_only_folders_of_ours_are_swept(tmp_folder: Path) -> None:
    """No link is followed; nothing of another machine's, another program's, or with other rights is touched."""
    elsewhere = dead(tmp_folder.parent)
    link = tmp_folder / f"{tidy.PREFIX}link"
    link.symlink_to(elsewhere)
    file = tmp_folder / f"{tidy.PREFIX}file"
    file.touch()
    others = tmp_folder / "pymapr-grade-00000000-one"
    others.mkdir(mode=0o700)
    open_to_all = dead(tmp_folder, "open")
    open_to_all.chmod(0o755)
    left = dead(tmp_folder)
    tidy.sweep(tree.remove)
    assert not left.exists()
    assert sorted(tmp_folder.iterdir()) == sorted([link, file, others, open_to_all])
    assert (elsewhere / "hidden.json").is_file()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder somebody else's")
def test_another_users_folder_is_left_alone(tmp_folder: Path) -> None:
    """Root could remove it: it is not root's to judge."""
    left = dead(tmp_folder)
    os.chown(left, 65534, 65534)
    tidy.sweep(tree.remove)
    assert (left / "hidden.json").is_file()


@pytest.mark.parametrize("step", ["open", "lock"])
def test_a_folder_swept_away_before_it_is_locked_is_made_anew(
    step: str, tmp_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then it belongs to nobody."""
    room, name = {"open": (os, "open"), "lock": (fcntl, "flock")}[step]
    really = getattr(room, name)

    def first_swept(*arguments: object) -> object:
        monkeypatch.setattr(room, name, really)
        tidy.sweep(tree.remove)
        assert not list(tmp_folder.iterdir())
        return really(*arguments)

    monkeypatch.setattr(room, name, first_swept)
    held = tidy.Held()
    assert held.path.is_dir()
    held.give_up()


def test_only_their_owner_looks_into_the_folders_of_a_slot(tmp_folder: Path) -> None:
    """But where each run has a user of its own, who has to find the way through."""
    with Sandbox() as sandbox:
        found = sandbox.root.stat().st_mode & 0o777
    assert found == (0o711 if sandbox._wanted.user else 0o700)
    assert not list(tmp_folder.iterdir())
