"""What a run's processes print: the beginning and the end are kept, the rest only counted."""

from __future__ import annotations

import contextlib
import fcntl
import os

_READ = 2**18
_ROOM = 2**20
_SET_SIZE = 1031
"""Linux' F_SETPIPE_SZ, for which Python has a name only since 3.10, and not on every system."""


class Prints:
    """Of one run. descriptor: where its processes print to.

    They wait once a pipe is full, until somebody takes what is in it: so `take` is to be called often, and needs no
    thread.
    """

    KEPT = 2000

    def __init__(self) -> None:
        self._reading, self.descriptor = os.pipe()
        os.set_blocking(self._reading, False)
        with contextlib.suppress(OSError):  # a user may have only so many large pipes
            fcntl.fcntl(self.descriptor, _SET_SIZE, _ROOM)
        self.head, self.tail, self.total = b"", b"", 0

    def take(self, most: int = _ROOM) -> None:
        """Take in what there is, about `most` bytes of it; never waits."""
        with contextlib.suppress(BlockingIOError):
            while most > 0 and (data := os.read(self._reading, _READ)):
                self._keep(data)
                most -= len(data)

    def _keep(self, data: bytes) -> None:
        self.total += len(data)
        room = self.KEPT - len(self.head)
        self.head += data[:room]
        if room < len(data):
            self.tail = (self.tail + data[room:])[-self.KEPT :]

    def close(self) -> None:
        """The run is over: take in what there still is, and give the descriptors back, whoever else holds one."""
        self.take(2 * _ROOM)
        os.close(self.descriptor)
        os.close(self._reading)

    def text(self) -> str:
        """What was printed, with a note where something is left out."""
        left_out = self.total - len(self.head) - len(self.tail)
        middle = f"\n... {left_out} bytes left out ...\n" if left_out else ""
        return self.head.decode("utf-8", "replace") + middle + self.tail.decode("utf-8", "replace")
