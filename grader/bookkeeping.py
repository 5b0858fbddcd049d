"""What is asked of a store besides grading: a student's history, an instructor's own marks; judges nothing."""

from __future__ import annotations

import getpass
import os
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

from grader.notices import say
from grader.reports import plain
from grader.store import Graded, Overridden, open_store

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

_DUST = 1e-9
"""Points of fractions do not add up to the last digit."""


def history(args: argparse.Namespace) -> Iterator[str]:
    """Everything that the store knows of a student, a line each; of nobody in particular, everybody's names.

    Raises UsageError for a student of whom nothing is known, and where the store cannot be read.
    """
    with closing(open_store(args.store, create=False)) as store:
        if args.student is None:
            yield from map(plain.visible, store.students())
        else:
            yield from aligned(map(_entry, store.history(args.student)))


def override(args: argparse.Namespace) -> Iterator[str]:
    """Write down an instructor's mark, or that one counts no more; yields a line that says so. Raises UsageError."""
    whose = f"{args.assignment} of {args.student}"
    with closing(open_store(args.store, create=False)) as store:
        if args.withdraw:
            store.withdraw(args.student, args.assignment, args.reason, _login())
            yield f"{whose}: the computed mark counts again"
        else:
            store.override(args.student, args.assignment, args.score, args.reason, _login())
            most = store.maximum(args.student, args.assignment)
            if most is not None and args.score > most + _DUST:
                above = f"{plain.points(args.score)} is above the maximum of {plain.points(most)} for {args.assignment}"
                say(plain.visible(above))
            yield f"{whose}: {plain.points(args.score)}, whatever was computed; reports show both"


def aligned(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Rows of equal length as lines, in columns as wide as they must be; whatever would steer a terminal spelt out."""
    shown = [[plain.visible(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _entry(entry: Graded | Overridden) -> tuple[str, ...]:
    at = datetime.fromisoformat(entry.at).astimezone().isoformat(" ", "seconds")  # as the reader's clock showed it
    if isinstance(entry, Graded):
        points = (
            "not judged" if entry.score is None else f"{plain.points(entry.score)} of {plain.points(entry.max_score)}"
        )
        return at, entry.assignment, entry.dataset, entry.verdict.value, points, entry.why
    what = "override" if entry.override is not None else "override withdrawn"
    points = plain.points(entry.override.score) if entry.override is not None else ""
    return at, entry.assignment, "", what, points, f"{entry.reason} ({entry.by})"


def _login() -> str:
    """Who types, as the system knows them; nobody is asked to say so, and nobody can forget to."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name, as in a container
        return f"uid {os.getuid()}"
