"""A CSV file that goes back as it came, but for the cells that were filled."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.hostile import UNTIMED
from grader.errors import UsageError
from grader.reports.sheet import Sheet

anything = st.text(st.sampled_from('a,";\t\n\r \ufeff'), max_size=20)


@UNTIMED
@given(anything)
def test_any_file_is_read_as_the_standard_library_reads_it_and_goes_back_to_the_byte(text: str) -> None:
    """Or is refused with the place where it is no CSV."""
    try:
        sheet = Sheet(text, file="x.csv")
    except UsageError as refused:
        error = refused.message
    else:
        assert goes_back(sheet, text)
        return
    assert error.startswith("x.csv:")


def goes_back(sheet: Sheet, text: str) -> bool:
    """Whether a sheet is the text again, and has the standard library's rows."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=sheet.delimiter, strict=True)
    rows = [[cell.value for cell in row] for row in sheet.rows]
    return sheet.text() == text and rows == [row for row in reader if row not in ([], [""])]


@UNTIMED
@given(st.lists(st.text(st.characters(exclude_characters="\x00"), max_size=6), min_size=2, max_size=4), st.data())
def test_what_is_filled_in_is_read_back_and_all_else_is_as_before(cells: list[str], data: st.DataObject) -> None:
    """Whatever is filled in, wherever."""
    header, file = ["title"] * len(cells), io.StringIO(newline="")
    csv.writer(file, quoting=data.draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))).writerows([header, cells])
    sheet = Sheet(file.getvalue(), file="x.csv")
    place = data.draw(st.integers(0, len(cells) - 1))
    value = data.draw(st.text('ab,;"\r\n', max_size=6))
    sheet.fill(sheet.rows[1][place], value)
    again = Sheet(sheet.text(), file="x.csv")
    expected = [header, [*cells[:place], value, *cells[place + 1 :]]]
    assert [[cell.value for cell in row] for row in again.rows] == expected


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        pytest.param("", "x.csv:1:1: the file is empty", "export it again", id="empty"),
        pytest.param(
            'a,b\n\n1,"2', "x.csv:3:3: a quotation mark is opened and never closed", "export the file again", id="open"
        ),
        pytest.param(
            'a,b\r\n"1"2,3', "x.csv:2:1: text behind the closing quotation mark", "export the file again", id="behind"
        ),
        pytest.param(
            "a,b\n1,Zo\xeb\n".encode("latin-1"),
            "x.csv:2:5: the file is no UTF-8",
            "export it again, or save it as `CSV UTF-8` where you edited it",
            id="another encoding",
        ),
        pytest.param(
            "a,b\n".encode("utf-16"),
            "x.csv:1:1: the file is no UTF-8",
            "export it again, or save it as `CSV UTF-8` where you edited it",
            id="two bytes a character",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_place(text: str | bytes, message: str, hint: str) -> None:
    """File, line and column, and the mend."""
    with pytest.raises(UsageError) as raised:
        Sheet(text, file="x.csv")
    assert (raised.value.message, raised.value.hint) == (message, hint)


def test_lines_are_counted_through_quoted_line_ends() -> None:
    """As an editor counts them."""
    sheet = Sheet('a,b\n"1\r\n2",3\n4,5\n', file="x.csv")
    assert [(cell.line, cell.column) for row in sheet.rows for cell in row] == [
        (1, 1),
        (1, 3),
        (2, 1),
        (3, 4),
        (4, 1),
        (4, 3),
    ]


@pytest.mark.parametrize(("text", "delimiter"), [("a,b;c,d\n", ","), ("a;b,c;d\n", ";"), ("a\tb,c\td\n", "\t")])
def test_the_delimiter_is_what_divides_the_header_most(text: str, delimiter: str) -> None:
    """Countries with a decimal comma use semicolons."""
    assert Sheet(text, file="x.csv").delimiter == delimiter


def test_a_cell_that_was_quoted_stays_quoted() -> None:
    """And one that was not is quoted only if it must be."""
    sheet = Sheet('a,b,c\n"1",2,3\n', file="x.csv")
    for cell, value in zip(sheet.rows[1], ("4", "5", "6,7"), strict=True):
        sheet.fill(cell, value)
    assert sheet.text() == 'a,b,c\n"4",5,"6,7"\n'
