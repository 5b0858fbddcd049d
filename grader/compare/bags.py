"""Two bags of records: what does one hold that the other lacks? Counts it exactly, in bounded memory; explains nothing.

Three stages, each with what the one before could not settle: lines that are the same byte for byte cancel without
being decoded (`lines`); records that are exactly equal cancel; the rest is matched within the tolerance, form by form
(`matching`). What outgrows its share of memory goes to an unlinked file, split so that all that can meet is read back
together: memory is bounded by that share and the largest group of records that differ in nothing but numbers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from sys import intern
from typing import TYPE_CHECKING

from grader.compare.buckets import Buckets, Disk, Pile
from grader.compare.lines import unequal_lines
from grader.compare.matching import leftovers
from grader.compare.members import ColumnIsMixedError, Members
from grader.compare.rows import Row, cancel_equal, is_open, make_row, text_of
from grader.errors import InfrastructureError

if TYPE_CHECKING:
    from grader.compare.canonical import Number
    from grader.compare.tolerance import Tolerance

Lines = Iterable[bytes]

_ROW_COST = 320
"""Bytes of memory that a row takes beside its texts, about."""

_MOST_BUCKETS = 64
_ROW_TO_LINE = 3  # how much more memory a row takes than its line did

_FLOAT = re.compile(rb"[0-9][.eE]")


class Bag:
    """Records that one side has too many of: how many, and their rows."""

    def __init__(self, disk: Disk, memory: int) -> None:
        self.count = 0
        self._rows: Pile[Row] = Pile(disk, memory)

    def add(self, row: Row) -> None:
        """Add a row; its count, whatever the sign, says how many."""
        self.count += abs(row[2])
        self._rows.append(row, _size(row))

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)


class Odds:
    """What finds no partner on the other side."""

    def __init__(self, disk: Disk, memory: int) -> None:
        self.missing, self.unexpected = Bag(disk, memory // 4), Bag(disk, memory // 4)

    def add(self, rows: Iterable[Row]) -> None:
        """Sort rows to their sides."""
        for row in rows:
            (self.missing if row[2] > 0 else self.unexpected).add(row)

    def __bool__(self) -> bool:
        return bool(self.missing.count or self.unexpected.count)


def find_odds(expected: Lines, got: Lines, tolerance: Tolerance, disk: Disk, memory: int) -> Odds:
    """Return what is odd, using about `memory` bytes, and the disk beyond.

    Raises NotARecordError for a line that had to be decoded and could not, InfrastructureError where matching within
    the tolerance would take too long to tell equal from different.
    """
    found = Odds(disk, memory)
    rows, some_float = _unequal_rows(expected, got, tolerance, disk, memory)
    if not (tolerance.rel or tolerance.abs) or not (some_float or any(map(_FLOAT.search, expected))):
        for group in _groups(rows):
            found.add(cancel_equal(group))
        return found
    undecided, members = Buckets[Row](disk, memory // 4, len(rows)), Members(tolerance)
    _settle_exactly(rows, undecided, members, found)
    del rows
    if members:
        _settle_tolerantly(undecided, _found_members(expected, members, disk, memory, len(undecided)), tolerance, found)
    return found


def _unequal_rows(
    expected: Lines, got: Lines, tolerance: Tolerance, disk: Disk, memory: int
) -> tuple[Buckets[Row], bool]:
    """Return the rows of lines that one side has more often, and whether any of them holds what may be a float."""
    tally = unequal_lines(expected, got, disk, memory)
    rows = Buckets[Row](disk, memory, 1 + min(_MOST_BUCKETS - 1, _ROW_TO_LINE * tally.size // memory))
    some_float = False
    for line, count in tally:
        some_float = some_float or bool(_FLOAT.search(line))
        row = make_row(line, count, tolerance)
        rows.append(row[0], row, _size(row))
    return rows, some_float


def _size(row: Row) -> int:
    return len(row[0]) + 2 * len(row[3]) + _ROW_COST


def _groups(rows: Buckets[Row]) -> Iterator[list[Row]]:
    """Yield the rows of each form, sorted. No two are of the same line, so values are never compared."""
    for pile in rows:
        for _, group in groupby(sorted(pile), key=text_of):
            yield list(group)


def _settle_exactly(rows: Buckets[Row], undecided: Buckets[Row], members: Members, found: Odds) -> None:
    """Cancel equal records; put aside the forms for which the tolerance may yet bring records together."""
    for group in _groups(rows):
        left = cancel_equal(group)
        if not left or not is_open(left):
            found.add(left)
            continue
        members.watch(group, left)
        for row in group:
            undecided.append(row[0], row, _size(row))


def _found_members(expected: Lines, members: Members, disk: Disk, memory: int, count: int) -> Buckets[Row]:
    while True:
        kept = Buckets[Row](disk, memory // 2, count)
        try:
            for text, numbers, zero, line, value in members.find(expected):
                row: Row = (intern(text), numbers, zero, line, value)
                kept.append(text, row, _size(row))
        except ColumnIsMixedError:
            continue
        return kept


def _settle_tolerantly(undecided: Buckets[Row], members: Buckets[Row], tolerance: Tolerance, found: Odds) -> None:
    certain = bool(found)
    for odd, held in zip(undecided, members, strict=True):
        for _, group in groupby(sorted(chain(odd, held), key=text_of), key=text_of):
            left = leftovers(_without_twins(list(group)), tolerance)
            found.add(left)
            certain = certain or (bool(left) and not tolerance.budget.is_spent)
    if found and not certain and found.missing.count == found.unexpected.count:
        raise InfrastructureError(
            f"cannot tell whether the outputs are equal: {found.missing.count:,} records have too many near them",
            "narrow compare.float, or let the records differ in more than numbers",
        )


def _without_twins(rows: list[Row]) -> list[Row]:
    """Drop, of all expected records, those that are here a second time because they lack a partner."""
    lacking = Counter[object]()
    for row in rows:
        if row[2] > 0:
            lacking[_typed(row)] += row[2]
    return [row for row in rows if row[2] or not _is_counted(row, lacking)]


def _is_counted(row: Row, lacking: Counter[object]) -> bool:
    key = _typed(row)
    if not lacking.get(key):
        return False
    lacking[key] -= 1
    return True


def _typed(row: Row) -> tuple[tuple[Number, ...], tuple[type, ...]]:
    return row[1], tuple(map(type, row[1]))
