"""What lateness costs: a share of the points for each day begun, and nothing where nobody knows the time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from builders import a_case, a_result
from hypothesis import given
from hypothesis import strategies as st

from grader.late import days_begun, lateness, opened
from grader.model import Lateness, LatePolicy, Visibility

DUE = datetime(2026, 11, 1, 22, 59, tzinfo=UTC)
POLICY = LatePolicy(due=DUE, grace=900, penalty=0.1, cap=0.5)


def late_by(**by: float) -> tuple[Lateness | None, str]:
    """How late it is, so long after the time when it was due."""
    return lateness(POLICY, (DUE + timedelta(**by)).isoformat())


def test_without_a_policy_nobody_is_late() -> None:
    """Whenever it was handed in, even if nothing tells."""
    assert lateness(None, "2030-01-01T00:00:00+00:00") == (None, "")
    assert lateness(None, "") == (None, "")


@pytest.mark.parametrize("minutes", [-60 * 24 * 30, -1, 0, 14, 15])
def test_until_the_grace_is_over_it_is_in_time(minutes: int) -> None:
    """To the last second."""
    assert late_by(minutes=minutes) == (None, "")


@pytest.mark.parametrize(
    ("after", "days", "penalty"),
    [
        ({"minutes": 15, "seconds": 1}, 1, 0.1),
        ({"days": 1, "minutes": 15}, 1, 0.1),
        ({"days": 1, "minutes": 15, "seconds": 1}, 2, 0.2),
        ({"days": 2, "hours": 1}, 3, 0.3),
        ({"days": 30}, 30, 0.5),
    ],
)
def test_each_day_that_has_begun_costs_up_to_the_cap(after: dict[str, float], days: int, penalty: float) -> None:
    """A day is 24 hours after due and grace."""
    assert late_by(**after) == (Lateness(days=days, penalty=penalty), "")


def test_the_offset_counts_and_not_the_clock_on_the_wall() -> None:
    """Half past ten in New York is hours after half past ten in Berlin."""
    assert lateness(POLICY, "2026-11-01T23:30:00+01:00") == (None, "")
    assert lateness(POLICY, "2026-11-01T23:30:00-05:00")[0] == Lateness(days=1, penalty=0.1)
    assert lateness(POLICY, "2026-11-01T22:59:00Z") == (None, "")


def test_a_time_that_nothing_tells_makes_nobody_late() -> None:
    """The instructor may know better, and override; a student who checks her own work need not hear of it."""
    assert lateness(POLICY, "") == (None, "")


@pytest.mark.parametrize("submitted", ["2026-12-24T12:00:00", "yesterday", "\ud800"])
def test_a_time_without_offset_makes_nobody_late_either(submitted: str) -> None:
    """It may have been any of twenty-four hours."""
    assert lateness(POLICY, submitted) == (None, f"not late: {submitted!a} is no time with an offset")


def test_the_mark_is_the_score_less_what_lateness_costs_and_never_below_nothing() -> None:
    """The score itself stays as it was earned."""
    right, poor = a_result(a_case(max_score=10)), a_result(a_case(max_score=10, score=2))
    late = late_by(days=30)[0]
    assert [(one.score, one.mark) for one in (replace(right, late=late), replace(poor, late=late))] == [(10, 5), (2, 0)]


@pytest.mark.parametrize(("after", "shown"), [(0, False), (900, False), (901, True)])
def test_what_is_shown_after_the_deadline_is_public_once_it_is_past(after: int, shown: bool) -> None:
    """Grace included; hidden stays hidden."""
    cases = {each: a_case(each.value, visibility=each) for each in Visibility}
    result = opened(a_result(*cases.values()), POLICY, DUE + timedelta(seconds=after))
    seen = [case.name for case in result.datasets if case.visibility is Visibility.PUBLIC]
    assert seen == (["public", "after-deadline"] if shown else ["public"])
    assert replace(result, datasets=()) == replace(a_result(), datasets=())


def test_without_a_policy_what_is_shown_after_the_deadline_stays_hidden() -> None:
    """Nobody knows when that is."""
    result = a_result(a_case(visibility=Visibility.AFTER_DEADLINE))
    assert opened(result, None, datetime.max.replace(tzinfo=UTC)) == result


@given(st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_days_begun_are_as_few_as_cover_the_time(late: timedelta) -> None:
    """As many whole days as are not less than it; none where it is not late."""
    days = days_begun(late)
    assert late <= timedelta(days=days)
    assert days == 0 or late > timedelta(days=days - 1)


@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 10**6), st.integers(1, 10**6))
def test_later_never_costs_less_and_never_more_than_the_cap(rate: float, cap: float, early: int, more: int) -> None:
    """Whatever the policy."""
    policy = LatePolicy(due=DUE, penalty=rate, cap=cap)
    costs = []
    for minutes in (early, early + more):
        late, _ = lateness(policy, (DUE + timedelta(minutes=minutes)).isoformat())
        costs.append(late.penalty if late else 0.0)
    assert 0 <= costs[0] <= costs[1] <= cap
