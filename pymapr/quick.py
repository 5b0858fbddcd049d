"""Lines of input parsed by a faster library than `json`, many at once; but only where it gives what `json` gives.

It refuses, without saying why, whatever it is not sure of: then `json` is to be asked, line by line.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import msgspec

_WORTH = 2**23
"""Bytes of data from which on the library saves more time than it takes to load it, some 30 ms."""

_MOST_DEEP = 12_000
"""The recursion limit up to which the library cannot run out of stack: a level takes three times what `json` takes.

Ten thousand is what many set who need more than Python gives; an engine adds its own calls to that.
"""

_OPENINGS, _CLOSINGS = b'[{"', b']}"'

_decoder: msgspec.json.Decoder[Any] | None = None
_errors: tuple[type[Exception], ...] = ()


def load_for(size: int) -> None:
    """Load the library, if `size` bytes are worth it. Processes forked afterwards have it too."""
    global _decoder, _errors
    if _decoder is not None or size < _WORTH:
        return
    try:
        import msgspec

        _decoder, _errors = msgspec.json.Decoder(), (msgspec.MsgspecError, RecursionError, ValueError)
    except Exception:  # it is not there, or what is found is a file of that name beside the script
        return


def parse_lines(lines: Sequence[bytes]) -> list[Any] | None:
    """A record for each line; None if one of them is to be left to `json`, or nothing was loaded."""
    if _decoder is None or sys.getrecursionlimit() > _MOST_DEEP:
        return None
    try:
        return list(map(_decoder.decode, lines))
    except _errors:
        return None


def parse_chunk(chunk: bytes) -> list[Any] | None:
    """The same for whole lines as they lie in a file."""
    if _decoder is None or sys.getrecursionlimit() > _MOST_DEEP:
        return None
    count = chunk.count(b"\n") + (not chunk.endswith(b"\n"))
    if b"\r" in chunk or not _one_a_line(chunk, count):
        return parse_lines(chunk.splitlines())
    try:
        records = _decoder.decode_lines(chunk)
    except _errors:
        return None
    return records if len(records) == count else None


def _one_a_line(chunk: bytes, count: int) -> bool:
    """Whether this many documents in the chunk would have to be one a line; False: perhaps not.

    The library takes documents however they are spread over lines. But a line break between the end of one value and
    the beginning of another lies within no document: nothing there separates the two, and strings with a line break in
    them are refused. So where all are of that kind, there is at least one document a line.
    """
    end = -2 if chunk.endswith(b"\n") else -1
    opening, closing = chunk[:1], chunk[end : end + 1 or None]
    if not opening or opening not in _OPENINGS or not closing or closing not in _CLOSINGS:
        return False
    return chunk.count(closing + b"\n" + opening) == count - 1
