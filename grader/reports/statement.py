"""What can be said of a judgement or a submission in plain lines, for whoever frames them; lays out no table.

Whatever came from a submission passes through `plain` on its way here, and its further lines stand behind a bar: it can
neither steer a terminal nor pass for a line of ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.audience import shown_verdict
from grader.reports import plain
from grader.reports.findings import Finding, explained, findings, remarks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from grader.model import CaseResult, Difference, Example, SubmissionResult, Verdict

_EXAMPLES = 3
_RECORD_CHARACTERS = 160
_LINE_CHARACTERS = 400
_MESSAGE_LINES = 12


def lines(judged: CaseResult, declared: Verdict | None = None) -> Iterator[str]:
    """A judgement: verdict, message, examples of the difference, points, hint, command, remarks.

    declared: the verdict that the assignment says it should have got.
    """
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


def explanation(result: SubmissionResult) -> Iterator[str]:
    """All that is wrong with a submission, and the remarks on its datasets: what they have in common is said once."""
    for finding in findings(result):
        yield finding.verdict
        yield from (f"  {line}" for line in of_finding(finding))
    for remark in remarks(result):
        yield from _quoted(f"remark on {names(remark.datasets)}", remark.text)


def of_finding(finding: Finding) -> Iterator[str]:
    """One finding without its verdict: what was seen in which datasets, the hint and the command."""
    for sight in finding.sights:
        yield from _quoted(names(sight.datasets), sight.message)
        if sight.difference:
            yield from _difference(sight.difference)
    if finding.hint:
        yield f"hint: {plain.visible(finding.hint)}"
    if finding.reproduce:
        yield f"reproduce: {plain.visible(finding.reproduce)}"


def names(texts: Iterable[str]) -> str:
    """Names, made visible, with commas between them."""
    return ", ".join(plain.visible(text) for text in texts)


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
