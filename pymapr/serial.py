"""The reference: what the course's original framework does, in one process, to the byte of its output.

Each record goes through the mapper in input order, values gather by key in order of arrival, keys are reduced in order of first
appearance, and whatever was emitted is encoded at the end. Every other backend is judged by this file. (It also keeps the time, and says
whose fault a failure is; the original did neither.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from time import perf_counter, process_time
from typing import Any, NamedTuple

from pymapr.blame import blame
from pymapr.codecs import encode_outputs, is_blank, parse_line, repr_safely, shorten
from pymapr.errors import InputError
from pymapr.job import Job
from pymapr.timings import Stopwatch

Permute = Callable[[Any, list[Any]], None]
"""Called with each key and its values before the key is reduced; may change the order of the values, in place."""


class SerialRun(NamedTuple):
    """What a serial run yields: output lines with their line ends, and counts."""

    lines: list[str]
    records: int
    blank: int
    pairs: int
    keys: int


def run(job: Job, data: Iterable[Any], *, name: str, watch: Stopwatch, permute: Permute | None = None) -> SerialRun:
    """Run `job` on JSON lines; `name` is what error messages call the data. Raises InputError and the JobErrors."""
    records, blank = _map(job, data, name, watch)
    groups, _ = job.emitter.take()
    pairs = sum(map(len, groups.values()))
    with watch.phase("shuffle"):
        if permute is not None:
            for key, values in groups.items():
                permute(key, values)
    with watch.phase("reduce"):
        _reduce(job, groups)
    with watch.phase("write"):
        lines = encode_outputs(job.emitter.take()[1], "")
    return SerialRun(lines, records, blank, pairs, len(groups))


def _map(job: Job, data: Iterable[Any], name: str, watch: Stopwatch) -> tuple[int, int]:
    began, cpu, reading, mapping = perf_counter(), process_time(), 0.0, 0.0
    records = blank = 0
    before = began
    for number, line in numbered(data, name):
        if isinstance(line, str | bytes) and is_blank(line):
            blank += 1
            continue
        where = f"{name}:{number}"
        record = parse_line(line, where)
        parsed = perf_counter()
        try:
            job.mapper(record)
        except BaseException as error:
            raise blame(error, "map", where) from None
        records += 1
        reading, mapping, before = reading + parsed - before, mapping + perf_counter() - parsed, perf_counter()
    reading += perf_counter() - before
    # The clock of CPU time is slow to read; the two phases share it as they share the wall.
    used, share = process_time() - cpu, reading / ((reading + mapping) or 1.0)
    watch.add("read", began, began + reading, used * share)
    watch.add("map", began + reading, began + reading + mapping, used * (1 - share))
    return records, blank


def numbered(data: Iterable[Any], name: str) -> Iterator[tuple[int, Any]]:
    """The lines of `data`, counted from 1; whatever the data itself raises becomes an InputError, or the job's failure."""
    number = 0
    try:
        for number, line in enumerate(data, 1):
            yield number, line
    except UnicodeDecodeError as error:
        where = f"{name}, after line {number}"
        raise InputError(f"not {error.encoding}: {error.reason}", "save the data as UTF-8", "read", where) from None
    except GeneratorExit:
        raise
    except BaseException as error:
        raise blame(error, "read", f"{name}, after line {number}") from None


def _reduce(job: Job, groups: dict[Any, list[Any]]) -> None:
    key: Any = None
    try:
        for key, values in groups.items():
            job.reducer(key, values)
    except BaseException as error:
        raise blame(error, "reduce", f"key {shorten(repr_safely(key))}") from None


def shuffler(seed: int) -> Permute:
    """A Permute for order-dependent reducers: seed 0 turns each list round, every other shuffles it in its own way."""
    if seed == 0:
        return lambda _key, values: values.reverse()
    from random import Random  # costs milliseconds, and plain runs never need it

    chance = Random(seed)  # noqa: S311 - a permutation that can be repeated, not a secret
    return lambda _key, values: chance.shuffle(values)
