"""A class, as it was handed in: from a folder or an archive, by any layout, with or without a roster -> submissions.

Says aloud what it took the folder for, what it left aside, who is missing and who is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from grader import archive, layouts, uploads
from grader.archive import CLASS
from grader.errors import NothingToGrade, SubmissionError, UsageError
from grader.late import MARKED, MARKED_ONLY, UNTOLD
from grader.layouts.found import Asked, listing
from grader.roster import read as read_roster
from grader.submission import Submission, did_you_mean, single
from grader.units import Made, Unit, by_key, of_roster

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from grader.errors import GraderError
    from grader.layouts.found import Found, Listing
    from grader.model import Spec
    from grader.roster import Roster

_NAMED = 12
"""So many names are listed in one line of what is said."""


@dataclass(frozen=True, kw_only=True)
class HandedIn:
    """A class: submissions, assignment by assignment; and what is to be said aloud of how they were found."""

    submissions: list[Submission]
    said: list[str]


def handed_in(
    path: Path, specs: Sequence[Spec], *, layout: str = "auto", roster: Path | None = None, work: Path
) -> HandedIn:
    """Find what a class handed in, for each assignment; also, with a roster, who did not.

    path: a folder or an archive. layout: one of `layouts.NAMES`. roster: a CSV file with a header row. work: an empty
    folder for what must be unpacked, which must last until everything is judged. Raises UsageError and NothingToGrade
    where path, layout or roster are not what they should be; but for nothing that one student has done.
    """
    known = read_roster(roster) if roster is not None else None
    asked = Asked(modules=tuple((spec.name, spec.module) for spec in specs))
    said: list[str] = []
    folder = _opened(path, asked, work, said)
    try:
        found = _found(folder, asked, layout, work, said)
    except (UsageError, NothingToGrade) as error:
        raise _as_named(error, folder, path, asked) from None
    units = _of_roster(found, known, said) if known is not None else by_key(found)
    made = Made(asked, work)
    theirs = ((spec, [one for unit in units if (one := unit.submission(spec.name, made))]) for spec in specs)
    return HandedIn(submissions=[one for spec, each in theirs for one in _undated(spec, each, said)], said=said)


def one(path: Path, specs: Sequence[Spec], *, work: Path) -> list[Submission]:
    """One student's work, as `submission.single` finds it; or an archive of it, which is asked for every assignment.

    A file of another name is not graded here: whoever hands in one thing can be told to rename it. Raises as `single`
    does, and InfrastructureError where an archive may not be read.
    """
    if not (path.is_file() and archive.is_archive(path.name)):
        return single(path, specs)
    name, target = archive.stem(path.name), work / "one"
    try:
        archive.unpack(path, target)
    except SubmissionError as error:
        broken = Submission(assignment="", name=name, module=None, broken=error.message, mend=error.hint)
        return [replace(broken, assignment=spec.name) for spec in specs]
    top = uploads.inside(target, {spec.name for spec in specs})
    return [replace(each, name=name, shown=each.module.name if each.module else "") for each in single(top, specs)]


# ---- what lies there -------------------------------------------------------------------------------------------------


def _opened(path: Path, asked: Asked, work: Path, said: list[str]) -> Path:
    """The class's folder: unpacked if it is an archive."""
    if path.is_dir():
        return path
    if not path.is_file():
        hint = did_you_mean(path) or "name the folder or archive with what the class has handed in"
        raise UsageError(f"--submissions {path}: no such folder", hint)
    if not archive.is_archive(path.name):
        raise UsageError(
            f"--submissions {path}: neither a folder nor a .zip or .tar.gz", "unpack it, and name the folder"
        )
    try:
        said += archive.unpack(path, work / uploads.UNPACKED, CLASS)
    except SubmissionError as error:
        raise UsageError(f"--submissions {path}: {error.message}", "unpack it yourself, and name the folder") from None
    return _stepped_in(work / uploads.UNPACKED, asked)


def _as_named(error: GraderError, folder: Path, path: Path, asked: Asked) -> GraderError:
    """The error in words of what was named: not of the folder it was unpacked to, and of one student's work as such."""
    message, hint = (text.replace(str(folder), str(path)) for text in (error.message, error.hint))
    theirs = (folder / place for name, module in asked.modules for place in (module, f"{name}/{module}"))
    if isinstance(error, NothingToGrade) and any(place.is_file() for place in theirs):
        hint = f"if it is one student's work, not a class: --submission {path}"
    return type(error)(message, hint)


def _stepped_in(folder: Path, asked: Asked) -> Path:
    """An archive may hold one folder that holds the class; or a class of one."""
    there = listing(folder)
    if len(there.folders) == 1 and not there.archives:
        below = listing(folder / there.folders[0])
        is_student = any(name.endswith(".py") for name in below.files) or set(below.folders) & set(asked.names)
        if not is_student or _is_special(below, asked):
            return below.folder
    return folder


def _is_special(there: Listing, asked: Asked) -> bool:
    try:
        return layouts.chosen("auto", there, asked).NAME != "folders"
    except (UsageError, NothingToGrade):
        return False


