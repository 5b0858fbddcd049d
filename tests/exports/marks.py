"""Small factories for who handed in and which mark they get, for the tests of gradebooks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from builders import a_case, a_report, a_result

from grader.model import GradeReport, Override, Student, SubmissionResult, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping


def a_student(
    key: str = "ada", name: str = "", *, email: str = "", login: str = "", ids: Mapping[str, str] | None = None
) -> Student:
    """A student who is called `key` by the batch, and nothing else unless said."""
    return Student(key=key, name=name, email=email, login=login, ids=ids or {})


def a_mark(
    score: float | None = 8,
    *students: Student,
    best: float = 10,
    assignment: str = "wordcount",
    submission: str = "",
    override: float | None = None,
) -> SubmissionResult:
    """A submission with this score out of `best`, None where it could not be judged, handed in by these students."""
    verdict = Verdict.GRADER_ERROR if score is None else Verdict.WRONG_ANSWER if score < best else Verdict.ACCEPTED
    case = a_case(
        verdict=verdict, max_score=best, score=score, message="not what was expected" if score != best else ""
    )
    own = None if override is None else Override(score=override, reason="talked", by="prof", at="2026-03-01")
    name = submission or (students[0].key if students else "ada")
    return replace(a_result(case, assignment=assignment, submission=name), students=students, override=own)


def marks(*results: SubmissionResult) -> GradeReport:
    """A report of them, for instructors."""
    return a_report(*results)
