"""When a clone's last commit was made; believes nothing that lies in the clone but its objects.

A clone's own configuration can have git run whatever its author likes: a pager, a monitor, a program that checks
signatures. So git never sees it. It works in an empty repository of our own and is only told where the clone's objects
are; which commit is meant, HEAD and the refs tell, plain text that we read ourselves. git reads objects of strangers
whenever it fetches, in bounded memory and time here. What a commit says of its time, its author has chosen.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_OBJECT = re.compile(r"[0-9a-f]{40}")
_REF = re.compile(r"refs/[^\x00-\x20\x7f~^:?*\[\\]+")
_COMMITTER = re.compile(rb"^committer [^\n]*> (\d{1,12}) ([+-])(\d\d)(\d\d)$", re.MULTILINE)
_MOST_TEXT = 2**20
_MOST_COMMIT = 2**16
_SECONDS = 10
_KILOBYTES = 2 * 2**20
_LINKS_FOLLOWED = 5


class Commits:
    """Reads clones' last commits. work: a folder for an empty repository, which is made when first needed."""

    def __init__(self, work: Path) -> None:
        self._home = work / "empty.git"

    def last(self, clone: Path) -> str:
        """ISO 8601 with offset; empty where there is no commit, no git, or nothing that can be read."""
        try:
            name = _head(clone / ".git")
            return _time(self._commit(clone / ".git" / "objects", name)) if name else ""
        except (OSError, ValueError, subprocess.SubprocessError):  # whatever it is, the time is not known
            return ""

    def _commit(self, objects: Path, name: str) -> bytes:
        """The commit's text; empty if there is none of that name, or it is too large to be an honest one."""
        self._make_home()
        answer = self._git(objects, name, "cat-file", "--batch")
        header, _, rest = answer.partition(b"\n")
        kind, size = [*header.split(b" ")[1:], b"", b""][:2]
        return rest[: int(size)] if kind == b"commit" else b""

    def _make_home(self) -> None:
        """What makes a folder a repository, and not a word of configuration."""
        if not (self._home / "HEAD").exists():
            for inside in ("objects", "refs"):
                (self._home / inside).mkdir(parents=True, exist_ok=True)
            (self._home / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
            (self._home / "HEAD").write_text("ref: refs/heads/none\n")

    def _git(self, objects: Path, asked: str, *command: str) -> bytes:
        """What git answers; it is ended where that is too long, or takes too long, or too much memory."""
        limits = f'ulimit -v {_KILOBYTES}; ulimit -t {_SECONDS}; ulimit -f {_MOST_COMMIT // 512}; exec git "$@"'
        with tempfile.TemporaryFile(dir=self._home) as answer:
            subprocess.run(
                ["sh", "-c", limits, "git", "--no-replace-objects", f"--git-dir={self._home}", *command],
                input=asked.encode(),
                stdout=answer,
                stderr=subprocess.DEVNULL,
                timeout=_SECONDS,
                check=True,
                cwd=self._home,
                env={
                    "PATH": os.environ.get("PATH", os.defpath),
                    "HOME": str(self._home),
                    "GIT_CONFIG_NOSYSTEM": "1",
                    "GIT_CONFIG_GLOBAL": os.devnull,
                    "GIT_OBJECT_DIRECTORY": str(objects.resolve()),
                    "GIT_TERMINAL_PROMPT": "0",
                    "GIT_NO_LAZY_FETCH": "1",
                    "GIT_OPTIONAL_LOCKS": "0",
                },
            )
            answer.seek(0)
            return answer.read()


def _head(git: Path) -> str:
    """The name of the commit that HEAD leads to; empty where it leads nowhere. Raises OSError and ValueError."""
    at = _text(git / "HEAD").strip()
    for _ in range(_LINKS_FOLLOWED):
        if _OBJECT.fullmatch(at):
            return at
        ref = at.removeprefix("ref: ")
        if not _REF.fullmatch(ref) or ".." in ref:
            return ""
        at = _text(git / ref).strip() if (git / ref).is_file() else _packed(git, ref)
    return ""


def _packed(git: Path, ref: str) -> str:
    lines = _text(git / "packed-refs").splitlines() if (git / "packed-refs").is_file() else []
    return next((line[:40] for line in lines if line[40:] == f" {ref}"), "")


def _text(path: Path) -> str:
    """A small text file's content. Not followed: a link could lead to anything, a pipe would never end."""
    if path.is_symlink() or not path.is_file():
        return ""
    with path.open("rb") as file:
        return file.read(_MOST_TEXT).decode("utf-8", "replace")


def _time(commit: bytes) -> str:
    found = _COMMITTER.search(commit.partition(b"\n\n")[0])
    if found is None:
        return ""
    offset = timedelta(hours=int(found[3]), minutes=int(found[4])) * (-1 if found[2] == b"-" else 1)
    try:
        return datetime.fromtimestamp(int(found[1]), UTC).astimezone(timezone(offset)).isoformat()
    except (OverflowError, ValueError, OSError):
        return ""
