"""How many records of one form find a partner within the tolerance? At most as many as a best matching pairs; never a
guess.

Pairing equal records first can spoil a matching that exists: within 0.01, `{0.00, 0.01}` is `{0.01, 0.02}`. So every
record of a form takes part, those that have found an equal too. They are cut into parts that cannot meet, number by
number; where one number decides, sorting finds a best matching in O(n log n); else `network` searches for one, within
a budget.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from grader.compare.canonical import Number, canonical, columns
from grader.compare.network import Network
from grader.compare.rows import Row, by_form, cancel_equal, counted, is_open, numbers_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from grader.compare.records import Json
    from grader.compare.tolerance import Tolerance


def leftovers(rows: Sequence[Row], tolerance: Tolerance) -> list[Row]:
    """Return those of the rows of one form, which holds a number, that find no partner; their counts say how many."""
    left: list[Row] = []
    parts = [_with_columns(rows, tolerance)]
    for place in range(len(rows[0][1])):
        pieces = (piece for part in parts for piece in _cut(part, place, tolerance))
        parts = []
        for piece in pieces:
            if is_open(piece):
                parts.append(piece)
            else:
                left += (row for row in piece if row[2])
    return left + [row for part in parts for row in _settle(part, tolerance)]


def same(one: Json, other: Json, tolerance: Tolerance) -> bool:
    """Whether two records count as the same."""
    (text, numbers), (other_text, other_numbers) = columns(one, tolerance.place), columns(other, tolerance.place)
    if text != other_text or not all(map(tolerance.near, numbers, other_numbers)):
        return False
    return tolerance.same(one, other, _same_bag)


def odd_elements(one: list[Json], other: list[Json], inside: Tolerance) -> tuple[list[Json], list[Json]]:
    """Return the elements of two arrays in any order that find no partner in the other."""
    left = _odd_rows(one, other, inside)
    return [row[4] for row in left if row[2] > 0], [row[4] for row in left if row[2] < 0]


def _same_bag(one: list[Json], other: list[Json], inside: Tolerance) -> bool:
    return not _odd_rows(one, other, inside)


def _odd_rows(one: list[Json], other: list[Json], inside: Tolerance) -> list[Row]:
    rows: list[Row] = [(*canonical(item, inside.place), 1, b"", item) for item in one]
    rows += [(*canonical(item, inside.place), -1, b"", item) for item in other]
    rows.sort(key=by_form)
    left: list[Row] = []
    for _, group in groupby(rows, key=text_of):
        same_form = list(group)
        odd = cancel_equal(same_form)
        left += leftovers(same_form, inside) if odd and is_open(odd) else odd
    return left


def _with_columns(rows: Sequence[Row], tolerance: Tolerance) -> list[Row]:
    if tolerance.place is None:
        return list(rows)
    return [(text, columns(value, tolerance.place)[1], count, line, value) for text, _, count, line, value in rows]


def _cut(rows: list[Row], place: int, tolerance: Tolerance) -> Iterator[list[Row]]:
    """Cut rows where one number leaves a gap that no two of them can bridge."""
    values = [row[1][place] for row in rows]
    exact = tolerance.place is None and all(isinstance(value, int) for value in values)
    rows = sorted(rows, key=lambda row: row[1][place])
    values.sort()
    start = 0
    for i in range(1, len(rows)):
        if values[i - 1] != values[i] and (exact or not tolerance.near(values[i - 1], values[i])):
            yield rows[start:i]
            start = i
    yield rows[start:]


def _settle(rows: list[Row], tolerance: Tolerance) -> list[Row]:
    first = rows[0][1]
    varying = [i for i in range(len(first)) if any(row[1][i] != first[i] for row in rows)] or [0]
    if len(varying) == 1 and _one_number_decides(rows, varying[0], tolerance):
        return _line_up(rows, varying[0], tolerance)
    return _search(rows, varying[0], tolerance)


def _one_number_decides(rows: list[Row], place: int, tolerance: Tolerance) -> bool:
    """Whether nearness at `place` is all that counts: integers must be equal to one another, so they may not differ."""
    if tolerance.place and len(rows[0][1]) > 1:
        return False
    return len({row[1][place] for row in rows if isinstance(row[1][place], int)}) <= 1


# ---- one number decides: sort both sides, and pair them off from below -----------------------------------------------


@dataclass(slots=True)
class _Item:
    value: Number
    count: int
    row: Row


def _line_up(rows: list[Row], place: int, tolerance: Tolerance) -> list[Row]:
    """Return what a best matching leaves. It is found without who has an equal on the other side, where that
    suffices.
    """
    rows = sorted(rows, key=lambda row: row[1][place])
    lacking, extra = _pair_off(*_sides(cancel_equal(rows), place), tolerance)
    if lacking and extra:
        everyone_lacking, everyone_extra = _pair_off(*_sides(rows, place, held=1), tolerance)
        lacking, extra = _first(lacking, everyone_lacking), _first(extra, everyone_extra)
    return [counted(item.row, item.count) for item in lacking] + [counted(item.row, -item.count) for item in extra]


def _sides(rows: Iterable[Row], place: int, held: int = 0) -> tuple[list[_Item], list[_Item]]:
    """Return rows as expected and got items; rows that both sides hold count `held` on each."""
    expected, got = [], []
    for row in rows:
        if row[2] > 0 or (held and not row[2]):
            expected.append(_Item(row[1][place], row[2] or held, row))
        if row[2] < 0 or (held and not row[2]):
            got.append(_Item(row[1][place], -row[2] or held, row))
    return expected, got


def _pair_off(expected: list[_Item], got: list[_Item], tolerance: Tolerance) -> tuple[list[_Item], list[_Item]]:
    """Return what remains of two sorted sides. Taking the lowest near pair is best: whoever is left has fewer to
    choose from.
    """
    lacking, extra = [], []
    i = j = 0
    while i < len(expected) and j < len(got):
        one, other = expected[i], got[j]
        if tolerance.near(one.value, other.value):
            pairs = min(one.count, other.count)
            one.count -= pairs
            other.count -= pairs
            i, j = i + (not one.count), j + (not other.count)
        elif one.value < other.value:
            lacking.append(one)
            i += 1
        else:
            extra.append(other)
            j += 1
    return lacking + expected[i:], extra + got[j:]


def _first(items: list[_Item], left: list[_Item]) -> list[_Item]:
    """Return as many of the first items as `left` counts: a best matching exists that spares all who have an equal."""
    rest, chosen = sum(item.count for item in left), []
    for item in items:
        take = min(rest, item.count)
        rest -= take
        if take:
            chosen.append(_Item(item.value, take, item.row))
    return chosen


# ---- several numbers, or integers among floats: search --------------------------------------------------------------


def _search(rows: list[Row], place: int, tolerance: Tolerance) -> list[Row]:
    def alike(one: Row, other: Row) -> bool:
        if not all(map(tolerance.near, one[1], other[1])):
            return False
        if tolerance.place:
            return tolerance.same(one[4], other[4], _same_bag)
        return all(map(tolerance.same_number, one[1], other[1]))

    def close(one: Row, other: Row) -> bool:
        return tolerance.near(one[1][place], other[1][place])

    network: Network[Row] = Network(alike, close, numbers_of, tolerance.budget)
    for row, count in _by_count(rows, tolerance):
        if row[2] > 0:
            network.add_expected(row, count)
        elif row[2] < 0:
            network.add_got(row, count)
        else:
            network.add_held(row, count)
    lacking, extra = network.solve()
    return [counted(row, count) for row, count in lacking] + [counted(row, -count) for row, count in extra]


def _by_count(rows: list[Row], tolerance: Tolerance) -> Iterator[tuple[Row, int]]:
    """Yield rows, those alike in all but their lines as one, in an order that depends on nothing else."""
    for _, group in groupby(sorted(rows, key=_identity), key=_identity):
        same_rows = list(group)
        if tolerance.place:
            yield from ((row, abs(row[2]) or 1) for row in same_rows)
        else:
            yield same_rows[0], sum(abs(row[2]) or 1 for row in same_rows)


def _identity(row: Row) -> tuple[tuple[Number, ...], list[bool], int]:
    """Numbers, which of them are integers (it matters within a tolerance), and side."""
    return row[1], [isinstance(value, int) for value in row[1]], (row[2] > 0) - (row[2] < 0)