def _found(folder: Path, asked: Asked, layout: str, work: Path, said: list[str]) -> list[Found]:
    """Everything that was handed in; where folders or archives are named after assignments, for each of these."""
    there = _listing(folder)
    parts = {archive.stem(name): name for name in (*there.archives, *there.folders)}
    if not parts or not set(parts) <= set(asked.names):
        if layout == "auto":
            _refuse_some(there, sorted(set(parts) & set(asked.names)), asked)
        return _in_layout(there, asked, layout, "", said)
    found: list[Found] = []
    for name, entry in sorted(parts.items()):
        only = Asked(modules=tuple(pair for pair in asked.modules if pair[0] == name))
        below = _opened(folder / entry, only, work / "assignments" / name, said)
        try:
            read = _in_layout(_listing(below), only, layout, f"{name}: ", said)
        except NothingToGrade as nothing:
            said.append(f"{name}: {nothing.message}")
        else:
            found += [replace(one, only=name) for one in read]
    if not found:
        raise NothingToGrade(f"{folder}: nothing in it is any student's", "each assignment's folder holds a class")
    return found


def _refuse_some(there: Listing, named: Sequence[str], asked: Asked) -> None:
    """Raise UsageError where some folders bear assignments' names and others do not: who is a student there?"""
    if named and layouts.chosen("auto", there, asked).NAME == "folders":
        message = f"{there.folder}: {_list(named)}: named after an assignment; what lies beside it is not"
        hint = f"name {there.folder / named[0]}, or put the rest aside; --layout folders takes each for a student's"
        raise UsageError(message, hint)


def _listing(folder: Path) -> Listing:
    try:
        return listing(folder)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be read: {error.strerror}", "check the folder's permissions") from None


def _in_layout(there: Listing, asked: Asked, layout: str, where: str, said: list[str]) -> list[Found]:
    """What one layout makes of a folder; where: the beginning of what is said."""
    of = layouts.chosen(layout, there, asked)
    found = of.read(there, asked)
    aside = sorted({*there.folders, *there.files, *there.passed_over} - set(of.claims(there, asked)))
    students = _count(len({one.key for one in found}), "student")
    said.append(f"{where}{of.TITLE}: {students}" + (f"; left aside: {_list(aside)}" if aside else ""))
    return found


# ---- what is said ----------------------------------------------------------------------------------------------------


def _of_roster(found: Sequence[Found], roster: Roster, said: list[str]) -> list[Unit]:
    """The roster's, and then whoever is not in it: nobody's work is lost for a typing error."""
    units, unknown = of_roster(found, roster)
    missing = [student.key for unit in units if not unit.claims for student in unit.students]
    strangers = [student.key for unit in units for claim in unit.claims for student in claim.strangers]
    unused = f"; columns not used: {_list(roster.unused)}" if roster.unused else ""
    said.append(f"roster: {_count(len(roster.rows), 'student')}{unused}")
    if missing:
        said.append(f"handed in nothing: {_count(len(missing), 'student')}: {_list(missing)}")
    if unknown or strangers:
        said.append(f"not in the roster: {_list([*(one.key for one in unknown), *strangers])}")
    taken = {unit.name for unit in units}
    others = [
        replace(unit, name=f"{unit.name} (not in the roster)") if unit.name in taken else unit
        for unit in by_key(unknown)
    ]
    return [*_distinct(units), *others]


def _undated(spec: Spec, theirs: Sequence[Submission], said: list[str]) -> Sequence[Submission]:
    """An assignment's submissions, a remark on those that nobody can call late; what is so of all is said once."""
    there = [one for one in theirs if one.module is not None]
    untold = [one for one in there if not one.submitted]
    if spec.late is None or not untold:
        return theirs
    marked = [one.name for one in untold if MARKED in one.remarks]
    said.append(
        f"{spec.name}: of {len(untold)} of {_count(len(there), 'submission')} nothing tells when they were handed in,"
        " so none of these is late; a roster's column `submitted` would tell"
        + (f"; late by Canvas's word: {_list(marked)}" if marked else "")
    )
    some = len(untold) < len(there)
    return [_remarked(one, some=some) if one.module is not None and not one.submitted else one for one in theirs]


def _remarked(untold: Submission, *, some: bool) -> Submission:
    """A submission without a time; some: others have one."""
    if MARKED in untold.remarks:
        return replace(untold, remarks=tuple(MARKED_ONLY if each == MARKED else each for each in untold.remarks))
    return replace(untold, remarks=(*untold.remarks, UNTOLD)) if some else untold


def _distinct(units: Sequence[Unit]) -> list[Unit]:
    """A group may be called what a student is called; their results may not."""
    students = {unit.name for unit in units if not unit.group}
    return [
        replace(unit, name=f"{unit.name} (group)") if unit.group and unit.name in students else unit for unit in units
    ]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _list(names: Sequence[str]) -> str:
    """Names in one line, without what a terminal would obey."""
    shown = [name if name.isprintable() else ascii(name)[1:-1] for name in names[:_NAMED]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
