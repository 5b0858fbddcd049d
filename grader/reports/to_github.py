"""What GitHub shows of a run: annotations, the step's summary, GitHub Classroom's result; writes to none of them.

The runner obeys any line of a log that looks like a command. Ours are escaped; what else is printed and holds text of
students must pass through `quoted`.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from grader.audience import for_audience, shown_verdict
from grader.model import Audience, CaseResult, GradeReport, SubmissionResult, Verdict
from grader.reports import markdown, plain, standing, statement
from grader.reports.findings import findings, remarks
from grader.reports.single import numbers, the_submission

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Test = dict[str, str | int | None]
"""A test in GitHub Classroom's JSON."""

SUMMARY_BYTES = 1_000_000
"""What a step's summary may hold with a margin: above 1 MiB GitHub shows nothing of it."""

_EACH_KIND = 10  # annotations that GitHub shows of a kind and step
_MESSAGE_CHARACTERS = 4000
_TITLE_CHARACTERS = 200
_RESERVE = 200


@dataclass(frozen=True, kw_only=True)
class _Annotation:
    kind: str
    title: str
    message: str
    file: str = ""
    line: int = 0


def render(report: GradeReport, *, files: Mapping[str, str] | None = None) -> Iterator[str]:
    """The annotations, a line each: failures are errors, what could not be judged a warning, remarks notices.

    files: for each assignment the submitted file's path from the repository's root, so that the annotation stands
    beside it. At most ten of a kind, which is all that GitHub shows: the last then counts those left out.
    """
    report = for_audience(report, report.audience)
    kinds: dict[str, list[_Annotation]] = {"error": [], "warning": [], "notice": [_tally(report.results)]}
    for result in report.results:
        for annotation in _annotations(result, (files or {}).get(result.assignment, "")):
            kinds[annotation.kind].append(annotation)
    for alike in kinds.values():
        yield from (_command(annotation) for annotation in _at_most(alike, _EACH_KIND))


def summary(report: GradeReport, *, limit: int = SUMMARY_BYTES) -> Iterator[str]:
    """The Markdown report for the step's summary, in at most `limit` bytes; says if it had to leave out any."""
    used = 0
    for block in markdown.blocks(report):
        used += len(block.encode())
        if used > limit - _RESERVE:
            yield "\n\nThe report is longer than a step's summary may be; the rest was left out.\n"
            return
        yield block


def quoted(text: Iterable[str], token: str) -> Iterator[str]:
    """The text with the runner deaf to commands in it, until it hears `token`: a fresh secret, unknown to students."""
    if not re.fullmatch(r"[A-Za-z0-9]{16,}", token):
        raise ValueError("the token must be at least 16 letters and digits")
    yield f"::stop-commands::{token}\n"
    yield from text
    # On a line of its own, whether or not the text ended its last one.
    yield f"\n::{token}::\n"


def classroom(report: GradeReport) -> Iterator[str]:
    """The line for `$GITHUB_OUTPUT` that GitHub Classroom's reporter reads: `result=` and JSON in base64.

    Points are whole numbers there: where ours are not, all are given in hundredths. Lateness or an override is a
    test of its own with the difference, since the reporter adds up the tests. Raises as `the_submission` does.
    """
    results = the_submission(for_audience(report, Audience.STUDENT), platform="GitHub Classroom")
    scale = plain.scale(numbers(results))
    tests = [test for result in results for test in _tests(result, scale)]
    document = {
        "version": 1,
        "status": "pass" if all(test["status"] == "pass" for test in tests) else "fail",
        "message": None,
        "max_score": plain.whole(sum(result.max_score for result in results), scale),
        "tests": tests,
    }
    packed = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
    yield f"result={base64.b64encode(packed).decode()}\n"


# ---- annotations -----------------------------------------------------------------------------------------------------


def _annotations(result: SubmissionResult, file: str) -> Iterator[_Annotation]:
    title = f"{plain.visible(result.assignment)}: {standing.title(result)}"
    for finding in findings(result):
        message = "\n".join(statement.of_finding(finding))
        kind = "warning" if finding.verdict == Verdict.GRADER_ERROR else "error"
        line = _line(message, file)
        yield _Annotation(kind=kind, title=f"{finding.verdict}: {title}", message=message, file=file, line=line)
    told = [f"{label}: {text}" for label, text in standing.facts(result)]
    told += [f"{statement.names(remark.datasets)}: {plain.visible(remark.text)}" for remark in remarks(result)]
    if told:
        yield _Annotation(kind="notice", title=title, message="\n".join(told), file=file)


def _tally(results: Sequence[SubmissionResult]) -> _Annotation:
    if len(results) == 1:
        [result] = results
        points = f"{plain.points(result.mark)} of {plain.points(result.max_score)} points"
        return _Annotation(kind="notice", title="pymapr", message=f"{shown_verdict(result)}: {points}")
    accepted = sum(shown_verdict(result) == Verdict.ACCEPTED for result in results)
    said = f"{plain.count(len(results), 'submission')}: {accepted:,} accepted"
    return _Annotation(kind="notice", title="pymapr", message=said)


def _at_most(alike: Sequence[_Annotation], limit: int) -> Iterator[_Annotation]:
    if len(alike) <= limit:
        yield from alike
        return
    yield from alike[: limit - 1]
    left = len(alike) - limit + 1
    said = f"{left:,} more are not shown here: GitHub shows {limit} of a kind. The step's summary has them."
    yield _Annotation(kind=alike[0].kind, title="pymapr", message=said)


def _line(message: str, file: str) -> int:
    """The first line of the submitted file that the message names; 0 if none."""
    name = PurePosixPath(file).name
    found = re.search(rf"(?<![\w.]){re.escape(name)}:([0-9]{{1,6}})\b", message) if name else None
    return int(found[1]) if found else 0


def _command(annotation: _Annotation) -> str:
    properties = {
        "file": annotation.file,
        "line": str(annotation.line) if annotation.line else "",
        "title": plain.clipped(annotation.title, _TITLE_CHARACTERS),
    }
    said = ",".join(f"{name}={_property(plain.visible(value))}" for name, value in properties.items() if value)
    return f"::{annotation.kind} {said}::{_data(plain.clipped(annotation.message, _MESSAGE_CHARACTERS))}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


# ---- GitHub Classroom ------------------------------------------------------------------------------------------------


def _tests(result: SubmissionResult, scale: int) -> Iterator[Test]:
    for case in result.datasets:
        yield _test(case, f"{result.assignment}: {case.name}", scale)
    earned = sum(plain.whole(case.score or 0.0, scale) for case in result.datasets)
    if difference := plain.whole(result.mark or 0.0, scale) - earned:
        label = "override" if result.override else "late"
        told = "; ".join(f"{name}: {text}" for name, text in standing.facts(result))
        yield _entry(f"{result.assignment}: {label}", "pass" if difference > 0 else "fail", told, difference)


def _test(case: CaseResult, name: str, scale: int) -> Test:
    passed = case.verdict is Verdict.ACCEPTED
    message = None if passed else "\n".join(statement.lines(case))
    seconds = sum(plain.finite(run.wall) or 0.0 for run in case.runs)
    score = plain.whole(case.score or 0.0, scale)
    return _entry(name, "pass" if passed else "fail", message, score, seconds)


def _entry(name: str, status: str, message: str | None, score: int, seconds: float = 0.0) -> Test:
    return {
        "name": plain.visible(name),
        "status": status,
        "message": message,
        "test_code": "",
        "filename": "",
        "line_no": 0,
        "execution_time": f"{seconds * 1000:.0f}ms",
        "score": score,
    }
