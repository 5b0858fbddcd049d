"""Canvas: marks merged into the gradebook that it exported; makes no column, which Canvas would take for an assignment.

Row 1 is read by position, as Canvas' own importer does: the student's columns up to `Section`, then assignments,
whose headers are a title and an id in brackets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.errors import UsageError
from grader.reports import plain
from grader.reports.gradebook import (
    Claim,
    Merged,
    Place,
    claims,
    filled_in,
    keys_of,
    match,
    merit,
    number,
    remarks_on_marks,
    same_title,
)
from grader.reports.sheet import Cell, Row, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from grader.model import GradeReport

_ID = re.compile(r"(?P<title>.*?)\s*\((?P<id>[0-9]+)\)\s*")
_POSSIBLE = "points possible"
_READ_ONLY = "read only"
_EXCUSED = "EX"
_TEST_STUDENT = "Student, Test"
_EXPORT = "give the CSV file that Canvas' gradebook exports, unchanged"


def merge(
    report: GradeReport,
    exported: str | bytes,
    *,
    file: str,
    titles: Mapping[str, str] | None = None,
    columns: Mapping[str, str] | None = None,
) -> Merged:
    """The exported gradebook with the marks of each assignment in its column, and nothing else changed.

    file: what to call it in errors. titles: the assignments' titles by their names. columns: for assignments that
    Canvas calls otherwise, the column's header, its title, or its id.

    Raises `UsageError` where the file is none of Canvas', a column is not clear, or there is none for any assignment.
    """
    book = _Book(Sheet(exported, file=file))
    names = [*dict.fromkeys(result.assignment for result in report.results)]
    wanted = {name: (columns or {}).get(name) for name in names}
    found = {name: book.column(name, (titles or {}).get(name, name), wanted[name]) for name in names}
    if not any(found.values()):
        raise book.lacks(", ".join(map(plain.visible, names)) or "any assignment")
    book.refuse_shared(found)
    said: list[str] = []
    for name, column in found.items():
        told = book.fill(claims(report, name), column) if column else [book.absent()]
        said += [f"{plain.visible(name)}: {line}" for line in told]
    return Merged(text=book.sheet.text(), said=tuple(said))


@dataclass(frozen=True, kw_only=True)
class _Column:
    """An assignment's column: its header, its place, and what it gives at most (None where that is not said)."""

    header: Cell
    index: int
    maximum: float | None


