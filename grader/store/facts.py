"""What a store keeps besides results: which judgement it was, what it hung on, and what an instructor said of it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.model import Override, Verdict

UNKNOWN = ""
"""A part of a key that could not be found out, as of a file that may not be read: equal to none, itself included."""


@dataclass(frozen=True)
class Identity:
    """Whose judgement, of what. `student` is the submission's name: results name paths, and are never lent."""

    student: str
    assignment: str
    dataset: str


@dataclass(frozen=True, kw_only=True)
class Key:
    """What a judgement hangs on, each part a checksum or a text: where all are the same, so is the result.

    assignment: the rules, apart from data and reference. pymapr: its version, Python's, and the sandbox's level.
    """

    submission: str
    assignment: str
    data: str
    reference: str
    pymapr: str

    @property
    def known(self) -> bool:
        """Whether no part is missing: only then can a result be used again."""
        return UNKNOWN not in self.parts

    @property
    def parts(self) -> tuple[str, ...]:
        """All of it, in the order of `PARTS`."""
        return tuple(getattr(self, part) for part in PARTS)

    def changed(self, before: Key) -> tuple[str, ...]:
        """The parts, by name, that are not as they were."""
        return tuple(part for part, new, old in zip(PARTS, self.parts, before.parts, strict=True) if new != old)


PARTS = tuple(each.name for each in fields(Key))
"""The names of a key's parts."""


@dataclass(frozen=True, kw_only=True)
class Graded:
    """One judgement of the past. `why` it was made: `first grading`, `changed: submission, data`, ..."""

    at: str
    assignment: str
    dataset: str
    verdict: Verdict
    score: float | None
    max_score: float
    why: str


@dataclass(frozen=True, kw_only=True)
class Overridden:
    """An instructor's word on a mark; `override` is None where an earlier one was withdrawn, by whom and why."""

    at: str
    assignment: str
    override: Override | None
    by: str
    reason: str
