"""The job with dask.bag and its scheduler of processes: `python with_dask.py JOB DATA OUTPUT WORKERS`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import dask
import dask.bag
import plain

JOB, DATA, OUTPUT = sys.argv[1:4]


def mapped(line: str) -> list[plain.Pair]:
    """One record's pairs."""
    return plain.load(JOB, DATA).map(json.loads(line))


def reduced(group: tuple[Any, list[plain.Pair]]) -> list[str]:
    """One key's lines."""
    key, pairs = group
    return [json.dumps(value) for value in plain.load(JOB, DATA).reduce(key, [value for _, value in pairs])]


def first(pair: plain.Pair) -> Any:
    """A pair's key."""
    return pair[0]


def main(workers: int) -> None:
    """As the bag's documentation does it."""
    size = max(2**16, Path(DATA).stat().st_size // (4 * workers))
    with dask.config.set(scheduler="processes", num_workers=workers):
        pairs = dask.bag.read_text(DATA, blocksize=size).map(mapped).flatten()
        lines = pairs.groupby(first, npartitions=2 * workers, shuffle="tasks").map(reduced).flatten().compute()
    Path(OUTPUT).write_text("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    main(int(sys.argv[4]))
