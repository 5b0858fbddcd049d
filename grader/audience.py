"""Who sees what: cuts a report down to what its audience may know, once, before any format; renders nothing."""

from __future__ import annotations

from dataclasses import replace

from grader.model import Audience, CaseResult, GradeReport, SubmissionResult, Verdict, Visibility

FAILED = "failed"
"""What is shown for a concealed dataset that did not pass: which verdict it was would be evidence."""

# Every concealed failure bears this verdict, so that a report which forgets `shown_verdict` can be wrong, but tells
# nothing. The mildest, so that it never outweighs a verdict that may be seen.
_STAND_IN = max(
    (verdict for verdict in Verdict if verdict is not Verdict.ACCEPTED), key=lambda verdict: verdict.gravity
)


def for_audience(report: GradeReport, audience: Audience) -> GradeReport:
    """The report as `audience` may see it.

    For students, a dataset that is not public keeps its name, its points and whether it passed. A `grader-error` stays
    one, without its message: it is neither pass nor fail. Cutting twice is cutting once.
    """
    if audience is Audience.INSTRUCTOR:
        return replace(report, audience=audience)
    return replace(report, audience=audience, results=tuple(_for_students(result) for result in report.results))


def shown_verdict(judged: CaseResult | SubmissionResult) -> str:
    """The verdict as every report must print it: a member of `Verdict`, or `failed` for what is concealed.

    A submission shows the gravest verdict that may be seen, and `failed` if concealed datasets alone did not pass.
    """
    cases = (judged,) if isinstance(judged, CaseResult) else judged.datasets
    seen = [case.verdict for case in cases if not _failed_unseen(case)]
    gravest = min(seen, key=lambda verdict: verdict.gravity, default=Verdict.ACCEPTED)
    failed = gravest is Verdict.ACCEPTED and len(seen) < len(cases)
    return FAILED if failed else gravest.value


def _for_students(result: SubmissionResult) -> SubmissionResult:
    # That a mark was set by hand is theirs to know; why, and by whom, was written for the instructors' own records.
    override = replace(result.override, reason="", by="") if result.override else None
    return replace(result, datasets=tuple(_conceal(case) for case in result.datasets), override=override)


def _conceal(case: CaseResult) -> CaseResult:
    """A new result made of the little that may be known: a field that the model gains later stays out."""
    if case.visibility is Visibility.PUBLIC:
        return case
    return CaseResult(
        name=case.name,
        visibility=case.visibility,
        verdict=case.verdict if case.verdict in (Verdict.ACCEPTED, Verdict.GRADER_ERROR) else _STAND_IN,
        score=case.score,
        max_score=case.max_score,
        concealed=True,
    )


def _failed_unseen(case: CaseResult) -> bool:
    return case.concealed and case.verdict not in (Verdict.ACCEPTED, Verdict.GRADER_ERROR)
