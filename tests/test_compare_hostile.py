"""What a hostile or broken program may hand over instead of records, and what is said about it."""

from __future__ import annotations

import json
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.compare import MAX_DIGITS, MAX_LINE, MAX_NESTING, compare
from grader.compare.records import NotARecordError, decode
from grader.errors import SpecError, SubmissionError
from grader.model import CompareRules

ONE_A_LINE = "one JSON value per line, as json.dumps writes it, is all that counts as output"
FLATTER, SMALLER = "emit flatter values", "emit smaller numbers, or text"
AS_UTF8 = "write the text as json.dumps does, or encode it as UTF-8"
OTHER_KEYS = "emit dicts whose keys differ as text: 1 and '1' become the same key in JSON"

BAD_LINES = [
    pytest.param(b"", "is empty", "write one JSON value per line and no empty lines", id="nothing"),
    pytest.param(b" \t", "is empty", "write one JSON value per line and no empty lines", id="white space"),
    pytest.param(b"{'a': 1}", "is not JSON: Expecting property name enclosed in double quotes at column 2", ONE_A_LINE),
    pytest.param(b"['a']", "is not JSON: Expecting value at column 2", ONE_A_LINE, id="Python's quotes"),
    pytest.param(b"  [1,", "is not JSON: Expecting value at column 6", ONE_A_LINE, id="cut off"),
    pytest.param(b"1 2", "is not JSON: Extra data at column 3", ONE_A_LINE, id="two values"),
    pytest.param(b"01", "is not JSON: Extra data at column 2", ONE_A_LINE, id="leading nought"),
    pytest.param(b'"a\tb"', "is not JSON: Invalid control character at at column 3", ONE_A_LINE, id="control"),
    pytest.param(b"\xef\xbb\xbf1", "begins with a byte order mark", "save the text as UTF-8 without BOM", id="BOM"),
    pytest.param(b'["\xff"]', "is not UTF-8: byte 0xff at column 3", AS_UTF8, id="Latin-1"),
    pytest.param(b'"\xed\xa0\x80"', "is not UTF-8: byte 0xed at column 2", AS_UTF8, id="a bare surrogate"),
    pytest.param('"ab"'.encode("utf-16"), "is not UTF-8: byte 0xff at column 1", AS_UTF8, id="UTF-16"),
    pytest.param(b"[" * 100_000, "is nested more than 200 deep", FLATTER, id="deep and open"),
    pytest.param(b"[" * 201 + b"]" * 201, "is nested more than 200 deep", FLATTER, id="a little too deep"),
    pytest.param(b'{"a":' * 100_000, "is nested more than 200 deep", FLATTER, id="deep objects"),
    pytest.param(b"9" * 10**6, "holds an integer of more than 4300 digits", SMALLER, id="a million digits"),
    pytest.param(b'{"a": [-' + b"9" * 4301 + b"]}", "holds an integer of more than 4300 digits", SMALLER),
    pytest.param(b'{"1": 2, "1": 3}', 'has the key "1" twice in one object', OTHER_KEYS, id="one key twice"),
    pytest.param(b'[{"a": {"\\u0061": 1, "a": 2}}]', 'has the key "a" twice in one object', OTHER_KEYS, id="hidden"),
]


@pytest.mark.parametrize(("line", "reason", "hint"), BAD_LINES)
def test_what_is_no_record_is_the_students_to_mend(line: bytes, reason: str, hint: str) -> None:
    """The message says which line, what is wrong with it, and what to do."""
    with pytest.raises(SubmissionError) as caught:
        compare([b"1", b"2"], [b"2", b"1", line], CompareRules())
    assert str(caught.value) == f"line 3 of the output {reason}"
    assert caught.value.hint == hint


@pytest.mark.parametrize("order", ["ignore", "keep"])
@pytest.mark.parametrize("memory", [1, 10**8])
def test_expected_output_that_is_no_record_is_the_instructors_to_mend(order: str, memory: int) -> None:
    """And comes first, should both be broken."""
    rules = CompareRules(order="keep" if order == "keep" else "ignore")
    with pytest.raises(SpecError) as caught:
        compare([b"1", b"nonsense"], [b"rubbish", b"1"], rules, memory=memory)
    assert str(caught.value) == "line 2 of the expected output is not JSON: Expecting value at column 1"
    assert caught.value.hint == ONE_A_LINE


@pytest.mark.parametrize("memory", [1, 10**8])
def test_the_first_bad_line_is_named_whatever_is_decoded_first(memory: int) -> None:
    """The same file gives the same message."""
    got = [b"%d" % number for number in range(1000)] + [b"z", b"y", b"x"]
    with pytest.raises(SubmissionError, match=r"^line 1,001 of the output is not JSON: Expecting value at column 1$"):
        compare([], got, CompareRules(), memory=memory)


def test_a_huge_line_is_refused_unread() -> None:
    """Its length is said, and the limit."""
    with pytest.raises(NotARecordError) as caught:
        decode(b" " * (MAX_LINE + 1))
    assert caught.value.reason == "is 67,108,865 bytes long; at most 67,108,864 are read"
    assert caught.value.hint == "emit smaller values, more of them"


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"[" * MAX_NESTING + b"]" * MAX_NESTING, id="as deep as may be"),
        pytest.param(b"[" + b",".join([b"[[1], {}]"] * 1000) + b"]", id="many brackets side by side"),
        pytest.param(json.dumps("[" * 1000 + '\\"' * 500).encode(), id="brackets in text"),
        pytest.param(b"9" * MAX_DIGITS, id="as many digits as may be"),
        pytest.param(json.dumps("9" * 10**6).encode(), id="digits in text"),
        pytest.param(b"0." + b"9" * 10**5, id="digits behind the point"),
        pytest.param(b'"\\ud800"', id="a lone surrogate"),
        pytest.param(b'[{"a": 1}, {"a": 1}]', id="one key in two objects"),
    ],
)
def test_what_only_looks_hostile_is_a_record(line: bytes) -> None:
    """It equals itself in another spelling, and one of it is one."""
    assert not compare([line], [b" " + line], CompareRules())
    assert compare([line], [b" " + line, line], CompareRules()).unexpected == 1


def test_python_may_be_told_to_read_endless_integers_and_we_do_not() -> None:
    """The limit is ours."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        with pytest.raises(NotARecordError, match="more than 4300 digits"):
            decode(b"9" * 10**6)
    finally:
        sys.set_int_max_str_digits(limit)


@given(st.binary(max_size=40))
def test_any_bytes_are_a_record_or_a_submission_error(line: bytes) -> None:
    """Nothing else is ever raised."""
    try:
        decode(line)
    except NotARecordError as error:
        with pytest.raises(SubmissionError, match=re.escape(f"line 1 of the output {error.reason}")):
            compare([], [line], CompareRules())
    else:
        assert compare([], [line], CompareRules()).unexpected == 1


def test_lines_that_are_the_same_byte_for_byte_are_equal_whatever_they_are() -> None:
    """They are not decoded at all: that is what makes the comparison fast."""
    assert not compare([b"nonsense"], [b"nonsense"], CompareRules())
