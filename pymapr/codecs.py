"""Records <-> bytes: lines of input, lines of output, and the blocks that travel between the phases.

Input and output are JSON as the standard library's `json` understands it. Blocks are pickle, written and read by workers of one run only;
nobody else ever opens one.
"""

from __future__ import annotations

import json
import pickle
from array import array
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from pymapr.errors import CannotEncode, InputError

encode_json = json.JSONEncoder().encode
"""One value -> one JSON text, exactly as the original framework wrote it; raises TypeError, ValueError or RecursionError."""


class Group(NamedTuple):
    """The groups of one map task that belong to one partition, as parallel lists.

    places: each key's rank by first appearance within its task; keys; values: a list per key, in order of arrival.
    """

    places: array[int]
    keys: list[Any]
    values: list[list[Any]]


def is_blank(line: str | bytes) -> bool:
    """Whether a line holds no record."""
    return not line or line.isspace()


def parse_line(line: str | bytes, where: str) -> Any:
    """One line of JSON -> its record; raises InputError that says where and why."""
    try:
        return json.loads(line)
    except RecursionError:
        raise InputError("the line is nested too deeply to be read", where=where) from None
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8: {error.reason} at byte {error.start + 1}", "save the data as UTF-8", where=where) from None
    except json.JSONDecodeError as error:
        message = f"not JSON: {error.msg} at column {error.colno}, in {shorten(line)}"
        raise InputError(message, "the input is JSON lines: one JSON document a line", where=where) from None
    except (TypeError, ValueError) as error:
        raise InputError(f"not JSON: {error}", "the input is JSON lines: one JSON document a line", where=where) from None


def encode_outputs(values: Iterable[Any], where: str) -> list[str]:
    """Output values -> lines with their line ends; raises CannotEncode that says what was emitted, and where."""
    lines = []
    for value in values:
        try:
            lines.append(encode_json(value) + "\n")
        except (TypeError, ValueError, RecursionError) as error:
            raise CannotEncode(
                f"emitted {shorten(repr_safely(value))}, which JSON cannot say: {error}",
                "emit strings, numbers, lists, dicts with string keys, True, False or None",
                where=where,
                cause=type(error).__name__,
            ) from None
    return lines


def as_bytes(line: Any, where: str) -> bytes:
    """A line of text or bytes as bytes; raises InputError for what is neither."""
    if isinstance(line, str):
        return line.encode("utf-8", "surrogatepass")
    if isinstance(line, bytes):
        return line
    raise InputError(
        f"expected a line of JSON text, got {shorten(repr_safely(line))}", "execute takes lines, such as an open file", where=where
    )


def repr_safely(value: object) -> str:
    """`repr`, whatever the object's own `__repr__` does."""
    try:
        return repr(value)
    except Exception:  # the job's own code runs here, and anything may come out of it
        return f"<{type(value).__name__}>"


def shorten(text: str | bytes, most: int = 80) -> str:
    shown = text if isinstance(text, str) else text.decode("utf-8", "replace")
    shown = shown.rstrip("\r\n")
    return shown if len(shown) <= most else f"{shown[: most - 3]}..."



def pack_group(group: Group) -> bytes:
    """A group -> block; raises whatever pickle raises for what cannot travel."""
    return pickle.dumps(tuple(group), pickle.HIGHEST_PROTOCOL)


def unpack_group(block: bytes | memoryview) -> Group:
    """A block of the same run -> its group."""
    return Group(*pickle.loads(block))  # noqa: S301 - written by a worker of the same run: one domain of trust


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
