"""What a reader without scripts sees: one student's feedback in full; of a class, that it takes a browser's scripts."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from grader.audience import shown_verdict
from grader.reports import plain
from grader.reports.findings import findings
from grader.reports.html.rows import name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from grader.model import SubmissionResult
    from grader.reports.findings import Finding

_LINES = 12
_CHARACTERS = 2000


def body(students: Sequence[Sequence[SubmissionResult]]) -> Iterator[str]:
    """What the script removes. No `noscript`: there are systems that show a page, and strip its scripts."""
    yield '<div class="page" id="scriptless">\n'
    if len(students) == 1:
        for result in students[0]:
            yield from _result(result)
    else:
        yield "<p>A script in this file draws the report. If nothing else appears, please open it in a browser.</p>\n"
    yield "</div>\n"


def _result(result: SubmissionResult) -> Iterator[str]:
    yield f"<h1>{escape(name(result.assignment))} · <bdi>{escape(name(result.submission))}</bdi></h1>\n"
    yield f"<p>{shown_verdict(result)}: {plain.points(result.mark)} of {plain.points(result.max_score)} points</p>\n"
    yield "<ul>\n"
    for case in result.datasets:
        points = f"{plain.points(case.score)} of {plain.points(case.max_score)}"
        yield f"<li>{escape(name(case.name))}: {shown_verdict(case)}, {points} points</li>\n"
    yield "</ul>\n"
    for finding in findings(result):
        yield from _finding(finding)
    for remark in result.remarks:
        yield f"<p>{_escaped(remark)}</p>\n"


def _finding(finding: Finding) -> Iterator[str]:
    yield f"<h2>{finding.verdict}</h2>\n"
    for sight in finding.sights:
        names = ", ".join(escape(name(dataset)) for dataset in sight.datasets)
        yield f"<p>{names}: {_escaped(sight.message)}</p>\n"
        for example in sight.difference.examples if sight.difference else ():
            yield f"<p>expected <code>{_record(example.expected)}</code>, got <code>{_record(example.got)}</code></p>\n"
    if finding.hint:
        yield f"<p>Hint: {_escaped(finding.hint)}</p>\n"
    if finding.reproduce:
        yield f"<pre>{_escaped(finding.reproduce)}</pre>\n"


def _record(text: str | None) -> str:
    return "nothing" if text is None else _escaped(text)


def _escaped(text: str) -> str:
    lines = plain.visible_lines(text, _LINES)
    return "<br>".join(escape(plain.clipped(line, _CHARACTERS)) for line in lines)
