"""CSV for spreadsheets: a row for each student and assignment; carries no examples and no timings.

The long form, since it is what pivot tables, filters and scripts want: verdict, lateness and remarks stand beside the
mark they explain, and another assignment is more rows, not other columns. A group's mark is a row for each member.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

from grader.audience import for_audience, shown_verdict
from grader.reports import plain, standing, statement
from grader.reports.findings import findings, remarks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.model import CaseResult, GradeReport, Student, SubmissionResult

COLUMNS = (
    "assignment",
    "submission",
    "student",
    "name",
    "email",
    "login",
    "group",
    "submitted",
    "verdict",
    "score",
    "max_score",
    "days_late",
    "penalty",
    "override",
    "mark",
    "datasets",
    "findings",
    "remarks",
)

Value = str | int | float | None

_CHARACTERS = 2000
# What spreadsheets take for the beginning of a formula, also behind spaces and quotes; some take the wide forms too.
_FORMULA = re.compile(r"""[\s'"]*[=+\-@\uff1d\uff0b\uff0d\uff20]""")


def render(report: GradeReport) -> Iterator[str]:
    r"""A header and the rows, in Excel's dialect: commas, `\r\n`, and UTF-8 with a BOM, without which Excel garbles it.

    Texts are quoted and numbers are not; a number that does not exist is empty. Write it with `newline=""`.
    """
    report = for_audience(report, report.audience)
    writer = csv.writer(_Echo(), dialect="excel", quoting=csv.QUOTE_NONNUMERIC)
    yield "\ufeff" + str(writer.writerow(COLUMNS))
    for result in report.results:
        shared = _row(result)
        for student in result.students or (None,):
            row = shared | _student(student)
            yield str(writer.writerow([_cell(row[column]) for column in COLUMNS]))


class _Echo:
    """A file that gives back what is written to it: `writerow` then returns the row."""

    def write(self, text: str) -> str:
        return text


def _row(result: SubmissionResult) -> dict[str, Value]:
    late, override = result.late, result.override
    return {
        "assignment": result.assignment,
        "submission": result.submission,
        "group": result.group,
        "submitted": result.submitted,
        "verdict": shown_verdict(result),
        "score": plain.tidy(result.score),
        "max_score": plain.tidy(result.max_score),
        "days_late": late.days if late else None,
        "penalty": plain.tidy(late.penalty) if late else None,
        "override": plain.tidy(override.score) if override else None,
        "mark": plain.tidy(result.mark),
        "datasets": "; ".join(_dataset(case) for case in result.datasets),
        "findings": _findings(result),
        "remarks": "; ".join(_remarks(result)),
    }


def _student(student: Student | None) -> dict[str, Value]:
    if student is None:
        return dict.fromkeys(("student", "name", "email", "login"), "")
    return {"student": student.key, "name": student.name, "email": student.email, "login": student.login}


def _dataset(case: CaseResult) -> str:
    return f"{case.name}: {shown_verdict(case)} {plain.points(case.score)}/{plain.points(case.max_score)}"


def _findings(result: SubmissionResult) -> str:
    """What was seen of each kind of failure, without examples: those are records, and too long for a cell."""
    return "; ".join(
        f"{finding.verdict} ({statement.names(sight.datasets)}): {sight.message}".removesuffix(": ")
        for finding in findings(result)
        for sight in finding.sights
    )


def _remarks(result: SubmissionResult) -> Iterator[str]:
    yield from (text for label, text in standing.facts(result) if label in ("override", "remark"))
    yield from (f"{statement.names(remark.datasets)}: {remark.text}" for remark in remarks(result))


def _cell(value: Value) -> Value:
    """A number as it is; a text on one line that no spreadsheet takes for a formula."""
    if not isinstance(value, str):
        return value
    text = plain.visible(plain.clipped(value, _CHARACTERS))
    return f"'{text}" if _FORMULA.match(text) else text
