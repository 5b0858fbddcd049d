"""`import MapReduce_original`: the course's framework as it always was, one process and one thread, to compare with.

It does what pymapr.serial does (a test holds the two together), and nothing besides.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["MapReduce", "json"]


class MapReduce:
    """One job: `intermediate` maps each key to the list of its values, `result` is what was emitted."""

    def __init__(self) -> None:
        self.intermediate: dict[Any, list[Any]] = {}
        self.result: list[Any] = []

    def emit_intermediate(self, key: Any, value: Any) -> None:
        """From a mapper: a pair."""
        self.intermediate.setdefault(key, []).append(value)

    def emit(self, value: Any) -> None:
        """From a reducer: an output value."""
        self.result.append(value)

    def execute(
        self, data: Iterable[str], mapper: Callable[[Any], object], reducer: Callable[[Any, list[Any]], object]
    ) -> None:
        """Map each line of `data`, reduce each key, print each output value."""
        for line in data:
            if line.strip():
                mapper(json.loads(line))
        for key in self.intermediate:
            reducer(key, self.intermediate[key])
        encoder = json.JSONEncoder()
        for value in self.result:
            print(encoder.encode(value))
