"""A CSV file whose cells can be filled without touching anything else in it; invents no row and no column.

The standard library's reader forgets how a file was quoted, where its cells stood and how its lines ended: what an LMS
exported must go back to it with one column changed, to the byte.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.errors import UsageError
from grader.reports import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BOM = "\ufeff"
_DELIMITERS = (",", ";", "\t")
_LINE_END = re.compile(r"\r\n|\r|\n")
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_CHARACTERS = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """A cell: its text, where it stands in the file (offsets; line and column from 1), whether it is quoted."""

    value: str
    start: int
    end: int
    line: int
    column: int
    quoted: bool


Row = tuple[Cell, ...]


class Sheet:
    """The rows of an exported file, its header first. `file` is its name, for errors.

    Raises `UsageError` with file, line and column where it is no UTF-8, no CSV, or has no header.
    """

    def __init__(self, exported: str | bytes, *, file: str) -> None:
        self.file = plain.visible(file)
        self._text = exported if isinstance(exported, str) else self._decoded(exported)
        self.delimiter = max(_DELIMITERS, key=self._header_cells)
        self.rows: list[Row] = [row for row in self._read(self.delimiter) if len(row) > 1 or row[0].value]
        self._filled: dict[int, tuple[Cell, str]] = {}
        if not self.rows:
            raise UsageError(f"{self.file}:1:1: the file is empty", "export it again")

    def fill(self, cell: Cell, value: str) -> None:
        """Put `value` in the place of the cell's text, quoted if that was or if it must be."""
        needed = any(sign in value for sign in (self.delimiter, '"', "\r", "\n"))
        written = f'"{value.replace(chr(34), chr(34) * 2)}"' if cell.quoted or needed else value
        self._filled[cell.start] = (cell, written)

    def text(self) -> str:
        """The whole file, with what was filled in."""
        parts, place = [], 0
        for start in sorted(self._filled):
            cell, written = self._filled[start]
            parts += [self._text[place:start], written]
            place = cell.end
        return "".join([*parts, self._text[place:]])

    def at(self, row: Row, column: int) -> Cell:
        """The cell in a column of the header's. Raises `UsageError` where the row is too short to have it."""
        if column < len(row):
            return row[column]
        header = len(self.rows[0])
        said = f"the row has {plain.count(len(row), 'cell')}, the header {header}"
        raise UsageError(f"{self.place(row[-1])}: {said}", "export the file again, and leave its rows as they are")

    def place(self, cell: Cell) -> str:
        """`file:line:column`."""
        return f"{self.file}:{cell.line}:{cell.column}"

    def columns(self, cells: Sequence[Cell] | None = None) -> str:
        """The header's texts, or these cells', as a list to read."""
        shown = (plain.clipped(plain.visible(cell.value.strip()), _CHARACTERS) for cell in cells or self.rows[0])
        return ", ".join(repr(text) for text in shown)

    # ---- reading -----------------------------------------------------------------------------------------------------

    def _decoded(self, raw: bytes) -> str:
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            before = raw[: error.start].decode("utf-8")
            line, column = before.count("\n") + 1, error.start - raw.rfind(b"\n", 0, error.start)
            raise UsageError(
                f"{self.file}:{line}:{column}: the file is no UTF-8",
                "export it again, or save it as `CSV UTF-8` where you edited it",
            ) from None

    def _header_cells(self, delimiter: str) -> int:
        try:
            return len(next(self._read(delimiter), ()))
        except UsageError:
            return 0

    def _read(self, delimiter: str) -> Iterator[Row]:
        """Every line that has a cell, blank ones as a single empty cell."""
        plain_cell = re.compile(rf"[^{re.escape(delimiter)}\r\n]*")
        position, line, begin = (1 if self._text.startswith(_BOM) else 0), 1, 0
        begin = position
        row: list[Cell] = []
        while position < len(self._text) or row:
            cell = self._cell(position, plain_cell, delimiter, line, position - begin + 1)
            row.append(cell)
            # A quoted cell may hold line ends itself.
            for found in _LINE_END.finditer(self._text, cell.start, cell.end):
                line, begin = line + 1, found.end()
            position = cell.end
            if self._text.startswith(delimiter, position):
                position += len(delimiter)
                continue
            yield tuple(row)
            row = []
            if ended := _LINE_END.match(self._text, position):
                position, line, begin = ended.end(), line + 1, ended.end()

    def _cell(self, start: int, unquoted: re.Pattern[str], delimiter: str, line: int, column: int) -> Cell:
        quoted = self._text.startswith('"', start)
        found = (_QUOTED if quoted else unquoted).match(self._text, start)
        if found is None:
            where = f"{self.file}:{line}:{column}"
            raise UsageError(f"{where}: a quotation mark is opened and never closed", "export the file again")
        end = found.end()
        if quoted and end < len(self._text) and self._text[end] not in (delimiter, "\r", "\n"):
            where = f"{self.file}:{line}:{column}"
            raise UsageError(f"{where}: text behind the closing quotation mark", "export the file again")
        value = found[0][1:-1].replace('""', '"') if quoted else found[0]
        return Cell(value=value, start=start, end=end, line=line, column=column, quoted=quoted)
