"""Classes on a disk, written in a line, and found as the grader finds them."""

from __future__ import annotations

import os
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest
from grading.conftest import assignments, bench, sandbox  # noqa: F401 - fixtures, for all tests here

from grader.intake import HandedIn, handed_in
from grader.model import Spec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from grader.submission import Submission


def spec(name: str, module: str = "") -> Spec:
    """An assignment, as far as it matters here: what it asks for."""
    module = module or f"{name}.py"
    return Spec(folder=None, name=name, title=name, module=module, reference=None, points=1, datasets=())  # type: ignore[arg-type]  # nobody looks into the folder


WORDCOUNT, JOIN = spec("wordcount"), spec("join")


def pack(path: Path, files: Mapping[str, str]) -> Path:
    """A zip of these files."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


class Class:
    """A folder for what a class hands in, and one for what must be unpacked."""

    def __init__(self, home: Path) -> None:
        self.home, self.folder, self.work = home, home / "class", home / "work"
        self.folder.mkdir(parents=True)
        self.work.mkdir()

    def put(self, *names: str, **archives: Mapping[str, str]) -> Class:
        """Files whose text is their own name; archives by their names without `.zip`."""
        for name in names:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
        for name, files in archives.items():
            pack(self.folder / f"{name}.zip", files)
        return self

    def roster(self, text: str | bytes) -> Path:
        """A roster of this text."""
        path = self.home / "students.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def found(self, *specs: Spec, layout: str = "auto", roster: str = "") -> HandedIn:
        """What the grader finds; for word count, if nothing else is asked."""
        path = self.roster(roster) if roster else None
        return handed_in(self.folder, specs or (WORDCOUNT,), layout=layout, roster=path, work=self.work)

    def by_name(self, *specs: Spec, layout: str = "auto", roster: str = "") -> dict[str, Submission]:
        """Submissions for one assignment, by their names."""
        return {one.name: one for one in self.found(*specs, layout=layout, roster=roster).submissions}

    def clone(self, name: str, *files: str, at: str = "2026-11-20T17:30:00+01:00") -> Path:
        """A student's repository with one commit."""
        folder = self.folder / name
        folder.mkdir()
        git(folder, "init", "-q")
        for file in files or ("wordcount.py",):
            (folder / file).write_text(name)
        git(folder, "add", ".")
        git(folder, "commit", "-q", "--allow-empty", "-m", "done", at=at)
        return folder


def git(folder: Path, *command: str, at: str = "") -> None:
    """Run git as a student would."""
    who = {"GIT_AUTHOR_NAME": "s", "GIT_AUTHOR_EMAIL": "s@x", "GIT_COMMITTER_NAME": "s", "GIT_COMMITTER_EMAIL": "s@x"}
    dates = {"GIT_COMMITTER_DATE": at, "GIT_AUTHOR_DATE": "2001-01-01T00:00:00Z"} if at else {}
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", **who, **dates}
    subprocess.run(["git", *command], cwd=folder, check=True, env=env)


@pytest.fixture
def school(tmp_path: Path) -> Class:
    """An empty class."""
    return Class(tmp_path)
