"""The job with `multiprocessing.Pool`, written by hand: `python with_pool.py JOB DATA OUTPUT WORKERS`.

Lines go out in chunks, each comes back grouped, the parent puts the groups together and sends them out again.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from itertools import islice
from multiprocessing import Pool
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

JOB, DATA, OUTPUT = sys.argv[1:4]


def chunks(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """The items, so many at a time."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def map_lines(lines: list[str]) -> dict[Any, list[Any]]:
    """What a task of the first phase gives back."""
    job, groups = plain.load(JOB, DATA), defaultdict(list)
    for line in lines:
        for key, value in job.map(json.loads(line)):
            groups[key].append(value)
    return dict(groups)


def reduce_items(items: list[tuple[Any, list[Any]]]) -> str:
    """What a task of the second phase gives back."""
    job = plain.load(JOB, DATA)
    return "".join(json.dumps(value) + "\n" for key, values in items for value in job.reduce(key, values))


def main(workers: int) -> None:
    """Both phases."""
    groups: dict[Any, list[Any]] = defaultdict(list)
    with Pool(workers) as pool, Path(DATA).open() as lines, Path(OUTPUT).open("w") as output:
        for part in pool.imap(map_lines, chunks(lines, 1000)):
            for key, values in part.items():
                groups[key].extend(values)
        output.writelines(pool.imap(reduce_items, chunks(groups.items(), 1000)))


if __name__ == "__main__":
    main(int(sys.argv[4]))
