"""Feedback as files: one document for each who handed in, always as students may see it; overwrites nothing foreign."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import unicodedata
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from grader.audience import for_audience
from grader.errors import UsageError
from grader.model import Audience
from grader.reports import plain
from grader.reports.html.document import document

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grader.model import GradeReport, SubmissionResult

_LONGEST = 80
_DIGITS = 10
_NAMED = 12  # files of earlier runs
_HEAD = 4096  # bytes: our mark is in a document's first lines
# A plain name must not look like one that was told apart: somebody might choose it in order to be somebody else.
_ENDS_IN_DIGITS = re.compile(rf"-[0-9a-f]{{{_DIGITS}}}$", re.IGNORECASE)
# What Windows keeps for devices, with any ending.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def write(report: GradeReport, folder: Path | str) -> list[str]:
    """Writes `NAME.html` for each submission into `folder`, which is made if need be; returns lines to say.

    A file holds what its students may know and nothing of anybody else. One that an earlier run wrote for the same
    submission is replaced, whole or not at all; any other file of that name stays, and is named in the lines, as is
    what earlier runs wrote for whoever is not in this one. Marks are private: only the owner may read a file.
    Raises UsageError where the folder or a file cannot be written.
    """
    folder = Path(folder)
    cut = for_audience(report, Audience.STUDENT)
    groups: dict[str, list[SubmissionResult]] = {}
    for result in cut.results:
        groups.setdefault(result.submission, []).append(result)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        paths = _paths(folder, groups)
        kept = [
            path
            for path, submission in zip(paths, groups, strict=True)
            # What was skipped may speak of others.
            if not _write(path, replace(cut, results=tuple(groups[submission]), skipped=()), submission)
        ]
        older = _older(folder, {path.name for path in paths})
    except OSError as error:
        raise UsageError(
            f"--feedback {plain.visible(str(folder))}: {error.strerror or error}: {_place(error, folder)}",
            "name a folder that can be written, or one that does not exist yet",
        ) from error
    return [*_said(folder, len(groups) - len(kept), older), *map(_foreign, kept)]


def _place(error: OSError, folder: Path) -> str:
    return plain.visible(os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else str(folder))


def _said(folder: Path, written: int, older: list[str]) -> list[str]:
    said = [f"feedback: {plain.count(written, 'file')} in {plain.visible(str(folder))}"]
    if older:
        more = f" and {len(older) - _NAMED:,} more" if len(older) > _NAMED else ""
        left = f"feedback: {plain.count(len(older), 'older page')} left: {', '.join(older[:_NAMED])}{more}"
        said.append(left)
    return said


def _foreign(path: Path) -> str:
    return (
        f"feedback: {plain.visible(str(path))} is not a feedback file for this submission, so it was left as it is;"
        " move it, or name another folder"
    )


# ---- names -----------------------------------------------------------------------------------------------------------


def _paths(folder: Path, submissions: Iterable[str]) -> list[Path]:
    """A path for each submission, no two of which are one file anywhere, whatever a system does to upper case."""
    plainly = {submission: _safe(submission) for submission in submissions}
    alike = Counter(name.casefold() for name in plainly.values())
    return [
        folder / f"{name if name == text and alike[name.casefold()] == 1 else _told_apart(name, text)}.html"
        for text, name in plainly.items()
    ]


def _safe(submission: str) -> str:
    """A file's name on any system: a few of the letters and signs that all of them take; perhaps nothing is left."""
    ascii_only = unicodedata.normalize("NFKD", submission).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9._@+-]+", "-", ascii_only).strip(".-")[:_LONGEST].rstrip(".-")
    return "" if _DEVICES.fullmatch(name) or _ENDS_IN_DIGITS.search(name) else name


def _told_apart(name: str, submission: str) -> str:
    """A name that says by its last digits whose it is, the same in every run."""
    return f"{name or 'submission'}-{_digest(submission)[:_DIGITS]}"


def _digest(submission: str) -> str:
    return hashlib.sha256(submission.encode("utf-8", "surrogatepass")).hexdigest()


# ---- files -----------------------------------------------------------------------------------------------------------


def _write(path: Path, report: GradeReport, submission: str) -> bool:
    """Whether the file could be written: what lies there is ours, or nothing does."""
    mark = _digest(submission)
    if not _ours(path, mark):
        return False
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".feedback-", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(document(report, mark=mark))
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return True


def _ours(path: Path, mark: str) -> bool:
    """Whether nothing lies there, or what an earlier run wrote for this submission. A link is somebody else's."""
    if not os.path.lexists(path):
        return True
    return _holds(path, f'<meta name="pymapr-feedback" content="{mark}">')


def _older(folder: Path, written: set[str]) -> list[str]:
    """The files that earlier runs wrote, but this one would not: of those who have left the class, say."""
    others = (path for path in folder.glob("*.html") if path.name not in written and os.access(path, os.R_OK))
    return sorted(plain.visible(path.name) for path in others if _holds(path, '<meta name="pymapr-feedback" content="'))


def _holds(path: Path, opening: str) -> bool:
    """Whether it is a file, and no link, that begins as ours do."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return opening.encode() in file.read(_HEAD)
