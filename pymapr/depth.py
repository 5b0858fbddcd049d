"""How deep calls may go: as deep for a job's functions as under the original, whatever of ours stands below them."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_OURS = 6
"""Calls between whoever makes room and the job's functions, C's among them, which have no frame."""

_MOST = 2**31 - 1
"""The highest recursion limit that Python takes."""


@contextmanager
def room() -> Iterator[None]:
    """While inside, calls up to here do not count towards the recursion limit, nor do those that an engine adds."""
    with _limit(sys.getrecursionlimit() + _calls() + _OURS):
        yield


@contextmanager
def twice(most: int) -> Iterator[None]:
    """While inside, twice as many calls are allowed, if no more than `most` were before."""
    limit = sys.getrecursionlimit()
    with _limit(2 * limit if limit <= most else limit):
        yield


@contextmanager
def _limit(calls: int) -> Iterator[None]:
    before = sys.getrecursionlimit()
    wanted = min(calls, _MOST)
    sys.setrecursionlimit(wanted)
    try:
        yield
    finally:
        if sys.getrecursionlimit() == wanted:  # else the job has set one itself
            sys.setrecursionlimit(before)


def _calls() -> int:
    """How many are on the stack."""
    count, frame = 0, sys._getframe()
    while (caller := frame.f_back) is not None:
        count, frame = count + 1, caller
    return count
