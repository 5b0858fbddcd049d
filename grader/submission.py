"""Find students' files: whose they are, where the module lies, what comes with it. Never reads, imports or compiles them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from grader.errors import NothingToGrade, UsageError
from grader.model import Spec


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One student's work for one assignment.

    module: the file that was asked for, None where there is none; nearest: the name that comes closest to it then. helpers: the folder
    whose other files come with the module; alone: only its Python files do, because the folder holds more than a submission.
    """

    assignment: str
    name: str
    module: Path | None
    nearest: str = ""
    helpers: Path | None = None
    alone: bool = False


def own(spec: Spec) -> list[Submission]:
    """An assignment's own submissions: `submissions/<student>/`, else the module beside its spec, else none."""
    folder = spec.folder / "submissions"
    if folder.is_dir():
        return [_of_student(spec, student) for student in _students(folder)]
    module = spec.folder / spec.module
    return [_of_file(spec, module)] if module.is_file() else []


def of_class(folder: Path, specs: Sequence[Spec]) -> list[Submission]:
    """A class: each folder in `folder` is a student, and each student is asked for each assignment. Raises UsageError."""
    if not folder.is_dir():
        raise UsageError(f"--submissions {folder}: no such folder", "name the folder that holds one folder per student")
    students = list(_students(folder))
    if not students:
        raise NothingToGrade(f"--submissions {folder}: no student's folder in it", "it must hold one folder per student")
    return [_of_student(spec, student) for spec in specs for student in students]


def single(path: Path, specs: Sequence[Spec]) -> list[Submission]:
    """One student's work: a folder is asked for every assignment, a file only for those whose module it is named after."""
    if path.is_dir():
        return [_of_student(spec, path) for spec in specs]
    if not path.is_file():
        raise UsageError(f"--submission {path}: no such file or folder", _did_you_mean(path))
    found = [_of_file(spec, path) for spec in specs if spec.module == path.name]
    if not found:
        wanted = ", ".join(sorted({spec.module for spec in specs}))
        raise NothingToGrade(f"--submission {path}: no assignment asks for a file of that name", f"asked for: {wanted}")
    return found


def _students(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink() and not path.name.startswith((".", "_")):
            yield path


def _of_student(spec: Spec, student: Path) -> Submission:
    for folder in (student / spec.name, student):
        module = folder / spec.module
        if module.is_file() and not module.is_symlink():
            return Submission(assignment=spec.name, name=student.resolve().name, module=module, helpers=folder)
    nearest = _nearest(spec.module, student)
    return Submission(assignment=spec.name, name=student.resolve().name, module=None, nearest=nearest)


def _of_file(spec: Spec, module: Path) -> Submission:
    name = module.resolve().parent.name or module.stem
    return Submission(assignment=spec.name, name=name, module=module, helpers=module.parent, alone=True)


def _nearest(wanted: str, student: Path) -> str:
    """The file below `student` whose name is most like the wanted one, or its only Python file; empty if nothing comes near."""
    names = {path.name: path for path in sorted(student.rglob("*.py")) if path.is_file() and path.name != "MapReduce.py"}
    names.update({path.name: path for path in sorted(student.glob("*")) if path.is_file()})
    close = get_close_matches(wanted, names, n=1, cutoff=0.5)
    if close:
        return str(names[close[0]].relative_to(student))
    modules = [path for name, path in names.items() if name.endswith(".py")]
    return str(modules[0].relative_to(student)) if len(modules) == 1 else ""


def _did_you_mean(path: Path) -> str:
    if not path.parent.is_dir():
        return f"there is no folder {path.parent} either"
    close = get_close_matches(path.name, [other.name for other in path.parent.iterdir()], n=1)
    return f"did you mean {path.with_name(close[0])}?" if close else ""
