"""Verdicts -> points. Pure arithmetic over what was found; decides nothing about right or wrong."""

from __future__ import annotations

from collections.abc import Iterable

from grader.model import Check, Verdict


def cost(check: Check) -> float:
    """The share of a dataset's points that failing this check costs: 0 to 1."""
    if check == "fail":
        return 1.0
    return 0.0 if isinstance(check, str) else float(check)


def score(points: float, verdict: Verdict, failed_checks: Iterable[Check]) -> float | None:
    """Points for one dataset. None for `grader-error`: what could not be judged has no mark.

    Checks that cost a share leave the rest; several add up, to no less than nothing. Everything else earns all or nothing.
    """
    if verdict is Verdict.GRADER_ERROR:
        return None
    lost = min(1.0, sum(map(cost, failed_checks)))
    by_check = (Verdict.NONDETERMINISTIC, Verdict.NOT_PARALLEL_SAFE, Verdict.ORDER_DEPENDENT)
    if verdict is Verdict.ACCEPTED or verdict in by_check:
        return round(points * (1 - lost), 9)
    return 0.0
