"""Records <-> bytes: lines of input, lines of output, and the blocks that travel between the phases.

Input and output are JSON as the standard library's `json` understands it. Blocks are pickle or marshal, written and
read by workers of one run only; nobody else ever opens one.
"""

from __future__ import annotations

import io
import json
import marshal
import pickle
import sys
from array import array
from itertools import chain, repeat
from json import encoder as json_encoder
from typing import TYPE_CHECKING, Any, NamedTuple

from pymapr import depth
from pymapr.errors import CannotEncode, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


def _make_encoder() -> Callable[[Iterable[Any]], list[str]]:
    """`json.JSONEncoder().encode` for many values, but for the encoder in C, which that method builds anew for each."""
    plain = json.JSONEncoder()
    make = getattr(json_encoder, "c_make_encoder", None)
    if make is None:  # an interpreter without it
        return lambda values: [plain.encode(value) for value in values]
    seen: dict[int, Any] = {}
    escape = json_encoder.encode_basestring_ascii
    pieces = make(seen, plain.default, escape, None, plain.key_separator, plain.item_separator, False, False, True)

    def encode(values: Iterable[Any]) -> list[str]:
        try:
            return list(map("".join, map(pieces, values, repeat(0))))
        except BaseException:
            seen.clear()  # it was left in the middle of a value
            raise

    return encode


encode_json = _make_encoder()
"""Values -> a JSON text each, exactly as the original framework wrote them; raises TypeError, ValueError or
RecursionError.
"""

_decode_json = json.JSONDecoder().decode
_HALVES = b"\xff\xffhalves\xff\xff"
"""Marks a line that came as text with half a surrogate pair in it, which UTF-8 cannot say; nor does it begin so."""
_GZIP = b"\x1f\x8b"
"""How files begin that gzip wrote."""
_BLANKS = " \t\r\n\v\f"
_JSON_LINES = "the input is JSON lines: one JSON document a line"


class Group(NamedTuple):
    """The groups of one map task that belong to one partition, as parallel lists.

    places: each key's rank by first appearance within its task; keys; values: a list per key, in order of arrival.
    """

    places: array[int]
    keys: list[Any]
    values: list[list[Any]]


# ---- lines of input --------------------------------------------------------------------------------------------------


def is_blank(line: str | bytes) -> bool:
    """Whether a line holds no record: nothing but ASCII blanks, whether it comes as text or as bytes."""
    if isinstance(line, bytes):
        return not line or line.isspace()
    return not line or (line.isspace() and not line.strip(_BLANKS))


def parse_line(line: str | bytes) -> Any:
    """One line of JSON -> its record; raises InputError that says why not."""
    try:
        return _decode_json(line if isinstance(line, str) else _text(line))
    except RecursionError:
        raise InputError("the line is nested too deeply to be read") from None
    except json.JSONDecodeError as error:
        raise _not_json(error, line) from None
    except (AttributeError, TypeError, ValueError) as error:  # neither text nor bytes; a number of 5000 digits
        raise InputError(f"not JSON: {error}", _JSON_LINES) from None


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        if line.startswith(_HALVES):
            return line[len(_HALVES) :].decode("utf-8", "surrogatepass")
        if line.startswith(_GZIP):
            hint = "`pymapr run` reads .gz; a script needs gzip.open"
            raise InputError("not JSON: the data is compressed", hint) from None
        raise InputError(f"not UTF-8: {error.reason} at byte {error.start + 1}", "save the data as UTF-8") from None


def _not_json(error: json.JSONDecodeError, line: str | bytes) -> InputError:
    if error.doc.startswith("\ufeff"):
        return InputError("not JSON: the data begins with a byte order mark", "save it as UTF-8 without BOM")
    return InputError(f"not JSON: {error.msg} at column {error.colno}, in {shorten(line)}", _JSON_LINES)


def as_bytes(line: Any, where: str) -> bytes:
    """A line of text or bytes as bytes, which parse_line takes for the same; raises InputError for what is neither."""
    if isinstance(line, str):
        try:
            return line.encode()
        except UnicodeEncodeError:
            return _HALVES + line.encode("utf-8", "surrogatepass")
    if isinstance(line, bytes):
        return line
    shown = shorten(repr_safely(line))
    hint = "execute takes lines, such as an open file"
    raise InputError(f"expected a line of JSON text, got {shown}", hint, where=where)


# ---- lines of output -------------------------------------------------------------------------------------------------


def encode_outputs(values: Sequence[Any], where: str | Callable[[int], str]) -> list[str]:
    """Output values -> lines with their line ends; raises as `encode_texts` does."""
    return [text + "\n" for text in encode_texts(values, where)]


