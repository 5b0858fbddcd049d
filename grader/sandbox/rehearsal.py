"""A tiny job, run in the zygote itself before it forks: what is looked up, specialised and filled in once is then there
in every fork. Decides nothing, and changes nothing but how fast the first run of a process is.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from grader.sandbox import child
from pymapr.guest import visiting
from pymapr.parallel import dealing, store
from pymapr.parallel.frames import Frames
from pymapr.parallel.protocol import Begin, Mapped, ReduceTask, RunSerial, Stop, from_frame, to_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_TIMES = 4
"""Three runs each time: the interpreter specialises what it has seen eight times. More costs more than it gains."""

_OPEN = "/proc/self/fd"
_JOB = b"""\
import sys

import MapReduce

mr = MapReduce.MapReduce()


def mapper(record):
    for word in record[1].split():
        mr.emit_intermediate(word, 1)


def reducer(key, values):
    mr.emit((key, sum(values)))


if __name__ == "__main__":
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)
"""
_DATA = b'["one", "to be or not"]\n["two", "to be"]\n["three", "that is the question"]\n["four", "or is it not"]\n'
_PARTITIONS, _WORKERS = 4, 2
_MOST_ANSWERED = 2**16


class _Over(SystemExit):
    """Where a process would end; the loader takes it for a script's orderly `exit()`."""


class Rehearsal(NamedTuple):
    """What came of it, in messages of the worker's."""

    serial: list[Any]
    mapped: list[Any]
    reduced: list[Any]


def rehearse(times: int = _TIMES) -> Rehearsal:
    """Play a serial run and both phases of a scramble; raises OSError where the system has not what it takes."""
    before = set(os.listdir(_OPEN))
    with _unnamed(_JOB) as job, _unnamed(_DATA) as data:
        played = [_all_roles(job, data) for _ in range(times)]
    for left in set(os.listdir(_OPEN)) - before:
        with contextlib.suppress(OSError):  # the listing's own
            os.close(int(left))
    return played[-1]


def _all_roles(job: str, data: str) -> Rehearsal:
    begin = Begin(_PARTITIONS, "scramble", 1, 2**40)
    serial = _played(job, data, [Begin(1, "stable", 0, 0), RunSerial(1)])
    mapped = _played(job, data, [begin, *dealing.in_advance(_DATA.splitlines(), _WORKERS, 1)])
    return Rehearsal(serial, mapped, _played(job, data, [begin, *_to_reduce(mapped)]))


def _to_reduce(mapped: list[Any]) -> Iterator[ReduceTask]:
    """The reduce tasks for what was mapped, as a master would put them together."""
    shelves = [store.Shelf() for _ in range(_PARTITIONS)]
    for message in mapped:
        if isinstance(message, Mapped):
            for part, *place in message.blocks:
                shelves[part].add(message.task, place, message.payload)
    return (ReduceTask(number, 1, *store.gather(shelf)) for number, shelf in enumerate(shelves))


def _played(job: str, data: str, messages: Sequence[Any]) -> list[Any]:
    """All that a worker answers these messages; they wait in its feed pipe, as its answers do in the other."""
    feed, feeding = os.pipe()
    answers, answering = os.pipe()
    os.set_blocking(answering, False)  # rather no rehearsal than one that waits for ever
    os.write(feeding, b"".join(map(to_bytes, (*messages, Stop()))))
    # No names: a hook that hears of opened files could never be taken off again.
    request = {"file": job, "data": data, "names": [], "hide": []}
    with visiting(_OPEN):
        _until_it_exits(lambda: child.serve_job(request, [feed, answering]))
    heard = [from_frame(frame) for frame in Frames().feed(os.read(answers, _MOST_ANSWERED))]
    for descriptor in (feed, feeding, answers, answering):
        os.close(descriptor)
    return heard


def _until_it_exits(role: Callable[[], object]) -> None:
    """Play a role up to where its process would end."""
    leave = os._exit

    def over(status: int) -> NoReturn:
        raise _Over(status)

    os._exit = over
    try:
        with contextlib.suppress(_Over):
            role()
    finally:
        os._exit = leave


@contextlib.contextmanager
def _unnamed(content: bytes) -> Iterator[str]:
    """The path of a file that lies in no folder."""
    descriptor = os.memfd_create("rehearsal")
    try:
        os.write(descriptor, content)
        yield f"{_OPEN}/{descriptor}"
    finally:
        os.close(descriptor)
