"""Find students' files: whose they are, where the module lies. Never reads or compiles them, follows no link."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from grader import naming
from grader.errors import NothingToGrade, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from grader.model import Spec, Student

SEARCHED = 2000
"""How many names are looked at for the nearest one: enough for any submission, and an end in a home folder."""

NOT_WRITTEN = {"__pycache__", "venv", "node_modules"}
"""Folders that no student wrote."""


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One student's work for one assignment.

    module: the file that was asked for, None where there is none; `nearest` then is the file that comes closest, as a
    path inside the student's folder, and `is_link` says that it is there but leads elsewhere. alone: the module lies
    in a folder that holds more than the submission, so only the Python files beside it come with it. unreadable: why
    the folder could not be looked into; empty if it could. students: who gets the mark, as far as that is known, with
    the `group` that they are in. submitted: when it was handed in, ISO 8601 with offset, empty where nothing tells.
    remarks: what the report should say of how the file was found. staged_as: what the module is called in a run, where
    it has another name here. files: what a run finds, the module among it, as (name inside, where it lies); None for
    what lies in the module's folder. shown: what a command calls the module, where its path will not last. broken: why
    nothing can be made of what was handed in, with `mend`; that is the student's fault, unlike what is unreadable.
    instead: where the module is not there, the names of all that is, of a class's; None where that is not known.
    """

    assignment: str
    name: str
    module: Path | None
    nearest: str = ""
    is_link: bool = False
    alone: bool = False
    unreadable: str = ""
    students: tuple[Student, ...] = field(default=(), hash=False)  # their ids are a dict
    group: str = ""
    submitted: str = ""
    remarks: tuple[str, ...] = ()
    staged_as: str = ""
    files: tuple[tuple[str, Path], ...] | None = field(default=None, hash=False)
    shown: str = ""
    broken: str = ""
    mend: str = ""
    instead: tuple[str, ...] | None = None


def own(spec: Spec) -> list[Submission]:
    """An assignment's own submissions: `submissions/<student>/`, else the module beside its spec, else none."""
    folder = spec.folder / "submissions"
    if students := _students(folder) if folder.is_dir() else []:
        return [_of_student(spec, student) for student in students]
    module = spec.folder / spec.module
    return [_of_file(spec, module)] if os.path.lexists(module) else []


def of_class(folder: Path, specs: Sequence[Spec]) -> list[Submission]:
    """A class: each folder in `folder` is a student, and each student is asked for each assignment.

    Raises UsageError where there is no such folder, NothingToGrade where it holds no student's.
    """
    if not folder.is_dir():
        hint = did_you_mean(folder) or "name the folder that holds one folder per student"
        raise UsageError(f"--submissions {folder}: no such folder", hint)
    students = _students(folder)
    if not students:
        hint = "it must hold one folder per student"
        raise NothingToGrade(f"--submissions {folder}: no student's folder in it", hint)
    return [_of_student(spec, student, _modules(specs)) for spec in specs for student in students]


def single(path: Path, specs: Sequence[Spec]) -> list[Submission]:
    """One student's work: a folder is asked for every assignment, a file only for those whose module it is named after.

    Raises UsageError where there is no such path, NothingToGrade where no assignment asks for a file of that name.
    """
    if path.is_dir():
        return [_of_student(spec, path, _modules(specs)) for spec in specs]
    if not os.path.lexists(path):
        raise UsageError(f"--submission {path}: no such file or folder", did_you_mean(path))
    found = [_of_file(spec, path) for spec in specs if spec.module == path.name]
    if not found:
        wanted = ", ".join(sorted(_modules(specs)))
        raise NothingToGrade(f"--submission {path}: no assignment asks for a file of that name", f"asked for: {wanted}")
    return found


def _modules(specs: Sequence[Spec]) -> set[str]:
    return {spec.module for spec in specs}


def _students(folder: Path) -> list[Path]:
    try:
        there = sorted(folder.iterdir())
    except OSError as error:
        raise UsageError(f"{folder}: cannot be read: {error.strerror}", "check the folder's permissions") from None
    return [path for path in there if path.is_dir() and not path.is_symlink() and not path.name.startswith((".", "_"))]


def _of_student(spec: Spec, student: Path, modules: Collection[str] = ()) -> Submission:
    """The student's module, in the folder or in one that is named after the assignment."""
    name = student.resolve().name
    try:
        for module in (student / spec.name / spec.module, student / spec.module):
            if is_plain(module, student):
                return Submission(assignment=spec.name, name=name, module=module)
        nearest, is_link = _nearest(spec, student, modules)
        return Submission(assignment=spec.name, name=name, module=None, nearest=nearest, is_link=is_link)
    except OSError as error:  # whatever lies there, it is not the student's fault that we may not see it
        why = f"{error.filename}: {error.strerror}"
        return Submission(assignment=spec.name, name=name, module=None, unreadable=why)


def _of_file(spec: Spec, module: Path) -> Submission:
    beside = module.parent.resolve() == spec.folder.resolve()  # whose folder's name is nobody's
    name = module.name if beside else module.parent.resolve().name or module.stem
    if not is_plain(module, module.parent):
        is_link = module.is_symlink()
        return Submission(assignment=spec.name, name=name, module=None, nearest=module.name, is_link=is_link)
    return Submission(assignment=spec.name, name=name, module=module, alone=True)


def is_plain(path: Path, top: Path) -> bool:
    """Whether it is a file, and `is_linked` is not so; raises OSError where we may not look."""
    return path.is_file() and not is_linked(path, top)


def is_linked(path: Path, top: Path) -> bool:
    """Whether it, or a folder between `top` and it, is a link: to another student's work, or to the reference."""
    inside = path.relative_to(top)
    return any((top / each).is_symlink() for each in (inside, *inside.parents[:-1]))


def _nearest(spec: Spec, student: Path, modules: Collection[str]) -> tuple[str, bool]:
    """What comes nearest to the module, as a path in the student's folder; and whether it is the module, but a link.

    That is a file of a like name, or the only Python file that no other assignment asks for.
    """
    for link in (student / spec.name / spec.module, student / spec.module):
        if is_linked(link, student):
            return link.relative_to(student).as_posix(), True
    names = [path.relative_to(student).as_posix() for path in islice(_files(student), SEARCHED)]
    return naming.nearest(spec.module, names, modules), False


def _files(folder: Path) -> Iterator[Path]:
    """The regular files of a student's folder, those at its top first."""
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in NOT_WRITTEN)
        yield from (path for path in (Path(where, name) for name in sorted(files)) if is_plain(path, path.parent))


def did_you_mean(path: Path) -> str:
    """A hint at what there is, where somebody has named a path that is not there."""
    if not path.parent.is_dir():
        return f"there is no folder {path.parent} either"
    close = get_close_matches(path.name, [other.name for other in path.parent.iterdir()], n=1)
    return f"did you mean {path.with_name(close[0])}?" if close else ""
