"""What the stages of a comparison hand to one another: a record's canonical form, and how many of it are odd."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, TypeAlias

from grader.compare.canonical import Number, canonical
from grader.compare.records import Json, decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from grader.compare.tolerance import Tolerance

Row: TypeAlias = tuple[str, tuple[Number, ...], int, bytes, Json]
"""Text and numbers of a canonical form, count, line, and the record itself if the spec has unordered places, else None.

The count is positive for records that lack, negative for records that are too many, 0 for one that both sides hold.
"""

text_of, numbers_of, count_of = itemgetter(0), itemgetter(1), itemgetter(2)
by_form = itemgetter(0, 1)


def make_row(line: bytes, count: int, tolerance: Tolerance) -> Row:
    """Decode a line; raises NotARecordError."""
    value = decode(line)
    text, numbers = canonical(value, tolerance.place)
    return text, numbers, count, line if count else b"", value if tolerance.place else None


def counted(row: Row, count: int) -> Row:
    """Return the row with another count."""
    return row if row[2] == count else (row[0], row[1], count, row[3], row[4])


def cancel_equal(rows: Iterable[Row]) -> list[Row]:
    """Return what is left of sorted rows of one form when exactly equal ones cancel out."""
    left: list[Row] = []
    for _, group in groupby(rows, key=numbers_of):
        equal = list(group)
        total = sum(map(count_of, equal))
        if total:
            left.append(counted(next(row for row in equal if row[2] * total > 0), total))
    return left


def is_open(rows: Sequence[Row]) -> bool:
    """Whether both sides have odd records here, so that some may be partners within a tolerance."""
    counts = [row[2] for row in rows]
    return min(counts) < 0 < max(counts)
