"""A worker: takes tasks from the feed pipe, runs the job's code on them, announces what came of it. Knows no other worker.

It is the only room of the parallel engine that ever calls the job's code. What the code raises is blamed on it; what the engine does
wrong is not.
"""

from __future__ import annotations

import os
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from time import perf_counter
from typing import Any, NoReturn

from pymapr import serial
from pymapr.blame import blame
from pymapr.codecs import (
    as_bytes,
    encode_outputs,
    is_blank,
    pack_group,
    pack_lines,
    parse_line,
    repr_safely,
    shorten,
    unpack_group,
    unpack_lines,
)
from pymapr.errors import CannotTravel, InputError, MaprError
from pymapr.grouping import Groups, merge, split
from pymapr.inputs import Input
from pymapr.job import Job
from pymapr.parallel.channel import Channel
from pymapr.parallel.memory import MergeGuard
from pymapr.parallel.ordering import Entries, pack_entries
from pymapr.parallel.protocol import (
    INLINE,
    Batch,
    Begin,
    Enumerate,
    Failed,
    Finished,
    MapTask,
    Mapped,
    Output,
    Ready,
    Reduced,
    ReduceTask,
    RunSerial,
    Stop,
)
from pymapr.partition import partition
from pymapr.spill import SpillFile, read_at
from pymapr.timings import Stopwatch

_INLINE_MOST = 2**16
_OUTPUT_CHUNK = 2**20
_ENCODE_BATCH = 512


