"""Key -> bucket. Obeys `==`, and does not depend on the hash seed: two processes always agree.

Equal keys must meet, so `1`, `1.0` and `True` share a bucket, as do a namedtuple and the plain tuple it equals. What is
not JSON-like goes to bucket 0, unless it equals something that is (`Fraction(2) == 2`). So does whatever compares in a
way of its own, as nobody can tell which plain value it may equal: among themselves such keys meet, and a job that emits
them beside plain keys which they equal needs a partitioner.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any
from zlib import crc32

from pymapr.depth import limited
from pymapr.errors import CannotPartition

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable

_MASK = 2**64 - 1

# A CRC alone would deal in step: the checksums of ("count", word) and ("show", word) differ by the same bits for all
# words of one length, so that in two buckets such keys would always meet, or never. A product modulo a prime breaks it.
_FACTOR, _PRIME = 2654435769, 2**32 - 5


def partition(key: Hashable, buckets: int) -> int:
    """The bucket of `key`, 0 <= bucket < buckets. Raises CannotPartition for what is not equal to itself (NaN)."""
    try:
        form = _form(key)
    except RecursionError:  # a level of nesting takes three calls here, and none where tuples are hashed and compared
        with limited(max(_DEEPEST, sys.getrecursionlimit())):
            form = _form(key)
    return 0 if form is None else crc32(form) * _FACTOR % _PRIME % buckets


def partition_all(keys: Collection[Hashable], buckets: int) -> list[int]:
    """The bucket of each of many keys: what `partition` says, in fewer steps where all are text, or tuples of text,
    or tuples of whole numbers, as in nine jobs of ten.
    """
    try:
        return [crc32(form) * _FACTOR % _PRIME % buckets for form in _forms(keys)]
    except (TypeError, UnicodeEncodeError):  # another kind of key, or half a surrogate pair
        return [partition(key, buckets) for key in keys]


def _forms(keys: Collection[Any]) -> Iterable[bytes]:
    """What `_form` says of each key; raises TypeError where they are of none of these kinds."""
    kinds = set(map(type, keys))
    if kinds == {str}:
        return map(str.encode, keys)
    parts = set(map(type, chain.from_iterable(keys))) if kinds == {tuple} else set()
    if parts == {str}:
        return map(str.encode, map(_BETWEEN.join, keys))
    if parts == {int} and all(keys):
        return (number.to_bytes(8, "little", signed=True) for number in map(hash, keys))
    raise TypeError


_DEEPEST = 12_000
"""Calls inside one another, to look into a key: a nested frozenset takes stack for each."""

_BETWEEN = "\x1f"


def _form(key: Any) -> bytes | None:
    """Bytes that equal keys share, or None for a key that is nothing like JSON."""
    base = _plain_type(key)
    if base is str:
        return str.encode(key, "utf-8", "surrogatepass")
    if base is int or base is float:
        return _number(base(key))
    if base is tuple:
        return _tuple(key)
    if base is frozenset:
        return _joined(b"\x1e", sorted(map(_form, frozenset.__iter__(key)), key=_nothing_first))
    if key is None:
        return b"null"
    return _stranger(key)


_PLAIN: tuple[Any, ...] = (str, int, float, tuple, frozenset)


def _plain_type(key: object) -> Any:
    """The built-in type whose `==` the key follows; None for a class with notions of its own."""
    kind: Any = type(key)
    if kind in _PLAIN:
        return kind
    for base in _PLAIN:
        if issubclass(kind, base):
            return base if kind.__eq__ is base.__eq__ or kind.__module__ == _NUMPY else None
    return None


_NUMPY = "numpy"
"""Its scalars compare in a way of their own, but equal the plain value that they hold."""


def _tuple(key: Any) -> bytes | None:
    parts = list(tuple.__iter__(key))
    form = _joined(_BETWEEN.encode(), [_form(part) for part in parts])
    if form and not any(isinstance(part, _NO_NUMBERS) for part in parts):
        return (tuple.__hash__(key) & _MASK).to_bytes(8, "little")  # as below
    return form


_NO_NUMBERS = (str, tuple, frozenset, type(None))
"""What else than a number may have a form."""


def _number(key: Any) -> bytes:
    # Python's hash of numbers is the same for equal numbers of any type and knows no seed.
    if key != key:
        raise CannotPartition(
            "NaN cannot be a key: it is not equal to itself, so its values could never meet",
            "leave such records out in the mapper, or use None as the key",
        )
    return (hash(key) & _MASK).to_bytes(8, "little")


def _stranger(key: Any) -> bytes | None:
    """Decimals, fractions, complex numbers: those that equal a plain number go where that number goes."""
    import numbers  # costs milliseconds, as `decimal` does, and hardly any job has such keys
    from decimal import Decimal

    if not isinstance(key, numbers.Number | Decimal) and type(key).__module__ != _NUMPY:  # whose bool is no number
        return None
    number: Any = key
    for plain in (int, float):
        with suppress(TypeError, ValueError, ArithmeticError):
            if number == plain(number):
                return _number(plain(number))
    return _complex(number)


def _complex(key: Any) -> bytes | None:
    return _number(key.real) if isinstance(key, complex) and key == key.real else None


def _joined(between: bytes, parts: list[bytes | None]) -> bytes | None:
    forms = [part for part in parts if part is not None]
    return between.join(forms) if len(forms) == len(parts) else None


def _nothing_first(form: bytes | None) -> tuple[bool, bytes]:
    return form is not None, form or b""
