"""Commits: when the last one was made, read from a clone that may have been made to harm whoever reads it."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from classes.conftest import Class, git
from grader.commits import Commits

if TYPE_CHECKING:
    from pathlib import Path

NOON = "2026-11-20T12:00:00-05:30"


@pytest.fixture
def clone(school: Class) -> Path:
    """A student's repository, with a commit at NOON."""
    return school.clone("hw-ada", at=NOON)


def last(school: Class, clone: Path) -> str:
    """The time, as the grader reads it."""
    return Commits(school.work).last(clone)


@pytest.mark.parametrize("packed", [False, True])
def test_the_last_commits_time_is_read_with_its_offset(packed: bool, school: Class, clone: Path) -> None:
    """The committer's, loose or packed, of the branch that HEAD names."""
    git(clone, "commit", "-q", "--allow-empty", "-m", "later", at="2026-11-20T12:30:00-05:30")
    if packed:
        git(clone, "gc", "-q")
        git(clone, "pack-refs", "--all")
    assert last(school, clone) == "2026-11-20T12:30:00-05:30"


def test_a_detached_head_is_read_too(school: Class, clone: Path) -> None:
    """As a checkout in CI is."""
    git(clone, "checkout", "-q", "--detach")
    assert last(school, clone) == NOON


def test_a_clone_without_commits_has_no_time(school: Class) -> None:
    """It was made, and nothing was handed in."""
    folder = school.folder / "hw"
    folder.mkdir()
    git(folder, "init", "-q")
    assert last(school, folder) == ""


def test_nothing_that_the_clone_configures_is_run(school: Class, clone: Path) -> None:
    """Monitor, pager, signatures, aliases, hooks, filters: git never sees the clone's configuration."""
    witness = school.home / "witness"
    script = school.home / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {witness}\n")
    script.chmod(0o755)
    (clone / ".git" / "config").write_text(
        f"[core]\n\trepositoryformatversion = 1\n\tfsmonitor = {script}\n\tpager = {script}\n\teditor = {script}\n"
        f"\tsshCommand = {script}\n\thooksPath = {school.home}\n[alias]\n\tcat-file = !{script}\n"
        f"[gpg]\n\tprogram = {script}\n[log]\n\tshowSignature = true\n[include]\n\tpath = {school.home}/more\n"
        f'[extensions]\n\tpartialClone = evil\n[remote "evil"]\n\turl = ssh://evil/repo\n\tpromisor = true\n'
    )
    assert last(school, clone) == NOON
    head = (clone / ".git" / "HEAD").read_text()
    (clone / ".git" / "HEAD").write_text("1" * 40)
    assert last(school, clone) == ""
    assert not witness.exists()
    (clone / ".git" / "HEAD").write_text(head)
    subprocess.run(["git", "status"], cwd=clone, check=False, capture_output=True)
    assert witness.exists(), "the trap does not work: who looks at the clone as usual steps into it"


@pytest.mark.parametrize(
    "head",
    [
        "",
        "ref: refs/heads/../../../secret",
        "ref: /etc/passwd",
        "ref: refs/heads/gone",
        "nonsense",
        "\x00" * 100,
        "ref: HEAD",
    ],
)
def test_a_head_that_leads_nowhere_has_no_time(head: str, school: Class, clone: Path) -> None:
    """Nothing outside the clone is opened for it."""
    [branch] = (clone / ".git" / "refs" / "heads").iterdir()
    (clone / "secret").write_text(branch.read_text())
    (clone / ".git" / "HEAD").write_text(head)
    assert last(school, clone) == ""


def test_refs_that_go_round_in_circles_end(school: Class, clone: Path) -> None:
    """After a few steps."""
    (clone / ".git" / "HEAD").write_text("ref: refs/heads/a")
    (clone / ".git" / "refs" / "heads" / "a").write_text("ref: refs/heads/a")
    assert last(school, clone) == ""


@pytest.mark.parametrize("what", ["link", "pipe", "folder"])
def test_a_head_that_is_no_file_is_not_opened(what: str, school: Class, clone: Path) -> None:
    """A pipe would be waited for; a link could lead anywhere."""
    head = clone / ".git" / "HEAD"
    moved = head.rename(head.with_name("moved"))
    match what:
        case "link":
            head.symlink_to(moved)
        case "pipe":
            os.mkfifo(head)
        case _:
            head.mkdir()
    assert last(school, clone) == ""


def test_a_repository_elsewhere_is_not_followed(school: Class, clone: Path) -> None:
    """`.git` may be a file that names one."""
    shutil.move(clone / ".git", school.home / "real.git")
    (clone / ".git").write_text(f"gitdir: {school.home / 'real.git'}")
    assert last(school, clone) == ""


def test_what_is_no_commit_has_no_time(school: Class, clone: Path) -> None:
    """Nor has a commit that is too long to be an honest one, or dated beyond all calendars."""
    (clone / "large.txt").write_text("x" * 100_000)
    git(clone, "add", ".")
    git(clone, "commit", "-q", "-F", "large.txt", at=NOON)
    assert last(school, clone) == ""


def test_where_there_is_no_git_the_time_is_not_known(
    school: Class, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which is no error: a submission without a time is not late."""
    monkeypatch.setenv("PATH", str(school.home))
    assert last(school, clone) == ""


def test_a_class_of_clones_is_dated_by_them_unless_the_roster_knows_better(school: Class) -> None:
    """The roster's column goes before what a student can date as they like."""
    school.clone("hw-ada", at=NOON)
    school.clone("hw-bob", at=NOON)
    found = school.by_name(roster="key,submitted\nada,\nbob,2026-11-21T00:00:00Z\n")
    assert {name: one.submitted for name, one in found.items()} == {"ada": NOON, "bob": "2026-11-21T00:00:00+00:00"}