class Worker:
    """Serves one job until told to stop.

    data: what the script passed to execute (None: it never called it). inputs: the run's own, inherited. spill: the file this worker
    appends large blocks to, None where workers share no files.
    """

    def __init__(
        self,
        channel: Channel,
        job: Job,
        *,
        data: Iterable[Any] | None = None,
        inputs: Sequence[Input] = (),
        spill: SpillFile | None = None,
        spill_number: int = 0,
    ) -> None:
        self._channel, self._job, self._inputs = channel, job, inputs
        self._data, self._spill, self._spill_number = data, spill, spill_number
        self._begin = Begin(1, "stable", 0, 0)
        self._carried = job.emitter.take() if job.emitter.carries else None
        self._given: Iterator[tuple[int, Any]] | None = None
        self._watch = Stopwatch()

    def serve(self) -> NoReturn:
        """Say Ready, work until Stop or until the master is gone, and end the process. Never returns."""
        try:
            self._announce()
            while (message := self._channel.receive()) is not None and not isinstance(message, Stop):
                self._answer(message)
        except MaprError as error:
            report(self._channel, error)
        except BrokenPipeError:
            pass  # the master is gone: there is nobody to tell
        flush_prints()
        os._exit(0)

    def _announce(self) -> None:
        untouched = self._data is None or any(item.holds(self._data) for item in self._inputs)
        name = str(getattr(self._data, "name", "data"))
        source = "inputs" if untouched else "given"
        self._channel.send(Ready(source, name, self._carried is not None, perf_counter()))

    def _answer(self, message: Any) -> None:
        self._watch = Stopwatch()
        match message:
            case Begin():
                self._begin = message
            case MapTask():
                self._map(message)
            case ReduceTask():
                self._reduce(message)
            case Enumerate():
                self._enumerate(message.most)
            case RunSerial():
                self._run_serial(message.permute)
        flush_prints()

    # ---- the map phase -----------------------------------------------------------------------------------------------

    def _map(self, task: MapTask) -> None:
        emitter, watch = self._job.emitter, self._watch
        with watch.phase("read"):
            records, blank, failure = self._records(task)
        with watch.phase("map"):
            emitter.begin("map")
            if task.kind == "carried" and self._carried:
                emitter._groups, emitter._outputs = self._carried
            for where, record in records:
                try:
                    self._job.mapper(record)
                except BaseException as error:
                    raise blame(error, "map", self._place(task, where)) from None
            groups, outputs = emitter.take()
        if failure is not None:
            raise failure
        pairs = sum(map(len, groups.values()))
        with watch.phase("map"):
            groups = self._combine(groups, task.task)
        with watch.phase("write"):
            lines = "".join(encode_outputs(outputs, "emitted by the mapper")).encode()
        with watch.phase("shuffle"):
            blocks = self._blocks(groups, task)
            *places, outputs_at, payload = self._store([*blocks.values(), lines])
        announced = [[part, *place] for part, place in zip(blocks, places, strict=True)]
        self._channel.send(
            Mapped(task.task, len(records), blank, pairs, len(groups), announced, outputs_at, self._stats(), payload)
        )

    def _records(self, task: MapTask) -> tuple[list[tuple[int, Any]], int, InputError | None]:
        """The task's records, each with its line's index; the number of blank lines; and the first line that is no record, if any.

        A bad line is reported only after the records before it were mapped: the first mistake is the one to hear of.
        """
        records: list[tuple[int, Any]] = []
        lines = self._lines(task)
        blank = 0
        for index, line in enumerate(lines):
            if is_blank(line):
                blank += 1
                continue
            try:
                records.append((index, parse_line(line, "")))
            except InputError as error:
                return records, blank, InputError(error.message, error.hint, "read", self._place(task, index))
        return records, blank, None

    def _lines(self, task: MapTask) -> list[bytes]:
        if task.kind == "range":
            return self._inputs[task.input].lines(task.start, task.end)
        return unpack_lines(task.payload) if task.kind == "lines" else []

    def _place(self, task: MapTask, index: int) -> str:
        if task.kind == "range":
            source = self._inputs[task.input]
            return f"{source.name}:{source.line_number(task.start, index)}"
        name = self._inputs[task.input].name if self._inputs else str(getattr(self._data, "name", "data"))
        return f"{name}:{task.first + index}"

    def _combine(self, groups: Groups, task: int) -> Groups:
        combiner, emitter = self._job.combiner, self._job.emitter
        if combiner is None or not groups or not self._combines(task):
            return groups
        combined: Groups = {}
        for key, values in groups.items():
            emitter.begin("combine")
            try:
                combiner(key, values)
                answer, outputs = emitter.take()
            except BaseException as error:
                raise blame(error, "combine", f"key {shorten(repr_safely(key))}") from None
            if outputs or any(other != key for other in answer):
                raise CannotTravel(
                    f"the combiner for key {shorten(repr_safely(key))} emitted something else than pairs of that key",
                    "a combiner shortens the values of the key it is given, with emit_intermediate(key, value)",
                )
            if answer:
                combined[key] = answer[next(iter(answer))]
        return combined

    def _combines(self, task: int) -> bool:
        # A cluster may run the combiner or leave it: a scramble does either, as its seed says.
        return self._begin.order != "scramble" or partition((self._begin.seed, task), 2) == 0

    def _blocks(self, groups: Groups, task: MapTask) -> dict[int, bytes]:
        try:
            parts = split(groups, self._begin.partitions, self._job.partitioner)
        except BaseException as error:
            raise blame(error, "partition", self._culprit(task, lambda key, _: self._job.partitioner(key, 1))) from None
        try:
            return {number: pack_group(part) for number, part in enumerate(parts) if part.keys}
        except Exception as error:  # pickle raises whatever the objects' own methods raise
            where = self._culprit(task, lambda key, value: pack_group_of(key, value))
            raise CannotTravel(
                f"a key or value cannot travel between processes: {error}",
                "emit plain values: strings, numbers, tuples, lists, dicts; define classes at the top of the file",
                "map",
                where,
                cause=type(error).__name__,
            ) from None

    def _culprit(self, task: MapTask, probe: Callable[[Any, Any], object]) -> str:
        """Which record emitted the pair that `probe` raises for: found by mapping the task once more, as this run is lost anyway."""
        emitter = self._job.emitter
        for index, record in self._records(task)[0]:
            emitter.begin("map")
            try:
                self._job.mapper(record)
                for key, values in emitter.take()[0].items():
                    shown = shorten(repr_safely(key))
                    for value in values:
                        probe(key, value)
            except Exception:  # whatever it is, it happened here
                return f"{self._place(task, index)}, key {shown}"
        return ""

    # ---- the reduce phase --------------------------------------------------------------------------------------------

    def _reduce(self, task: ReduceTask) -> None:
        watch = self._watch
        with watch.phase("shuffle"):
            groups, ranks = self._merged(task)
            items = self._in_order(groups, ranks, task)
        entries = Entries(array("Q"), array("I"), b"")
        texts: list[str] = []
        for start in range(0, len(items), _ENCODE_BATCH):
            self._reduce_some(items[start : start + _ENCODE_BATCH], entries, texts)
        with watch.phase("write"):
            packed = pack_entries(entries._replace(lines="".join(texts).encode()))
            outputs_at, payload = self._store([packed])
        self._channel.send(Reduced(task.task, len(items), outputs_at, self._stats(), payload))

    def _reduce_some(self, items: list[tuple[int, Any, list[Any]]], entries: Entries, texts: list[str]) -> None:
        emitter, ends = self._job.emitter, []
        with self._watch.phase("reduce"):
            emitter.begin("reduce")
            outputs = emitter._outputs
            for _, key, values in items:
                try:
                    self._job.reducer(key, values)
                except BaseException as error:
                    raise blame(error, "reduce", f"key {shorten(repr_safely(key))}") from None
                ends.append(len(outputs))
            emitter.take()
        with self._watch.phase("write"):
            start = 0
            for (rank, key, _), end in zip(items, ends, strict=True):
                if end > start:
                    text = "".join(encode_outputs(outputs[start:end], f"key {shorten(repr_safely(key))}"))
                    entries.ranks.append(rank)
                    entries.lengths.append(len(text))  # JSON as `json` writes it is ASCII: characters are bytes
                    texts.append(text)
                start = end

    def _merged(self, task: ReduceTask) -> tuple[Groups, list[int]]:
        guard = MergeGuard(self._begin.memory)
        keep = None if task.shares == 1 else (lambda key: partition(("share", key), task.shares) == task.share)

        def blocks() -> Iterator[tuple[int, Any]]:
            for number, file, offset, length in task.blocks:
                block = task.payload[offset : offset + length] if file == INLINE else read_at(file, offset, length)
                try:
                    yield number, unpack_group(block)
                except MaprError:
                    raise
                except Exception as error:  # unpickling runs the constructors of the job's own classes
                    raise CannotTravel(
                        f"a key or value was sent to another process and cannot be read there: {error}",
                        "emit plain values, or make the class able to be pickled",
                        "reduce",
                        cause=type(error).__name__,
                    ) from None
                guard.check(merged_so_far)

        merged_so_far: Groups = {}
        return merge(blocks(), keep, into=merged_so_far)

    def _in_order(self, groups: Groups, ranks: list[int], task: ReduceTask) -> list[tuple[int, Any, list[Any]]]:
        items = [(rank, key, values) for rank, (key, values) in zip(ranks, groups.items(), strict=True)]
        if self._begin.order == "scramble":
            from random import Random

            chance = Random(f"{self._begin.seed} {task.task}")  # noqa: S311 - to be repeated, not a secret
            for _, _, values in items:
                chance.shuffle(values)
            chance.shuffle(items)
        return items

    # ---- the rest ----------------------------------------------------------------------------------------------------

    def _enumerate(self, most: int) -> None:
        if self._given is None:
            data: Iterable[Any] = () if self._data is None else self._data
            self._given = serial.numbered(data, str(getattr(data, "name", "data")))
        lines: list[bytes] = []
        held, last = 0, True
        for number, line in self._given:
            lines.append(as_bytes(line, f"item {number} of the data"))
            held += len(lines[-1]) + 1
            if most and held >= most:
                last = False
                break
        self._channel.send(Batch(len(lines), last, pack_lines(lines)))

    def _run_serial(self, permute: int) -> None:
        job, watch = self._job, self._watch
        if self._carried:
            job.emitter._groups, job.emitter._outputs = self._carried
        name = str(getattr(self._data, "name", "data"))
        shuffle = None if permute < 0 else serial.shuffler(permute)
        lines, *counts = serial.run(job, self._data or (), name=name, watch=watch, permute=shuffle)
        for chunk in chunks_of("".join(lines).encode(), _OUTPUT_CHUNK):
            self._channel.send(Output(chunk))
        self._channel.send(Finished(len(lines), *counts, self._stats()))

    def _store(self, pieces: list[bytes]) -> list[Any]:
        """Put bytes where other workers find them; returns a place [file, offset, length] for each, and last the message's payload."""
        total = sum(map(len, pieces))
        if self._spill is not None and total > _INLINE_MOST:
            return [[self._spill.descriptor, self._spill.append(piece), len(piece)] for piece in pieces] + [b""]
        places, at = [], 0
        for piece in pieces:
            places.append([INLINE, at, len(piece)])
            at += len(piece)
        return [*places, b"".join(pieces)]

    def _stats(self) -> dict[str, Any]:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        watch = self._watch
        spans = [[phase, start, end] for phase, start, end in merged_spans(watch.spans)]
        return {"wall": watch.wall, "cpu": watch.cpu, "spans": spans, "peak": peak}


def pack_group_of(key: Any, value: Any) -> bytes:
    """One pair as a block, to see whether it can travel."""
    from pymapr.codecs import Group

    return pack_group(Group(array("I", [0]), [key], [[value]]))


def merged_spans(spans: list[tuple[str, float, float]]) -> list[tuple[str, float, float]]:
    """One span a phase, from its first beginning to its last end: a task's phases hardly interleave."""
    first: dict[str, float] = {}
    last: dict[str, float] = {}
    for phase, start, end in spans:
        first.setdefault(phase, start)
        last[phase] = end
    return [(phase, first[phase], last[phase]) for phase in first]


def chunks_of(data: bytes, size: int) -> Iterator[bytes]:
    """`data` in pieces of at most `size` bytes."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


def report(channel: Channel, error: MaprError) -> None:
    """Tell the master why this worker can do no more."""
    flush_prints()
    name = type(error).__name__
    failed = Failed(name, error.message, error.hint, error.phase, error.where, list(error.frames), error.cause)
    try:
        channel.send(failed)
    except BrokenPipeError:
        pass


def flush_prints() -> None:
    """Let out what the job printed: a process that ends without the interpreter's farewell would keep it."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass  # the job may have closed or replaced it

