"""The one submission of a report, for platforms that grade one at a time; refuses what would become a wrong mark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.errors import InfrastructureError, UsageError
from grader.model import SubmissionResult, Verdict
from grader.reports import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from grader.model import GradeReport

_CHARACTERS = 200


def the_submission(report: GradeReport, *, platform: str) -> tuple[SubmissionResult, ...]:
    """The results of the one submission that the report is about, one for each assignment.

    Raises `UsageError` where there is none, or more than one; `InfrastructureError` where something could not be
    judged: these platforms know no absent mark, and would give a zero.
    """
    names = dict.fromkeys(result.submission for result in report.results)
    if len(names) != 1:
        found = "nothing was graded" if not names else f"{len(names)} submissions were graded"
        raise UsageError(f"{platform} takes the result of one submission; {found}", "grade with --submission")
    for result in report.results:
        if result.mark is None:
            raise InfrastructureError(
                f"no result for {platform}: {_unjudged(result)} could not be judged, and it would be given a zero",
                "see the other reports for what went wrong, and grade again",
            )
    return report.results


def numbers(results: Iterable[SubmissionResult]) -> Iterator[float | None]:
    """Every number of points in the results."""
    for result in results:
        yield from (result.mark, result.max_score)
        for case in result.datasets:
            yield from (case.score, case.max_score)


def _unjudged(result: SubmissionResult) -> str:
    broken = [case.name for case in result.datasets if case.verdict is Verdict.GRADER_ERROR]
    return plain.visible(plain.clipped(f"{result.assignment}: {', '.join(broken)}", _CHARACTERS))
