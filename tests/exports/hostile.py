"""What a student may write wherever a student may write something, and reports that are full of it."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

from builders import a_case, a_difference, a_report, a_result, a_wrong_case, both_runs
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from grader.model import (
    Audience,
    Example,
    GradeReport,
    Lateness,
    Override,
    Student,
    SubmissionResult,
    Verdict,
    Visibility,
)

UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For properties: a busy machine proves nothing against them."""

ATTACKS = (
    "\x1b[31mred\x1b]0;title\x07",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    ' "=HYPERLINK("http://evil")',
    "\t=1",
    "\uff1d1+1",
    "]]> <!-- &amp; &#0;",
    "\x00\x08\x0b\ufffe\uffff",
    "::set-env name=PATH::/evil",
    "\n::add-mask::x\n##[error]y",
    "%0A::error::x",
    "\u202etxt.exe\u2066",
    "a\r\nb\nc\u2028d",
    "caf\udce9",
    "\ud800",
    "| a | b |\n|---|---|",
    "``` ```` `````\n# heading",
    "![x](http://evil) [y](javascript:z) @everyone a@b.cd #1 :tada: www.evil.com",
    "\\| \\` \\\\",
    '","""\n',
    "'=1",
    "x" * 5000,
)
texts = st.text(max_size=40) | st.sampled_from(ATTACKS) | st.lists(st.sampled_from(ATTACKS), max_size=3).map("".join)
"""Hostile text, long and short."""


def harmless(text: str) -> bool:
    """Whether everything in the text can be seen and nothing steers a terminal, though it may have line ends."""
    unseen = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return not any(unicodedata.category(sign) in unseen for sign in text if sign != "\n")


verdicts = st.sampled_from(list(Verdict))


@st.composite
def results(draw: st.DrawFn, *, judged: bool = False, submission: str | None = None) -> SubmissionResult:
    """A submission whose every text may be hostile; `judged` if it must have a mark."""
    verdict = draw(verdicts.filter(lambda one: not judged or one is not Verdict.GRADER_ERROR))
    record, message = draw(texts), draw(texts)
    examples = (Example(expected=record, got=None), Example(expected=record, got=message, where=message))
    case = a_case(
        draw(texts),
        verdict,
        message=message,
        hint=draw(texts),
        reproduce=draw(texts),
        remarks=tuple(draw(st.lists(texts, max_size=2))),
        difference=draw(st.none() | st.just(a_difference(2, 1, *examples))),
        runs=both_runs(),
    )
    hidden = replace(a_wrong_case(visibility=Visibility.HIDDEN), name=draw(texts))
    student = Student(key=draw(texts), name=draw(texts), email=draw(texts), login=draw(texts))
    late, override = Lateness(days=2, penalty=0.2), Override(score=3.5, reason=draw(texts), by="prof", at="today")
    return replace(
        a_result(case, hidden, submission=draw(texts) if submission is None else submission),
        students=draw(st.sampled_from([(), (student,), (student, student)])),
        group=draw(texts),
        submitted="2026-03-01T12:00:00+01:00",
        late=draw(st.sampled_from([None, late])),
        override=draw(st.sampled_from([None, override])),
        remarks=tuple(draw(st.lists(texts, max_size=2))),
        withheld=tuple(draw(st.lists(texts, max_size=1))),
    )


@st.composite
def reports(draw: st.DrawFn, *, most: int = 3) -> GradeReport:
    """A report of up to `most` hostile submissions, for either audience."""
    found = draw(st.lists(results(), max_size=most))
    skipped = tuple(draw(st.lists(texts, max_size=1)))
    return a_report(*found, audience=draw(st.sampled_from(Audience)), skipped=skipped)


@st.composite
def reports_of_one(draw: st.DrawFn) -> GradeReport:
    """A report of one hostile submission that has a mark, for either audience."""
    result = draw(results(judged=True))
    return a_report(result, audience=draw(st.sampled_from(Audience)), skipped=tuple(draw(st.lists(texts, max_size=1))))
