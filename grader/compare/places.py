"""Places inside a record where order does not matter, as a spec names them. Refuses a path that it would have to
guess at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Step = int | str | None
"""One step of a path: an array's index, an object's key, or None for every index."""

_STEP = re.compile(
    r"""\.(?P<name>[^.\[\]"'*\s]+) | \[(?P<index>\d{1,9})\] | (?P<every>\[\*\]) | \[(?P<q>["'])(?P<key>.+?)(?P=q)\]""",
    re.VERBOSE,
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place in a record at or below which some order does not matter. Elsewhere there is None instead of a Place."""

    unordered: bool
    fields: Mapping[str, Place]
    items: Mapping[int, Place]
    every: Place | None

    def item(self, index: int) -> Place | None:
        """The place of an array's element."""
        return self.items.get(index, self.every)


def parse_places(paths: Sequence[str]) -> Place | None:
    """Return the root place for `$`, `$[1]`, `$.name`, `$["odd name"]`, `$[*].tags`, or None where `paths` is empty.

    Raises SpecError for what is no such path, and for an index below an unordered place: nothing is first there.
    """
    routes = [_parse(path) for path in paths]
    for path, route in zip(paths, routes, strict=True):
        _refuse_index_below_unordered(path, route, routes)
    return _place(routes)


def _parse(path: str) -> tuple[Step, ...]:
    steps, end = [], 1
    while path.startswith("$") and (match := _STEP.match(path, end)):
        steps.append(_step(match))
        end = match.end()
    if not path.startswith("$") or end != len(path):
        raise SpecError(
            f"compare: unordered: {path!r} is no path",
            'a path begins with $, the record, and goes on with [1], [*], .name or ["a name"]',
        )
    return tuple(steps)


def _step(match: re.Match[str]) -> Step:
    if match["every"]:
        return None
    return int(match["index"]) if match["index"] else match["name"] or match["key"]


def _refuse_index_below_unordered(path: str, route: Sequence[Step], routes: Sequence[Sequence[Step]]) -> None:
    for above in routes:
        if len(above) < len(route) and isinstance(route[len(above)], int) and all(map(_overlap, above, route)):
            raise SpecError(
                f"compare: unordered: {path!r} counts inside an array whose order does not matter",
                f"write [*] for [{route[len(above)]}]",
            )


def _overlap(one: Step, other: Step) -> bool:
    return one == other or (None in (one, other) and not isinstance(one, str) and not isinstance(other, str))


def _place(routes: Sequence[Sequence[Step]]) -> Place | None:
    if not routes:
        return None
    heads = {route[0] for route in routes if route}
    return Place(
        unordered=() in routes,
        fields={head: place for head in heads if isinstance(head, str) and (place := _below(routes, head))},
        items={head: place for head in heads if isinstance(head, int) and (place := _below(routes, head, None))},
        every=_below(routes, None),
    )


def _below(routes: Sequence[Sequence[Step]], *heads: Step) -> Place | None:
    return _place([route[1:] for route in routes if route and route[0] in heads])
