"""The reference: what the course's original framework does, in one process, to the byte of its output.

Each record goes through the mapper in input order, values gather by key in order of arrival, keys are reduced in order
of first appearance, and whatever was emitted is encoded at the end. Every other backend is judged by this file. (It
also keeps the time, and says whose fault a failure is; the original did neither.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any, NamedTuple

from pymapr.blame import Key, Origins, blame, describe_key
from pymapr.codecs import encode_outputs, is_blank, parse_line
from pymapr.errors import CannotEncode, InputError

if TYPE_CHECKING:
    from pymapr.job import Job
    from pymapr.timings import Stopwatch

Permute = Callable[[Any, list[Any]], None]
"""Called with each key and its values before the key is reduced; may change the order of the values, in place."""

Line = tuple[str, int, Any]
"""A line of the data and where it stands: what messages call the data, the line's number from 1, the line itself."""


class SerialRun(NamedTuple):
    """What a serial run yields: output lines with their line ends, and counts."""

    lines: list[str]
    records: int
    blank: int
    pairs: int
    keys: int


def run(job: Job, lines: Iterable[Line], watch: Stopwatch, permute: Permute | None = None) -> SerialRun:
    """Run `job` on numbered JSON lines. Raises InputError and the JobErrors."""
    origins = Origins()
    records, blank = _map(job, lines, watch, origins)
    mapped = job.emitter.emitted
    groups, _ = job.emitter.take()
    pairs = sum(map(len, groups.values()))
    with watch.phase("shuffle"):
        if permute is not None:
            for key, values in groups.items():
                permute(key, values)
    with watch.phase("reduce"):
        _reduce(job, groups, origins)
    with watch.phase("write"):
        outputs = job.emitter.take()[1]
        output = _encoded("map", outputs[:mapped], origins.of)
        output += _encoded("reduce", outputs[mapped:], lambda number: origins.of(mapped + number))
    return SerialRun(output, records, blank, pairs, len(groups))


def _map(job: Job, lines: Iterable[Line], watch: Stopwatch, origins: Origins) -> tuple[int, int]:
    began, cpu, mapping = perf_counter(), process_time(), 0.0
    records = blank = 0
    emitted = job.emitter.emitted
    for name, number, line in lines:
        if isinstance(line, str | bytes) and is_blank(line):
            blank += 1
            continue
        try:
            record = parse_line(line)
        except InputError as error:
            raise error.at("read", f"{name}:{number}") from None
        parsed = perf_counter()
        try:
            job.mapper(record)
        except BaseException as error:
            raise blame(error, "map", f"{name}:{number}", job.mapper) from None
        records += 1
        mapping += perf_counter() - parsed
        if job.emitter.emitted != emitted:
            origins.note(emitted := job.emitter.emitted, f"{name}:{number}")
    reading = perf_counter() - began - mapping
    # The clock of CPU time is slow to read; the two phases share it as they share the wall.
    used, share = process_time() - cpu, reading / ((reading + mapping) or 1.0)
    watch.add("read", began, reading, used * share)
    watch.add("map", began, mapping, used * (1 - share))
    return records, blank


def numbered(data: Iterable[Any], name: str) -> Iterator[Line]:
    """The lines of `data`, numbered from 1; what the data itself raises becomes an InputError or the job's failure."""
    number = 0
    try:
        for number, line in enumerate(data, 1):
            yield name, number, line
    except UnicodeDecodeError as error:
        where = f"{name}, after line {number}"
        raise InputError(f"not {error.encoding}: {error.reason}", "save the data as UTF-8", "read", where) from None
    except GeneratorExit:
        raise
    except BaseException as error:
        raise blame(error, "read", f"{name}, after line {number}") from None


def _reduce(job: Job, groups: dict[Any, list[Any]], origins: Origins) -> None:
    key: Any = None
    try:
        for key, values in groups.items():
            job.reducer(key, values)
            origins.note(job.emitter.emitted, Key(key))
    except BaseException as error:
        raise blame(error, "reduce", describe_key(key), job.reducer) from None


def _encoded(phase: str, outputs: list[Any], where: Callable[[int], str]) -> list[str]:
    try:
        return encode_outputs(outputs, where)
    except CannotEncode as error:
        raise error.at(phase, "") from None


def shuffler(seed: int) -> Permute:
    """A Permute for order-dependent reducers: seed 0 turns each list round, every other shuffles it in its own way."""
    if seed == 0:
        return lambda _key, values: values.reverse()
    from random import Random  # costs milliseconds, and plain runs never need it

    chance = Random(seed)
    return lambda _key, values: chance.shuffle(values)
