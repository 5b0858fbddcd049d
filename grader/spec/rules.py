"""What a value may be: rules that turn a node into a plain value or a problem. Knows no key by name."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

from grader.spec import folder, quantities
from grader.spec.problems import Problem, did_you_mean, quoted, shorten

if TYPE_CHECKING:
    from fractions import Fraction
    from pathlib import Path

    from grader.spec.yaml12 import Node

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reading:
    """One pass over one file: the problems so far, and the folder to look for files in (None: do not look)."""

    folder: Path | None
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Item:
    """A node with its full name, such as `datasets[0].points`; the name of the whole file is empty."""

    node: Node
    reading: Reading
    name: str = ""

    @property
    def key(self) -> str:
        """The last part of the name, for hints: `points`."""
        return self.name.rpartition(".")[2]

    def at(self, *steps: str | int) -> Item:
        """The item some keys and indices further down; where there is none, the last one that there is."""
        item = self
        for step in steps:
            value = item.node.value
            if isinstance(step, int) and isinstance(value, tuple):
                item = Item(value[step], self.reading, f"{item.name}[{step}]")
            elif isinstance(step, str) and isinstance(value, dict) and step in value:
                shown_step = step if step.isprintable() else quoted(step)
                item = Item(value[step], self.reading, f"{item.name}.{shown_step}".removeprefix("."))
        return item

    def problem(self, what: str, hint: str = "") -> Problem:
        """That something is wrong here, in so many words."""
        return Problem(self.node.place, f"{self.name}: {what}" if self.name else what, hint)

    def unexpected(self, expected: str, hint: str = "") -> Problem:
        """That something else was expected here."""
        return self.problem(f"expected {expected}, got {shown(self.node)}", hint)


Rule = Callable[[Item], T]
"""Reads an item as a T, or raises Problem."""


def shown(node: Node) -> str:
    """A node's value as messages name it."""
    match node.value:
        case None:
            return "nothing"
        case bool(truth):
            return str(truth).lower()
        case str(text):
            return quoted(text)
        case tuple():
            return "a list"
        case dict():
            return "a mapping"
        case number:
            return shorten(str(number))


class Fields:
    """The keys of one mapping. Problems with single keys are noted, not raised, so that one pass finds them all."""

    def __init__(self, item: Item, allowed: Sequence[str]) -> None:
        if not isinstance(item.node.value, dict):
            raise item.unexpected("a mapping", f"keys here: {', '.join(allowed)}")
        self._item, self._present, self._problems = item, item.node.value, item.reading.problems
        for key in self._present:
            if key not in allowed:
                self._problems.append(self._unknown(key, allowed))

    def __contains__(self, key: str) -> bool:
        return key in self._present

    def _unknown(self, key: str, allowed: Sequence[str]) -> Problem:
        where = f"{self._item.name}: " if self._item.name else ""
        free = [name for name in allowed if name not in self._present]
        hint = " ".join(filter(None, (did_you_mean(key, free), f"allowed here: {', '.join(allowed)}")))
        return Problem(self._item.node.keys[key], f"{where}unknown key {quoted(key)}", hint)

    def get(self, key: str, rule: Rule[T], default: T) -> T:
        """The value of `key`; the default where it is absent, and where it is wrong, after noting that."""
        if key not in self._present:
            return default
        try:
            return rule(self._item.at(key))
        except Problem as problem:
            self._problems.append(problem)
            return default

    def need(self, key: str, rule: Rule[T], stand_in: T, example: str) -> T:
        """As `get`, but that the key is absent is a problem, too."""
        if key not in self._present:
            self.note(self._item.problem(f"the key '{key}' is missing", f"add `{key}: {example}`"))
        return self.get(key, rule, stand_in)

    def note(self, problem: Problem) -> None:
        """Keep a problem of the mapping as a whole."""
        self._problems.append(problem)


def elements(item: Item, example: str, *, least: Literal[0, 1] = 1) -> Iterator[Item]:
    """The items of a list, which may be empty only where `least` is 0."""
    value = item.node.value
    if not isinstance(value, tuple):
        raise item.unexpected("a list", _write(item, example))
    if len(value) < least:
        raise item.problem("expected a list of at least one, got an empty one", _write(item, example))
    return (item.at(index) for index in range(len(value)))


