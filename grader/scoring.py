"""Verdicts -> points. Pure arithmetic over what was found; decides nothing about right or wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.model import Check, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

_BY_CHECK = (Verdict.NONDETERMINISTIC, Verdict.NOT_PARALLEL_SAFE, Verdict.ORDER_DEPENDENT, Verdict.ACCEPTED)
"""The verdicts that may leave some of the points: the answer itself was right."""


def cost(check: Check) -> float:
    """The share of a dataset's points that failing this check costs: 0 to 1."""
    if check == "fail":
        return 1
    return 0 if isinstance(check, str) else check


def score(points: float, verdict: Verdict, failed: Iterable[Check]) -> float | None:
    """Points for one dataset. None for `grader-error`: what could not be judged has no mark.

    failed: what each thing that was found wrong costs. Shares add up, to no less than nothing.
    """
    if verdict is Verdict.GRADER_ERROR:
        return None
    if verdict not in _BY_CHECK:
        return 0
    return round(points * (1 - min(1, sum(map(cost, failed)))), 9)
