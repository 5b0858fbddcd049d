"""Who is next: things are dealt in order, so that nobody has two of them under way while somebody waits for a first."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Iterator

T = TypeVar("T")


class Waiting(Generic[T]):
    """What is still to be done. whose: to whom a thing belongs."""

    def __init__(self, things: Iterable[T], whose: Callable[[T], Hashable]) -> None:
        self._left = OrderedDict(enumerate(things))
        self._whose = whose

    def __bool__(self) -> bool:
        return bool(self._left)

    def deal(self, busy: Collection[Hashable]) -> T:
        """Take the first thing that belongs to nobody in `busy`; where all do, the first."""
        return self._left.pop(next(self._free(busy), next(iter(self._left))))

    def anybody_else(self, busy: Collection[Hashable]) -> bool:
        """Whether anything belongs to nobody in `busy`."""
        return next(self._free(busy), None) is not None

    def _free(self, busy: Collection[Hashable]) -> Iterator[int]:
        return (place for place, thing in self._left.items() if self._whose(thing) not in busy)
