"""Where inside two records do they differ? Says it in one line of text; never fails, whatever is in them."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from typing import TYPE_CHECKING, Any, NamedTuple

from grader.compare.matching import odd_elements
from grader.compare.records import nesting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepdiff.model import DiffLevel

    from grader.compare.places import Place
    from grader.compare.records import Json
    from grader.compare.tolerance import Tolerance

LONGEST_SHOWN = 200
"""Characters of a record in an example; the middle of a longer one is left out."""

LONGEST_VALUE = 60
"""Characters of a value inside a record, likewise."""

_LONGEST_ALIGNED = 1_000  # finding what was left out of an array takes more than quadratic time
_LONGEST_SEARCHED = 20_000
_DEEPEST_SEARCHED = 40  # each path costs the square of its length

_PLAIN_NAME = re.compile(r"[^\W\d]\w*")


class _Change(NamedTuple):
    steps: Sequence[str | int]
    expected: str
    got: str


def text_of_value(value: Json) -> str:
    """Return JSON text fit for a terminal: letters of all languages as such, whatever does not print escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def shorten(text: str, longest: int = LONGEST_SHOWN) -> str:
    """Return `text`, or its ends and how long it is."""
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]} ... {text[-half:]} ({len(text):,} characters)"


def locate(expected: Json, got: Json, tolerance: Tolerance) -> str:
    """Return the first place where two records differ, as in `at $[1]: expected 9, got 8`."""
    texts = text_of_value(expected), text_of_value(got)
    longest = max(map(len, texts))
    if longest > _LONGEST_SEARCHED or any(nesting(text.encode()) > _DEEPEST_SEARCHED for text in texts):
        return _first_character(*texts)
    try:
        changes = [] if longest > _LONGEST_ALIGNED else _changes(expected, got, tolerance, by_position=False)
        changes = changes or _changes(expected, got, tolerance, by_position=True)
    except Exception:  # deepdiff meets hostile values here, and no explanation is worth a mark
        return _first_character(*texts)
    return _describe(changes, tolerance.place) if changes else _first_character(*texts)


def _describe(changes: list[_Change], root: Place | None) -> str:
    first = changes[0]
    place, others = _written(first.steps, root), len(changes) - 1
    more = f" (and at {others:,} more place{'s' * (others > 1)})" if others else ""
    return f"{place}: expected {first.expected}, got {first.got}{more}"


def _written(steps: Sequence[str | int], root: Place | None) -> str:
    """Return a path; where it enters an array in any order it ends, for no index means anything there."""
    path, place = "$", root
    for step in steps:
        if place and place.unordered:
            return f"in {path}, in any order"
        place = place and (place.item(step) if isinstance(step, int) else place.fields.get(step))
        path += _written_step(step)
    return f"at {shorten(path)}"


def _written_step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _PLAIN_NAME.fullmatch(step) else f"[{shorten(text_of_value(step), LONGEST_VALUE)}]"


def _first_character(expected: str, got: str) -> str:
    """Say where two texts part, for records that nobody can look into."""
    at = bisect_left(range(min(len(expected), len(got))), x=True, key=lambda i: expected[: i + 1] != got[: i + 1])
    return f"from character {at + 1:,} on: expected {_excerpt(expected, at)}, got {_excerpt(got, at)}"


def _excerpt(text: str, at: int) -> str:
    return text[at : at + LONGEST_VALUE].rstrip(", ") or "nothing"


def _changes(expected: Json, got: Json, tolerance: Tolerance, *, by_position: bool) -> list[_Change]:
    """Return the places that differ, in their order.

    Elements put into an array or left out are told from changed ones, but true is taken for 1, unless `by_position`.
    """
    # Imported when there is something to explain: it takes longer than most comparisons.
    from deepdiff import DeepDiff

    tree = DeepDiff(
        *_without_matches(expected, got, tolerance),
        view="tree",
        custom_operators=[_SameNumber(tolerance)],
        zip_ordered_iterables=by_position,
    )
    changes = [_change(level) for levels in tree.values() for level in levels]
    return sorted(changes, key=lambda change: [str(step).zfill(9) for step in change.steps])


def _change(level: DiffLevel) -> _Change:
    from deepdiff.helper import notpresent

    def shown(value: Any) -> str:
        return "nothing" if value is notpresent else shorten(text_of_value(value), LONGEST_VALUE)

    return _Change(level.path(output_format="list"), shown(level.t1), shown(level.t2))


def _without_matches(one: Json, other: Json, tolerance: Tolerance) -> tuple[Json, Json]:
    """Return both with arrays in any order reduced to what does not match, so that order matters nowhere any more."""
    place = tolerance.place
    if place and isinstance(one, list) and isinstance(other, list):
        if place.unordered:
            return odd_elements(one, other, tolerance.inside)
        shorter = min(len(one), len(other))
        pairs = [_without_matches(one[i], other[i], tolerance.at(place.item(i))) for i in range(shorter)]
        return [a for a, _ in pairs] + one[shorter:], [b for _, b in pairs] + other[shorter:]
    if place and isinstance(one, dict) and isinstance(other, dict):
        both = {
            key: _without_matches(one[key], other[key], tolerance.at(place.fields.get(key)))
            for key in one
            if key in other
        }
        return one | {key: a for key, (a, _) in both.items()}, other | {key: b for key, (_, b) in both.items()}
    return one, other


class _SameNumber:
    """Tells deepdiff which numbers count as one."""

    def __init__(self, tolerance: Tolerance) -> None:
        self._tolerance = tolerance

    def match(self, level: DiffLevel) -> bool:
        return all(isinstance(side, int | float) and not isinstance(side, bool) for side in (level.t1, level.t2))

    def give_up_diffing(self, level: DiffLevel, **_: object) -> bool:
        one, other = level.t1, level.t2
        return bool(
            repr(one) == repr(other) or (one - one == other - other == 0 and self._tolerance.same_number(one, other))
        )
