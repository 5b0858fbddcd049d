"""Points: all, none, or what the failed checks leave."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model import Check, Verdict
from grader.scoring import score

BY_CHECK = [Verdict.NONDETERMINISTIC, Verdict.NOT_PARALLEL_SAFE, Verdict.ORDER_DEPENDENT]
checks = st.one_of(st.sampled_from(["fail", "warn", "off"]), st.floats(0, 1))


@given(points=st.integers(0, 1000), failed=st.lists(checks, max_size=3))
def test_what_could_not_be_judged_has_no_mark(points: int, failed: list[Check]) -> None:
    """None is no zero."""
    assert score(points, Verdict.GRADER_ERROR, failed) is None


@given(points=st.floats(0, 1000), verdict=st.sampled_from(Verdict), failed=st.lists(checks, max_size=3))
def test_points_lie_between_nothing_and_all(points: float, verdict: Verdict, failed: list[Check]) -> None:
    """Whatever fails."""
    given_points = score(points, verdict, failed)
    assert given_points is None or 0 <= given_points <= round(points, 9)


def test_a_right_answer_earns_all() -> None:
    """As it stands in the spec: a whole number stays one."""
    assert score(10, Verdict.ACCEPTED, []) == 10
    assert isinstance(score(10, Verdict.ACCEPTED, []), int)


@pytest.mark.parametrize(
    "verdict", [each for each in Verdict if each.gravity and each not in [*BY_CHECK, Verdict.ACCEPTED]]
)
def test_no_answer_or_a_wrong_one_earns_nothing(verdict: Verdict) -> None:
    """Even if the only check that failed costs little."""
    assert score(10, verdict, [0.1]) == 0


@pytest.mark.parametrize(
    ("failed", "left"),
    [
        (["fail"], 0),
        ([0.3], 7),
        ([0.3, 0.1], 6),
        ([0.3, 0.9], 0),
        ([0.3, "fail"], 0),
        ([0.0], 10),
        ([1.0], 0),
        ([0.1], 9),
    ],
)
def test_failed_checks_leave_the_rest(failed: list[Check], left: float) -> None:
    """Several add up, to no less than nothing."""
    assert [score(10, verdict, failed) for verdict in BY_CHECK] == [left] * 3
