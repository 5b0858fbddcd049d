"""The crew: starts workers, hands them tasks, and replaces the one that dies; leaves no process behind.

A worker that dies is replaced by a fresh process, which gets the tasks that it had not announced. The second death over
one task ends the run and names what was being worked on. What was announced stays: nothing is counted twice.
"""

from __future__ import annotations

import select
import signal
from collections import deque
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

from pymapr.errors import EngineError, MaprError, ProtocolError, WorkerDied, by_name
from pymapr.parallel.channel import Launcher, Link, WorkerSpec
from pymapr.parallel.protocol import (
    Batch,
    Begin,
    Enumerate,
    Failed,
    MapTask,
    Ready,
    ReduceTask,
    RunSerial,
    Stop,
)
from pymapr.parallel.shuffle import gather

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pymapr.parallel.dealing import Task

AnyTask = TypeVar("AnyTask", MapTask, ReduceTask, RunSerial, Enumerate)

_GRACE_MS = 2000
"""How long a worker may take to leave when told to: flushing what the job printed is all it has to do."""

_UNREAD = ", before it had read out all of the data that the script made"

DEATH_HINT = (
    "run it with --engine serial to see whether the job's own code ends the process; if not, was there enough memory?"
)


class Seat:
    """One place in the crew: the process that sits there now, and the tasks it was given and has not announced.

    ready: what it said when it was. launched: the reading of perf_counter when it was started. tasks: oldest first.
    reads: whether it is in the middle of the data that the script made, which no other process can go on with.
    held: tasks that are done, but what was emitted for them waits in the process for those that follow. keeps: whether
    the process has announced groups that it keeps, and nobody else can reduce.
    """

    def __init__(self, spec: WorkerSpec, link: Link) -> None:
        self.spec = spec
        self.tasks: deque[Task] = deque()
        self.deaths: dict[str, int] = {}
        self.reads = False
        self.held: list[MapTask] = []
        self.keeps = False
        self.seat(link)

    def seat(self, link: Link) -> None:
        """A process just launched takes this place, with the tasks that wait here."""
        self.link = link
        self.ready: Ready | None = None
        self.launched = perf_counter()
        self.tasks.extendleft(reversed(self.held))
        self.held = []
        for task in self.tasks:
            link.feed(task)


class KeptLost(Exception):
    """A worker died with groups that it had announced and kept: what the others hold is only part of the whole."""


class Crew:
    """The workers of one phase. `describe` tells a task in words, for the message about its second death."""

    def __init__(
        self,
        launcher: Launcher,
        begin: Begin,
        describe: Callable[[Task | None], str],
        most_payload: int,
        *,
        lives: int = 2,
    ) -> None:
        self._launcher, self._begin, self._describe = launcher, begin, describe
        self._most_payload, self._lives = most_payload, lives
        self.seats: list[Seat] = []
        self.retries = 0
        self._released = False

    def start(self, spec: WorkerSpec) -> Seat:
        """One more worker; raises EngineError where the system has no room for it."""
        seat = Seat(spec, self._launch(spec))
        self.seats.append(seat)
        return seat

    def _launch(self, spec: WorkerSpec) -> Link:
        try:
            link = Link(self._launcher.launch(spec), self._most_payload)
        except OSError as error:
            hint = "use fewer workers, or see which limit (ulimit -a) they meet"
            raise EngineError(f"worker {spec.number} could not be started: {error.strerror or error}", hint) from None
        link.feed(self._begin)
        return link

    def give(self, seat: Seat, task: Task) -> None:
        """Hand a task to a seat; it is done when `done` is called for it."""
        seat.reads = seat.reads or isinstance(task, Enumerate)
        seat.tasks.append(task)
        seat.link.feed(task)

    def done(self, seat: Seat, kind: type[AnyTask], number: int | None = None) -> AnyTask:
        """The seat announced its oldest task, which is returned; raises ProtocolError if that is another one."""
        task = seat.tasks.popleft() if seat.tasks else None
        if not isinstance(task, kind) or (number is not None and getattr(task, "task", None) != number):
            raise ProtocolError("a worker announced a task that it was not given")
        return task

    def arrivals(self, timeout: float | None = None) -> Iterator[tuple[Seat, Any]]:
        """What the workers say; failures are raised, deaths are mended here and not seen outside, but for KeptLost."""
        seats = {id(seat.link): seat for seat in self.seats}
        for link, message in gather([seat.link for seat in self.seats], timeout):
            seat = seats[id(link)]
            if message is None:
                self._replace(seat)
            elif isinstance(message, Failed):
                raise failure(message)
            elif isinstance(message, Ready):
                if seat.ready is not None:
                    raise ProtocolError("a worker announced something that it was not asked for")
                seat.ready = message
                yield seat, message
            elif seat.ready is None:
                raise ProtocolError("a worker spoke before it was ready")
            else:
                seat.reads = seat.reads and not (isinstance(message, Batch) and message.last)
                yield seat, message

    def _replace(self, seat: Seat) -> None:
        exitcode = seat.link.handle.reap()
        seat.link.handle.close()
        if reason := self._beyond_help(seat):
            self.seats.remove(seat)
            raise WorkerDied(f"worker {seat.spec.number} died ({how(exitcode)}) {reason}", DEATH_HINT)
        if seat.keeps:
            self.seats.remove(seat)
            raise KeptLost
        self.retries += 1
        seat.seat(self._launch(seat.spec))

    def _beyond_help(self, seat: Seat) -> str:
        """What the worker did when it died, if a fresh process would not help; else nothing."""
        culprit = seat.tasks[0] if seat.ready and seat.tasks else None
        name = "while it had nothing to do" if seat.ready and culprit is None else self._describe(culprit)
        if seat.reads:  # only that process knew how far it had read: another would begin again, and count twice
            return name if isinstance(culprit, Enumerate) else name + _UNREAD
        seat.deaths[name] = seat.deaths.get(name, 0) + 1
        return name if seat.deaths[name] >= self._lives else ""

    def release(self) -> None:
        """Tell everybody, once, to stop: there will be no more tasks."""
        for seat in () if self._released else self.seats:
            seat.link.feed(Stop())
        self._released = True

    def dismiss(self) -> None:
        """Release everybody, wait a moment until they have left, and give the descriptors back."""
        self.release()
        poll = select.poll()
        waiting = {seat.link.handle.sentinel for seat in self.seats}
        for seat in self.seats:
            poll.register(seat.link.handle.sentinel, select.POLLIN)
        while waiting and (ended := poll.poll(_GRACE_MS)):
            for sentinel, _ in ended:
                poll.unregister(sentinel)
                waiting.discard(sentinel)
        self.kill()

    def kill(self) -> None:
        """End everybody at once, those included who have ended already."""
        for seat in self.seats:
            seat.link.handle.kill()
        for seat in self.seats:
            seat.link.handle.reap()
            seat.link.handle.close()
        self.seats = []


def how(exitcode: int) -> str:
    """An exit code in words."""
    if exitcode >= 0:
        return f"exit code {exitcode}"
    try:
        return signal.Signals(-exitcode).name
    except ValueError:
        return f"signal {-exitcode}"


def failure(message: Failed) -> MaprError:
    """What a worker reported, as the error it was there."""
    kind = by_name().get(message.error)
    if kind is None:
        raise ProtocolError(f"a worker failed with {message.error!r:.60}, which is no error of a worker")
    fields = (message.message, message.hint, message.phase, message.where, tuple(message.frames), message.cause)
    return kind(*fields)
