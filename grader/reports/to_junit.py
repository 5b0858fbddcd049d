"""JUnit XML, for whatever shows test results: a suite for each submission, a case for each dataset.

A wrong answer is a `failure`, what could not be judged an `error`, what was not judged `skipped`. Points stand in
properties, as `record_property` of pytest writes them: JUnit has no place for them. Jenkins' own schema allows
properties on suites only; its `junit` step and all other readers that we know take them on cases too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from grader.audience import for_audience, shown_verdict
from grader.model import CaseResult, GradeReport, SubmissionResult, Verdict
from grader.reports import plain, standing, statement
from grader.reports.findings import explained

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_MESSAGE_CHARACTERS = 400


def render(report: GradeReport) -> Iterator[str]:
    r"""One XML document in ASCII. What XML forbids, or what cannot be seen, is spelt out: `\x00`, `\u202e`."""
    report = for_audience(report, report.audience)
    yield '<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="pymapr">\n'
    for result in report.results:
        yield _suite(report, result)
    if report.skipped:
        yield _tag("testsuite", *_counted("not judged", [_skip(text, "not judged", text) for text in report.skipped]))
    yield "</testsuites>\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    """A written case, and what became of it: `failure`, `error`, `skipped`, or empty."""

    xml: str
    outcome: str


def _suite(report: GradeReport, result: SubmissionResult) -> str:
    name = f"{result.assignment}: {result.submission}"
    cases = [_case(case, name) for case in result.datasets]
    cases += [_skip(withheld, name, "withheld") for withheld in result.withheld]
    attributes, content = _counted(name, cases)
    measured = {"time": _time(result.datasets), "timestamp": report.started}
    return _tag("testsuite", attributes | measured, _properties(*_facts(result)) + content)


def _counted(name: str, cases: Sequence[_Case]) -> tuple[dict[str, str], str]:
    """A suite's attributes, which say how many cases of each kind it has, and the cases."""
    outcomes = [case.outcome for case in cases]
    counts = {attribute: str(outcomes.count(outcome)) for attribute, outcome in _COUNTS.items()}
    return {"name": name, "tests": str(len(cases)), **counts}, "".join(case.xml for case in cases)


_COUNTS = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def _case(case: CaseResult, suite: str) -> _Case:
    properties = _properties(
        ("points", plain.exact(case.score)),
        ("max_points", plain.exact(case.max_score)),
        ("verdict", shown_verdict(case)),
        ("visibility", case.visibility.value),
    )
    outcome, told = _told(case)
    attributes = {"classname": suite, "name": case.name, "time": _time([case])}
    return _Case(xml=_tag("testcase", attributes, properties + told), outcome=outcome)


def _told(case: CaseResult) -> tuple[str, str]:
    """What became of a case, and the element that says so: of one that was accepted, its remarks."""
    text = escape("\n".join(statement.lines(case)))
    if case.verdict is Verdict.ACCEPTED:
        return "", _tag("system-out", {}, text) if case.remarks else ""
    outcome = "error" if case.verdict is Verdict.GRADER_ERROR else "failure"
    return outcome, _tag(outcome, {"type": shown_verdict(case), "message": _first_line(case)}, text)


def _skip(name: str, suite: str, why: str) -> _Case:
    skipped = _tag("skipped", {"type": "not-judged", "message": why})
    return _Case(xml=_tag("testcase", {"classname": suite, "name": name, "time": "0"}, skipped), outcome="skipped")


def _facts(result: SubmissionResult) -> Iterator[tuple[str, str]]:
    yield "verdict", shown_verdict(result)
    yield "score", plain.exact(result.score)
    yield "max_score", plain.exact(result.max_score)
    yield "mark", plain.exact(result.mark)
    yield "students", ", ".join(standing.called(student) for student in result.students)
    yield "submitted", result.submitted
    yield from ((label, text) for label, text in standing.facts(result) if label != "mark")


def _properties(*values: tuple[str, str]) -> str:
    """The properties that have a value."""
    each = (_tag("property", {"name": name, "value": value}) for name, value in values if value)
    return _tag("properties", {}, "".join(each))


def _tag(name: str, attributes: Mapping[str, str], content: str = "") -> str:
    """An element in ASCII. Its content is written or escaped already, its attributes are not."""
    opening = "".join([name, *(f" {key}={quoteattr(plain.visible(value))}" for key, value in attributes.items())])
    element = f"<{opening}>{content}</{name}>\n" if content else f"<{opening}/>\n"
    return element if element.isascii() else element.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _first_line(case: CaseResult) -> str:
    first, *_more = plain.visible_lines(explained(case), 1)
    return plain.clipped(first, _MESSAGE_CHARACTERS) or shown_verdict(case)


def _time(cases: Sequence[CaseResult]) -> str:
    """Seconds of wall time over all runs; no commas, no exponent."""
    return f"{sum(plain.finite(run.wall) or 0.0 for case in cases for run in case.runs):.3f}"
