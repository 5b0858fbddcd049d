"""How far a batch is, on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from collections import Counter
from time import monotonic
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from grader.model import CaseResult

_EVERY = 10.0
"""Seconds between two lines where there is no terminal."""


class Progress:
    """Use it in a `with`; call `heard` after each step.

    tally: whether it may tell the verdicts so far, which among others come from hidden datasets.
    """

    def __init__(self, stream: TextIO, *, tally: bool, clock: Callable[[], float] = monotonic) -> None:
        self._stream, self._tallies = stream, tally
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._tally: Counter[str] = Counter()
        self._clock, self._said = clock, clock()

    def __enter__(self) -> Progress:
        if self._stream.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(file=self._stream), transient=True)
            self._bar.start()
            self._task = self._bar.add_task("making datasets ready", total=None)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def heard(self, done: int, total: int, case: CaseResult | None) -> None:
        """`done` of `total` judgements are made; `case` is the last."""
        if case is not None and self._tallies:
            self._tally[str(case.verdict)] += 1
        text = ", ".join(f"{count} {verdict}" for verdict, count in self._tally.most_common(4))
        if self._bar is not None and self._task is not None:
            doing = "judging" if total else "making datasets ready"
            self._bar.update(self._task, completed=done, total=total or None, description=text or doing)
        elif total and self._clock() - self._said >= _EVERY:
            self._said = self._clock()
            self._stream.write(f"pymapr-grade: {done} of {total} judgements{text and ': '}{text}\n")
            self._stream.flush()
