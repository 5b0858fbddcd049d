"""Key -> bucket. Obeys `==`, and does not depend on the hash seed: two processes always agree.

Equal keys must meet, so `1`, `1.0` and `True` share a bucket, as do a namedtuple and the plain tuple it equals. What is
not JSON-like goes to bucket 0, unless it equals something that is (`Fraction(2) == 2`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zlib import crc32

from pymapr.errors import CannotPartition

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

_MASK = 2**64 - 1


def partition(key: Hashable, buckets: int) -> int:
    """The bucket of `key`, 0 <= bucket < buckets. Raises CannotPartition for what is not equal to itself (NaN)."""
    if type(key) is str:  # nine keys in ten, in one step
        return crc32(key.encode("utf-8", "surrogatepass")) % buckets
    digest = _digest(key)
    return 0 if digest is None else digest % buckets


def _digest(key: Any) -> int | None:
    """32 bits that equal keys share, or None for a key that is nothing like JSON."""
    base = _plain_type(key)
    if base is str:
        return crc32(str.encode(key, "utf-8", "surrogatepass"))
    if base is int or base is float:
        return _number(key)
    if base is tuple:
        return _combine(b"(", [_digest(part) for part in tuple.__iter__(key)])
    if base is frozenset:
        parts = [_digest(part) for part in frozenset.__iter__(key)]
        return None if None in parts else _combine(b"{", sorted(part for part in parts if part is not None))
    if key is None:
        return crc32(b"null")
    return _stranger(key)


_PLAIN: tuple[Any, ...] = (str, int, float, tuple, frozenset)


def _plain_type(key: object) -> Any:
    """The built-in type whose `==` and hash the key follows; None for a class with notions of its own."""
    kind: Any = type(key)
    for base in _PLAIN:
        if kind is base:
            return base
        if issubclass(kind, base):
            inherits = kind.__eq__ is base.__eq__ and kind.__hash__ is base.__hash__
            return base if inherits or _equals_plain(key, base) else None
    return None


def _equals_plain(key: object, base: Any) -> bool:
    """Whether a subclass that compares in its own way (numpy's strings do) still equals the plain value it holds."""
    return hash(key) == base.__hash__(key) and bool(base.__eq__(key, key)) and bool(key == base(key))


def _number(key: Any) -> int:
    # Python's hash of numbers is the same for equal numbers of any type and knows no seed.
    if key != key:
        raise CannotPartition(
            "NaN cannot be a key: it is not equal to itself, so its values could never meet",
            "leave such records out in the mapper, or use None as the key",
        )
    return crc32((hash(key) & _MASK).to_bytes(8, "little"))


def _stranger(key: Any) -> int | None:
    """Decimals, fractions, complex numbers: those that equal a plain number go where that number goes."""
    import numbers  # costs milliseconds, as `decimal` does, and hardly any job has such keys
    from decimal import Decimal

    if not isinstance(key, numbers.Number | Decimal):
        return None
    number: Any = key
    try:
        if number == int(number) or number == float(number):
            return _number(number)
    except (TypeError, ValueError, OverflowError, ArithmeticError):
        return _complex(number)
    return None


def _complex(key: Any) -> int | None:
    return _number(key.real) if isinstance(key, complex) and key == key.real else None


def _combine(opening: bytes, parts: Sequence[int | None]) -> int | None:
    if None in parts:
        return None
    return crc32(opening + b"".join(part.to_bytes(4, "little") for part in parts if part is not None))
