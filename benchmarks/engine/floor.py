"""The floor under any parallel engine: one process that does only what must be done. Prints its CPU seconds.

It reads the file, parses with the fastest library there is, calls the mapper, groups into a dict of lists, encodes and
decodes those groups once, calls the reducer and encodes the output. Run as `python floor.py JOB.py DATA OUTPUT`.
"""

from __future__ import annotations

import gc
import json
import pickle
import runpy
import sys
import types
from pathlib import Path
from time import process_time
from typing import Any

import msgspec

_AT_ONCE = 2**17
"""Bytes to parse at once: all of them would be quicker to parse, and slower to map, as no cache holds their records."""


class _Grouping:
    """The framework with nothing in it: groups, and a list of results."""

    def __init__(self) -> None:
        self.groups: dict[Any, list[Any]] = {}
        self.result: list[Any] = []
        self.emit = self.result.append

    def emit_intermediate(self, key: Any, value: Any) -> None:
        try:
            self.groups[key].append(value)
        except KeyError:
            self.groups[key] = [value]


def main(job: str, data: str, output: str) -> None:
    """Load the job, then do it while the clock of CPU time runs."""
    module = types.ModuleType("MapReduce")
    vars(module)["MapReduce"] = _Grouping
    sys.modules["MapReduce"] = module
    sys.argv = [job, data]
    found = runpy.run_path(job)
    mr, mapper, reducer = found["mr"], found["mapper"], found["reducer"]
    gc.disable()
    began = process_time()
    decode = msgspec.json.Decoder().decode_lines
    with Path(data).open("rb") as file:
        while lines := file.readlines(_AT_ONCE):
            for record in decode(b"".join(lines)):
                mapper(record)
    groups = pickle.loads(pickle.dumps(mr.groups, pickle.HIGHEST_PROTOCOL))
    for key, values in groups.items():
        reducer(key, values)
    encode = json.JSONEncoder().encode
    text = "".join(encode(value) + "\n" for value in mr.result)
    Path(output).write_text(text, encoding="ascii")
    print(process_time() - began)


if __name__ == "__main__":
    main(*sys.argv[1:])
