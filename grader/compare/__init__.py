"""Do two outputs hold the same records, and if not, how do they differ? Pure: no clock, no colour, no file but
unlinked ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.compare.bags import find_odds
from grader.compare.buckets import Disk
from grader.compare.explain import explain
from grader.compare.places import parse_places
from grader.compare.records import MAX_DIGITS, MAX_LINE, MAX_NESTING, NotARecordError, first_bad_line
from grader.compare.sequence import is_same_sequence, order_difference
from grader.compare.tolerance import Budget, Tolerance
from grader.errors import SpecError
from grader.model import CompareRules, Difference

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MAX_DIGITS", "MAX_LINE", "MAX_NESTING", "MEMORY", "compare"]

MEMORY = 128 * 2**20
"""Bytes of memory that a comparison may take, about, before it goes on in a temporary file."""

_COMPARISONS = 20_000_000
"""Pairs of records that hard cases may cost: some half a minute. None is counted where sorting decides."""


def compare(
    expected: Iterable[bytes], got: Iterable[bytes], rules: CompareRules, *, examples: int = 5, memory: int = MEMORY
) -> Difference:
    """Return how the records of `got` differ from the `expected` ones, with at most so many `examples`.

    Both are JSON texts, a record each, and are read more than once. Records form a bag: each counts as often as it
    occurs. Numbers count by value, `1` is `1.0`, and where one of two was written as a float they may differ by the
    rules' tolerance; `true` is no number, NaN is NaN. A missing or unexpected record is one that a best matching of
    the two sides leaves alone.

    Where `rules.order` is "keep" the records must come in order as well. If the bags differ, their difference is the
    answer: of a million records, one left out is one missing, not a million out of place. If only the order differs,
    each place that holds another record than it should counts as one missing and one unexpected.

    Lines that are the same byte for byte are equal without being decoded. Raises SubmissionError for a line of `got`
    that had to be decoded and is no record, SpecError for one of `expected` and for rules that make no sense, and
    InfrastructureError where there is no room for temporary files, or where so many records lie so near that equal
    cannot be told from different.
    """
    tolerance = _tolerance(rules)
    try:
        return _compare(expected, got, rules, tolerance, examples, max(1, memory))
    except NotARecordError:
        raise first_bad_line(expected, got) from None


def _compare(
    expected: Iterable[bytes],
    got: Iterable[bytes],
    rules: CompareRules,
    tolerance: Tolerance,
    examples: int,
    memory: int,
) -> Difference:
    keep = rules.order == "keep"
    if keep and is_same_sequence(expected, got, tolerance):
        return Difference(missing=0, unexpected=0)
    with Disk() as disk:
        odds = find_odds(expected, got, tolerance, disk, memory)
        if odds or not keep:
            shown = explain(odds, tolerance, examples, expected, got) if odds else ()
            return Difference(missing=odds.missing.count, unexpected=odds.unexpected.count, examples=shown)
    return order_difference(expected, got, tolerance, examples)


def _tolerance(rules: CompareRules) -> Tolerance:
    if not 0 <= rules.rel < 1:
        raise SpecError(
            f"compare: float: rel: {rules.rel} is no tolerance",
            "write a number of at least 0 and below 1, such as 1e-9",
        )
    if not 0 <= rules.abs < float("inf"):
        raise SpecError(
            f"compare: float: abs: {rules.abs} is no tolerance", "write a number of at least 0, such as 0.01"
        )
    return Tolerance(rel=rules.rel, abs=rules.abs, place=parse_places(rules.unordered), budget=Budget(_COMPARISONS))
