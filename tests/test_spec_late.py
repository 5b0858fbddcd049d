"""The section `late` of an `assignment.yaml`: what it may say, and what one reads who said it wrongly."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import SpecError
from grader.model import LatePolicy
from grader.spec import parse, release_text
from grader.spec.lateness import released
from grader.spec.yaml12 import dump

WHERE = Path("wordcount/assignment.yaml")
DUE = datetime.fromisoformat("2026-11-01T23:59:00+01:00")

HEAD = """\
name: wordcount
module: wordcount.py
reference: solution/wordcount.py
datasets: [{name: books, file: data/books.json, expected: expected/books.json}]
"""


def policy(section: str) -> LatePolicy | None:
    """What `late: {...}` says."""
    return parse(f"{HEAD}late: {section}\n", where=WHERE).late


def refused(section: str) -> tuple[str, str]:
    """The message and the hint with which it is refused."""
    with pytest.raises(SpecError) as caught:
        policy(section)
    return caught.value.message, caught.value.hint


def test_a_policy_with_everything() -> None:
    """As one would write it."""
    written = "{due: 2026-11-01T23:59:00+01:00, grace: 15m, penalty: 10%, cap: 50%}"
    assert policy(written) == LatePolicy(due=DUE, grace=900, penalty=0.1, cap=0.5)


def test_due_alone_costs_nothing() -> None:
    """It says how late, and takes nothing off."""
    assert policy("{due: 2026-11-01T23:59:00+01:00}") == LatePolicy(due=DUE, grace=0, penalty=0, cap=1)


def test_without_the_section_nobody_is_late() -> None:
    """There is no policy at all."""
    assert parse(HEAD, where=WHERE).late is None


@pytest.mark.parametrize(
    "due", ["2026-11-01T22:59:00Z", "2026-11-01 23:59:00+01:00", "2026-11-01T23:59+01:00", "2026-11-01T22:59-00:00"]
)
def test_one_moment_may_be_written_in_several_ways(due: str) -> None:
    """`Z` is UTC, a blank stands for the T, seconds may be left away; quoted or not."""
    for written in (due, f"'{due}'"):
        found = policy(f"{{due: {written}}}")
        assert found is not None
        assert found.due == DUE


@pytest.mark.parametrize(
    ("grace", "seconds"), [("90s", 90), ("15m", 900), ("1.5h", 5400), ("2 h", 7200), ("1d", 86400), ("0s", 0)]
)
def test_grace_is_a_duration(grace: str, seconds: float) -> None:
    """In seconds, minutes, hours, days."""
    found = policy(f"{{due: 2026-11-01T23:59:00+01:00, grace: {grace}}}")
    assert found is not None
    assert found.grace == seconds


@pytest.mark.parametrize(
    ("share", "value"), [("10%", 0.1), ("0.1", 0.1), ("12.5 %", 0.125), ("100%", 1), ("0%", 0), ("1", 1), ("33%", 0.33)]
)
def test_penalty_and_cap_are_shares(share: str, value: float) -> None:
    """As a percentage, or as a number from 0 to 1."""
    found = policy(f"{{due: 2026-11-01T23:59:00+01:00, penalty: {share}, cap: {share}}}")
    assert found is not None
    assert (found.penalty, found.cap) == (value, value)


PLACE = "wordcount/assignment.yaml:5:"
GOOD = "due: 2026-11-01T23:59:00+01:00"


@pytest.mark.parametrize(
    ("section", "message", "hint"),
    [
        ("{grace: 15m}", "7: late: the key 'due' is missing", "add `due: 2026-11-01T23:59:00+01:00`"),
        (
            "{due: 2026-11-01T23:59:00}",
            "13: late.due: '2026-11-01T23:59:00' has no offset, so that it is another moment in every time zone",
            "write `due: 2026-11-01T23:59:00+01:00`, with your own offset, or `2026-11-01T23:59:00Z` for UTC",
        ),
        (
            "{due: tomorrow}",
            "13: late.due: expected a time with its offset, got 'tomorrow'",
            "write `due: 2026-11-01T23:59:00+01:00`",
        ),
        (
            "{due: 2026-11-01}",
            "13: late.due: expected a time with its offset, got '2026-11-01'",
            "write `due: 2026-11-01T23:59:00+01:00`",
        ),
        (
            "{due: 2026-02-30T12:00:00Z}",
            "13: late.due: '2026-02-30T12:00:00Z' is a day that no calendar has",
            "mend the date",
        ),
        (
            f"{{{GOOD}, grace: 15}}",
            "47: late.grace: expected a duration such as 15m, got 15",
            "write `grace: 15m`; units: s, m, h, d",
        ),
        (
            f"{{{GOOD}, grace: 15 minutes}}",
            "47: late.grace: expected a duration such as 15m, got '15 minutes'",
            "write `grace: 15m`; units: s, m, h, d",
        ),
        (
            f"{{{GOOD}, grace: 366d}}",
            "47: late.grace: expected a duration of at most 365d, got '366d'",
            "write `grace: 15m`; units: s, m, h, d",
        ),
        (
            f"{{{GOOD}, penalty: 110%}}",
            "49: late.penalty: expected a share from 0% to 100%, got '110%'",
            "write `penalty: 10%`",
        ),
        (f"{{{GOOD}, penalty: 10}}", "49: late.penalty: expected a share of at most 1, got 10", "write `penalty: 10%`"),
        (f"{{{GOOD}, cap: -0.5}}", "45: late.cap: expected a share of at least 0, got -0.5", "write `cap: 50%`"),
        ("never", "7: late: expected a mapping, got 'never'", "keys here: due, grace, penalty, cap"),
        (
            f"{{{GOOD}, panelty: 10%}}",
            "40: late: unknown key 'panelty'",
            "did you mean 'penalty'? allowed here: due, grace, penalty, cap",
        ),
    ],
)
def test_what_is_wrong_is_told_with_place_and_mend(section: str, message: str, hint: str) -> None:
    """Word for word."""
    assert refused(section) == (f"{PLACE}{message}", hint)


offsets = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
policies = st.builds(
    LatePolicy,
    due=st.datetimes(timezones=offsets).map(lambda due: due.replace(microsecond=0)),
    grace=st.integers(0, 365 * 86400 * 1000).map(lambda ms: ms / 1000)
    | st.integers(0, 365 * 24 * 60).map(lambda minutes: minutes * 60.0),
    penalty=st.floats(0, 1),
    cap=st.floats(0, 1),
)


@given(policies)
def test_a_kit_has_the_same_policy(given_policy: LatePolicy) -> None:
    """Students read when it is due, and what it costs."""
    text = f"{HEAD}{dump({'late': released(given_policy)})}"
    assert parse(text, where=WHERE).late == given_policy


def test_a_kit_says_when_it_is_due() -> None:
    """The same policy, in the kit's own file."""
    spec = parse(f"{HEAD}late: {{{GOOD}, grace: 90m, penalty: 10%, cap: 0.5}}\n", where=WHERE)
    kit = parse(release_text(spec, spec.datasets), where=Path("kit/assignment.yaml"))
    assert kit.late == spec.late
    assert "grace: 90m" in release_text(spec, spec.datasets)
