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
        self._first: tuple[int, float] | None = None

    def __enter__(self) -> Progress:
        if self._stream.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            texts = TextColumn("{task.description}"), TextColumn("{task.fields[pace]}")
            columns = (texts[0], BarColumn(), MofNCompleteColumn(), texts[1], TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(file=self._stream), transient=True)
            self._bar.start()
            self._task = self._bar.add_task("making datasets ready", total=None, pace="")
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def heard(self, done: int, total: int, case: CaseResult | None) -> None:
        """`done` of `total` judgements are made; `case` is the last."""
        if case is not None and self._tallies:
            self._tally[str(case.verdict)] += 1
        text = ", ".join(f"{count} {verdict}" for verdict, count in self._tally.most_common(4))
        rate = self._rate(done, total)
        if self._bar is not None and self._task is not None:
            doing = "judging" if total else "making datasets ready"
            pace = f"{rate:.1f}/s" if rate else ""
            self._bar.update(self._task, completed=done, total=total or None, description=text or doing, pace=pace)
        elif total and self._clock() - self._said >= _EVERY:
            self._said = self._clock()
            pace = f", {rate:.1f} a second, {_time((total - done) / rate)} left" if rate else ""
            self._stream.write(f"pymapr-grade: {done} of {total} judgements{pace}{text and ': '}{text}\n")
            self._stream.flush()

    def _rate(self, done: int, total: int) -> float:
        """Judgements a second since the first; 0 as long as there is only that. What a store knew took no time."""
        if not total:
            return 0.0
        now = self._clock()
        count, since = self._first = self._first or (done, now)
        return (done - count) / (now - since) if now > since else 0.0


def _time(seconds: float) -> str:
    """`40 s`, `12 min`, `3.5 h`: as exact as a forecast is."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
