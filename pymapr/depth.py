"""How deep calls may go: as deep for a job's functions as under the original, whatever of ours stands below them."""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_OURS = 50
"""Calls between whoever makes room and the job's functions, and what an engine itself needs of them."""

_MOST = 2**31 - 1
"""The highest recursion limit that Python takes."""


class _Room:
    """What the engines of this process, one within another or in several threads, have added to the limit."""

    def __init__(self) -> None:
        self._inside = self._before = self._limit = 0
        self.unlock()
        os.register_at_fork(after_in_child=self.unlock)

    def unlock(self) -> None:
        """In a fork, whoever held the lock is not there to let go of it."""
        self._lock = allocate_lock()

    def enter(self, calls: int) -> None:
        """So many calls need not count; where others need not either, more of them."""
        with self._lock:
            limit = sys.getrecursionlimit()
            if not self._inside or limit != self._limit:  # nobody's, or one that the job has set itself
                self._before = self._limit = limit
            self._limit = min(max(self._limit, self._before + calls), _MOST)
            self._inside += 1
            sys.setrecursionlimit(self._limit)

    def leave(self) -> None:
        """The last one puts the limit back, unless the job has set one itself."""
        with self._lock:
            self._inside -= 1
            if not self._inside and sys.getrecursionlimit() == self._limit:
                sys.setrecursionlimit(self._before)


_room = _Room()


@contextmanager
def room() -> Iterator[None]:
    """While inside, calls up to here do not count towards the recursion limit, nor do those that an engine adds."""
    _room.enter(_calls() + _OURS)
    try:
        yield
    finally:
        _room.leave()


@contextmanager
def limited(calls: int) -> Iterator[None]:
    """While inside, so many more calls are allowed, whatever is allowed outside."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(min(_calls() + calls, _MOST))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _calls() -> int:
    """How many are on the stack."""
    count, frame = 0, sys._getframe()
    while (caller := frame.f_back) is not None:
        count, frame = count + 1, caller
    return count
