"""The JSON report, version 1: what scripts and courses read, so it only ever grows; adds nothing to the results."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from grader.audience import for_audience, shown_verdict
from grader.model import (
    CaseResult,
    Difference,
    Example,
    GradeReport,
    Lateness,
    Override,
    RunRecord,
    Span,
    Student,
    SubmissionResult,
    Verdict,
)
from grader.reports import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = 1
PHASES = ("startup", "read", "map", "shuffle", "reduce", "write", "total")

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def render(report: GradeReport) -> Iterator[str]:
    r"""One JSON document, a line for each result: ASCII, no NaN, described by `report.schema.json`.

    Seconds are given to a microsecond. Bytes that were no text (a file's name, say) appear as `\udc80` spelt out.
    """
    report = for_audience(report, report.audience)
    head = ",\n ".join(f"{_dumped(key)}: {_dumped(value)}" for key, value in _head(report).items())
    yield f'{{{head},\n "results": ['
    for number, result in enumerate(report.results):
        yield f"{',' if number else ''}\n  {_dumped(_result(result))}"
    yield "\n ]}\n"


def _head(report: GradeReport) -> dict[str, Json]:
    sandbox = report.sandbox
    return {
        "version": VERSION,
        "pymapr": report.pymapr,
        "started": report.started,
        "audience": report.audience.value,
        "sandbox": {"level": sandbox.level, "layers": [*sandbox.layers], "missing": [*sandbox.missing]},
        "skipped": [*report.skipped],
    }


def _result(result: SubmissionResult) -> Json:
    return {
        "assignment": result.assignment,
        "submission": result.submission,
        "students": [_student(student) for student in result.students],
        "group": result.group,
        "submitted": result.submitted,
        "verdict": shown_verdict(result),
        "score": plain.tidy(result.score),
        "max_score": plain.tidy(result.max_score),
        "late": _late(result.late),
        "override": _override(result.override),
        "mark": plain.tidy(result.mark),
        "remarks": [*result.remarks],
        "withheld": [*result.withheld],
        "datasets": [_case(case) for case in result.datasets],
    }


def _student(student: Student) -> Json:
    ids: dict[str, Json] = dict(student.ids)
    return {"key": student.key, "name": student.name, "email": student.email, "login": student.login, "ids": ids}


def _late(late: Lateness | None) -> Json:
    return None if late is None else {"days": late.days, "penalty": plain.finite(late.penalty)}


def _override(override: Override | None) -> Json:
    if override is None:
        return None
    return {
        "score": plain.tidy(override.score),
        "reason": override.reason,
        "by": override.by,
        "at": override.at,
    }


def _case(case: CaseResult) -> Json:
    return {
        "name": case.name,
        "visibility": case.visibility.value,
        "concealed": case.concealed,
        "verdict": shown_verdict(case),
        "score": plain.tidy(case.score),
        "max_score": plain.tidy(case.max_score),
        "message": case.message,
        "hint": case.hint,
        "reproduce": case.reproduce,
        "remarks": [*case.remarks],
        "difference": _difference(case),
        "runs": [_run(run) for run in case.runs],
    }


def _difference(case: CaseResult) -> Json:
    """Null where nothing was compared or may be told: zeros would claim that nothing differs."""
    difference = case.difference
    if difference is None and (case.concealed or case.verdict is not Verdict.ACCEPTED):
        return None
    difference = difference or Difference(missing=0, unexpected=0)
    return {
        "missing": difference.missing,
        "unexpected": difference.unexpected,
        "examples": [_example(example) for example in difference.examples],
    }


def _example(example: Example) -> Json:
    return {"expected": example.expected, "got": example.got, "where": example.where}


def _run(run: RunRecord) -> Json:
    phases = dict.fromkeys(PHASES, 0.0) | dict(run.phases)
    return {
        "engine": run.engine,
        "workers": run.workers,
        "order": run.order,
        "wall": plain.finite(run.wall),
        "cpu": plain.finite(run.cpu),
        "phases": {phase: plain.finite(seconds) for phase, seconds in phases.items()},
        "spans": [_span(span) for span in run.spans],
    }


def _span(span: Span) -> Json:
    start, end = plain.finite(span.start), plain.finite(span.end)
    return {"worker": span.worker, "phase": span.phase, "start": start, "end": end}


def _dumped(value: Json) -> str:
    return json.dumps(_encodable(value), allow_nan=False)


def _encodable(value: Json) -> Json:
    """The value with lone surrogates spelt out: escaped as they are, strict readers refuse the whole document."""
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode("utf-8")
        case list():
            return [_encodable(item) for item in value]
        case dict():
            return {str(_encodable(key)): _encodable(item) for key, item in value.items()}
        case _:
            return value
