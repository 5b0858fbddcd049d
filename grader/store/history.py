"""Why each judgement of the past was made: rows of the store, in their order, become entries one can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.model import Verdict
from grader.store.facts import Graded, Identity, Key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, kw_only=True)
class Row:
    """A judgement as the store has it, without its evidence."""

    at: str
    identity: Identity
    key: Key
    verdict: Verdict
    score: float | None
    max_score: float


def entries(rows: Iterable[Row]) -> Iterator[Graded]:
    """Each row with the reason why it came after the one before it; rows in the order in which they were written."""
    last: dict[Identity, Row] = {}
    for row in rows:
        yield Graded(
            at=row.at,
            assignment=row.identity.assignment,
            dataset=row.identity.dataset,
            verdict=row.verdict,
            score=row.score,
            max_score=row.max_score,
            why=_why(row, last.get(row.identity)),
        )
        last[row.identity] = row


def _why(row: Row, before: Row | None) -> str:
    if before is None:
        return "first grading"
    changed = row.key.changed(before.key)
    if changed:
        return f"changed: {', '.join(changed)}{_versions(row.key, before.key)}"
    return "could not be judged before" if before.verdict is Verdict.GRADER_ERROR else "asked for again"


def _versions(key: Key, before: Key) -> str:
    return f" ({before.pymapr} -> {key.pymapr})" if key.pymapr != before.pymapr else ""
