"""Which expected records have found an equal, yet may have to change partners within the tolerance? Finds no partners.

A record is one of them only if records of its form are odd on both sides, and, where a column of numbers holds nothing
but integers, which must be equal, only if its integers are theirs. All others are not kept, and most not even decoded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from grader.compare.rows import Row, make_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from grader.compare.canonical import Number
    from grader.compare.tolerance import Tolerance


class _Open(NamedTuple):
    """Of one form: the columns that hold only integers, and which integers there are odd on both sides."""

    columns: tuple[int, ...]
    integers: frozenset[tuple[Number, ...]]


class ColumnIsMixedError(Exception):
    """A column that was taken to hold only integers holds a float as well: begin again, it is known now."""


class Members:
    """Learns which forms are open, then finds the expected records that matter to them."""

    def __init__(self, tolerance: Tolerance) -> None:
        self._tolerance = tolerance
        # By hash, for there may be many; one that is taken for another costs a moment, no more.
        self._forms: dict[int, _Open] = {}
        self._strings: set[int] = set()

    def watch(self, rows: Sequence[Row], odd: Sequence[Row]) -> None:
        """Note that this form is open: all its rows that any line left over, and the odd ones among them."""
        text = rows[0][0]
        self._strings.add(_strings(text.encode(errors="surrogatepass")))
        columns = () if self._tolerance.place else _integer_columns(rows)
        lacking = {_at(columns, row[1]) for row in odd if row[2] > 0}
        both = frozenset(key for row in odd if row[2] < 0 and (key := _at(columns, row[1])) in lacking)
        self._forms[hash(text)] = _Open(columns, both)

    def __bool__(self) -> bool:
        return bool(self._forms)

    def find(self, expected: Iterable[bytes]) -> Iterator[Row]:
        """Yield the rows that matter, with count 0, those of records that lack a partner included.

        Raises ColumnIsMixedError where it must be called once more.
        """
        begin_again = False
        for line in expected:
            if b"\\" in line or _strings(line) in self._strings:
                row = make_row(line, 0, self._tolerance)
                open_form = self._forms.get(hash(row[0]))
                if open_form is None:
                    continue
                key = _at(open_form.columns, row[1])
                if float in map(type, key):
                    self._forms[hash(row[0])] = _Open((), frozenset({()}))
                    begin_again = True
                elif key in open_form.integers:
                    yield row
        if begin_again:
            raise ColumnIsMixedError


def _strings(text: bytes) -> int:
    """Return a hash of all strings and keys in a JSON text that has no backslash. Equal records have equal ones."""
    return hash(b'"'.join(sorted(text.split(b'"')[1::2])))


def _integer_columns(rows: Sequence[Row]) -> tuple[int, ...]:
    count = len(rows[0][1])
    return tuple(column for column in range(count) if all(isinstance(row[1][column], int) for row in rows))


def _at(columns: tuple[int, ...], numbers: tuple[Number, ...]) -> tuple[Number, ...]:
    return tuple([numbers[column] for column in columns])
