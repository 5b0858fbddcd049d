"""Both ends of the wire between master and one worker: a feed pipe to it, a results pipe from it.

The worker's end blocks: it has nothing else to do. The master's end never does: it reads what is there and keeps what
cannot be written yet, so that a full pipe on one side can never wait for a full pipe on the other.
"""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from pymapr.parallel.frames import MOST_PAYLOAD, Frames
from pymapr.parallel.protocol import Message, from_frame, to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

_READ = 2**18


class Channel:
    """The worker's end. `feed` and `results` are descriptors."""

    def __init__(self, feed: int, results: int) -> None:
        self._feed, self._results = feed, results
        self._frames = Frames()
        self._arrived: deque[Any] = deque()

    def receive(self) -> Any:
        """The next message, or None when the master is gone."""
        while not self._arrived:
            data = os.read(self._feed, _READ)
            if not data:
                return None
            self._arrived.extend(map(from_frame, self._frames.feed(data)))
        return self._arrived.popleft()

    def send(self, message: Message) -> None:
        """Say something to the master; raises BrokenPipeError when it is gone."""
        view = memoryview(to_bytes(message))
        while view:
            view = view[os.write(self._results, view) :]


class WorkerSpec(NamedTuple):
    """Which worker to start.

    number: its place in the crew, from 0. role: `map`, `reduce`, `both` or `serial`. hash_seed: the one it should have,
    where that can be chosen.
    """

    number: int
    role: str
    hash_seed: int | None = None


class Handle(Protocol):
    """A started worker as the master holds it.

    feed, results: the master's ends of the two pipes, non-blocking. sentinel: a descriptor that becomes readable when
    the process ends.
    """

    pid: int
    feed: int
    results: int
    sentinel: int

    def kill(self) -> None:
        """End the process at once, and whatever it started, if it still runs."""

    def reap(self) -> int:
        """Wait for the end; returns the exit code, negative for a signal."""

    def close(self) -> None:
        """Give the descriptors back."""


class Launcher(Protocol):
    """The seam: how a worker comes into being.

    shares_files: whether its workers inherit the descriptors of the run's inputs and spill files. varies_hash_seed:
    whether it heeds WorkerSpec.hash_seed.
    """

    shares_files: bool
    varies_hash_seed: bool

    def launch(self, spec: WorkerSpec) -> Handle:
        """Start a worker that serves; raises OSError or a MaprError where it cannot."""


class Link:
    """The master's end of one worker's wire."""

    def __init__(self, handle: Handle, most_payload: int = MOST_PAYLOAD) -> None:
        self.handle = handle
        self._frames = Frames(most_payload=most_payload)
        self._outgoing: deque[memoryview] = deque()
        self.ended = False

    def feed(self, message: Message) -> None:
        """Queue a message, and write as much as the pipe takes now."""
        self._outgoing.append(memoryview(to_bytes(message)))
        self.flush()

    @property
    def waiting(self) -> bool:
        """Whether something could not be written yet."""
        return bool(self._outgoing)

    def flush(self) -> None:
        """Write what the pipe takes. A worker that no longer reads is noticed by its sentinel, not here."""
        try:
            while self._outgoing:
                written = os.write(self.handle.feed, self._outgoing[0])
                self._outgoing[0] = self._outgoing[0][written:]
                if not self._outgoing[0]:
                    self._outgoing.popleft()
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self._outgoing.clear()

    def arrivals(self, most: int = 2**22) -> Iterator[Any]:
        """The messages that are complete by now; reads about `most` bytes, so that no worker starves another."""
        while most > 0 and not self.ended:
            try:
                data = os.read(self.handle.results, _READ)
            except BlockingIOError:
                return
            self.ended = not data
            most -= len(data)
            yield from map(from_frame, self._frames.feed(data))
