"""Text and numbers as reports print them."""

import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.reports import plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("student-01", "student-01", id="plain text stays"),
        pytest.param("Zoë Müller 山田太郎", "Zoë Müller 山田太郎", id="any script stays"),
        pytest.param("\x1b[31mred", r"\x1b[31mred", id="ANSI colour"),
        pytest.param("\x9b31mred", r"\x9b31mred", id="the one-byte form of the same"),
        pytest.param("a\nb\r\tc", r"a\nb\r\tc", id="line ends and tabs"),
        pytest.param("a\u202etxt.exe", r"a\u202etxt.exe", id="bidi override"),
        pytest.param("a\u2066b", r"a\u2066b", id="bidi isolate"),
        pytest.param("a\u200bb", r"a\u200bb", id="zero-width space"),
        pytest.param("a\u2028b", r"a\u2028b", id="line separator"),
        pytest.param("caf\udce9", r"caf\udce9", id="a byte of a name that is no UTF-8"),
        pytest.param("\x00\x7f", r"\x00\x7f", id="NUL and DEL"),
        pytest.param("\U000e0041", r"\U000e0041", id="tag characters"),
        pytest.param(r'["a\n"]', r'["a\n"]', id="a record is JSON text, and its backslashes are its own"),
    ],
)
def test_what_steers_a_terminal_or_cannot_be_seen_is_spelt_out(text: str, shown: str) -> None:
    """What can be seen stays, in any script."""
    assert plain.visible(text) == shown


@given(st.text())
def test_visible_text_has_one_line_and_nothing_that_acts(text: str) -> None:
    """Whatever the text; and making it visible twice changes nothing more."""
    shown = plain.visible(text)
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert plain.visible(shown) == shown


def test_lines_beyond_the_limit_are_counted() -> None:
    """Empty lines at either end are none."""
    assert plain.visible_lines("\na\x1b\nb\nc\nd\n", 2) == [r"a\x1b", "b", "… 2 more lines"]


def test_clipped_text_says_how_much_is_left_out() -> None:
    """Nothing is cut in silence."""
    assert plain.clipped("ACGTACGT", 8) == "ACGTACGT"
    assert plain.clipped("ACGTACGTAC", 8) == "ACGTACGT… (2 more characters)"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(10, "10"), (10.0, "10"), (100, "100"), (0, "0"), (2.5, "2.5"), (10 / 3, "3.33"), (None, "-")],
)
def test_points_have_no_needless_zeros_and_a_dash_for_what_was_not_judged(value: float | None, shown: str) -> None:
    """`10`, not `10.00`; and never a zero for our own error."""
    assert plain.points(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0.00"), (0.004, "0.00"), (0.45, "0.45"), (9.994, "9.99"), (9.996, "10.0"), (99.96, "100"), (1234.5, "1234")],
)
def test_seconds_take_four_characters_at_most(value: float, shown: str) -> None:
    """At every change of places."""
    assert plain.seconds(value) == shown


@given(st.floats(0, 9999))
def test_seconds_never_take_more_than_four_characters(value: float) -> None:
    """So columns of times stay narrow."""
    assert len(plain.seconds(value)) <= 4


@pytest.mark.parametrize(("number", "shown"), [(0, "0 records"), (1, "1 record"), (1200, "1,200 records")])
def test_counted_things_agree_in_number(number: int, shown: str) -> None:
    """Small courtesies make a report readable."""
    assert plain.count(number, "record") == shown


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300, 10**400])
def test_what_no_clock_measures_is_no_number(value: float) -> None:
    """Also an integer too large to become a float."""
    assert plain.finite(value) is None


def test_numbers_are_rounded_to_a_millionth() -> None:
    """A microsecond, where they are seconds."""
    assert plain.finite(0.1234567) == 0.123457
