"""What the keys of an assignment must not say of each other: sums, names, places. Trusts each key by itself."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from grader.spec.problems import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.model import Spec
    from grader.spec.problems import Problem
    from grader.spec.rules import Item


def contradictions(spec: Spec, item: Item) -> Iterator[Problem]:
    """Every rule between keys that `spec` breaks; `item` is the file it was read from."""
    yield from _points(spec, item)
    yield from _names(spec, item)
    yield from _answers(spec, item)
    yield from _staging(spec, item)
    yield from _places(spec, item)


def _points(spec: Spec, item: Item) -> Iterator[Problem]:
    given = item.at("points")
    if given is item or math.isclose(float(str(given.node.value)), spec.points, abs_tol=1e-9):
        return
    what = f"the datasets' points add up to {spec.points:.12g}, not {given.node.value}"
    yield given.problem(what, f"write `points: {spec.points:.12g}`, or leave the key out")


def _names(spec: Spec, item: Item) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, dataset in enumerate(spec.datasets):
        # Names become files and folders, which some systems do not tell apart by case.
        earlier = first.setdefault(dataset.name.lower(), index)
        if earlier != index:
            what = f"datasets[{earlier}] has the name '{spec.datasets[earlier].name}' already"
            yield item.at("datasets", index, "name").problem(what, "give each dataset a name of its own")


def _answers(spec: Spec, item: Item) -> Iterator[Problem]:
    """Without a reference, expected output can only come from files."""
    if spec.reference is not None:
        return
    for index, dataset in enumerate(spec.datasets):
        if dataset.expected is None and not dataset.withheld:
            hint = "add `expected: expected/books.json` here, or a `reference` to the assignment"
            yield item.at("datasets", index).problem("neither 'expected' nor a reference to compute it", hint)


def _staging(spec: Spec, item: Item) -> Iterator[Problem]:
    """A submission finds a dataset, decompressed, under the path that the assignment gives it: one path, one file."""
    taken = {spec.module: f"the module '{spec.module}'"}
    for index, dataset in enumerate(spec.datasets):
        if dataset.file is None:
            continue
        staged = dataset.file.removesuffix(".gz")
        for path, owner in taken.items():
            if _collide(staged, path):
                what = f"{quoted(dataset.file)} would lie where {owner} lies when a submission runs"
                yield item.at("datasets", index, "file").problem(what, "rename the file")
                break
        taken.setdefault(staged, f"datasets[{index}] ({quoted(dataset.file)})")


def _collide(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def _places(spec: Spec, item: Item) -> Iterator[Problem]:
    """Where order does not matter, nothing has an index: `$[0]` makes no sense below an unordered `$`."""
    routes = [_steps(place) for place in spec.compare.unordered]
    for index, (place, route) in enumerate(zip(spec.compare.unordered, routes, strict=True)):
        above = next((number for number, other in enumerate(routes) if _counts_below(other, route)), None)
        if above is not None:
            what = (
                f"{quoted(place)} counts where {quoted(spec.compare.unordered[above])} says that order does not matter"
            )
            hint = f"write [*] for [{route[len(routes[above])]}]"
            yield item.at("compare", "unordered", index).problem(what, hint)


_STEP = re.compile(r"""\.([^.\[]+)|\["([^"]+)"\]|\['([^']+)'\]|\[([0-9]+)\]|\[\*\]""")


def _steps(place: str) -> list[str | int | None]:
    """The keys and indices of a sound place; None for `[*]`."""
    return [int(match[4]) if match[4] else match[1] or match[2] or match[3] for match in _STEP.finditer(place)]


def _counts_below(above: list[str | int | None], route: list[str | int | None]) -> bool:
    meet = len(above) < len(route) and all(map(_overlap, above, route))
    return meet and isinstance(route[len(above)], int)


def _overlap(one: str | int | None, other: str | int | None) -> bool:
    every = None in (one, other)
    return one == other or (every and not isinstance(one, str) and not isinstance(other, str))
