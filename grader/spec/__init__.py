"""An assignment's `assignment.yaml` -> Spec. Refuses a bad one before anything runs, says where, and the mend."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import SpecError, UsageError
from grader.spec.assignment import assignment
from grader.spec.consistency import contradictions
from grader.spec.folder import visible
from grader.spec.problems import Problem, did_you_mean, refusal
from grader.spec.release import release_text
from grader.spec.rules import Item, Reading
from grader.spec.yaml12 import LARGEST, compose, decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from grader.model import Spec

__all__ = ["FILE_NAME", "find", "load", "parse", "release_text"]

FILE_NAME = "assignment.yaml"
"""What makes a folder an assignment."""


def load(path: Path) -> Spec:
    """The assignment in a folder, or of its `assignment.yaml`, with every file that it names seen to be there.

    Raises SpecError, which lists all problems with line, column and mend.
    """
    where = path / FILE_NAME if path.is_dir() else path
    try:
        text = decode(_content(where))
    except Problem as problem:
        raise refusal(where, [problem]) from None
    return _read(text, where, where.parent)


def parse(text: str, *, where: Path) -> Spec:
    """The assignment that `text` says; `where` is the file it came from, for messages and for the Spec's folder.

    Pure: looks at no file, so that what it accepts may still name files that are not there. Raises SpecError.
    """
    return _read(text, where, None)


def find(paths: Iterable[Path]) -> list[Path]:
    """Every `assignment.yaml` at or below the paths, each once, sorted.

    Descends neither into hidden folders, nor into those named `submissions`, nor below an assignment: what
    students hand in may hold anything. Raises UsageError for a path that does not exist, or a file of another name.
    """
    found = {os.path.realpath(each): each for path in paths for each in _below(path)}
    return sorted(found.values())


def _read(text: str, where: Path, folder: Path | None) -> Spec:
    reading = Reading(folder)
    try:
        item = Item(compose(text), reading)
        spec = assignment(item, where.parent)
    except Problem as problem:
        raise refusal(where, [problem]) from None
    problems = reading.problems or list(contradictions(spec, item))
    if problems:
        raise refusal(where, problems)
    return spec


def _content(where: Path) -> bytes:
    """The bytes of a file, one more than allowed at most."""
    if not where.is_file():
        raise _not_there(where)
    try:
        with where.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise SpecError(f"{where}: cannot be read: {error.strerror}", "check the file's permissions") from None


def _not_there(where: Path) -> SpecError:
    there = sorted(each.name for each in where.parent.iterdir()) if where.parent.is_dir() else []
    near = did_you_mean(where.name, there)
    return SpecError(f"{where}: no such file", near or f"an assignment is a folder with an {FILE_NAME}")


def _below(path: Path) -> Iterator[Path]:
    if path.name == FILE_NAME and path.is_file():
        yield path
    elif path.is_dir():
        yield from _walk(path)
    elif path.exists():
        raise UsageError(f"{path}: not an assignment", f"name a folder, or an {FILE_NAME}")
    else:
        raise UsageError(f"{path}: no such file or folder", _not_there(path).hint)


def _walk(top: Path) -> Iterator[Path]:
    for where, folders, files in os.walk(top):
        if FILE_NAME in files:
            folders.clear()
            yield Path(where, FILE_NAME)
        folders[:] = visible(folders)
