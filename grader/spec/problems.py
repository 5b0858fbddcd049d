"""What is wrong with an assignment, and where: gathers problems into one error; finds none itself."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from grader.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


@dataclass(frozen=True, order=True, slots=True)
class Place:
    """Line and column in the file, both counted from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.line}:{self.column}"


class Problem(Exception):
    """One thing wrong: `what` says it, `hint` mends it. Never leaves `grader.spec`: see `refusal`."""

    def __init__(self, place: Place, what: str, hint: str = "") -> None:
        super().__init__(place, what, hint)
        self.place, self.what, self.hint = place, what, hint


def refusal(where: Path, problems: Iterable[Problem]) -> SpecError:
    """One error for all problems of a file, in order of place.

    A single problem keeps its hint apart. Of several, each is one line with its hint indented below.
    """
    first, *rest = sorted(problems, key=lambda problem: problem.place)
    if not rest:
        return SpecError(_line(where, first), first.hint)
    message = "\n".join(line for problem in (first, *rest) for line in _lines(where, problem))
    return SpecError(message, "")


def _line(where: Path, problem: Problem) -> str:
    return f"{where}:{problem.place}: {problem.what}"


def _lines(where: Path, problem: Problem) -> Iterable[str]:
    yield _line(where, problem)
    if problem.hint:
        yield f"  hint: {problem.hint}"


def did_you_mean(word: str, allowed: Sequence[str]) -> str:
    """`did you mean 'points'?`, or nothing where no allowed word is near."""
    lower = {name.lower(): name for name in reversed(allowed)}
    near = get_close_matches(word.lower(), lower, n=1)
    return f"did you mean '{lower[near[0]]}'?" if near else ""


def quoted(text: str) -> str:
    """What a file says, as a message may say it: in quotes, cut where it is long, control characters escaped."""
    return shorten(f"'{text}'" if text.isprintable() and "'" not in text else repr(text))


def shorten(text: str, limit: int = 60) -> str:
    """The text, cut where it is longer than `limit`."""
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
