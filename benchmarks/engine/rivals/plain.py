"""A job file's own mapper and reducer as plain functions, for engines that know nothing of `mr`."""

from __future__ import annotations

import runpy
import sys
import types
from typing import Any, NamedTuple

Pair = tuple[Any, Any]


class _Collecting:
    """The framework with nothing in it but two lists."""

    def __init__(self) -> None:
        self.pairs: list[Pair] = []
        self.outputs: list[Any] = []

    def emit_intermediate(self, key: Any, value: Any) -> None:
        self.pairs.append((key, value))

    def emit(self, value: Any) -> None:
        self.outputs.append(value)


class Plain(NamedTuple):
    """`mr`, and the two functions that fill it."""

    mr: _Collecting
    mapper: Any
    reducer: Any

    def map(self, record: Any) -> list[Pair]:
        """The pairs of one record."""
        self.mr.pairs = []
        self.mapper(record)
        return self.mr.pairs

    def reduce(self, key: Any, values: list[Any]) -> list[Any]:
        """The outputs of one key."""
        self.mr.outputs = []
        self.reducer(key, values)
        return self.mr.outputs


_loaded: dict[str, Plain] = {}


def load(job: str, data: str) -> Plain:
    """The job, loaded once a process, as `python JOB DATA` would load it."""
    if job not in _loaded:
        module = types.ModuleType("MapReduce")
        vars(module)["MapReduce"] = _Collecting
        known, arguments = sys.modules.get("MapReduce"), sys.argv
        sys.modules["MapReduce"], sys.argv = module, [job, data]
        found = runpy.run_path(job)
        sys.argv = arguments
        if known is None:
            del sys.modules["MapReduce"]
        else:
            sys.modules["MapReduce"] = known
        _loaded[job] = Plain(found["mr"], found["mapper"], found["reducer"])
    return _loaded[job]
