"""The overview's data: who took part, and a row of a few numbers for each submission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.audience import FAILED, shown_verdict
from grader.model import Audience, Verdict
from grader.reports import plain
from grader.reports.speed import speed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.model import GradeReport, SubmissionResult
    from grader.reports.html.shell import Json

VERDICTS = (*(verdict.value for verdict in Verdict), FAILED)
"""As `shown_verdict` gives them; data says them by their place here."""

_NAME_CHARACTERS = 200


def name(text: str) -> str:
    """A name as it is shown: visible, on one line, of a bearable length."""
    return plain.visible(plain.clipped(text, _NAME_CHARACTERS))


def moment(text: str) -> str:
    """An ISO 8601 time as one reads it: `2026-03-01 12:00 +00:00`."""
    shown = name(text)
    day, t, rest = shown.partition("T")
    zone = rest.lstrip("0123456789:.")
    return f"{day} {rest[:5]} {zone}".strip() if t and len(day) == len("2026-03-01") else shown


def overview(report: GradeReport, students: Sequence[Sequence[SubmissionResult]]) -> Json:
    """The block `report`: `students` are the results of each, in the order of the blocks with their details."""
    assignments = assignment_places(report)
    told = report.audience is Audience.INSTRUCTOR
    return {
        "pymapr": plain.visible(report.pymapr),
        "started": moment(report.started),
        "audience": report.audience.value,
        "sandbox": {
            "level": report.sandbox.level,
            "layers": [name(layer) for layer in report.sandbox.layers],
            "missing": [name(layer) for layer in report.sandbox.missing],
        },
        "skipped": [plain.visible(plain.clipped(line, 4 * _NAME_CHARACTERS)) for line in report.skipped],
        "verdicts": [*VERDICTS],
        "assignments": [name(assignment) for assignment in assignments],
        "students": [_student(results[0], told=told) for results in students],
        "rows": [
            _row(number, assignments[result.assignment], result)
            for number, results in enumerate(students)
            for result in results
        ],
    }


def assignment_places(report: GradeReport) -> dict[str, int]:
    """Each assignment's number, in the order in which they were graded."""
    return {text: place for place, text in enumerate(dict.fromkeys(result.assignment for result in report.results))}


def by_student(report: GradeReport) -> list[list[SubmissionResult]]:
    """The results of each who handed in, in the order of the report."""
    groups: dict[str, list[SubmissionResult]] = {}
    for result in report.results:
        groups.setdefault(result.submission, []).append(result)
    return [*groups.values()]


def finite_points(value: float | None) -> float | None:
    """Points as data: null where there is no mark."""
    return None if value is None else plain.finite(value)


def _student(result: SubmissionResult, *, told: bool) -> Json:
    """The submission's name, who they are, their group, and for instructors what else one might search for."""
    people = [name(one.name or one.key) for one in result.students]
    words = [word for one in result.students for word in (one.key, one.email, one.login) if word] if told else []
    return [name(result.submission), [*people], name(result.group), name(" ".join(words))]


def _row(student: int, assignment: int, result: SubmissionResult) -> Json:
    """Student, assignment, verdict, mark, points possible, seconds serial and parallel, days late, overridden."""
    paces = speed(result.datasets)
    serial = paces.serial.total if paces else None
    parallel = paces.parallel.total if paces and paces.parallel else None
    return [
        student,
        assignment,
        VERDICTS.index(shown_verdict(result)),
        finite_points(result.mark),
        finite_points(result.max_score),
        _seconds(serial),
        _seconds(parallel),
        result.late.days if result.late else 0,
        int(result.override is not None),
    ]


def _seconds(value: float | None) -> float | None:
    finite = None if value is None else plain.finite(value)
    return None if finite is None else float(f"{finite:.3g}")
