"""Who handed in, how late, what was overridden and which mark comes of it, in words; computes no mark."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from grader.reports import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.model import Lateness, Override, Student, SubmissionResult

_CHARACTERS = 400
_FRACTION = re.compile(r"(?<=:\d\d)\.\d+")


def title(result: SubmissionResult) -> str:
    """The submission's name, and in brackets those who handed it in, where they are called otherwise."""
    people = ", ".join(_short(called(student)) for student in result.students)
    submission = _short(result.submission)
    return submission if people in ("", submission) else f"{submission} ({people})"


def called(student: Student) -> str:
    """The student's name, or what the batch calls them."""
    return student.name or student.key


def facts(result: SubmissionResult) -> Iterator[tuple[str, str]]:
    """What there is to say besides the datasets: a label and a text on one line, both safe to print."""
    if result.group:
        yield "group", _short(result.group)
    if result.late and result.late.days:
        yield "late", _lateness(result.late)
    if result.override:
        yield "override", _override(result.override, result.max_score)
    if (result.late and result.late.days) or result.override:
        yield "mark", f"{plain.points(result.mark)} of {plain.points(result.max_score)}{_computed(result)}"
    for remark in result.remarks:
        yield "remark", _short(remark)


def _lateness(late: Lateness) -> str:
    return f"{plain.count(late.days, 'day')}, which costs {late.penalty * 100:.4g} % of the points"


def _override(override: Override, most: float) -> str:
    above = f" (more than the {plain.points(most)} that can be earned)" if override.score > most else ""
    by = f" by {_short(override.by)}" if override.by else ""
    why = f": {_short(override.reason)}" if override.reason else ""
    return f"{plain.points(override.score)}{above}{by} at {_to_the_second(override.at)}{why}"


def _to_the_second(at: str) -> str:
    """A time as one reads it: a store's is exact to the microsecond, to sort by."""
    return _FRACTION.sub("", _short(at))


def _computed(result: SubmissionResult) -> str:
    return f" (computed: {plain.points(result.score)})"


def _short(text: str) -> str:
    return plain.visible(plain.clipped(text, _CHARACTERS))
