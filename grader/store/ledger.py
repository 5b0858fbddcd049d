"""The store itself: results by what they hang on, and overrides; rows are added, and never changed or taken away."""

from __future__ import annotations

from datetime import UTC, datetime
from difflib import get_close_matches
from math import isfinite
from typing import TYPE_CHECKING, Any

from grader.errors import UsageError
from grader.model import CaseResult, Override, Verdict
from grader.store import codec
from grader.store.facts import PARTS, Graded, Identity, Key, Overridden
from grader.store.file import PATIENCE, connect, transaction, troubles
from grader.store.history import Row, entries

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import Self

_WHOSE = "student = ? AND assignment = ? AND dataset = ?"
_KEYS = ", ".join(f"key_{part}" for part in PARTS)
_SAME_KEY = " AND ".join(f"key_{part} = ?" for part in PARTS)

_RECALL = f"""
SELECT result, runs, id = (SELECT max(id) FROM judgement WHERE {_WHOSE}) FROM judgement
WHERE {_WHOSE} AND {_SAME_KEY} AND verdict <> '{Verdict.GRADER_ERROR.value}' ORDER BY id DESC LIMIT 1
"""  # noqa: S608 - made of our own constants
_RECORD = f"""
INSERT INTO judgement (at, student, assignment, dataset, {_KEYS}, verdict, score, max_score, result, runs)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""  # noqa: S608 - made of our own constants
_HISTORY = f"""
SELECT at, student, assignment, dataset, {_KEYS}, verdict, score, max_score FROM judgement WHERE student = ? ORDER BY id
"""  # noqa: S608 - made of our own constants
_MAXIMUM = """
SELECT sum(max_score) FROM judgement
WHERE id IN (SELECT max(id) FROM judgement WHERE student = ? AND assignment = ? GROUP BY dataset)
"""
_OVERRIDE = "INSERT INTO override (at, student, assignment, score, reason, by) VALUES (?, ?, ?, ?, ?, ?)"


class Store:
    """Results and overrides in a file. What it has written stays written, whenever and however the program ends.

    For the thread that opened it; several programs may use one file at once. Methods raise InfrastructureError where
    the file is held by another program, or has no room to grow, and UsageError where it cannot be written.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, patience: float) -> None:
        self._connection, self.path, self._patience = connection, path, patience

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    # ---- results -----------------------------------------------------------------------------------------------------

    def recall(self, identity: Identity, key: Key) -> CaseResult | None:
        """The last result for this key, unless it was `grader-error`; None where there is none.

        If something else was graded since, the result is written down once more: the last row of a judgement is always
        the one that the gradebook shows.
        """
        if not key.known:
            return None
        whose = _whose(identity)
        found = self._read(_RECALL, (*whose, *whose, *map(codec.spell, key.parts)))
        if not found:
            return None
        document, runs, is_last = found[0]
        case = self._decoded(document, runs)
        if not is_last:
            self.record(identity, key, case)
        return case

    def record(self, identity: Identity, key: Key, case: CaseResult) -> None:
        """Add a result; it is on file when this returns."""
        document, runs = codec.encode(case)
        score = None if case.score is None else float(case.score)
        what = (case.verdict.value, score, float(case.max_score), document, runs)
        self._write(_RECORD, (_now(), *_whose(identity), *map(codec.spell, key.parts), *what))

    def _decoded(self, document: bytes, runs: bytes) -> CaseResult:
        try:
            return codec.decode(document, runs)
        except (ValueError, KeyError, TypeError) as error:
            what = f"{self.path} is damaged: a result cannot be read ({type(error).__name__}: {error})"
            raise UsageError(what, "go back to a copy, or name another file") from None

    # ---- overrides ---------------------------------------------------------------------------------------------------

    def override(self, student: str, assignment: str, score: float, reason: str, by: str) -> None:
        """Give a submission the mark `score`, whatever it earns; a later one counts instead of it.

        student: the submission's name. by: who says so, a login name. Raises UsageError where nothing of that student's
        was graded for that assignment, for a score that is no mark, and without a reason.
        """
        if not isfinite(score) or score < 0:
            raise UsageError(f"{score:g} is not a mark", "give the points, 0 or more")
        self._annotate(student, assignment, score, reason, by)

    def withdraw(self, student: str, assignment: str, reason: str, by: str) -> None:
        """Let the computed mark count again; the override and its withdrawal stay in the history."""
        if (student, assignment) not in self.overrides():
            raise UsageError(f"{self.path}: there is no override of {assignment} for {student} to withdraw")
        self._annotate(student, assignment, None, reason, by)

    def overrides(self) -> dict[tuple[str, str], Override]:
        """The overrides in force, by (student, assignment)."""
        rows = self._read("SELECT student, assignment, at, score, reason, by FROM override ORDER BY id")
        last = {(codec.unspell(row[0]), codec.unspell(row[1])): _overridden(row[1:]) for row in rows}
        return {whose: one.override for whose, one in last.items() if one.override is not None}

    def maximum(self, student: str, assignment: str) -> float | None:
        """The points that could be earned when it was last graded; None where nothing was."""
        [(points,)] = self._read(_MAXIMUM, (codec.spell(student), codec.spell(assignment)))
        return None if points is None else float(points)

    def changed_since(self, student: str, assignment: str, at: str) -> bool:
        """Whether what was last graded had not been handed in at a time, as the store writes it: an override's, say."""
        rows = [_row(row) for row in self._read(_HISTORY, (codec.spell(student),))]
        keys = [(row.at, row.key.submission) for row in rows if row.identity.assignment == assignment]
        return bool(keys) and keys[-1][1] not in {submission for time, submission in keys if time <= at}

    def _annotate(self, student: str, assignment: str, score: float | None, reason: str, by: str) -> None:
        if not reason.strip():
            raise UsageError("an override needs a reason", "say why, for whoever asks in a year: --reason TEXT")
        self._must_know(student, assignment)
        self._connection.execute("PRAGMA synchronous = FULL")  # nobody can compute it again, as one can a result
        try:
            self._write(
                _OVERRIDE, (_now(), *map(codec.spell, (student, assignment)), score, *map(codec.spell, (reason, by)))
            )
        finally:
            self._connection.execute("PRAGMA synchronous = NORMAL")

    def _must_know(self, student: str, assignment: str) -> None:
        known = self._names("SELECT DISTINCT assignment FROM judgement WHERE student = ?", (codec.spell(student),))
        if not known:
            raise self._no_student(student)
        if assignment not in known:
            what = f"{self.path}: nothing of {student} was graded for an assignment {assignment!r}"
            raise UsageError(what, _near(assignment, known) or f"graded: {', '.join(sorted(known))}")

    # ---- history -----------------------------------------------------------------------------------------------------

    def history(self, student: str) -> list[Graded | Overridden]:
        """Everything that was ever graded and overridden for a student, in order of time.

        Raises UsageError for a student of whom nothing is known.
        """
        graded = list(entries(_row(row) for row in self._read(_HISTORY, (codec.spell(student),))))
        if not graded:
            raise self._no_student(student)
        select = "SELECT assignment, at, score, reason, by FROM override WHERE student = ? ORDER BY id"
        said = [_overridden(row) for row in self._read(select, (codec.spell(student),))]
        return sorted([*graded, *said], key=lambda entry: entry.at)

    def students(self) -> list[str]:
        """Everybody of whom something was graded, sorted."""
        return sorted(self._names("SELECT DISTINCT student FROM judgement"))

    def _no_student(self, student: str) -> UsageError:
        what = f"{self.path}: nothing was graded for a student {student!r}"
        return UsageError(what, _near(student, self.students()))

    # ---- the file ----------------------------------------------------------------------------------------------------

    def _names(self, select: str, values: Sequence[str] = ()) -> list[str]:
        return [codec.unspell(row[0]) for row in self._read(select, values)]

    def _read(self, select: str, values: Sequence[object] = ()) -> list[Any]:
        with troubles(self.path, self._patience):
            return self._connection.execute(select, values).fetchall()

    def _write(self, insert: str, values: Sequence[object]) -> None:
        with troubles(self.path, self._patience), transaction(self._connection):
            self._connection.execute(insert, values)


