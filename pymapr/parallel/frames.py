"""Messages <-> bytes: a small header in JSON and a payload that nobody looks into, each with its length in front.

Pure. Any cut of the stream gives the same frames, and a half-written frame is simply not there yet. Nothing is ever
unpickled, so a master may read what a hostile worker wrote.
"""

from __future__ import annotations

import json
from struct import Struct
from typing import TYPE_CHECKING, Any, NamedTuple

from pymapr.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LENGTHS = Struct("<IQ")
MOST_HEADER = 2**22
MOST_PAYLOAD = 2**40


_TO_JSON = json.JSONEncoder(separators=(",", ":")).encode
"""Made once: `json.dumps` makes one for each message."""


class Frame(NamedTuple):
    """A header, decoded, and its payload, opaque."""

    header: dict[str, Any]
    payload: bytes


def encode(header: Mapping[str, Any], payload: bytes = b"") -> bytes:
    """One frame as bytes."""
    text = _TO_JSON(header).encode()
    return b"".join((_LENGTHS.pack(len(text), len(payload)), text, payload))


class Frames:
    """Collects bytes as they come and gives back whole frames. Raises ProtocolError for what no encoder wrote."""

    def __init__(self, most_header: int = MOST_HEADER, most_payload: int = MOST_PAYLOAD) -> None:
        self._most_header, self._most_payload = most_header, most_payload
        self._held = bytearray()

    @property
    def held(self) -> int:
        """Bytes that wait for the rest of their frame."""
        return len(self._held)

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take the next bytes of the stream; the frames that they complete come out one by one."""
        self._held += data
        return self._complete()

    def _complete(self) -> Iterator[Frame]:
        while len(self._held) >= _LENGTHS.size:
            header, payload = _LENGTHS.unpack_from(self._held)
            self._check(header, payload)
            start = _LENGTHS.size + header
            if len(self._held) < start + payload:
                return
            with memoryview(self._held) as view:  # copied once, however large it is
                frame = _decode(bytes(view[_LENGTHS.size : start])), bytes(view[start : start + payload])
            del self._held[: start + payload]
            yield Frame(*frame)

    def _check(self, header: int, payload: int) -> None:
        if header > self._most_header or payload > self._most_payload:
            raise ProtocolError(f"a frame of {header} + {payload} bytes was announced, more than is allowed")


def _decode(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text.decode())
    except (ValueError, RecursionError):
        raise ProtocolError("a frame's header is not JSON") from None
    if not isinstance(header, dict):
        raise ProtocolError("a frame's header is not an object")
    return header
