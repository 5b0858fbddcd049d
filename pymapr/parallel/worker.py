"""A worker: takes tasks from the feed pipe, runs the job's code on them, announces what came of it.

It is the only room of the parallel engine (with the two that it uses) that ever calls the job's code. It knows no other
worker, and ends its process when there is nothing more to do.
"""

from __future__ import annotations

import contextlib
import gc
import os
from itertools import chain
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any, NoReturn

from pymapr import depth, serial
from pymapr.codecs import as_bytes, pack_lines
from pymapr.errors import EngineError, MaprError, UserCodeFailed, by_name
from pymapr.parallel.account import figures
from pymapr.parallel.launch import flush_prints
from pymapr.parallel.mapping import Mapping
from pymapr.parallel.protocol import (
    Batch,
    Begin,
    Enumerate,
    Failed,
    Finished,
    MapTask,
    Output,
    Ready,
    ReduceTask,
    RunSerial,
    Stop,
)
from pymapr.parallel.reducing import Reducing
from pymapr.parallel.store import Store
from pymapr.timings import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pymapr.inputs import Input
    from pymapr.job import Job
    from pymapr.parallel.channel import Channel
    from pymapr.spill import SpillFile

_OUTPUT_CHUNK = 2**20

__all__ = ["Worker", "flush_prints", "report"]


class Worker:
    """Serves one job until told to stop.

    data: what the script passed to execute (None: it never called it). inputs: the run's own, inherited. spill: the
    file this worker appends large blocks to, None where workers share no files. remarks: what loading the job showed.
    """

    def __init__(
        self,
        channel: Channel,
        job: Job,
        *,
        data: Iterable[Any] | None = None,
        inputs: Sequence[Input] = (),
        spill: SpillFile | None = None,
        remarks: Sequence[str] = (),
    ) -> None:
        self._remarks = list(remarks)
        self._channel, self._job, self._inputs = channel, job, inputs
        self._data, self._store = data, Store(spill)
        self._untouched = data is None or any(source.holds(data) for source in inputs)
        self._carried = job.emitter.take() if job.emitter.carries else None
        self._given: Iterator[serial.Line] | None = None
        self._watch = Stopwatch()

    def serve(self) -> NoReturn:
        """Say Ready, work until Stop or until the master is gone, and end the process. Never returns."""
        if self._store.spills:
            gc.freeze()
            gc.disable()
        try:
            with depth.room():
                self._listen()
        except MaprError as error:
            report(self._channel, error)
        except BrokenPipeError:
            pass  # the master is gone: there is nobody to tell
        except BaseException as error:
            report(self._channel, _fault(error))
        flush_prints()
        os._exit(0)

    def _listen(self) -> None:
        self._announce()
        while (message := self._channel.receive()) is not None and not isinstance(message, Stop):
            self._answer(message)
            flush_prints()

    def _announce(self) -> None:
        now = perf_counter()
        self._watch.add("startup", now, 0.0, process_time())  # the wall of it is the master's to tell
        source = "inputs" if self._untouched else "given"
        self._channel.send(Ready(source, self._name, self._carried is not None, now, self._remarks))

    @property
    def _name(self) -> str:
        """What messages call the data."""
        if self._untouched:
            return self._inputs[0].name if self._inputs else "data"
        return str(getattr(self._data, "name", "data"))

    def _answer(self, message: Any) -> None:
        match message:
            case Begin():
                names = self._inputs, self._carried, self._name
                self._mapping = Mapping(self._job, message, self._store, *names)
                self._reducing = Reducing(self._job, message, self._store)
                return  # what loading took is told with the first task
            case MapTask():
                self._channel.send(self._mapping.run(message, self._watch))
            case ReduceTask():
                self._channel.send(self._reducing.run(message, self._watch))
            case Enumerate():
                self._channel.send(self._read_on(message.most))
                return
            case RunSerial():
                self._run_serial(message.permute)
        self._watch = Stopwatch()

    def _read_on(self, most: int) -> Batch:
        if self._given is None:
            self._given = serial.numbered(() if self._data is None else self._data, self._name)
        lines: list[bytes] = []
        held = 0
        for _, number, line in self._given:
            lines.append(as_bytes(line, f"item {number} of the data"))
            held += len(lines[-1]) + 1
            if most and held >= most:
                return Batch(len(lines), False, pack_lines(lines))
        return Batch(len(lines), True, pack_lines(lines))

    def _run_serial(self, permute: int) -> None:
        shuffle = None if permute < 0 else serial.shuffler(permute)
        lines, *counts = serial.run(self._job, self._lines(), self._watch, shuffle)
        flush_prints()  # once it has Finished, the master may end this process at any moment
        for chunk in _chunks("".join(lines).encode(), _OUTPUT_CHUNK):
            self._channel.send(Output(chunk))
        records, blank, pairs, keys = counts
        self._channel.send(Finished(len(lines), records, blank, pairs, keys, figures(self._watch)))

    def _lines(self) -> Iterator[serial.Line]:
        if self._data is not None:
            return serial.numbered(self._data, self._name)
        return chain.from_iterable(serial.numbered(source, source.name) for source in self._inputs)


def report(channel: Channel, error: MaprError) -> None:
    """Tell the master why this worker can do no more."""
    flush_prints()
    name = type(error).__name__
    if name not in by_name():  # a job that raises errors of ours, for reasons of its own
        name = UserCodeFailed.__name__
    fields = error.message, error.hint, error.phase, error.where, list(error.frames), error.cause
    with contextlib.suppress(BrokenPipeError):  # then there is nobody to tell
        channel.send(Failed(name, *fields))


def _fault(error: BaseException) -> EngineError:
    """What our own code raised: not the job's fault as far as we can see, and not to be met with a traceback."""
    name = type(error).__name__
    if isinstance(error, MemoryError):
        return EngineError("a worker ran out of memory", "lower --memory, or use fewer workers", cause=name)
    return EngineError(
        f"a worker failed: {name}: {error}", "this is a mistake of pymapr's: please report it", cause=name
    )


def _chunks(data: bytes, size: int) -> Iterator[bytes]:
    """`data` in pieces of at most `size` bytes."""
    for start in range(0, len(data), size):
        yield data[start : start + size]
