"""Gradescope's `results.json` for the one submission that its harness hands over; makes no score where there is none.

The audience decides who sees what. For students, hidden datasets show pass or fail to everybody, as in every other
format. For instructors they carry all details behind Gradescope's own visibility; it then shows students no total.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from grader.audience import for_audience, shown_verdict
from grader.model import CaseResult, GradeReport, SubmissionResult, Verdict, Visibility
from grader.reports import plain, standing, statement
from grader.reports.single import the_submission

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_VISIBILITIES = {
    Visibility.PUBLIC: "visible",
    Visibility.HIDDEN: "hidden",
    Visibility.AFTER_DEADLINE: "after_due_date",
}


def render(report: GradeReport) -> Iterator[str]:
    """One JSON document: a test for each dataset, and the mark as the score, which overrides the tests' sum.

    Raises as `the_submission` does: Gradescope then says that the autograder failed, which is no zero.
    """
    results = the_submission(for_audience(report, report.audience), platform="Gradescope")
    document: dict[str, Json] = {
        "score": plain.tidy(sum(result.mark or 0.0 for result in results)),
        "output": "\n".join(_output(report, results)),
        # Whatever is not declared to be text is read as a kind of HTML.
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "execution_time": round(sum(_seconds(case) for result in results for case in result.datasets), 3),
        "tests": [
            _test(case, result, f"{number}.{place}", several=len(results) > 1)
            for number, result in enumerate(results, 1)
            for place, case in enumerate(result.datasets, 1)
        ],
    }
    yield json.dumps(document, indent=1, allow_nan=False) + "\n"


def _output(report: GradeReport, results: tuple[SubmissionResult, ...]) -> Iterator[str]:
    for result in results:
        points = f"{plain.points(result.mark)} of {plain.points(result.max_score)} points"
        yield f"{plain.visible(result.assignment)}: {shown_verdict(result)}, {points}"
        yield from (f"{label}: {text}" for label, text in standing.facts(result))
        if result.withheld:
            yield f"not judged: {statement.names(result.withheld)} (withheld)"
    yield from (f"not judged: {plain.visible(text)}" for text in report.skipped)


def _test(case: CaseResult, result: SubmissionResult, number: str, *, several: bool) -> Json:
    # What an instructor has overridden may have a dataset without a score.
    score: dict[str, Json] = {} if case.score is None else {"score": plain.tidy(case.score)}
    return {
        "name": plain.visible(f"{result.assignment}: {case.name}" if several else case.name),
        "number": number,
        "status": "passed" if case.verdict is Verdict.ACCEPTED else "failed",
        **score,
        "max_score": plain.tidy(case.max_score),
        "output": "\n".join(statement.lines(case)),
        "output_format": "text",
        "visibility": "visible" if case.concealed else _VISIBILITIES[case.visibility],
    }


def _seconds(case: CaseResult) -> float:
    return sum(plain.finite(run.wall) or 0.0 for run in case.runs)
