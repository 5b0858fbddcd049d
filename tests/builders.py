"""Small factories for what reports are made from: each field has a likely value, and a test names those it is about."""

from __future__ import annotations

from typing import Literal

from grader.model import (
    Audience,
    CaseResult,
    Difference,
    Example,
    GradeReport,
    RunRecord,
    SandboxReport,
    SubmissionResult,
    Verdict,
    Visibility,
)


def a_run(
    engine: Literal["serial", "parallel"] = "serial",
    wall: float = 1.2,
    *,
    order: str = "stable",
    phases: tuple[float, float, float] | None = None,
) -> RunRecord:
    """A run whose map, shuffle and reduce took `phases` seconds, by default 50, 10 and 20 % of the wall time."""
    mapping, shuffling, reducing = phases or (wall * 0.5, wall * 0.1, wall * 0.2)
    return RunRecord(
        engine=engine,
        workers=1 if engine == "serial" else 4,
        order=order,
        wall=wall,
        cpu=wall,
        phases={"map": mapping, "shuffle": shuffling, "reduce": reducing, "total": wall},
    )


def both_runs(serial: float = 1.2, parallel: float = 0.4) -> tuple[RunRecord, ...]:
    """A serial and a parallel run."""
    return a_run("serial", serial), a_run("parallel", parallel)


def a_difference(missing: int = 1, unexpected: int = 1, *examples: Example) -> Difference:
    """A difference; without examples, the one that every word count has."""
    usual = Example(expected='["the", 9]', got='["the", 8]', where="at $[1]: expected 9, got 8")
    return Difference(missing=missing, unexpected=unexpected, examples=examples or (usual,))


def a_case(
    name: str = "books",
    verdict: Verdict = Verdict.ACCEPTED,
    *,
    visibility: Visibility = Visibility.PUBLIC,
    max_score: float = 4,
    score: float | None = None,
    message: str = "",
    hint: str = "",
    reproduce: str = "",
    remarks: tuple[str, ...] = (),
    difference: Difference | None = None,
    runs: tuple[RunRecord, ...] = (),
) -> CaseResult:
    """A judgement that earns all points if accepted, none at all for our own error, else 0, unless `score` says so."""
    earned = {Verdict.ACCEPTED: max_score, Verdict.GRADER_ERROR: None}.get(verdict, 0)
    return CaseResult(
        name=name,
        visibility=visibility,
        verdict=verdict,
        score=earned if score is None else score,
        max_score=max_score,
        message=message,
        hint=hint,
        reproduce=reproduce,
        remarks=remarks,
        difference=difference,
        runs=runs,
    )


def a_wrong_case(name: str = "books", visibility: Visibility = Visibility.PUBLIC) -> CaseResult:
    """A wrong answer with everything that can be said of one."""
    return a_case(
        name,
        Verdict.WRONG_ANSWER,
        visibility=visibility,
        message="the output is not what was expected",
        hint="compare with the reference's output on a few lines of the data",
        reproduce=f"pymapr run wordcount.py data/{name}.json --engine serial",
        remarks=("it printed 3 lines",),
        difference=a_difference(),
        runs=both_runs(),
    )


def a_result(
    *cases: CaseResult, assignment: str = "wordcount", submission: str = "student-01", withheld: tuple[str, ...] = ()
) -> SubmissionResult:
    """A submission with these datasets, or with one that was accepted."""
    return SubmissionResult(
        assignment=assignment, submission=submission, datasets=cases or (a_case(),), withheld=withheld
    )


def a_report(
    *results: SubmissionResult,
    audience: Audience = Audience.INSTRUCTOR,
    sandbox: SandboxReport | None = None,
    skipped: tuple[str, ...] = (),
) -> GradeReport:
    """A report of these results."""
    return GradeReport(
        pymapr="0.1.0",
        started="2026-03-01T12:00:00+00:00",
        audience=audience,
        sandbox=sandbox or SandboxReport(level=2, layers=("landlock", "seccomp"), missing=("scopes",)),
        results=results,
        skipped=skipped,
    )
