"""How far a batch is: a line now and then, which tells students nothing of hidden datasets."""

from __future__ import annotations

import io

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
    clock = iter([0.0, 7.0, 14.0, 14.0, 21.0, 28.0])
    with Progress(stream, tally=tally, clock=lambda: next(clock)) as progress:
        progress.heard(0, 0, None)
        for done, case in enumerate([ACCEPTED, WRONG, ACCEPTED], 1):
            progress.heard(done, 4, case)
    return stream.getvalue()


def test_a_line_is_said_every_ten_seconds() -> None:
    """With the verdicts so far."""
    assert told(tally=True) == "pymapr-grade: 2 of 4 judgements: 1 accepted, 1 wrong-answer\n"


def test_students_hear_only_how_many() -> None:
    """The verdicts come from hidden datasets, too."""
    assert told(tally=False) == "pymapr-grade: 2 of 4 judgements\n"


def test_a_terminal_gets_a_bar_that_goes_away() -> None:
    """And no lines; students' bars tell no verdicts either."""
    assert "judgements:" not in told(tally=True, stream=Terminal())
    assert "accepted" not in told(tally=False, stream=Terminal())
