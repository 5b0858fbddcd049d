"""How far a batch is: a line now and then, which tells students nothing of hidden datasets."""

from __future__ import annotations

import io

import pytest

from grader.model import CaseResult, Verdict, Visibility
from grader.progress import Progress

ACCEPTED = CaseResult(name="b", visibility=Visibility.HIDDEN, verdict=Verdict.ACCEPTED, score=1, max_score=1)
WRONG = CaseResult(name="b", visibility=Visibility.HIDDEN, verdict=Verdict.WRONG_ANSWER, score=0, max_score=1)


class Terminal(io.StringIO):
    """Says that it is one."""

    def isatty(self) -> bool:
        """It is."""
        return True


def told(*, tally: bool, stream: io.StringIO | None = None) -> str:
    """What is said of three judgements out of four, seven seconds apart."""
    stream = stream or io.StringIO()
    now = 0.0
    with Progress(stream, tally=tally, clock=lambda: now) as progress:
        progress.heard(0, 0, None)
        for done, case in enumerate([ACCEPTED, WRONG, ACCEPTED], 1):
            now += 7
            progress.heard(done, 4, case)
    return stream.getvalue()


def test_a_line_is_said_every_ten_seconds() -> None:
    """With how fast it goes, how long it will take, and the verdicts so far."""
    expected = "pymapr-grade: 2 of 4 judgements, 0.1 a second, 14 s left: 1 accepted, 1 wrong-answer\n"
    assert told(tally=True) == expected


def test_students_hear_only_how_many() -> None:
    """The verdicts come from hidden datasets, too."""
    assert told(tally=False) == "pymapr-grade: 2 of 4 judgements, 0.1 a second, 14 s left\n"


def test_a_terminal_gets_a_bar_that_goes_away() -> None:
    """And no lines; students' bars tell no verdicts either."""
    assert "judgements:" not in told(tally=True, stream=Terminal())
    assert "accepted" not in told(tally=False, stream=Terminal())


@pytest.mark.parametrize(
    ("left", "said"),
    [(99, "99 s left"), (720, "12 min left"), (12_600, "3.5 h left")],
)
def test_what_is_left_is_told_as_exactly_as_a_forecast_may_be(left: int, said: str) -> None:
    """In seconds, in minutes, in hours; judgements that a store had already are no part of the rate."""
    stream, now = io.StringIO(), 0.0
    progress = Progress(stream, tally=False, clock=lambda: now)
    progress.heard(1000, 1010 + left, ACCEPTED)
    now = 10.0
    progress.heard(1010, 1010 + left, ACCEPTED)
    assert stream.getvalue() == f"pymapr-grade: 1010 of {1010 + left} judgements, 1.0 a second, {said}\n"
