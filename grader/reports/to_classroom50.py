"""Classroom 50's `result.json`, schema `classroom50/result/v1`; invents nothing that its runner must know."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from grader.audience import for_audience, shown_verdict
from grader.errors import UsageError
from grader.model import Audience, CaseResult, GradeReport, SubmissionResult, Verdict
from grader.reports import plain, statement
from grader.reports.single import numbers, the_submission

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

SCHEMA = "classroom50/result/v1"
# Each key of the result, and the variables of the runner's that may hold it, the better one first.
_VARIABLES = {
    "classroom": ("CLASSROOM",),
    "assignment": ("ASSIGNMENT",),
    "assignment_type": ("ASSIGNMENT_TYPE", "MODE"),
    "owner": ("OWNER", "USERNAME"),
    "submission": ("SUBMISSION_TAG",),
    "commit": ("COMMIT_URL",),
    "release": ("RELEASE_URL",),
    "review": ("REVIEW_URL", "COMMIT_URL"),
}
_TYPES = ("individual", "group", "team")
_TAG = "submit/"


def render(report: GradeReport, environ: Mapping[str, str]) -> Iterator[str]:
    """One JSON document, as students may see it: a release of their own repository will hold it.

    Points are whole numbers there: where ours are not, all are given in hundredths.

    environ: the runner's variables (`CLASSROOM`, `SUBMISSION_TAG`, `COMMIT_URL`, ...). Raises `UsageError` where one
    lacks or cannot be, and as `the_submission` does.
    """
    results = the_submission(for_audience(report, Audience.STUDENT), platform="Classroom 50")
    scale = plain.scale(numbers(results))
    best = plain.whole(sum(result.max_score for result in results), scale)
    document: dict[str, Json] = {
        "schema": SCHEMA,
        **_identity(environ),
        "datetime": _utc(results[0].submitted or report.started),
        "graded_at": _utc(report.started),
        "score": max(0, min(best, plain.whole(sum(result.mark or 0.0 for result in results), scale))),
        "max-score": best,
        "tests": [
            _test(case, result, scale, several=len(results) > 1) for result in results for case in result.datasets
        ],
    }
    yield json.dumps(document, indent=1, allow_nan=False) + "\n"


def _identity(environ: Mapping[str, str]) -> dict[str, Json]:
    found = {key: next(filter(None, map(environ.get, names)), "") for key, names in _VARIABLES.items()}
    found["assignment_type"] = found["assignment_type"] or _TYPES[0]
    if missing := [" or ".join(_VARIABLES[key]) for key, value in found.items() if not value]:
        raise UsageError(
            f"no result for Classroom 50: the environment lacks {', '.join(missing)}",
            "run this in Classroom 50's autograder, which sets them",
        )
    if found["assignment_type"] not in _TYPES:
        raise _refused("ASSIGNMENT_TYPE", found["assignment_type"], f"is none of {', '.join(_TYPES)}")
    if not found["submission"].startswith(_TAG):
        raise _refused("SUBMISSION_TAG", found["submission"], f"does not begin with {_TAG}")
    return {key: plain.visible(value) for key, value in found.items()}


def _refused(variable: str, value: str, why: str) -> UsageError:
    said = f"no result for Classroom 50: {variable} is {plain.visible(plain.clipped(value, 100))!r}, which {why}"
    return UsageError(said, "leave the runner's variables as they are")


def _test(case: CaseResult, result: SubmissionResult, scale: int, *, several: bool) -> Json:
    best = plain.whole(case.max_score, scale)
    return {
        "test-name": plain.visible(f"{result.assignment}: {case.name}" if several else case.name) or "(no name)",
        "passed": case.verdict is Verdict.ACCEPTED,
        "score": min(best, plain.whole(case.score or 0.0, scale)),
        "max-score": best,
        "verdict": shown_verdict(case),
        "output": "\n".join(statement.lines(case)),
    }


def _utc(moment: str) -> str:
    """An ISO 8601 moment as Classroom 50 writes it: UTC, to the second."""
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
