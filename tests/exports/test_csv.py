"""CSV as a spreadsheet opens it, and as a script reads it."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pytest
from builders import a_case, a_report, a_result, a_wrong_case
from hypothesis import given

from exports.hostile import UNTIMED, harmless, reports
from exports.marks import a_mark, a_student
from grader.audience import for_audience
from grader.model import Audience, GradeReport, Lateness, Override, Verdict, Visibility
from grader.reports import plain, to_csv

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def text_of(report: GradeReport) -> str:
    """The whole file."""
    return "".join(to_csv.render(report))


def rows(report: GradeReport) -> list[dict[str, str]]:
    """The rows as a script reads them: with the encoding that knows a BOM."""
    raw = text_of(report).encode("utf-8").decode("utf-8-sig")
    return [*csv.DictReader(io.StringIO(raw, newline=""), strict=True)]


def test_a_row_for_each_student_and_assignment_word_for_word() -> None:
    """Texts in quotation marks, numbers without, in Excel's dialect."""
    late = replace(
        a_result(a_wrong_case(), a_case("zipf", max_score=6), submission="team-1"),
        students=(a_student("01", "Zoë", email="z@e.org", login="zoe"), a_student("02")),
        group="team 1",
        submitted="2026-03-01T12:00:00+01:00",
        late=Lateness(days=2, penalty=0.25),
        remarks=("named wc.py",),
    )
    shared = (
        '"team 1","2026-03-01T12:00:00+01:00","wrong-answer",6,10,2,0.25,"",3.5,'
        '"books: wrong-answer 0/4; zipf: accepted 6/6","wrong-answer (books): the output is not what was expected",'
        '"named wc.py; books: it printed 3 lines"\r\n'
    )
    assert text_of(a_report(late)) == (
        '\ufeff"assignment","submission","student","name","email","login","group","submitted","verdict","score",'
        '"max_score","days_late","penalty","override","mark","datasets","findings","remarks"\r\n'
        f'"wordcount","team-1","01","Zoë","z@e.org","zoe",{shared}'
        f'"wordcount","team-1","02","","","",{shared}'
    )


def test_where_only_the_submission_is_known_there_is_a_row_all_the_same() -> None:
    """Nobody's work may be missing from a gradebook."""
    [row] = rows(a_report(a_result(submission="ada")))
    assert (row["submission"], row["student"], row["mark"]) == ("ada", "", "4")


def test_what_could_not_be_judged_has_an_empty_mark() -> None:
    """A zero would be a mark."""
    [row] = rows(a_report(a_mark(None)))
    assert (row["verdict"], row["score"], row["max_score"], row["mark"]) == ("grader-error", "", "10", "")


def test_an_override_stands_beside_the_score() -> None:
    """With who gave it, and why."""
    own = Override(score=9.5, reason="explained it", by="prof", at="2026-03-01")
    [row] = rows(a_report(replace(a_mark(6), override=own)))
    assert (row["score"], row["override"], row["mark"]) == ("6", "9.5", "9.5")
    assert row["remarks"] == "9.5 by prof at 2026-03-01: explained it"


def test_points_carry_no_dust_of_binary_fractions() -> None:
    """Three tenths are 0.3, and a third is given to a millionth."""
    [dust, third] = rows(a_report(a_mark(0.1 + 0.2), a_mark(10 / 3)))
    assert (dust["mark"], third["mark"]) == ("0.3", "3.333333")


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        (' "=1', "' \"=1"),
        ("'=1", "''=1"),
        ("\uff1d1", "'\uff1d1"),
        ("\xa0=1", "'\xa0=1"),
        ("\t=1", r"\t=1"),
        ("\r=1", r"\r=1"),
        ("a=1", "a=1"),
        ("'tis", "'tis"),
    ],
)
def test_a_text_cannot_be_a_formula(name: str, cell: str) -> None:
    """Nor behind spaces and quotation marks, nor in the wide letters of East Asia."""
    [row] = rows(a_report(a_result(submission=name)))
    assert row["submission"] == cell


def test_a_negative_number_stays_a_number() -> None:
    """It came from us."""
    own = Override(score=-1, reason="", by="", at="")
    assert ',-1,-1,"books' in text_of(a_report(replace(a_mark(6), override=own)))


def test_a_hidden_dataset_tells_students_nothing_more_than_failed() -> None:
    """In no column."""
    hidden = a_wrong_case("zipf", Visibility.HIDDEN)
    text = text_of(a_report(a_result(hidden), audience=Audience.STUDENT))
    assert "zipf: failed 0/4" in text
    assert not [word for word in ("wrong-answer", "expected", "printed") if word in text]


def test_rows_are_made_as_they_are_asked_for() -> None:
    """A class of any size needs no more memory than a row."""
    lines = to_csv.render(a_report(a_result(), a_result()))
    assert [next(lines).startswith("\ufeff"), len([*lines])] == [True, 2]


def without_guard(cell: str) -> str:
    """A cell's text before it was kept from being a formula."""
    return re.sub(r"""^'(?=[\s'"]*[=+\-@\uff1d\uff0b\uff0d\uff20])""", "", cell)


@UNTIMED
@given(reports())
def test_no_text_becomes_a_formula_or_breaks_a_row_or_changes_a_fact(report: GradeReport) -> None:
    """Whatever students wrote, every row reads back with its names, verdict and mark."""
    found = rows(report)
    shown = for_audience(report, report.audience).results
    each = [(result, student) for result in shown for student in result.students or (None,)]
    assert len(found) == len(each)
    for row, (result, student) in zip(found, each, strict=True):
        assert without_guard(row["submission"]) == plain.visible(plain.clipped(result.submission, 2000))
        assert without_guard(row["student"]) == plain.visible(plain.clipped(student.key if student else "", 2000))
        assert row["mark"] == plain.exact(result.mark)
        assert row["verdict"] in {*Verdict, "failed"}
    for row in found:
        for column, cell in row.items():
            assert harmless(cell)
            assert not cell.lstrip(" \xa0'\"").startswith(FORMULA) or cell[0] == "'" or column in ("score", "mark")