class _Book:
    """Canvas' file: its header, the row of possible points, and a row for each student."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.header = sheet.rows[0]
        self._titles = [cell.value.strip() for cell in self.header]
        if not ("Student" in self._titles[0] and len(self._titles) > 1 and "ID" in self._titles[1]):
            raise UsageError(f"{sheet.place(self.header[0])}: the columns are not Canvas': {sheet.columns()}", _EXPORT)
        if "Section" not in self._titles:
            raise UsageError(f"{sheet.place(self.header[0])}: no column `Section` in {sheet.columns()}", _EXPORT)
        self._first = self._titles.index("Section") + 1
        body = sheet.rows[1:]
        self._possible = next((row for row in body if row[0].value.strip().casefold() == _POSSIBLE), None)
        self._students = [row for row in body if row is not self._possible and self._is_student(row)]

    def column(self, name: str, title: str, asked: str | None) -> _Column | None:
        """The one column of an assignment's, or None. Raises `UsageError` where several are called so."""
        calls = [asked] if asked else [title, name]
        for called in calls:
            if hits := [index for index in self._writable() if _is_called(self._titles[index], called)]:
                return self._column(hits, called)
        if asked:
            raise self.lacks(plain.visible(asked))
        return None

    def lacks(self, what: str) -> UsageError:
        """The error that there is no column for something, which says what there is."""
        said = f"{self.sheet.place(self.header[0])}: no column for {what}; those that can be filled: {self._choice()}"
        return UsageError(said, "name the column as Canvas titles it, or by its id")

    def refuse_shared(self, found: Mapping[str, _Column | None]) -> None:
        """Raise `UsageError` where two assignments would go into one column: the second's marks would stand there."""
        owners: dict[int, str] = {}
        for name, column in found.items():
            if column and (other := owners.setdefault(column.index, name)) != name:
                raise UsageError(
                    f"{self.sheet.place(column.header)}: both {plain.visible(other)} and {plain.visible(name)}"
                    f" would go into {self.sheet.columns([column.header])}",
                    "name the column of each, as Canvas titles it or by its id",
                )

    def absent(self) -> str:
        """That an assignment has no column, and which there are."""
        return f"no column, so none of its marks is in the file; those that can be filled: {self._choice()}"

    def fill(self, wanted: list[Claim], column: _Column) -> Iterator[str]:
        """Put the marks in, and say whatever was out of the ordinary."""
        header = f"`{plain.visible(column.header.value.strip())}`"
        matches = match(wanted, [self._place(row, column) for row in self._students])
        filled, excused = self._write(matches.found, column)
        yield filled_in(filled, f" under {header}")
        yield from remarks_on_marks([claim for claim, _ in matches.found], column.maximum, header)
        yield from (f"{place} is excused, so left as it was" for place in excused)
        yield from matches.said

    def _write(
        self, found: Iterable[tuple[Claim, Place]], column: _Column
    ) -> tuple[list[tuple[Claim, str, float]], list[str]]:
        """The marks into their cells: those that are there now, with what was there; and whom they are not for."""
        filled, excused = [], []
        for claim, place in found:
            mark = merit(claim.result, column.maximum)
            if place.mark.value.strip().upper() == _EXCUSED:
                excused.append(place.called)
            elif mark is not None:
                self.sheet.fill(place.mark, plain.points(mark))
                filled.append((claim, place.mark.value, mark))
        return filled, excused

    def _column(self, hits: list[int], called: str) -> _Column:
        cells = [self.header[index] for index in hits]
        if len(hits) > 1:
            raise UsageError(
                f"{self.sheet.place(cells[1])}: more than one column is called {plain.visible(called)!r}:"
                f" {self.sheet.columns(cells)}",
                "name the column by its id, the number in brackets",
            )
        return _Column(header=cells[0], index=hits[0], maximum=number(self._points(hits[0])) or None)

    def _choice(self) -> str:
        cells = [self.header[index] for index in self._writable()]
        return self.sheet.columns(cells) if cells else "none"

    def _writable(self) -> Iterator[int]:
        """The assignments' columns that Canvas reads back: with an id, which the instructor's own columns have not."""
        places = [index for index in range(self._first, len(self._titles)) if _ID.fullmatch(self._titles[index])]
        return (index for index in places if _READ_ONLY not in self._points(index).casefold())

    def _points(self, index: int) -> str:
        return self.sheet.at(self._possible, index).value if self._possible else ""

    def _is_student(self, row: Row) -> bool:
        """Not the rows about postings, which have no name, nor the test student, whom nobody grades."""
        return row[0].value.strip() != _TEST_STUDENT and any(cell.value.strip() for cell in row[:2])

    def _place(self, row: Row, column: _Column) -> Place:
        values = {title: cell.value for title, cell in zip(self._titles[: self._first], row, strict=False)}
        login = values.get("SIS Login ID", "")
        keys = {"canvas": row[1].value if len(row) > 1 else "", "sis": values.get("SIS User ID", ""), "login": login}
        address = keys_of({"email": login}) if "@" in login else ()
        return Place(keys=keys_of(keys) + address, name=row[0].value, mark=self.sheet.at(row, column.index))


def _is_called(header: str, called: str) -> bool:
    found = _ID.fullmatch(header)
    names = [header, found["title"]] if found else [header]
    return (found is not None and found["id"] == called.strip()) or any(same_title(name, called) for name in names)
