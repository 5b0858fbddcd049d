"""The roster, `students.csv`: who should have handed in, and whose a submission is. Guesses at nothing ambiguous."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from grader.errors import UsageError
from grader.model import Student

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from grader.layouts.found import Found

_COLUMNS = {
    "key": "key student studentid studentnumber studentno studentnr userid identifier orgdefinedid"
    " matriculation matriculationnumber",
    "id": "id",
    "login": "login loginid username user sisloginid",
    "name": "name fullname studentname displayname",
    "first": "firstname givenname",
    "last": "lastname surname familyname",
    "email": "email emailaddress mail",
    "group": "group groupname team teamname",
    "submitted": "submitted submittedat submissiontime",
    "canvas": "canvas canvasid canvasuserid",
    "moodle": "moodle moodleid participant participantid participantnumber",
    "gradescope": "gradescope gradescopeid sid",
    "sis": "sis sisid sisuserid",
    "github": "github githubusername githublogin githubuser",
}
"""What a column's header may be, without spaces, case and punctuation; the field that each is comes first."""
_FIELDS = {header: field for field, headers in _COLUMNS.items() for header in headers.split()}
_COUNTERS = {"", "no", "nr"}
"""Headers of columns that number the rows: of no use, and no slip."""
_PLATFORMS = ("canvas", "moodle", "gradescope", "sis", "github")
_LASTING = {"canvas", "gradescope", "github"}
"""Platforms of which a student has one id, whatever the assignment."""
_NOBODY = re.compile(r"\s*(Points Possible|Student, Test\s*$)")
"""The first cell, in Canvas's gradebook, of rows that are no student's: its test student is an instructor."""
_LARGEST = 32 * 2**20
_SEVERAL = -1


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A row of the roster. submitted: ISO 8601 with offset, or empty."""

    student: Student
    group: str = ""
    submitted: str = ""


@dataclass(frozen=True)
class Roster:
    """All rows, in the file's order, and an index to find them by. unused: the headers that mean nothing here."""

    rows: tuple[Listed, ...]
    unused: tuple[str, ...] = ()
    _index: dict[tuple[str, str], int] = field(default_factory=dict, compare=False)
    _groups: dict[str, list[Listed]] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows):
            self._groups.setdefault(row.group.casefold(), []).append(row)
            for known in _known(row):
                self._index[known] = number if self._index.get(known, number) == number else _SEVERAL

    def match(self, found: Found) -> list[Listed]:
        """The rows that a submission is of: its students', or all of the group that it is named after; else none."""
        rows = [row for student in found.students if (row := self.row(student)) is not None]
        if not rows and (row := self._by(_guesses(found))) is not None:
            rows = [] if any(self._is_another(student, row) for student in found.students) else [row]
        return rows or self._group(found)

    def row(self, student: Student) -> Listed | None:
        """The row of somebody whom a platform names; none where it is nobody's, or could be several's."""
        row = self._by([fact] for fact in _sure(student))
        return None if row is None or self._is_another(student, row) else row

    def _is_another(self, student: Student, row: Listed) -> bool:
        """Whether the platform says that it is not the row's student, whose name or login it may be all the same.

        That is so where an id is another. Moodle's numbers are of one assignment, and the roster's may be of an older
        one: there it is where the number is one student's and the name another's.
        """
        of_row = {platform: value.casefold() for platform, value in row.student.ids.items()}
        if any(of_row.get(each, own) != own for each, own in _ids(student) if each in _LASTING):
            return True
        facts = ("moodle", student.ids.get("moodle", "")), ("name", _letters(student.name))
        told = [at for fact in facts if (at := self._by([[fact]])) is not None]
        return "moodle" in student.ids and len(told) == 2 and told[0] is not told[1]

    def _by(self, steps: Iterable[Iterable[tuple[str, str]]]) -> Listed | None:
        """The row that the first step leads to; none where facts of one step are known of several students."""
        for facts in steps:
            numbers = {self._index[fact] for fact in facts if fact[1] and fact in self._index}
            if numbers:
                number = numbers.pop()
                return None if numbers or number == _SEVERAL else self.rows[number]
        return None

    def _group(self, found: Found) -> list[Listed]:
        names = {name.casefold() for name in (found.key, *found.called) if name}
        return [row for name in sorted(names) for row in self._groups.get(name, ())]


