"""The canonical form of a record: its text without numbers, and the numbers. Decides nothing: equal records have
equal forms.

`["the", 9]` is `["the", #]` and `(9,)`. Keys are sorted, arrays at unordered places too; `true` is no number, NaN and
the infinities are words, for no tolerance applies to them. Records are exactly equal if and only if forms and numbers
are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import groupby
from json.encoder import encode_basestring as _quote
from operator import itemgetter
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from grader.compare.places import Place
    from grader.compare.records import Json

Number = int | float
Form: TypeAlias = tuple[str, tuple[Number, ...]]
"""The text with `#` for each number, and the numbers in the order of the text."""

Lay = Callable[[list[tuple[str, list[Number]]]], Iterator[Number]]

_WORDS = {None: "null", True: "true", False: "false"}


def canonical(value: Json, place: Place | None) -> Form:
    """Return the form under which equal records, and only those, are the same."""
    numbers: list[Number] = []
    return _write(value, place, numbers, _jointly), tuple(numbers)


def columns(value: Json, place: Place | None) -> Form:
    """Return the form with each unordered array's numbers sorted column by column.

    Two records that match within a tolerance have the same text here, and numbers that are near one by one: where
    elements match in some order, their sorted columns match as well. The converse need not hold.
    """
    numbers: list[Number] = []
    return _write(value, place, numbers, _by_column), tuple(numbers)


def _write(value: Json, place: Place | None, numbers: list[Number], lay: Lay) -> str:
    """Return the text of `value`, adding its numbers to `numbers`."""
    if isinstance(value, str):
        return _quote(value)
    if isinstance(value, bool) or value is None:
        return _WORDS[value]
    if isinstance(value, list):
        return _array(value, place, numbers, lay)
    if isinstance(value, dict):
        return _object(value, place, numbers, lay)
    return _number(value, numbers)


def _number(value: Number, numbers: list[Number]) -> str:
    if value - value == 0:  # neither NaN nor infinite
        numbers.append(value)
        return "#"
    return json.dumps(value)


def _array(value: list[Json], place: Place | None, numbers: list[Number], lay: Lay) -> str:
    if place is None:
        return _plain_array(value, numbers, lay)
    if not place.unordered:
        return "[" + ", ".join([_write(item, place.item(i), numbers, lay) for i, item in enumerate(value)]) + "]"
    children = []
    for item in value:
        own: list[Number] = []
        children.append((_write(item, place.every, own, lay), own))
    children.sort()
    numbers += lay(children)
    return "[" + ", ".join([text for text, _ in children]) + "]"


def _plain_array(value: list[Json], numbers: list[Number], lay: Lay) -> str:
    """Write an array in which order matters everywhere: scalars on the spot, for most records are flat."""
    texts = []
    for item in value:
        if type(item) is str:
            texts.append(_quote(item))
        elif type(item) is int or (type(item) is float and item - item == 0):
            numbers.append(item)
            texts.append("#")
        else:
            texts.append(_write(item, None, numbers, lay))
    return "[" + ", ".join(texts) + "]"


def _object(value: dict[str, Json], place: Place | None, numbers: list[Number], lay: Lay) -> str:
    fields = place.fields if place else {}
    return (
        "{"
        + ", ".join([f"{_quote(key)}: {_write(value[key], fields.get(key), numbers, lay)}" for key in sorted(value)])
        + "}"
    )


def _jointly(children: list[tuple[str, list[Number]]]) -> Iterator[Number]:
    for _, own in children:
        yield from own


def _by_column(children: list[tuple[str, list[Number]]]) -> Iterator[Number]:
    for _, alike in groupby(children, key=itemgetter(0)):
        for column in zip(*(own for _, own in alike), strict=True):
            yield from sorted(column)
