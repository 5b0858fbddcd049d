"""A report in Markdown, block by block; nothing that came from a student renders as markup, a link or a mention.

On a line, such text stands in `<code>` with every sign of ASCII as an entity: entities are never markup, not even
between the bars of a table, and no host looks for mentions, emoji or issue numbers in code. Longer text stands in a
fence that is longer than any run of backticks within.
"""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING

from grader.audience import for_audience, shown_verdict
from grader.reports import plain, standing, statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from grader.model import GradeReport, SubmissionResult

_CHARACTERS = 400
_ENTITIES = str.maketrans({sign: f"&#{ord(sign)};" for sign in string.punctuation if sign not in "-,"})
# An address would become a link even in <code>: a space of no width after the sign, which is never the student's own.
_AT = "&#64;"
_BROKEN_AT = "&#64;&#8203;"


def blocks(report: GradeReport) -> Iterator[str]:
    """The report in pieces that are complete by themselves: tables' rows, and a section for each submission."""
    report = for_audience(report, report.audience)
    yield "# Grading report\n"
    for assignment, results in by_assignment(report.results).items():
        yield f"\n## {code(assignment)}\n\n| submission | verdict | points | mark |\n| :--- | :--- | ---: | ---: |\n"
        yield from (_row(result) for result in results)
    for result in report.results:
        yield from _section(result)
    yield "\n" + "".join(f"- {line}\n" for line in _closing(report))


def code(text: str) -> str:
    """The text on one line, as code that contains no markup; an empty one is a dash."""
    shown = plain.visible(plain.clipped(text, _CHARACTERS)).strip()
    return f"<code>{shown.translate(_ENTITIES).replace(_AT, _BROKEN_AT)}</code>" if shown else "-"


def fenced(lines: Iterable[str]) -> str:
    """The lines, already visible, as a block in which nothing acts."""
    text = "\n".join(lines)
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}text\n{text}\n{fence}\n"


def by_assignment(results: Iterable[SubmissionResult]) -> Mapping[str, list[SubmissionResult]]:
    """The results of each assignment, in the order of first appearance."""
    groups: dict[str, list[SubmissionResult]] = {}
    for result in results:
        groups.setdefault(result.assignment, []).append(result)
    return groups


def _row(result: SubmissionResult) -> str:
    points = f"{plain.points(result.score)}/{plain.points(result.max_score)}"
    return f"| {code(standing.title(result))} | {shown_verdict(result)} | {points} | {plain.points(result.mark)} |\n"


def _section(result: SubmissionResult) -> Iterator[str]:
    facts = [f"- {label}: {code(text)}\n" for label, text in standing.facts(result)]
    told = [*statement.explanation(result)]
    if facts or told:
        heading = f"\n### {code(result.assignment)} {code(standing.title(result))}\n\n"
        yield heading + "".join(facts) + ("\n" if facts and told else "") + (fenced(told) if told else "")


def _closing(report: GradeReport) -> Iterator[str]:
    yield from (f"skipped: {code(text)}" for text in report.skipped)
    withheld = dict.fromkeys((result.assignment, result.withheld) for result in report.results if result.withheld)
    for assignment, names in withheld:
        yield f"withheld, so not judged: {code(assignment)} {code(', '.join(names))}"
    number = plain.count(len(report.results), "submission")
    yield f"{number}, sandbox level {report.sandbox.level}, pymapr {plain.visible(report.pymapr)}"