def _known(row: Listed) -> Iterator[tuple[str, str]]:
    """Everything by which a student of the roster may be found; Moodle puts a group's name before the student's."""
    student = row.student
    yield from _ids(student)
    for kind, value in (("key", student.key), ("login", student.login), ("email", student.email)):
        yield kind, value.casefold()
    yield "local", student.email.casefold().partition("@")[0]
    for name in _orders(student.name):
        yield from (("name", _letters(name)), ("name", _letters(row.group + name)))


def _sure(student: Student) -> Iterator[tuple[str, str]]:
    """What the platform itself says: ids, login, email, name, in this order."""
    yield from _ids(student)
    yield from ((kind, student.login.casefold()) for kind in ("github", "login", "key"))
    yield "email", student.email.casefold()
    yield "key", student.key.casefold()
    yield "name", _letters(student.name)


def _ids(student: Student) -> Iterator[tuple[str, str]]:
    yield from ((platform, value.casefold()) for platform, value in student.ids.items())


def _guesses(found: Found) -> Iterator[list[tuple[str, str]]]:
    """What the name of a folder or a file may be: a key, an id of any platform, a login, an email or a name."""
    names = dict.fromkeys((found.key, *found.called))
    for kinds in (("key",), _PLATFORMS, ("login",), ("email",), ("local",)):
        yield [(kind, name.casefold()) for kind in kinds for name in names]
    yield [("name", _letters(name)) for name in names]


def _orders(name: str) -> Iterator[str]:
    """A name as it may be written: `Ada Lovelace`, `Lovelace, Ada`, `Ada King Lovelace`, `King Lovelace Ada`, ..."""
    words = name.replace(",", " ").split()
    yield from (" ".join(words[at:] + words[:at]) for at in range(len(words)))


def _letters(name: str) -> str:
    """A name without case, accents' spelling, spaces and punctuation, as platforms write it into names of files."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFC", name).casefold())


# ---- the file --------------------------------------------------------------------------------------------------------


def read(path: Path) -> Roster:
    """Read a roster; raises UsageError, with file, line and column."""
    text = _text(path)
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    lines = _Lines(text)
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    table = _Table(path, lines, delimiter)
    try:
        header = next(rows, [])
        fields = table.fields(header)
        listed = list(table.rows(rows, fields))
    except csv.Error as error:
        raise UsageError(f"{path}:{lines.number}:1: {error}", "save it as CSV once more") from None
    if not listed:
        raise UsageError(f"{path}: no student in it", "a header row, and a row for each student")
    return Roster(tuple(listed), table.unused)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{path}: larger than {_LARGEST // 2**20} MB", "a roster is a small table")
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise UsageError(f"{path}:{line}:1: not UTF-8", "save it as CSV UTF-8") from None
    except OSError as error:
        raise UsageError(f"--roster {path}: {error.strerror}", "name a CSV file with a header row") from None


class _Lines:
    """The text's lines for the csv module; remembers those of the row that is being read."""

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text, newline="")
        self.number = 0
        self.first = 1
        self.row = ""

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.number += 1
            self.row += line
            yield line

    def next_row(self) -> None:
        """From here on, lines belong to the next row."""
        self.first, self.row = self.number + 1, ""


