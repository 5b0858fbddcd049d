"""The first few differences, so paired that a reader sees what went wrong. Changes no count: that is settled before."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from dataclasses import dataclass, field
from heapq import nsmallest
from itertools import chain, takewhile, zip_longest
from operator import eq
from typing import TYPE_CHECKING

from grader.compare.canonical import Form
from grader.compare.locate import locate, shorten, text_of_value
from grader.compare.records import Json, decode
from grader.compare.rows import Row, by_form
from grader.model import Example

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from grader.compare.bags import Bag, Lines, Odds
    from grader.compare.tolerance import Tolerance

_LIKE = 0.5
"""The share of their elements or fields that two records must have in common for us to pair them."""

_LOOKED_AT = 100_000
"""Records among which likes are sought; beyond that, only those that differ in nothing but numbers are."""


def explain(odds: Odds, tolerance: Tolerance, limit: int, expected: Lines, got: Lines) -> tuple[Example, ...]:
    """Return at most `limit` examples: pairs first, then either side by turns, in the order of the text."""
    lacking, extra = _first(odds.missing, limit), _first(odds.unexpected, limit)
    pairs = _paired(lacking, odds, limit)
    taken = {by_form(row) for pair in pairs for row in pair}
    alone = [row for row in _by_turns(lacking, extra) if by_form(row) not in taken][: limit - len(pairs)]
    times = _times(alone, expected, got)
    return (*(_of_pair(*pair, tolerance) for pair in pairs), *(_of_one(row, *times[row[3]]) for row in alone))


def example_line(line: bytes | None) -> str | None:
    """Return a record as it is shown."""
    return None if line is None else shorten(text_of_value(decode(line)))


def _first(bag: Bag, limit: int) -> list[Row]:
    return nsmallest(limit, bag, key=by_form)


def _by_turns(lacking: list[Row], extra: list[Row]) -> Iterator[Row]:
    return (row for row in chain.from_iterable(zip_longest(lacking, extra)) if row is not None)


# ---- who resembles whom ----------------------------------------------------------------------------------------------


@dataclass
class _Seeker:
    """A record that lacks, and the records most like it among those that are too many: (unlikeness, form, row)."""

    row: Row
    value: Json
    best: list[tuple[tuple[float, int], Form, Row]] = field(default_factory=list)

    def consider(self, row: Row, value: Json, keep: int) -> None:
        share = _likeness(self.value, value)
        if share >= _LIKE:
            insort(self.best, ((-share, -_leading(self.value, value)), by_form(row), row), key=lambda found: found[:2])
            del self.best[keep:]


def _paired(lacking: list[Row], odds: Odds, limit: int) -> list[tuple[Row, Row]]:
    """Pair records with those like them, each with another."""
    if lacking and odds.missing.count == odds.unexpected.count == 1:
        return [(lacking[0], next(iter(odds.unexpected)))]
    seekers = [_Seeker(row, decode(row[3])) for row in lacking]
    texts = {row[0] for row in lacking}
    for number, row in enumerate(odds.unexpected if seekers else ()):
        if number >= _LOOKED_AT and row[0] not in texts:
            continue
        value = decode(row[3])
        for seeker in seekers:
            seeker.consider(row, value, limit)
    return list(_assigned(seekers))


def _assigned(seekers: Sequence[_Seeker]) -> Iterator[tuple[Row, Row]]:
    taken = Counter[Form]()
    for seeker in seekers:
        for _, form, row in seeker.best:
            if taken[form] < -row[2]:
                taken[form] += 1
                yield seeker.row, row
                break


def _likeness(one: Json, other: Json) -> float:
    """Return which share of the elements or fields of two records is equal."""
    if isinstance(one, list) and isinstance(other, list):
        equal: int = sum(map(eq, one, other))
        return equal / max(len(one), len(other), 1)
    if isinstance(one, dict) and isinstance(other, dict):
        return sum(key in other and one[key] == other[key] for key in one) / max(len(one.keys() | other.keys()), 1)
    return 0


def _leading(one: Json, other: Json) -> int:
    """Return how many of the first elements or fields are equal: keys come first."""
    if isinstance(one, list) and isinstance(other, list):
        return sum(1 for _ in takewhile(bool, map(eq, one, other)))
    if isinstance(one, dict) and isinstance(other, dict):
        return sum(1 for _ in takewhile(lambda key: key in other and one[key] == other[key], one))
    return 0


# ---- what is said about them -----------------------------------------------------------------------------------------


def _of_pair(lacking: Row, extra: Row, tolerance: Tolerance) -> Example:
    where = locate(decode(lacking[3]), decode(extra[3]), tolerance)
    return Example(expected=example_line(lacking[3]), got=example_line(extra[3]), where=where)


def _of_one(row: Row, expected: int, got: int) -> Example:
    """Return an example of a record without a like; a record that is there, but too often or too rarely, says so."""
    text = example_line(row[3])
    if row[2] > 0:
        where = f"expected {_often(expected)}, got {_often(got)}" if got else _often(row[2]) * (row[2] > 1)
        return Example(expected=text, got=None, where=where)
    where = f"expected {_often(expected)}, got {_often(got)}" if expected else _often(row[2]) * (row[2] < -1)
    return Example(expected=None, got=text, where=where)


def _often(count: int) -> str:
    return {1: "once", 2: "twice"}.get(abs(count), f"{abs(count):,} times")


def _times(rows: Iterable[Row], expected: Lines, got: Lines) -> dict[bytes, tuple[int, int]]:
    """Return how often the lines of these rows occur on either side."""
    lines = {row[3] for row in rows}
    if not lines:
        return {}
    on_each = [Counter(filter(lines.__contains__, side)) for side in (expected, got)]
    return {line: (on_each[0][line], on_each[1][line]) for line in lines}
