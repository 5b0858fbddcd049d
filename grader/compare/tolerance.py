"""When two numbers, and two records of the same form, are the same within a tolerance. Pairs nothing off: that is
matching's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from grader.compare.records import Json

if TYPE_CHECKING:
    from grader.compare.canonical import Number
    from grader.compare.places import Place

_EXACT_BELOW = 2**53
"""Integers below this are floats without loss."""


@dataclass
class Budget:
    """How many more comparisons of two records hard cases may cost: what keeps a hostile output from holding us up."""

    left: int

    def spend(self, count: int = 1) -> bool:
        """Take some; False when there are none left."""
        self.left -= count
        return self.left > 0

    @property
    def is_spent(self) -> bool:
        """Whether some answer may have been cut short."""
        return self.left <= 0


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """How far apart numbers may be, as in `math.isclose`, and where in these records order does not matter."""

    rel: float
    abs: float
    place: Place | None
    budget: Budget = field(compare=False)

    @property
    def inside(self) -> Tolerance:
        """The tolerance for the elements of an unordered array."""
        return self.at(self.place.every if self.place else None)

    def near(self, one: Number, other: Number) -> bool:
        """Whether two finite numbers are within the tolerance, whatever their types.

        For each number the numbers near it form an interval whose ends grow with it: what sorted matching rests on.
        """
        if one == other:
            return True
        if _is_big(one) or _is_big(other):
            return self._exactly_near(Fraction(one), Fraction(other))
        return math.isclose(one, other, rel_tol=self.rel, abs_tol=self.abs)

    def same_number(self, one: Number, other: Number) -> bool:
        """Whether two numbers count as one: within the tolerance if one was written as a float, else equal."""
        if isinstance(one, int) and isinstance(other, int):
            return one == other
        return self.near(one, other)

    def _exactly_near(self, one: Fraction, other: Fraction) -> bool:
        bound = max(Fraction(self.rel) * max(abs(one), abs(other)), Fraction(self.abs))
        return abs(one - other) <= bound

    def same(self, one: Json, other: Json, same_bag: SameBag) -> bool:
        """Whether two values of the same form are the same; `same_bag` decides for unordered arrays."""
        if isinstance(one, list) and isinstance(other, list):
            if self.place and self.place.unordered:
                return same_bag(one, other, self.inside)
            pairs = enumerate(zip(one, other, strict=True))
            return all(self.at(self.place and self.place.item(i)).same(a, b, same_bag) for i, (a, b) in pairs)
        if isinstance(one, dict) and isinstance(other, dict):
            fields = self.place.fields if self.place else {}
            return all(self.at(fields.get(key)).same(one[key], other[key], same_bag) for key in one)
        return self._same_scalar(one, other)

    def _same_scalar(self, one: Json, other: Json) -> bool:
        if isinstance(one, int | float) and isinstance(other, int | float) and math.isfinite(one):
            return self.same_number(one, other)
        return True  # their forms are the same, and hold everything but the finite numbers

    def at(self, place: Place | None) -> Tolerance:
        """The tolerance for values at another place."""
        return self if place is self.place else Tolerance(rel=self.rel, abs=self.abs, place=place, budget=self.budget)


SameBag = Callable[[list[Json], list[Json], Tolerance], bool]
"""Whether two arrays of the same form match in some order, given the tolerance for their elements."""


def _is_big(number: Number) -> bool:
    return isinstance(number, int) and not -_EXACT_BELOW < number < _EXACT_BELOW
