"""One whole document for a class or for one student; obeys the report's audience, and judges nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.audience import for_audience
from grader.reports import plain
from grader.reports.html import scriptless, shell
from grader.reports.html.details import Details, room_for
from grader.reports.html.rows import assignment_places, by_student, name, overview

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from grader.model import GradeReport, SubmissionResult


def document(report: GradeReport, *, mark: str = "") -> Iterator[str]:
    """The document, piece by piece: UTF-8 can say all of it.

    mark: what stands in its `<meta name="pymapr-feedback">`, by which a later run knows its own files.
    """
    report = for_audience(report, report.audience)
    students = by_student(report)
    return shell.framed(
        title=_title(report),
        mark=mark,
        version=plain.visible(report.pymapr),
        scriptless="".join(scriptless.body(students)),
        overview=shell.block("report", overview(report, students)),
        rest=_details(report, students),
    )


def _details(report: GradeReport, students: Sequence[Sequence[SubmissionResult]]) -> Iterator[str]:
    details = Details(assignment_places(report), room_for(len(report.results)))
    for number, results in enumerate(students):
        yield shell.block(f"student-{number}", details.student(results))
    yield shell.block("texts", details.texts)


def _title(report: GradeReport) -> str:
    """Whose report this is, for the window and the bookmark."""
    for kind in ("submission", "assignment"):
        if len(only := {getattr(result, kind) for result in report.results}) == 1:
            return f"{name(only.pop())} · pymapr"
    return "Class report · pymapr"
