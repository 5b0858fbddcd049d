"""A student's data: all that may be told of each submission and each dataset, cut to what a page can hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.audience import shown_verdict
from grader.reports import plain
from grader.reports.findings import counts, explained
from grader.reports.html import timeline
from grader.reports.html.rows import VERDICTS, finite_points, moment, name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grader.model import CaseResult, Difference, Override, SubmissionResult
    from grader.reports.html.shell import Json


@dataclass(frozen=True, kw_only=True)
class Room:
    """How much is shown: lines of a message and their characters, characters of a record, examples of a difference."""

    lines: int
    line: int
    record: int
    examples: int


SMALL = Room(lines=60, line=1000, record=4000, examples=20)
CLASS = Room(lines=16, line=400, record=600, examples=5)
_SMALL_REPORT = 200


def room_for(submissions: int) -> Room:
    """Few may be told at length; of a class, each must fit."""
    return SMALL if submissions <= _SMALL_REPORT else CLASS


class Details:
    """Makes the students' blocks, and remembers texts that many share: data says those by their number."""

    def __init__(self, assignments: Mapping[str, int], room: Room) -> None:
        self._assignments, self._room = assignments, room
        self._texts: dict[str, int] = {}

    @property
    def texts(self) -> list[Json]:
        """The block `texts`: what numbers in blocks made so far stand for."""
        return [*self._texts]

    def student(self, results: Sequence[SubmissionResult]) -> Json:
        """The block of one student."""
        return [self._result(result) for result in results]

    def _result(self, result: SubmissionResult) -> Json:
        late = result.late
        return _without_empty(
            {
                "assignment": self._assignments[result.assignment],
                "verdict": VERDICTS.index(shown_verdict(result)),
                "score": finite_points(result.score),
                "mark": finite_points(result.mark),
                "max": finite_points(result.max_score),
                "submitted": moment(result.submitted),
                "late": [late.days, finite_points(late.penalty)] if late else None,
                "override": self._override(result.override) if result.override else None,
                "remarks": [self._message(remark) for remark in result.remarks],
                "withheld": [name(withheld) for withheld in result.withheld],
                "datasets": [self._case(case) for case in result.datasets],
            }
        )

    def _override(self, override: Override) -> Json:
        score = finite_points(override.score)
        return [score, self._message(override.reason), self._message(override.by), moment(override.at)]

    def _case(self, case: CaseResult) -> Json:
        return _without_empty(
            {
                "name": self._text(name(case.name)),
                "visibility": self._text(case.visibility.value.replace("-", " ")),
                "verdict": VERDICTS.index(shown_verdict(case)),
                "score": finite_points(case.score),
                "max": finite_points(case.max_score),
                "message": self._message(explained(case)),
                "hint": self._text(self._message(case.hint)) if case.hint else None,
                "reproduce": self._record(case.reproduce),
                "remarks": [self._message(remark) for remark in case.remarks],
                "difference": self._difference(case.difference, case.message) if case.difference else None,
                "runs": timeline.runs(case),
            }
        )

    def _difference(self, difference: Difference, message: str) -> Json:
        """In words how many lack and are too many, unless the message says so; both numbers; expected, got, where."""
        examples: list[Json] = [
            [self._record(one.expected), self._record(one.got), self._message(one.where)]
            for one in difference.examples[: self._room.examples]
        ]
        return [counts(difference, message), difference.missing, difference.unexpected, examples]

    def _record(self, text: str | None) -> str | None:
        return None if text is None else plain.visible(plain.clipped(text, self._room.record))

    def _message(self, text: str) -> str:
        """Text on lines of its own, as it may be shown."""
        lines = plain.visible_lines(text, self._room.lines)
        return "\n".join(plain.clipped(line, self._room.line) for line in lines)

    def _text(self, text: str) -> int:
        return self._texts.setdefault(text, len(self._texts))


def _without_empty(facts: dict[str, Json]) -> Json:
    """The facts without those that say nothing; 0 says something."""
    return {key: value for key, value in facts.items() if value not in (None, "", [])}
