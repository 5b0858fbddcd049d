"""The table of the terminal report: verdict, points and speed, a row each; explains nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.audience import FAILED
from grader.model import Verdict
from grader.reports import plain
from grader.reports.speed import PHASES, Pace, Speed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from grader.reports.page import Page, Part

WITHHELD = "withheld"

_INDENT = 2
_GAP = 2
# A row stays in one line as long as that leaves a name this much room.
_SHORT_NAME = 12
_LONG_NAME = 30
_TITLES = ("verdict", "points", "seconds", "gain", *PHASES)
_FIRST_PHASE = 3  # after points, seconds, gain
_UNMEASURED = ("",) * (len(PHASES) + 2)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row. `verdict` is as `shown_verdict` gives it, or `withheld`; `name` and `points` are ready to print.

    note: why the points are not what was earned; mostly nothing.
    """

    name: str
    verdict: str
    points: str
    note: str = ""
    speed: Speed | None = None


def badge(verdict: str) -> tuple[str, str]:
    """The verdict behind its sign, and their style. Sign and word say it all without the colour."""
    if verdict == Verdict.ACCEPTED:
        return f"✓ {verdict}", "green"
    if verdict == WITHHELD:
        return f"- {verdict}", "dim"
    if verdict == Verdict.GRADER_ERROR:
        return f"! {verdict}", "bold yellow"
    return f"✗ {verdict}", "bold red" if verdict == FAILED else "red"


class Table:
    """Columns wide enough for all `rows`, which may be drawn in any groups.

    Where the page is too narrow for one line a row, its times stand below it.
    """

    def __init__(self, page: Page, first_title: str, rows: Sequence[Row]) -> None:
        self._page = page
        self._timed = any(row.speed for row in rows)
        self._titles = (first_title, *(_TITLES if self._timed else _TITLES[:2]))
        self._paired = any(row.speed and row.speed.parallel for row in rows)
        self._notes = max((len(row.note) + 1 for row in rows if row.note), default=0)
        cells = [
            self._titles,
            *((row.name, badge(row.verdict)[0], self._points(row), *_times(row.speed)) for row in rows),
        ]
        self._widths = [max(page.cells(line[column]) for line in cells) for column in range(len(self._titles))]
        name = self._widths[0]
        self._wide = self._timed and self._room_for_names(len(self._titles)) >= min(name, _SHORT_NAME)
        room = self._room_for_names(len(self._titles) if self._wide else 3)
        self._widths[0] = min(name, max(room, _SHORT_NAME), _LONG_NAME)

    def header(self) -> Iterator[str]:
        """The columns' titles."""
        titles = self._titles if self._wide else self._titles[:3]
        yield self._line(titles[0], (titles[1], ""), *titles[2:])

    def row(self, row: Row) -> Iterator[str]:
        """One row, in one line or more."""
        name = row.name
        if self._page.cells(name) > self._widths[0]:
            # Cut names would make two students one: a long one has a line of its own.
            yield from self._page.lines(name, indent=_INDENT, hang=_INDENT)
            name = ""
        if self._wide:
            yield self._line(name, badge(row.verdict), self._points(row), *_times(row.speed))
        else:
            yield self._line(name, badge(row.verdict), self._points(row))
            yield from self._times_below(row)

    def legend(self) -> Iterator[str]:
        """What two times in a cell mean, if there are any."""
        if self._paired:
            text = "a→b: wall seconds, serial run → fastest parallel run; 2.0x: twice as fast"
            yield from self._page.lines((text, "dim"), indent=_INDENT)

    def _points(self, row: Row) -> str:
        """Points before a place for their note, so that they stand below one another."""
        return f"{row.points}{f' {row.note}' if row.note else '':<{self._notes}}"

    def _room_for_names(self, columns: int) -> int:
        """What the first of so many columns gets when the others have theirs."""
        return self._page.width - _INDENT - sum(self._widths[1:columns]) - _GAP * (columns - 1)

    def _line(self, name: str, verdict: tuple[str, str], *rest: str) -> str:
        gap = " " * _GAP
        parts: list[Part] = [self._page.left(name, self._widths[0]), gap]
        parts.append((self._page.left(verdict[0], self._widths[1]), verdict[1]))
        for number, (text, width) in enumerate(zip(rest, self._widths[2:], strict=False)):
            parts += [gap, (self._page.right(text, width), "dim" if number >= _FIRST_PHASE else "")]
        return self._page.whole(*parts, indent=_INDENT)

    def _times_below(self, row: Row) -> Iterator[str]:
        if row.speed:
            total, gain, *phases = _times(row.speed)
            named = [f"{phase} {time}" for phase, time in zip(PHASES, phases, strict=True)]
            items = [f"{total} {gain}".strip(), *named]
            yield from self._page.packed(items, separator=" · ", indent=2 * _INDENT, style="dim")


def _times(speed: Speed | None) -> tuple[str, ...]:
    """The cells after the points: total, gain, and each phase."""
    if speed is None:
        return _UNMEASURED
    gain = "" if speed.ratio is None else f"{speed.ratio:.1f}x"
    pairs = zip(
        _all(speed.serial), _all(speed.parallel) if speed.parallel else (None,) * (len(PHASES) + 1), strict=True
    )
    total, *phases = (_pair(serial, parallel) for serial, parallel in pairs)
    return total, gain, *phases


def _all(pace: Pace) -> tuple[float, ...]:
    return pace.total, *pace.phases


def _pair(serial: float, parallel: float | None) -> str:
    return plain.seconds(serial) + ("" if parallel is None else f"→{plain.seconds(parallel)}")