def open_store(path: Path, *, create: bool = True, patience: float = PATIENCE) -> Store:
    """The store in a file; made where there is none, unless `create` is False.

    patience: seconds to wait for another program that holds the file. Raises UsageError for a file that is no store, is
    one of a later pymapr or may not be written, InfrastructureError where it is held or the disk is full.
    """
    return Store(connect(path, create=create, patience=patience), path, patience)


def _whose(identity: Identity) -> tuple[str, str, str]:
    return codec.spell(identity.student), codec.spell(identity.assignment), codec.spell(identity.dataset)


def _row(row: Sequence[Any]) -> Row:
    at, student, assignment, dataset, *rest = row
    parts, (verdict, score, max_score) = rest[: len(PARTS)], rest[len(PARTS) :]
    return Row(
        at=at,
        identity=Identity(*map(codec.unspell, (student, assignment, dataset))),
        key=Key(**dict(zip(PARTS, map(codec.unspell, parts), strict=True))),
        verdict=Verdict(verdict),
        score=score,
        max_score=max_score,
    )


def _overridden(row: Sequence[Any]) -> Overridden:
    assignment, at, score, reason, by = row
    reason, by = codec.unspell(reason), codec.unspell(by)
    override = None if score is None else Override(score=score, reason=reason, by=by, at=at)
    return Overridden(at=at, assignment=codec.unspell(assignment), override=override, by=by, reason=reason)


def _near(word: str, known: Iterable[str]) -> str:
    close = get_close_matches(word, list(known), n=1)
    return f"did you mean {close[0]}?" if close else ""


def _now() -> str:
    """In UTC and of one length, so that texts sort as times do."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
