"""One line of output, decoded as JSON by a reader that trusts nobody. Refuses what is no record, and says why.

Python's own reader would read any encoding, take the last of two equal keys, build integers without end where it is
told to, and give up on deep nesting with a `RecursionError`: none of that may decide over a mark.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeAlias

from grader.errors import GraderError, InfrastructureError, SpecError, SubmissionError

if TYPE_CHECKING:
    from collections.abc import Iterable

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

MAX_NESTING = 200
"""Arrays and objects inside one another; deeper records would only exhaust the stack of whoever reads them."""

MAX_DIGITS = 4300
"""Of one integer: Python's own limit, kept here whatever the interpreter has been told."""

MAX_LINE = 64 * 2**20
"""Bytes of one record."""

_STRINGS_AND_BRACKETS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[{]|[]}]', re.DOTALL)


class NotARecordError(ValueError):
    """A line that is no record. `reason` follows on "line 3 of the output ", `hint` says how to mend it."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason, hint)
        self.reason, self.hint = reason, hint


def decode(line: bytes) -> Json:
    """Return the JSON value that `line` holds; NaN, Infinity and lone surrogates are values as `json` writes them.

    Raises NotARecordError for anything else, duplicate keys among it.
    """
    if len(line) > 2 * MAX_NESTING:
        _refuse_giants(line)
    decoder = _FLAT if b"{" not in line else _WITH_OBJECTS
    if len(line) > MAX_DIGITS:
        decoder = _WITH_LONG_INTEGERS
    try:
        text = line.decode()
        value: Json
        value, end = decoder.raw_decode(text)
        if end != len(text):
            value = decoder.decode(text)
        return value
    except UnicodeDecodeError as error:
        raise _not_utf8(error) from None
    except json.JSONDecodeError:
        return _decode_spaced(decoder, text)


def first_bad_line(expected: Iterable[bytes], got: Iterable[bytes]) -> GraderError:
    """Return the error that names the first line that is no record: the instructor's before the student's."""
    return (
        _bad_line(expected, SpecError, "the expected output")
        or _bad_line(got, SubmissionError, "the output")
        or InfrastructureError("the output changed while it was being compared")
    )


def _bad_line(lines: Iterable[bytes], error: type[GraderError], where: str) -> GraderError | None:
    for number, line in enumerate(lines, 1):
        try:
            decode(line)
        except NotARecordError as bad:
            return error(f"line {number:,} of {where} {bad.reason}", bad.hint)
    return None


def _decode_spaced(decoder: json.JSONDecoder, text: str) -> Json:
    """Decode again, minding white space in front; say what is wrong if it was not that."""
    try:
        value: Json = decoder.decode(text)
        return value
    except json.JSONDecodeError as error:
        if not text.strip():
            raise NotARecordError("is empty", "write one JSON value per line and no empty lines") from None
        if text.startswith("\ufeff"):
            raise NotARecordError("begins with a byte order mark", "save the text as UTF-8 without BOM") from None
        raise NotARecordError(
            f"is not JSON: {error.msg} at column {error.pos + 1}",
            "one JSON value per line, as json.dumps writes it, is all that counts as output",
        ) from None


def _not_utf8(error: UnicodeDecodeError) -> NotARecordError:
    return NotARecordError(
        f"is not UTF-8: byte 0x{error.object[error.start]:02x} at column {error.start + 1}",
        "write the text as json.dumps does, or encode it as UTF-8",
    )


def _refuse_giants(line: bytes) -> None:
    """Raise NotARecordError for a line too long, or too deep to be decoded without danger."""
    if len(line) > MAX_LINE:
        raise NotARecordError(
            f"is {len(line):,} bytes long; at most {MAX_LINE:,} are read", "emit smaller values, more of them"
        )
    if line.count(b"[") + line.count(b"{") > MAX_NESTING and nesting(line) > MAX_NESTING:
        raise NotARecordError(f"is nested more than {MAX_NESTING} deep", "emit flatter values")


def nesting(line: bytes) -> int:
    """Return how many arrays and objects are inside one another in a JSON text, without decoding it."""
    deepest = depth = 0
    for match in _STRINGS_AND_BRACKETS.finditer(line):
        first = match[0][:1]
        depth += (first in b"[{") - (first in b"]}")
        deepest = max(deepest, depth)
    return deepest


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_DIGITS:
        raise NotARecordError(f"holds an integer of more than {MAX_DIGITS} digits", "emit smaller numbers, or text")
    return int(digits)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the pairs as a dict. Of two equal keys Python keeps the last, other readers the first: neither counts."""
    built = dict(pairs)
    if len(built) < len(pairs):
        twice = next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        raise NotARecordError(
            f"has the key {json.dumps(twice)[:80]} twice in one object",
            "emit dicts whose keys differ as text: 1 and '1' become the same key in JSON",
        )
    return built


_FLAT = json.JSONDecoder()
_WITH_OBJECTS = json.JSONDecoder(object_pairs_hook=_object)
_WITH_LONG_INTEGERS = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer)
