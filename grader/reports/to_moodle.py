"""Moodle: marks and feedback merged into an assignment's grading worksheet; makes no row, and touches nothing else."""

from __future__ import annotations

import html
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from grader.audience import for_audience, shown_verdict
from grader.errors import UsageError
from grader.model import Audience, GradeReport, SubmissionResult
from grader.reports import plain, standing, statement
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
    from collections.abc import Iterator

_OPENING = "pymapr: "
"""Begins our feedback: so that a later merge knows what it may replace, and no spreadsheet takes it for a formula."""

_OURS = re.compile(rf"(?:\s|<[^>]*>)*{_OPENING}")
_NUMBER = re.compile(r"([0-9]+)\s*$")
_FEEDBACK_LINES = 60


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The worksheet's headers, in the language of the site; `unlocked` is how it says that a grade can be changed."""

    identifier: str = "Identifier"
    grade: str = "Grade"
    maximum: str = "Maximum Grade"
    name: str = "Full name"
    id_number: str = "ID number"
    email: str = "Email address"
    changeable: str = "Grade can be changed"
    feedback: str = "Feedback comments"
    unlocked: str = "Yes"


def merge(
    report: GradeReport,
    exported: str | bytes,
    *,
    file: str,
    assignment: str | None = None,
    columns: Columns | None = None,
    feedback: bool = True,
) -> Merged:
    """The worksheet with the assignment's marks, and feedback as students may see it, where they had none but ours.

    file: what to call the worksheet in errors. assignment: whose it is; needed where the report has several.

    Raises `UsageError` where the file is no such worksheet, or the assignment is not clear.
    """
    worksheet = _Worksheet(Sheet(exported, file=file), columns or Columns())
    name = assignment or _only_assignment(report, worksheet.sheet.file)
    wanted = claims(report, name)
    if not wanted:
        raise UsageError(f"nothing was graded for {plain.visible(name)!r}", "name an assignment of this report")
    shown = {id(result): cut for result, cut in zip(report.results, _for_students(report), strict=True)}
    said = [*worksheet.fill(wanted, shown if feedback else {})]
    return Merged(text=worksheet.sheet.text(), said=tuple(f"{plain.visible(name)}: {line}" for line in said))


def _for_students(report: GradeReport) -> tuple[SubmissionResult, ...]:
    return for_audience(report, Audience.STUDENT).results


def _only_assignment(report: GradeReport, file: str) -> str:
    names = [*dict.fromkeys(result.assignment for result in report.results)]
    if len(names) == 1:
        return names[0]
    graded = ", ".join(map(plain.visible, names)) or "none"
    said = f"{file}: a worksheet is about one assignment; graded were: {graded}"
    raise UsageError(said, "name the assignment")


