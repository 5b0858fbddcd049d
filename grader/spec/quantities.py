"""`10s` and `512MB` into numbers and back. Knows units, not limits."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS: Mapping[str, Fraction] = {"ms": Fraction(1, 1000), "s": Fraction(1), "min": Fraction(60)}
"""Units of time."""

DURATION: Mapping[str, Fraction] = {"s": Fraction(1), "m": Fraction(60), "h": Fraction(3600), "d": Fraction(86400)}
"""Units of longer times."""

BYTES: Mapping[str, Fraction] = {
    unit: Fraction(2**power)
    for power, units in ((0, ("B",)), (10, ("kB", "KB", "KiB")), (20, ("MB", "MiB")), (30, ("GB", "GiB")))
    for unit in units
}
"""Units of memory. `MB` is `MiB`, 2**20 bytes: that is what operating systems count a process in."""

_QUANTITY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?([A-Za-z]+)")


def measure(text: str, units: Mapping[str, Fraction]) -> float | None:
    """How much `text` says, in seconds or bytes; None where it is not a number with one of `units` behind it."""
    match = _QUANTITY.fullmatch(text)
    return float(Fraction(match[1]) * units[match[2]]) if match and match[2] in units else None


def nearest(text: str, units: Mapping[str, Fraction]) -> str:
    """What was probably meant: `512MB` for `512mb`, `2min` for `2 minutes`; empty where nobody can say."""
    match = _QUANTITY.fullmatch(text)
    if not match:
        return ""
    meant = match[2].lower()
    unit = max(units, key=lambda unit: _shared(unit.lower(), meant))
    return f"{match[1]}{unit}" if _shared(unit.lower(), meant) else ""


def _shared(one: str, other: str) -> int:
    """How many letters two words share at their beginning."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def duration_text(seconds: float) -> str:
    """Seconds as one writes them: `15m`, in the largest unit that divides them."""
    for unit in ("d", "h", "m"):
        if seconds and seconds % DURATION[unit] == 0:
            return f"{int(seconds // DURATION[unit])}{unit}"
    return f"{seconds:.9f}".rstrip("0").rstrip(".") + "s"


def size_text(size: int) -> str | int:
    """Bytes as one writes them: `512MB`, or the plain number where no unit divides it."""
    for unit in ("GB", "MB", "kB"):
        if size and size % BYTES[unit] == 0:
            return f"{size // int(BYTES[unit])}{unit}"
    return size
