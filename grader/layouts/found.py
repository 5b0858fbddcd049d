"""What a layout is shown, and what it makes of it: names of files and folders in, students and uploads out."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from grader.archive import is_archive, is_junk

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from grader.model import Student


@dataclass(frozen=True, kw_only=True)
class Upload:
    """Something that was handed in: a folder, a plain file or an archive.

    name: what the student called the file, without what the platform has added; empty for a folder. order: the larger,
    the newer, among the uploads of one student.
    """

    path: Path
    name: str = ""
    order: int = 0


@dataclass(frozen=True, kw_only=True)
class Found:
    """One submission on disk, as its names tell it.

    key: what the batch may call it. students: whose it is, as far as that is known. called: names by which a roster
    may know them. only: the assignment that it was handed in for, where there are more. submitted: from the platform's
    own records, ISO 8601 with offset; else empty. clone: the git clone whose last commit tells it, if any.
    """

    key: str
    students: tuple[Student, ...] = ()
    uploads: tuple[Upload, ...] = ()
    called: tuple[str, ...] = ()
    only: str = ""
    submitted: str = ""
    clone: Path | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What assignments ask for: their names, and the modules to be handed in, as pairs."""

    modules: tuple[tuple[str, str], ...]

    @property
    def files(self) -> set[str]:
        """The modules' names."""
        return {module for _, module in self.modules}

    @property
    def names(self) -> tuple[str, ...]:
        """The assignments' names, the longest first."""
        return tuple(sorted((name for name, _ in self.modules), key=lambda name: (-len(name), name)))


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The names in a folder, sorted; what is hidden, a link, or a machine's leftover is not among them.

    passed_over: what may be somebody's all the same, to be said aloud: links, and what begins with an underscore.
    """

    folder: Path
    folders: tuple[str, ...]
    files: tuple[str, ...]
    passed_over: tuple[str, ...] = ()

    @property
    def archives(self) -> tuple[str, ...]:
        """The files that can be unpacked."""
        return tuple(name for name in self.files if is_archive(name))

    def holds(self, folder: str, name: str) -> bool:
        """Whether there is something of that name in one of the folders."""
        return os.path.lexists(self.folder / folder / name)


def listing(folder: Path) -> Listing:
    """Look at a folder's names; raises OSError where that is not allowed."""
    with os.scandir(folder) as entries:
        there = sorted((entry for entry in entries if not _is_hidden(entry.name)), key=lambda entry: entry.name)
        seen = [entry for entry in there if not entry.name.startswith("_")]
        folders = tuple(entry.name for entry in seen if entry.is_dir(follow_symlinks=False))
        files = tuple(entry.name for entry in seen if entry.is_file(follow_symlinks=False))
        links = tuple(f"{entry.name} (a link)" for entry in seen if entry.is_symlink())
    below = tuple(entry.name for entry in there if entry.name.startswith("_"))
    return Listing(folder=folder, folders=folders, files=files, passed_over=(*below, *links))


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__pycache__" or is_junk(name)


class Layout(Protocol):
    """One way in which classes lie on a disk. Each is a module of this package."""

    NAME: str
    """What `--layout` calls it."""
    TITLE: str
    """What it is, in a sentence that says what was detected."""
    EXAMPLE: str
    """What it looks like."""

    def claims(self, there: Listing, asked: Asked) -> Collection[str]:
        """The names that belong to students if this is the layout; judged by names alone."""

    def read(self, there: Listing, asked: Asked) -> list[Found]:
        """The students, sorted by key. Raises UsageError where the platform's own records cannot be read."""
