"""Two sequences of records, compared in their order. What lacks or is too much is the bags' affair."""

from __future__ import annotations

from itertools import islice, zip_longest
from typing import TYPE_CHECKING

from grader.compare.explain import example_line
from grader.compare.matching import same
from grader.compare.records import decode
from grader.model import Difference, Example

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.compare.bags import Lines
    from grader.compare.tolerance import Tolerance


def is_same_sequence(expected: Lines, got: Lines, tolerance: Tolerance) -> bool:
    """Whether the same records come in the same order."""
    return next(_misplaced(expected, got, tolerance), None) is None


def order_difference(expected: Lines, got: Lines, tolerance: Tolerance, examples: int) -> Difference:
    """Return the difference of two equal bags in different order: each place with another record counts as one of
    each.
    """
    places = _misplaced(expected, got, tolerance)
    first = tuple(
        Example(expected=example_line(one), got=example_line(other), where=f"record {number:,} is out of order")
        for number, one, other in islice(places, examples)
    )
    count = len(first) + sum(1 for _ in places)
    return Difference(missing=count, unexpected=count, examples=first)


def _misplaced(expected: Lines, got: Lines, tolerance: Tolerance) -> Iterator[tuple[int, bytes | None, bytes | None]]:
    """Yield number (from 1) and lines of the places that hold different records."""
    for number, (one, other) in enumerate(zip_longest(expected, got), 1):
        if one != other and (one is None or other is None or not same(decode(one), decode(other), tolerance)):
            yield number, one, other