def encode_texts(values: Sequence[Any], where: str | Callable[[int], str]) -> list[str]:
    """Output values -> a JSON text each; raises CannotEncode that says what was emitted, and where.

    where: the place, or a function that tells it for the value's number (from 0), called only when it is needed.
    """
    try:
        return encode_json(values)
    except (TypeError, ValueError, RecursionError):
        pass  # once more, to say which
    texts: list[str] = []
    for value in values:
        try:
            texts += encode_json([value])
        except (TypeError, ValueError, RecursionError) as error:
            raise CannotEncode(
                f"emitted {shorten(repr_safely(value))}, which JSON cannot say: {error}",
                "emit strings, numbers, lists, dicts with string keys, True, False or None",
                where=where if isinstance(where, str) else where(len(texts)),
                cause=type(error).__name__,
            ) from None
    return texts


# ---- for messages ----------------------------------------------------------------------------------------------------


def repr_safely(value: object) -> str:
    """`repr`, whatever the object's own `__repr__` does."""
    try:
        return repr(value)
    except BaseException:  # the job's own code runs here, and anything may come out of it
        return f"<{type(value).__name__}>"


def shorten(text: str | bytes, most: int = 80) -> str:
    """Text of at most `most` characters on one line, with an ellipsis where something was left out."""
    shown = text if isinstance(text, str) else text[: most * 4].decode("utf-8", "replace")
    shown = shown.rstrip("\r\n")
    return shown if len(shown) <= most else f"{shown[: most - 3]}..."


# ---- what travels ----------------------------------------------------------------------------------------------------


_ATOMS = frozenset((str, int, float, bool, type(None)))
_BOXES = frozenset((list, tuple))
_LONG = 8
"""Scalars of the first row from which on rows are long."""
_MOST_CALLS = 20_000
"""Inside one another, while something is pickled: two thirds of what a stack of 8 MB holds of the longest, deques."""
_LIMITED_IN_C = sys.version_info >= (3, 12)
"""Whether C has a limit of its own, which nobody can raise. Where it has none, code in Python may take its stack."""
_PICKLED = pickle.PROTO[0]
"""The first byte of every pickle; no marshalled tuple begins with it."""


def pack_group(group: Group) -> bytes:
    """A group -> block; raises whatever pickle raises for what cannot travel."""
    if _long_rows(group):
        return marshal.dumps((group.places.tobytes(), group.keys, group.values))
    return pack(tuple(group))


def pack(value: Any) -> bytes:
    """A pickle; raises whatever pickle raises for what cannot travel."""
    # Pickle takes two calls and more for a level of nesting, the parser of JSON one. So the job's limit would refuse
    # what was read under it, and a very high one would let pickle run out of stack.
    try:
        with depth.limited(_MOST_CALLS):
            return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    except RecursionError:
        if not _LIMITED_IN_C:
            raise
        return _pack_deep(value, _MOST_CALLS * 4)


def _pack_deep(value: Any, calls: int) -> bytes:
    """The same by pickle's own code in Python, which has no limit of C's."""
    file = io.BytesIO()
    with depth.limited(calls):
        pickle._Pickler(file, pickle.HIGHEST_PROTOCOL).dump(value)
    return file.getvalue()


def unpack_group(block: bytes) -> Group:
    """A block of the same run -> its group."""
    if block[0] == _PICKLED:
        return Group(*pickle.loads(block))  # noqa: S301 - written by a worker of the same run: one domain of trust
    places, keys, values = marshal.loads(block)  # noqa: S302 - written by a worker of the same run, too
    return Group(array("I", places), keys, values)


def _long_rows(group: Group) -> bool:
    """Whether all values are rows of plain scalars: then marshal gives the same as pickle in half the time.

    Of an array it would silently make bytes, so every type is looked at. Where rows are short, as the first tells, that
    costs what it saves.
    """
    first: Any = group.values[0][0] if group.values and group.values[0] else None
    if type(first) not in _BOXES or len(first) < _LONG:
        return False
    flat = chain.from_iterable
    if not (_kinds(flat(group.values)) <= _BOXES and _kinds(flat(flat(group.values))) <= _ATOMS):
        return False
    kinds = _kinds(group.keys)
    return kinds <= _ATOMS or (kinds == {tuple} and _kinds(flat(group.keys)) <= _ATOMS)


def _kinds(values: Iterable[Any]) -> set[type]:
    return set(map(type, values))


def pack_lines(lines: Sequence[bytes]) -> bytes:
    """Lines -> one run of bytes that keeps them apart, whatever is in them."""
    lengths = array("I", map(len, lines))
    return len(lines).to_bytes(4, "little") + lengths.tobytes() + b"".join(lines)


def unpack_lines(packed: bytes) -> list[bytes]:
    """What pack_lines packed; raises ValueError for anything else."""
    count = int.from_bytes(packed[:4], "little")
    lengths = array("I")
    at = 4 + count * lengths.itemsize
    lengths.frombytes(packed[4:at])
    if len(lengths) != count or at + sum(lengths) != len(packed):
        raise ValueError("not a run of packed lines")
    lines = []
    for length in lengths:
        lines.append(packed[at : at + length])
        at += length
    return lines
