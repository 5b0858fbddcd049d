"""How late a submission was, by its assignment's policy, and what is shown after the deadline. Knows no clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from grader.model import CaseResult, Lateness, Visibility

if TYPE_CHECKING:
    from grader.model import LatePolicy, SubmissionResult

UNTOLD = "not late: nothing tells when it was handed in"
"""The remark on a submission whose time is not known, where others' are."""

MARKED = "Canvas marks it as late"
"""The remark on what Canvas's download calls late, where no more than that is known of it."""

MARKED_ONLY = "late by Canvas's word, but by how much nothing tells: no penalty"
"""The remark instead, where lateness would cost something if its days could be counted."""

_DAY = timedelta(days=1)


def lateness(policy: LatePolicy | None, submitted: str) -> tuple[Lateness | None, str]:
    """How late it is, None if it is not, and what to remark on that, mostly nothing.

    submitted: ISO 8601 with offset; empty where nothing tells, which whoever knows the class remarks on.
    """
    if policy is None or not submitted:
        return None, ""
    time = _time(submitted)
    if time is None:
        return None, f"not late: {submitted!a} is no time with an offset"
    days = days_begun(time - policy.due - timedelta(seconds=policy.grace))
    return (Lateness(days=days, penalty=_penalty(policy, days)) if days else None), ""


def opened(result: SubmissionResult, policy: LatePolicy | None, now: datetime) -> SubmissionResult:
    """The result, its datasets that are shown after the deadline made public if that is past; else as it was.

    now: with offset. Where no policy says when it is due, they stay as hidden as any.
    """
    if policy is None or now - policy.due <= timedelta(seconds=policy.grace):
        return result
    return replace(result, datasets=tuple(_opened(case) for case in result.datasets))


def _opened(case: CaseResult) -> CaseResult:
    return replace(case, visibility=Visibility.PUBLIC) if case.visibility is Visibility.AFTER_DEADLINE else case


def days_begun(late: timedelta) -> int:
    """Periods of 24 hours that have begun: none for what is in time to the second, one for a second more."""
    return max(0, -(-late // _DAY))


def _penalty(policy: LatePolicy, days: int) -> float:
    """The share that is taken off, free of the dust that adding floats raises: three times 0.1 is 0.3."""
    return min(policy.cap, round(days * policy.penalty, 9))


def _time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.utcoffset() is not None else None
