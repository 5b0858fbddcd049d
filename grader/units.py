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


@dataclass(frozen=True)
class Claim:
    """Something found, and the roster's rows of who handed it in; strangers did so with them, and are in no roster."""

    found: Found
    rows: tuple[Listed, ...] = ()
    strangers: tuple[Student, ...] = ()


class Made:
    """Submissions as they are made of what was found, each once."""

    def __init__(self, asked: Asked, work: Path) -> None:
        self._asked, self._work, self._commits = asked, work, Commits(work)
        self._made: dict[int, dict[str, Submission]] = {}

    def of(self, claim: Claim) -> dict[str, Submission]:
        """By assignment. The time: the platform's, else the roster's, else the last commit's."""
        found, known = claim.found, [row.submitted for row in claim.rows if row.submitted]
        if id(found) not in self._made:
            place = self._work / f"student-{len(self._made) + 1}"
            time = found.submitted or max(known, key=datetime.fromisoformat, default="")
            if not time and found.clone is not None:
                time = self._commits.last(found.clone)
            made = uploads.submissions(replace(found, submitted=time), self._asked, place)
            self._made[id(found)] = {one.assignment: one for one in made}
        return self._made[id(found)]


@dataclass(frozen=True, kw_only=True)
class Unit:
    """Who gets one mark, a student or a group, and what of theirs was found. listed: they are in the roster."""

    name: str
    students: tuple[Student, ...]
    group: str = ""
    claims: tuple[Claim, ...] = ()
    listed: bool = False

    def submission(self, assignment: str, made: Made) -> Submission | None:
        """The one that counts for an assignment; where there is none, a missing one of whoever is in the roster."""
        there = [each for claim in self.claims if (each := made.of(claim).get(assignment))]
        if not there and not self.listed:
            return None
        lacks = Submission(assignment=assignment, name=self.name, module=None, instead=())
        chosen, remarks = _newest(_worth(sorted(there, key=lambda each: each.name)) or [lacks])
        said = (*chosen.remarks, *remarks)
        return replace(chosen, name=self.name, students=self.students, group=self.group, remarks=said)


def _worth(there: Sequence[Submission]) -> Sequence[Submission]:
    """Those that can be graded; else those that cannot through their authors' fault; else one that lacks the module."""
    graded = [each for each in there if each.module or each.unreadable]
    return graded or [each for each in there if each.broken] or there[:1]


def _newest(there: Sequence[Submission]) -> tuple[Submission, tuple[str, ...]]:
    """Of several for one mark the one that counts, and what is to be said of it."""
    if len(there) == 1:
        return there[0], ()
    names = ", ".join(one.name for one in there)
    if all(one.submitted for one in there):
        newest = max(there, key=lambda one: datetime.fromisoformat(one.submitted))
        return newest, (f"handed in by {names}; the newest counts, by {newest.name}",)
    return there[0], (f"handed in by {names}; nothing tells which is newest, so the first by name counts",)


def by_key(found: Iterable[Found]) -> list[Unit]:
    """Without a roster: everybody is who the names say."""
    theirs: dict[str, list[Claim]] = {}
    for one in found:
        theirs.setdefault(one.key, []).append(Claim(one))
    return [Unit(name=key, students=claims[0].found.students, claims=tuple(claims)) for key, claims in theirs.items()]


def of_roster(found: Iterable[Found], roster: Roster) -> tuple[list[Unit], list[Found]]:
    """The roster's students and groups in its order, those who handed in nothing too; and what is nobody's of them."""
    theirs: dict[str, list[Claim]] = {}
    unknown: list[Found] = []
    matched = [(one, roster.match(one)) for one in found]
    doubtful = _doubtful(matched)
    for one, rows in matched:
        if id(one) in doubtful:
            unknown.append(replace(one, remarks=(*one.remarks, _DOUBTFUL)))
        elif rows:
            several = one.students if len(one.students) > 1 else ()
            strangers: tuple[Student, ...] = tuple(student for student in several if roster.row(student) is None)
            for key in _whose(rows):
                theirs.setdefault(key, []).append(Claim(one, tuple(rows), strangers))
                strangers = ()
        else:
            unknown.append(one)
    members: dict[str, list[Listed]] = {}
    for row in roster.rows:
        members.setdefault(_key(row), []).append(row)
    together = _together(theirs, members)
    return [_unit(rows, theirs.get(key, ())) for key, rows in members.items() if key not in together], unknown


_DOUBTFUL = "the roster knows one student of that name, the platform several: it is nobody's until the roster has ids"


def _doubtful(matched: Iterable[tuple[Found, Sequence[Listed]]]) -> set[int]:
    """What would be one student's, by `id`, though the platform gives it to several: namesakes, one in the roster.

    What has the very id that the roster gives is not among it.
    """
    owners: dict[tuple[str, str, str], dict[str, list[Found]]] = {}
    alone = [(one, rows[0].student) for one, rows in matched if len(rows) == 1 and len(one.students) == 1]
    for one, student in alone:
        for platform, value in one.students[0].ids.items():
            owners.setdefault((student.key, one.only, platform), {}).setdefault(value, []).append(one)
    own = {(student.key, platform): value for _, student in alone for platform, value in student.ids.items()}
    return {
        id(one)
        for (key, _, platform), by_id in owners.items()
        if len(by_id) > 1
        for value, several in by_id.items()
        if value != own.get((key, platform))
        for one in several
    }


def _whose(rows: Sequence[Listed]) -> list[str]:
    """Whose it is, by key: every group's of which somebody handed in, else the first student's."""
    return [*dict.fromkeys(_key(row) for row in rows if row.group)] or [_key(rows[0])]


def _key(row: Listed) -> str:
    """By what rows get one mark; a group cannot be taken for a student."""
    return f"group {row.group.casefold()}" if row.group else f"student {row.student.key}"


def _together(theirs: dict[str, list[Claim]], members: dict[str, list[Listed]]) -> set[str]:
    """Who handed in together, says the platform, without being a group of the roster: they join the first's unit.

    Whoever has handed in something of their own, or has a group, keeps that. Returns the keys that are empty now.
    """
    joined: set[str] = set()
    for key, claims in list(theirs.items()):
        for row in (row for claim in claims for row in claim.rows if not row.group):
            other = _key(row)
            if other not in theirs and other not in joined:
                members[key] += members[other]
                joined.add(other)
    return joined


def _unit(rows: Sequence[Listed], claims: Sequence[Claim]) -> Unit:
    """A student or a group of the roster, with what platforms call them, and whoever handed in with them."""
    alone = [claim for claim in claims if len(claim.found.students) == len(claim.rows) == 1]
    told = {claim.rows[0].student.key: claim.found.students[0].ids for claim in alone}
    students = [replace(row.student, ids={**told.get(row.student.key, {}), **row.student.ids}) for row in rows]
    strangers = {student.key: student for claim in claims for student in claim.strangers}
    group = rows[0].group
    name = group or "+".join(student.key for student in students)
    everybody = (*students, *strangers.values())
    return Unit(name=name, students=everybody, group=group, claims=tuple(claims), listed=True)