class _Worksheet:
    """Moodle's file: a header in any language, and a row for each participant."""

    def __init__(self, sheet: Sheet, columns: Columns) -> None:
        self.sheet = sheet
        self._columns = columns
        self._places = {name: self._find(title) for name, title in asdict(columns).items() if name != "unlocked"}
        lacking = [getattr(columns, need) for need in ("identifier", "grade") if self._places[need] is None]
        if lacking:
            raise UsageError(
                f"{sheet.place(sheet.rows[0][0])}: no column {' and no column '.join(map(repr, lacking))}"
                f" in {sheet.columns()}",
                "give the grading worksheet of the assignment; where it is not in English, name its columns",
            )
        self._rows = sheet.rows[1:]
        for row in self._rows:  # so that a worksheet on a scale is refused whoever handed in
            self._maximum(row)
        self._comma = self._has_comma()

    def fill(self, wanted: list[Claim], shown: dict[int, SubmissionResult]) -> Iterator[str]:
        """Put marks and feedback in, and say what was out of the ordinary. `shown`: results as students see them."""
        matches = match(wanted, [self._place(row) for row in self._rows])
        rows = {self._cell(row, "grade"): row for row in self._rows}
        free = [(claim, place) for claim, place in matches.found if not self._locked(rows[place.mark])]
        locked = [place.called for _, place in matches.found if self._locked(rows[place.mark])]
        kept = sum(not self._write(claim, rows[place.mark], shown) for claim, place in free)
        yield filled_in([*self._marks(free, rows)])
        yield from self._remarks(free, rows)
        if kept:
            yield f"{plain.count(kept, 'comment')} of somebody else's left, without our feedback"
        yield from (f"{place} is locked, so left as it was" for place in locked)
        yield from matches.said

    def _marks(self, found: list[tuple[Claim, Place]], rows: dict[Cell, Row]) -> Iterator[tuple[Claim, str, float]]:
        """Who gets a mark, what stood in its place, and its points."""
        for claim, place in found:
            mark = merit(claim.result, self._maximum(rows[place.mark]))
            if mark is not None:
                yield claim, place.mark.value, mark

    def _remarks(self, found: list[tuple[Claim, Place]], rows: dict[Cell, Row]) -> Iterator[str]:
        by_maximum: dict[float | None, list[Claim]] = {}
        for claim, place in found:
            by_maximum.setdefault(self._maximum(rows[place.mark]), []).append(claim)
        for maximum, alike in by_maximum.items():
            yield from remarks_on_marks(alike, maximum, f"`{plain.visible(self._columns.grade)}`")

    def _write(self, claim: Claim, row: Row, shown: dict[int, SubmissionResult]) -> bool:
        """Fill a row's mark and feedback; False where somebody else's comment stands in the feedback's place."""
        mark = merit(claim.result, self._maximum(row))
        if mark is None:
            return True
        written = plain.points(mark)
        self.sheet.fill(self._cell(row, "grade"), written.replace(".", ",") if self._comma else written)
        if self._places["feedback"] is None or not shown:
            return True
        comment = self._cell(row, "feedback")
        if comment.value.strip() and not _OURS.match(comment.value):
            return False
        self.sheet.fill(comment, _feedback(shown[id(claim.result)]))
        return True

    def _place(self, row: Row) -> Place:
        identifier = _NUMBER.search(self._value(row, "identifier"))
        keys = {
            "moodle": identifier[1] if identifier else "",
            "sis": self._value(row, "id_number"),
            "email": self._value(row, "email"),
        }
        return Place(keys=keys_of(keys), name=self._value(row, "name"), mark=self._cell(row, "grade"))

    def _locked(self, row: Row) -> bool:
        """Whether Moodle would pass over the row without a word."""
        word = self._value(row, "changeable").strip()
        return bool(word) and not same_title(word, self._columns.unlocked)

    def _maximum(self, row: Row) -> float | None:
        """What the row gives at most. Raises `UsageError` where it is graded on a scale of words."""
        text = self._value(row, "maximum")
        found = number(text)
        if found is None and text.strip():
            raise UsageError(
                f"{self.sheet.place(self._cell(row, 'maximum'))}: the maximum {plain.visible(text)!r} is no number",
                "marks are points: let Moodle grade this assignment in points, not on a scale",
            )
        return found

    def _has_comma(self) -> bool:
        """Whether the site's language has a decimal comma, as far as the numbers in the file show."""
        shown = [self._value(row, place) for row in self._rows for place in ("maximum", "grade")]
        signs = {text[max(text.rfind("."), text.rfind(","))] for text in shown if "." in text or "," in text}
        return signs == {","}

    def _find(self, title: str) -> int | None:
        hits = [index for index, cell in enumerate(self.sheet.rows[0]) if same_title(cell.value, title)]
        if len(hits) > 1:
            cell = self.sheet.rows[0][hits[1]]
            raise UsageError(f"{self.sheet.place(cell)}: a second column {title!r}", "export the worksheet again")
        return hits[0] if hits else None

    def _cell(self, row: Row, column: str) -> Cell:
        place = self._places[column]
        assert place is not None
        return self.sheet.at(row, place)

    def _value(self, row: Row, column: str) -> str:
        """The text of a cell, empty where the worksheet has no such column."""
        return "" if self._places[column] is None else self._cell(row, column).value


def _feedback(result: SubmissionResult) -> str:
    """The feedback in HTML, which is what Moodle takes a comment for; nothing in it is markup but line ends."""
    points = f"{plain.points(result.mark)} of {plain.points(result.max_score)} points"
    lines = [f"{_OPENING}{shown_verdict(result)}, {points}"]
    lines += [f"{label}: {text}" for label, text in standing.facts(result)]
    told = [*statement.explanation(result)]
    lines += [*told[:_FEEDBACK_LINES], *(["…"] if len(told) > _FEEDBACK_LINES else [])]
    return "<br>".join(html.escape(line) for line in lines)
