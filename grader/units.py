"""Who gets one mark for what was found: a student, or a group; and which of several submissions of theirs counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from grader import uploads
from grader.commits import Commits
from grader.submission import Submission

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from grader.layouts.found import Asked, Found
    from grader.model import Student
    from grader.roster import Listed, Roster


class Made:
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
class Unit:
    """Who gets one mark, a student or a group, and what of theirs was found, with the roster's rows of who did it.

    listed: they are in the roster.
    """

    name: str
    students: tuple[Student, ...]
    group: str = ""
    found: tuple[tuple[Found, tuple[Listed, ...]], ...] = ()
    listed: bool = False

    def submission(self, assignment: str, made: Made) -> Submission | None:
        """The one that counts for an assignment; where there is none, a missing one of whoever is in the roster."""
        there = [each for found, rows in self.found if (each := made.of(found, rows).get(assignment))]
        there.sort(key=lambda each: each.name)
        counting = [each for each in there if each.module or each.broken or each.unreadable] or there[:1]
        if not counting:
            lacks = Submission(assignment=assignment, name=self.name, module=None)
            return replace(lacks, students=self.students, group=self.group) if self.listed else None
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


def by_key(found: Iterable[Found]) -> list[Unit]:
    """Without a roster: everybody is who the names say."""
    by_key: dict[str, list[Found]] = {}
    for one in found:
        by_key.setdefault(one.key, []).append(one)
    return [
        Unit(name=key, students=theirs[0].students, found=tuple((one, ()) for one in theirs))
        for key, theirs in by_key.items()
    ]


def of_roster(found: Iterable[Found], roster: Roster) -> tuple[list[Unit], list[Found]]:
    """The roster's students and groups in its order, those who handed in nothing too; and what is nobody's of them."""
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
    return [_listed(rows, theirs.get(key, ())) for key, rows in members.items() if key not in together], unknown


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


def _listed(rows: Sequence[Listed], found: Sequence[tuple[Found, tuple[Listed, ...]]]) -> Unit:
    told = {row.student.key: one.students[0].ids for one, (row, *_) in found if len(one.students) == 1}
    students = tuple(replace(row.student, ids={**told.get(row.student.key, {}), **row.student.ids}) for row in rows)
    group = rows[0].group
    name = group or "+".join(one.key for one in students)
    return Unit(name=name, students=students, group=group, found=tuple(found), listed=True)