class _Table:
    """Makes rows of a roster into facts, and says where one is wrong."""

    def __init__(self, path: Path, lines: _Lines, delimiter: str) -> None:
        self._path, self._lines, self._delimiter = path, lines, delimiter
        self.unused: tuple[str, ...] = ()

    def fields(self, header: Sequence[str]) -> list[str]:
        """What each column is; empty for one that is of no interest. Raises UsageError."""
        plain = [re.sub(r"[\W_]", "", name.casefold()) for name in header]
        fields = [_FIELDS.get(name, "") for name in plain]
        self.unused = tuple(
            said.strip() for said, name in zip(header, plain, strict=True) if name not in _FIELDS.keys() | _COUNTERS
        )
        if "sis" in fields and "student" in plain:  # Canvas's gradebook: `Student` is the name, and `ID` Canvas's own
            canvas, self.unused = {"student": "name", "id": "canvas"}, ()  # it has many columns, and is no slip
            fields = [canvas.get(name, field) for name, field in zip(plain, fields, strict=True)]
        for column, name in enumerate(fields):
            if name and name in fields[:column]:
                message = f"{header[column]!r} and {header[fields.index(name)]!r} mean the same"
                raise self._wrong(column, message, "rename or remove one of the two")
        if not {"key", "id", "login", "email", "name", "last", *_PLATFORMS} & set(fields):
            hint = "name one of them key, login, email or name"
            raise self._wrong(0, "no column says who a student is", hint)
        self._lines.next_row()
        return fields

    def rows(self, rows: Iterable[Sequence[str]], fields: Sequence[str]) -> Iterator[Listed]:
        """Every student; raises UsageError for one without a name or with another's."""
        keys: dict[str, int] = {}
        for cells in rows:
            if any(cell.strip() for cell in cells) and not _NOBODY.match(cells[0]):
                listed = self._listed(cells, fields)
                first = keys.setdefault(listed.student.key.casefold(), self._lines.first)
                if first != self._lines.first:
                    key = listed.student.key
                    raise self._wrong(_key_column(fields), f"{key!r} is in line {first} already", "each student once")
                yield listed
            self._lines.next_row()

    def _listed(self, cells: Sequence[str], fields: Sequence[str]) -> Listed:
        if len(cells) > len(fields) and any(cell.strip() for cell in cells[len(fields) :]):
            hint = "put a text with a separator in it into double quotes"
            raise self._wrong(len(fields), f"{len(cells)} cells, but {len(fields)} columns", hint)
        row = {name: cell.strip() for name, cell in zip(fields, cells, strict=False) if name}
        name = row.get("name") or " ".join(filter(None, [row.get("first"), row.get("last")]))
        key = _key(row) or name
        if not key:
            raise self._wrong(_key_column(fields), "no key, login, email or name", "say who this is, or remove the row")
        if " " in key and not name:
            name = key
        ids = {platform: _bare(platform, row[platform]) for platform in _PLATFORMS if row.get(platform)}
        if row.get("id", key) != key:
            ids.setdefault("sis", row["id"])
        student = Student(key=key, name=name, email=row.get("email", ""), login=row.get("login", ""), ids=ids)
        return Listed(student=student, group=row.get("group", ""), submitted=self._time(row, fields))

    def _time(self, row: Mapping[str, str], fields: Sequence[str]) -> str:
        text = row.get("submitted", "")
        if not text:
            return ""
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            time = None
        if time is None or time.tzinfo is None:
            hint = "ISO 8601 with an offset, such as 2026-11-22T17:30:00+01:00"
            what = "has no offset" if time else "is no time"
            raise self._wrong(fields.index("submitted"), f"submitted: {text!r} {what}", hint)
        return time.isoformat()

    def _wrong(self, column: int, message: str, hint: str) -> UsageError:
        return UsageError(f"{self._path}:{self._lines.first}:{self._place(column)}: {message}", hint)

    def _place(self, column: int) -> int:
        """At which character of its row a column begins, counted from 1; quotes may hold delimiters."""
        row = self._lines.row
        for end in range(len(row)):
            if len(next(csv.reader([row[:end]], delimiter=self._delimiter), [])) > column:
                return end + 1 if column else 1
        return max(1, len(row.rstrip("\r\n")))


def _key(row: Mapping[str, str]) -> str:
    return next((row[name] for name in ("key", "id", "login", "email", *_PLATFORMS) if row.get(name)), "")


def _key_column(fields: Sequence[str]) -> int:
    return next((fields.index(name) for name in ("key", "id", "login", "email", *_PLATFORMS) if name in fields), 0)


def _bare(platform: str, value: str) -> str:
    """An id alone: Moodle writes `Participant 101`, in the site's language, people `@ada` or GitHub's address."""
    if platform == "github":
        return value.rstrip("/").rpartition("/")[2].removeprefix("@")
    number = re.search(r"\d+$", value)
    return number[0] if platform == "moodle" and number else value
