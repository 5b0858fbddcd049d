"""What pytest prints of a judgement, a missed declaration or an error; no table, no colour, no width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.audience import shown_verdict
from grader.reports import plain, statement

if TYPE_CHECKING:
    from grader.errors import GraderError
    from grader.model import CaseResult, SubmissionResult, Verdict

_ERROR_LINES = 200


def case(judged: CaseResult, declared: Verdict | None = None) -> str:
    """All that may be said of a judgement: verdict, message, examples of the difference, points, hint, command, remark.

    declared: the verdict that the assignment says it should have got.
    """
    return "\n".join(statement.lines(judged, declared))


def declaration(result: SubmissionResult, declared: Verdict) -> str:
    """That a sample did not get the verdict it was declared to get, and what it got on each dataset."""
    opening = f"{shown_verdict(result)}: samples: in assignment.yaml declares {declared}"
    each = (f"  {plain.visible(judged.name)}: {shown_verdict(judged)}" for judged in result.datasets)
    return "\n".join([opening, *each, "hint: mend the sample, the datasets, or the declaration"])


def error(problem: GraderError) -> list[str]:
    """The lines of what was raised on purpose, and its mend."""
    hint = [f"hint: {plain.visible(problem.hint)}"] if problem.hint else []
    return [*plain.visible_lines(problem.message, _ERROR_LINES), *hint]
