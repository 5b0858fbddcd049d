"""A class, as it was handed in: from a folder or an archive, by any layout, with or without a roster -> submissions.

Says aloud what it took the folder for, what it left aside, who is missing and who is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from grader import archive, layouts, uploads
from grader.archive import CLASS
from grader.commits import Commits
from grader.errors import NothingToGrade, SubmissionError, UsageError
from grader.layouts.found import Asked, listing
from grader.roster import Roster
from grader.roster import read as read_roster
from grader.submission import Submission, did_you_mean, single

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from grader.layouts.found import Found, Listing
    from grader.model import Spec, Student
    from grader.roster import Listed

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
    found = list(_found(folder, asked, layout, said))
    units = _of_roster(found, known, said) if known is not None else _by_key(found)
    made = _Made(asked, work)
    chosen = [unit.submission(spec.name, made) for spec in specs for unit in units]
    return HandedIn(submissions=chosen, said=said)


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
        said += archive.unpack(path, work / "class", CLASS)
    except SubmissionError as error:
        raise UsageError(f"--submissions {path}: {error.message}", "unpack it yourself, and name the folder") from None
    return _stepped_in(work / "class", asked)


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


def _found(folder: Path, asked: Asked, layout: str, said: list[str]) -> Iterator[Found]:
    try:
        there = listing(folder)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be read: {error.strerror}", "check the folder's permissions") from None
    of = layouts.chosen(layout, there, asked)
    found = of.read(there, asked)
    aside = sorted({*there.folders, *there.files} - set(of.claims(there, asked)))
    students = len({one.key for one in found})
    said.append(f"{of.TITLE}: {_count(students, 'student')}" + (f"; left aside: {_list(aside)}" if aside else ""))
    yield from found


# ---- whose it is -----------------------------------------------------------------------------------------------------


class _Made:
    """Submissions as they are made of what was found, each once."""

    def __init__(self, asked: Asked, work: Path) -> None:
        self._asked, self._work, self._commits = asked, work, Commits(work)
        self._made: dict[int, dict[str, Submission]] = {}

    def of(self, found: Found, rows: Iterable[Listed]) -> dict[str, Submission]:
        """By assignment. The time: the platform's, else the roster's, else the last commit's."""
        if id(found) not in self._made:
            place = self._work / f"student-{len(self._made) + 1}"
            time = found.submitted or max((row.submitted for row in rows), default="")
            if not time and found.clone is not None:
                time = self._commits.last(found.clone)
            made = uploads.submissions(replace(found, submitted=time), self._asked, place)
            self._made[id(found)] = {one.assignment: one for one in made}
        return self._made[id(found)]


@dataclass(frozen=True, kw_only=True)
class _Unit:
    """Who gets one mark, a student or a group, and what of theirs was found; rows: by whom, as far as it is known."""

    name: str
    students: tuple[Student, ...]
    group: str = ""
    found: tuple[tuple[Found, tuple[Listed, ...]], ...] = ()

    def submission(self, assignment: str, made: _Made) -> Submission:
        """The one that counts for an assignment; a missing one where there is none."""
        there = [each for found, rows in self.found if (each := made.of(found, rows).get(assignment))]
        there.sort(key=lambda each: each.name)
        counting = [each for each in there if each.module or each.broken or each.unreadable] or there[:1]
        if not counting:
            return Submission(
                assignment=assignment, name=self.name, module=None, students=self.students, group=self.group
            )
        chosen, remarks = _newest(counting)
        return replace(
            chosen, name=self.name, students=self.students, group=self.group, remarks=(*chosen.remarks, *remarks)
        )


def _newest(there: Sequence[Submission]) -> tuple[Submission, tuple[str, ...]]:
    """Of several for one mark the one that counts, and what is to be said of it."""
    if len(there) == 1:
        return there[0], ()
    names = ", ".join(one.name for one in there)
    times = [one.submitted for one in there]
    if all(times):
        newest = max(there, key=lambda one: datetime.fromisoformat(one.submitted))
        return newest, (f"handed in by {names}; the newest counts, by {newest.name}",)
    return there[0], (f"handed in by {names}; nothing tells which is newest, so the first by name counts",)


def _by_key(found: Iterable[Found]) -> list[_Unit]:
    """Without a roster: everybody is who the names say."""
    by_key: dict[str, list[Found]] = {}
    for one in found:
        by_key.setdefault(one.key, []).append(one)
    return [
        _Unit(name=key, students=theirs[0].students, found=tuple((one, ()) for one in theirs))
        for key, theirs in by_key.items()
    ]


def _of_roster(found: Iterable[Found], roster: Roster, said: list[str]) -> list[_Unit]:
    """The roster's students and groups in its order, those who handed in nothing too; then whoever is not in it."""
    theirs: dict[str, list[tuple[Found, tuple[Listed, ...]]]] = {}
    unknown: list[Found] = []
    for one in found:
        if rows := roster.match(one):
            theirs.setdefault(_unit_key(rows[0]), []).append((one, tuple(rows)))
        else:
            unknown.append(one)
    members: dict[str, list[Listed]] = {}
    for row in roster.rows:
        members.setdefault(_unit_key(row), []).append(row)
    together = _together(theirs, members)
    units = [_roster_unit(rows, theirs.get(key, ())) for key, rows in members.items() if key not in together]
    _say(roster, units, unknown, said)
    return [*units, *_by_key(unknown)]


def _unit_key(row: Listed) -> str:
    """By what rows get one mark; a group cannot be taken for a student."""
    return f"group {row.group.casefold()}" if row.group else f"student {row.student.key}"


def _together(theirs: dict[str, list[tuple[Found, tuple[Listed, ...]]]], members: dict[str, list[Listed]]) -> set[str]:
    """Who handed in together, says the platform, without being a group of the roster: they join the first's unit.

    Whoever has handed in something of their own keeps that. Returns the keys that stand for nobody any more.
    """
    joined: set[str] = set()
    for key, found in list(theirs.items()):
        for row in (row for _, rows in found for row in rows[1:]):
            other = _unit_key(row)
            if other not in theirs and other != key and other not in joined:
                members[key] += members[other]
                joined.add(other)
    return joined


def _roster_unit(rows: Sequence[Listed], found: Sequence[tuple[Found, tuple[Listed, ...]]]) -> _Unit:
    told = {row.student.key: one.students[0].ids for one, (row, *_) in found if len(one.students) == 1}
    students = tuple(replace(row.student, ids={**told.get(row.student.key, {}), **row.student.ids}) for row in rows)
    group = rows[0].group
    return _Unit(
        name=group or "+".join(one.key for one in students), students=students, group=group, found=tuple(found)
    )


# ---- what is said ----------------------------------------------------------------------------------------------------


def _say(roster: Roster, units: Iterable[_Unit], unknown: Sequence[Found], said: list[str]) -> None:
    missing = [student.key for unit in units if not unit.found for student in unit.students]
    said.append(f"roster: {_count(len(roster.rows), 'student')}")
    if missing:
        said.append(f"handed in nothing: {_count(len(missing), 'student')}: {_list(missing)}")
    if unknown:
        said.append(f"not in the roster: {_list([one.key for one in unknown])}")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _list(names: Sequence[str]) -> str:
    """Names in one line, without what a terminal would obey."""
    shown = [name if name.isprintable() else ascii(name)[1:-1] for name in names[:_NAMED]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
