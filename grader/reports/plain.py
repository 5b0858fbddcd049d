"""Makes text and numbers from anywhere safe and short enough to print; knows no layout and no colour."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Controls, formats (bidi overrides, zero-width joiners), surrogates, private use, unassigned, line and paragraph ends.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Also keeps a claimed duration apart from one that no clock can measure.
_BEYOND_SENSE = 1e15
_HUNDREDTHS = 100
_DUST = 1e-6  # of binary fractions


def visible(text: str) -> str:
    r"""`text` on one line in which nothing acts: what steers a terminal or cannot be seen becomes `\x1b`, `\n`, ...

    A backslash stays as it is: records are shown as JSON text, in which it has its own meaning already.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _escaped(character) if unicodedata.category(character) in _UNSEEN else character for character in text
    )


def visible_lines(text: str, limit: int) -> list[str]:
    """At most `limit` lines of `text`, each as `visible` makes it, and a last one that counts what was left out."""
    lines = text.strip("\n").split("\n")
    shown = [visible(line) for line in lines[:limit]]
    return shown if len(lines) <= limit else [*shown, f"… {len(lines) - limit} more lines"]


def clipped(text: str, limit: int) -> str:
    """`text`, or its first `limit` characters and how many more there are."""
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit} more characters)"


def points(value: float | None) -> str:
    """Points to two places, without needless zeros: `10`, `3.33`; a dash where nothing could be judged."""
    return "-" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def seconds(value: float) -> str:
    """Seconds in four characters, as long as they are fewer than 10,000: `0.45`, `12.3`, `123`."""
    places = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{places}f}"


def count(number: int, thing: str) -> str:
    """`1 record`, `1,200 records`."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def finite(value: float) -> float | None:
    """`value` to a millionth, for strict JSON; None for what is no number of seconds or points (NaN, infinity)."""
    # A chain of comparisons, not math.isfinite: that raises for integers too large for a float.
    return round(value, 6) if -_BEYOND_SENSE < value < _BEYOND_SENSE else None


def tidy(value: float | None) -> int | float | None:
    """Points as one writes them, to a millionth: 10, not 10.0; None where nothing could be judged."""
    rounded = None if value is None else finite(value)
    return int(rounded) if rounded is not None and rounded == int(rounded) else rounded


def exact(value: float | None) -> str:
    """Points as programs read them: `10`, `3.333333`, never `1e-06`; empty where nothing could be judged."""
    tidied = tidy(value)
    return "" if tidied is None else str(tidied) if isinstance(tidied, int) else f"{tidied:.6f}".rstrip("0")


def scale(points: Iterable[float | None]) -> int:
    """By what to multiply points for platforms that know whole ones only: 1 where these are whole, else 100."""
    whole = all(abs(number - round(number)) < _DUST for number in points if number is not None)
    return 1 if whole else _HUNDREDTHS


def whole(points: float, scaled: int) -> int:
    """Points times what `scale` gave, rounded."""
    return round(points * scaled)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
