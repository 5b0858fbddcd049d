"""One judgement in plain lines, for what has its own frame around them (pytest, JUnit); no table, no colour, no width.

Whatever came from a submission passes through `plain` on its way here, and its further lines stand behind a bar: it can
neither steer a terminal nor pass for a line of ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.audience import shown_verdict
from grader.reports import plain
from grader.reports.findings import explained

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.errors import GraderError
    from grader.model import CaseResult, Difference, Example, SubmissionResult, Verdict

_EXAMPLES = 3
_RECORD_CHARACTERS = 160
_LINE_CHARACTERS = 400
_MESSAGE_LINES = 12
_ERROR_LINES = 200


def case(judged: CaseResult, declared: Verdict | None = None) -> str:
    """All that may be said of a judgement: verdict, message, examples of the difference, points, hint, command, remark.

    declared: the verdict that the assignment says it should have got.
    """
    return "\n".join(_case(judged, declared))


def declaration(result: SubmissionResult, declared: Verdict) -> str:
    """That a sample did not get the verdict it was declared to get, and what it got on each dataset."""
    opening = f"{shown_verdict(result)}: samples: in assignment.yaml declares {declared}"
    each = (f"  {plain.visible(judged.name)}: {shown_verdict(judged)}" for judged in result.datasets)
    return "\n".join([opening, *each, "hint: mend the sample, the datasets, or the declaration"])


def error(problem: GraderError) -> list[str]:
    """The lines of what was raised on purpose, and its mend."""
    hint = [f"hint: {plain.visible(problem.hint)}"] if problem.hint else []
    return [*plain.visible_lines(problem.message, _ERROR_LINES), *hint]


def _case(judged: CaseResult, declared: Verdict | None) -> Iterator[str]:
    yield from _quoted(shown_verdict(judged), explained(judged))
    if judged.difference:
        yield from _difference(judged.difference)
    if declared is not None:
        yield f"declared: {declared} (samples: in assignment.yaml)"
    yield f"points: {plain.points(judged.score)} of {plain.points(judged.max_score)}"
    if judged.hint:
        yield f"hint: {plain.visible(judged.hint)}"
    if judged.reproduce:
        yield f"reproduce: {plain.visible(judged.reproduce)}"
    for remark in judged.remarks:
        yield from _quoted("remark", remark)


def _quoted(opening: str, text: str) -> Iterator[str]:
    first, *more = [plain.clipped(line, _LINE_CHARACTERS) for line in plain.visible_lines(text, _MESSAGE_LINES)]
    yield f"{opening}: {first}" if first else opening
    yield from (f"  │ {line}" for line in more)


def _difference(difference: Difference) -> Iterator[str]:
    examples = difference.examples[:_EXAMPLES]
    for example in examples:
        yield from _example(example)
    told = sum((example.expected is not None) + (example.got is not None) for example in examples)
    if examples and (more := difference.missing + difference.unexpected - told) > 0:
        yield f"  … and {plain.count(more, 'record')} more"


def _example(example: Example) -> Iterator[str]:
    expected, got = _record(example.expected), _record(example.got)
    if example.expected is None:
        yield f"  unexpected {got}"
    elif example.got is None:
        yield f"  missing {expected}"
    else:
        yield f"  expected {expected}, got {got}"
        if example.where:
            yield f"    {plain.visible(plain.clipped(example.where, _LINE_CHARACTERS))}"


def _record(text: str | None) -> str:
    return plain.visible(plain.clipped(text or "", _RECORD_CHARACTERS))