def text(expected: str, allowed: Callable[[str], bool], example: str) -> Rule[str]:
    """Text of a certain form. `expected` names the form, `example` shows it."""

    def rule(item: Item) -> str:
        value = item.node.value
        if isinstance(value, str) and allowed(value):
            return value
        quoted = isinstance(value, int | float) and allowed(str(value))
        raise item.unexpected(expected, _write(item, f"'{value}'" if quoted else example))

    return rule


def pattern(expected: str, form: str, example: str) -> Rule[str]:
    """Text that a regular expression matches from end to end."""
    compiled = re.compile(form)
    return text(expected, lambda value: compiled.fullmatch(value) is not None, example)


def truth(item: Item) -> bool:
    """`true` or `false`, and no other word."""
    if isinstance(item.node.value, bool):
        return item.node.value
    raise item.unexpected("true or false", _write(item, "true"))


def number(low: float, high: float, example: str, *, kind: str = "a number") -> Rule[float]:
    """A number from `low` to `high`; what the file calls a whole number stays an int."""

    def rule(item: Item) -> float:
        value = item.node.value
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value) or value < low:
            raise item.unexpected(f"{kind} of at least {low}", _write(item, example))
        if value > high:
            raise item.unexpected(f"{kind} of at most {high}", _write(item, example))
        return value

    return rule


def whole(low: int, high: int, example: str) -> Rule[int]:
    """A whole number from `low` to `high`; `2e4` is one."""
    bounded = number(low, high, example, kind="a whole number")

    def rule(item: Item) -> int:
        value = bounded(item)
        if value != int(value):
            raise item.unexpected("a whole number", _write(item, example))
        return int(value)

    return rule


def choice(words: Mapping[str, T], sort: str = "") -> Rule[T]:
    """One of a few words, each with what it stands for. `sort` names them where they are too many for a message."""
    expected = sort or f"one of {', '.join(words)}"
    allowed = f"allowed here: {', '.join(words)}" if sort else ""

    def rule(item: Item) -> T:
        value = item.node.value
        if isinstance(value, str) and value in words:
            return words[value]
        near = did_you_mean(value, list(words)) if isinstance(value, str) else ""
        raise item.unexpected(expected, " ".join(filter(None, (near, allowed))))

    return rule


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a number with a unit may be. `low` and `high` bound it, written as in the file; `sort` names it."""

    units: Mapping[str, Fraction]
    sort: str
    low: str
    high: str
    example: str

    def __call__(self, item: Item) -> float:
        """The quantity in seconds or bytes. Raises Problem."""
        amount = self._amount(item)
        if amount is None:
            raise item.unexpected(f"{self.sort} such as {self.example}", self._hint(item, self._meant(item)))
        if amount < self._bound(self.low):
            raise item.unexpected(f"{self.sort} of at least {self.low}", self._hint(item, self.example))
        if amount > self._bound(self.high):
            raise item.unexpected(f"{self.sort} of at most {self.high}", self._hint(item, self.example))
        return amount

    def _bound(self, written: str) -> float:
        bound = quantities.measure(written, self.units)
        assert bound is not None
        return bound

    def _amount(self, item: Item) -> float | None:
        value = item.node.value
        if isinstance(value, str):
            return quantities.measure(value, self.units)
        whole_or_time = isinstance(value, int | float) and (self.units is quantities.SECONDS or value % 1 == 0)
        return value if isinstance(value, int | float) and not isinstance(value, bool) and whole_or_time else None

    def _meant(self, item: Item) -> str:
        value = item.node.value
        return (quantities.nearest(value, self.units) if isinstance(value, str) else "") or self.example

    def _hint(self, item: Item, example: str) -> str:
        return f"{_write(item, example)}; units: {', '.join(self.units)}"


def file(example: str) -> Rule[str]:
    """The path of a file in the assignment's folder."""
    path = text("a path inside the assignment's folder", folder.is_relative, example)
    return lambda item: there(item, path(item))


def there(item: Item, path: str) -> str:
    """The path again, if it names a file that exists, or if the reading looks at none."""
    found = folder.trouble(item.reading.folder, path) if item.reading.folder else None
    if found:
        raise item.problem(*found)
    return path


def _write(item: Item, example: str) -> str:
    # An element of a list has no key to be written with.
    return f"write `{example}`" if item.key.endswith("]") else f"write `{item.key}: {example}`"
