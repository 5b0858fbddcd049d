"""Puts marks into the rows of an exported gradebook that are certainly the students' own; never guesses, always says.

A student is found by what identifies him (the platform's ids, login, email), else by a name that only he and only one
row have. Whoever is not found, found twice, or not judged, is named and left as he was.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.model import GradeReport, Student, SubmissionResult
from grader.reports import plain, standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from grader.reports.sheet import Cell

Key = tuple[str, str]
"""Who somebody is: the kind of name (`canvas`, `login`, `email`, ...), and the name."""

_NAMED = 50
_DUST = 1e-9
_CHARACTERS = 80


@dataclass(frozen=True, kw_only=True)
class Merged:
    """The exported file with marks filled in, and what must be said aloud, a line each, safe to print."""

    text: str
    said: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A student who should get the mark of a submission."""

    student: Student
    result: SubmissionResult

    @property
    def called(self) -> str:
        """The student's name and, where it differs, the submission's."""
        name, submission = _short(standing.called(self.student)), _short(self.result.submission)
        return name if name == submission else f"{name} ({submission})"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A row of the gradebook that belongs to a student: who it is, and the cell for the mark."""

    keys: tuple[Key, ...]
    name: str
    mark: Cell

    @property
    def called(self) -> str:
        """The row's name, and its line."""
        return f"{_short(self.name) or '(no name)'} (line {self.mark.line})"


@dataclass(frozen=True, kw_only=True)
class Matches:
    """Which claims go to which places, and who is left over, in words."""

    found: tuple[tuple[Claim, Place], ...]
    said: tuple[str, ...]


def claims(report: GradeReport, assignment: str) -> list[Claim]:
    """Who should get a mark for the assignment. Where only the submission's name is known, that is the student's."""
    return [
        Claim(student=student, result=result)
        for result in report.results
        if result.assignment == assignment
        for student in result.students or (Student(key=result.submission),)
    ]


def match(wanted: Sequence[Claim], places: Sequence[Place]) -> Matches:
    """Each claim with its place, where there is exactly one for exactly one."""
    index = _Index(wanted, places)
    candidates: dict[int, list[Claim]] = {}
    said, absent = [], []
    for claim in wanted:
        match sorted(index.rows(claim)):
            case []:
                absent.append(claim.called)
            case [row]:
                candidates.setdefault(row, []).append(claim)
            case several:
                lines = ", ".join(str(places[row].mark.line) for row in several)
                said.append(f"{claim.called} could be any of the lines {lines}: no mark filled in")
    left = [place.called for row, place in enumerate(places) if row not in candidates]
    contested = {row for row, rivals in candidates.items() if len({id(claim.result) for claim in rivals}) > 1}
    return Matches(
        found=tuple((rivals[0], places[row]) for row, rivals in candidates.items() if row not in contested),
        said=(
            *said,
            *(_contested(places[row], candidates[row]) for row in sorted(contested)),
            *_listed("no row found for", absent),
            *_listed("no submission found for", left),
        ),
    )


def _contested(place: Place, rivals: Sequence[Claim]) -> str:
    who = ", ".join(claim.called for claim in rivals)
    return f"{place.called} has {len(rivals)} submissions, so left as it was: {who}"


def merit(result: SubmissionResult, maximum: float | None) -> float | None:
    """The mark in the gradebook's points: scaled where its maximum is another, and never above that."""
    if result.mark is None or maximum is None:
        return result.mark
    scaled = result.mark * maximum / result.max_score if result.max_score else result.mark
    return max(0.0, min(maximum, scaled))


def filled_in(marks: Sequence[tuple[Claim, str, float]], under: str = "") -> str:
    """How many marks were filled in, and who had another before. marks: whose, what the cell showed, the points now."""
    changed = [
        f"{claim.called} {_short(before)} -> {plain.points(mark)}"
        for claim, before, mark in marks
        if _is_another_mark(before, plain.points(mark))
    ]
    of_them = _listed(f"{len(changed)} of them changed:", changed)
    return ", ".join([f"{plain.count(len(marks), 'mark')} filled in{under}", *of_them])


def _is_another_mark(before: str, now: str) -> bool:
    """Whether a cell showed something, and that was not the mark, however it was written; a dash stands for nothing."""
    old, new = number(before), number(now)
    if old is None or new is None:
        return before.strip() not in ("", "-", now)
    return abs(old - new) > _DUST


def remarks_on_marks(found: Sequence[Claim], maximum: float | None, column: str) -> Iterator[str]:
    """What must be said of how marks were turned into points of `column`."""
    judged = [claim for claim in found if claim.result.mark is not None]
    yield from _on_scale({claim.result.max_score for claim in judged}, maximum, column)
    if withheld := sorted({plain.visible(name) for claim in judged for name in claim.result.withheld}):
        yield f"the marks leave out what was withheld and not judged: {', '.join(withheld)}"
    above = [claim.called for claim in judged if (claim.result.mark or 0.0) > claim.result.max_score]
    if maximum is not None:
        yield from _listed("the override exceeds the maximum, so cut to that:", above)
    unjudged = [claim.called for claim in found if claim.result.mark is None]
    yield from _listed("could not be judged, so left as it was:", unjudged)


def _on_scale(bests: set[float], maximum: float | None, column: str) -> Iterator[str]:
    if maximum is None:
        yield f"{column} does not say how many points are possible: marks are filled in as they are"
        return
    others = [plain.points(best) for best in sorted(bests) if abs(best - maximum) > _DUST]
    if others:
        yield f"marks out of {' or '.join(others)} are scaled to the {plain.points(maximum)} of {column}"


def same_title(one: str, other: str) -> bool:
    """Whether two titles are the same but for spaces and case."""
    return _folded_text(one) == _folded_text(other)


def number(text: str) -> float | None:
    """The number that a gradebook's cell shows, whichever sign it has for the decimals; None if it shows none."""
    shown = text.strip().replace(" ", "")
    last = max(shown.rfind("."), shown.rfind(","))
    whole, decimals = (shown, "") if last < 0 else (shown[:last], shown[last + 1 :])
    digits = whole.replace(",", "").replace(".", "")
    if not (digits.isascii() and decimals.isascii() and (digits + decimals).isdigit()):
        return None
    return float(f"{digits or '0'}.{decimals or '0'}")


def _listed(what: str, who: Sequence[str]) -> list[str]:
    if not who:
        return []
    more = f", and {len(who) - _NAMED:,} more" if len(who) > _NAMED else ""
    return [f"{what} {', '.join(who[:_NAMED])}{more}"]


# ---- who is who ------------------------------------------------------------------------------------------------------


def keys_of(values: Mapping[str, str]) -> tuple[Key, ...]:
    """The keys of a row, by their kind; those that are empty identify nobody."""
    return tuple((kind, _folded(kind, value)) for kind, value in values.items() if value.strip())


class _Index:
    """Where in the gradebook somebody may stand."""

    def __init__(self, wanted: Iterable[Claim], places: Sequence[Place]) -> None:
        self._places = places
        self._namesakes = Counter(_name(standing.called(claim.student)) for claim in wanted)
        self._by_key: dict[Key, set[int]] = {}
        self._by_name: dict[str, set[int]] = {}
        for row, place in enumerate(places):
            self._by_name.setdefault(_name(place.name), set()).add(row)
            for key in place.keys:
                self._by_key.setdefault(key, set()).add(row)

    def rows(self, claim: Claim) -> set[int]:
        """All rows with one of the student's keys; if there are none, those with a name that is nobody else's."""
        student = claim.student
        login = "" if _is_githubs(student) else student.login or student.key
        keys = keys_of({**student.ids, "login": login, "email": student.email})
        found = set().union(*(self._by_key.get(key, ()) for key in keys))
        name = "" if _is_githubs(student) else _name(standing.called(student))
        if not name or self._namesakes[name] > 1:
            return found
        named = self._by_name.get(name, set())
        if found:  # Moodle's numbers are of one assignment, and may be known from another: the name must not contradict
            return found | named if "moodle" in student.ids and len(named) == 1 else found
        return {row for row in named if not self._is_another(student, self._places[row])}

    def _is_another(self, student: Student, place: Place) -> bool:
        """Whether a row of the same name has another id. Logins and addresses one may have several of."""
        known = dict(keys_of(student.ids))
        return any(known.get(kind, name) != name for kind, name in place.keys)


def _is_githubs(student: Student) -> bool:
    """Whether nothing is known but a login at GitHub: anybody may have chosen it, and be called otherwise here."""
    login = student.ids.get("github", "")
    return student == Student(key=login, login=student.login and login, ids={"github": login})


def _folded(kind: str, value: str) -> str:
    """Logins and addresses are the same in any case; ids are what they are."""
    return value.strip().casefold() if kind in ("login", "email") else value.strip()


def _name(text: str) -> str:
    """A name but for spaces and case, the given name first: gradebooks also write `Lovelace, Ada`."""
    family, comma, given = text.partition(",")
    return _folded_text(f"{given} {family}" if comma and "," not in given else text)


def _folded_text(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _short(text: str) -> str:
    return plain.visible(plain.clipped(text.strip(), _CHARACTERS))
