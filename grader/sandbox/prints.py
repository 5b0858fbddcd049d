"""What a run's processes print: the beginning and the end are kept, the rest only counted."""

from __future__ import annotations

import os
import select
import threading

_READ = 2**16
_PAUSE_MS = 50
_LINGER = 2**20
"""Bytes that are still taken in when the run is over, in case a process got away and goes on printing."""


class Prints:
    """Of one run. descriptor: where its processes print to.

    Read by a thread, so that a run that prints much is never held up.
    """

    KEPT = 2000

    def __init__(self) -> None:
        self._reading, self.descriptor = os.pipe()
        os.set_blocking(self._reading, False)
        self._over = False
        self.head, self.tail, self.total = b"", b"", 0
        self._thread = threading.Thread(target=self._read, name="prints", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        poll = select.poll()
        poll.register(self._reading, select.POLLIN)
        left = _LINGER
        while left > 0:
            if not poll.poll(_PAUSE_MS):
                if self._over:
                    return
                continue
            data = os.read(self._reading, _READ)
            if not data:
                return
            self._keep(data)
            left -= len(data) if self._over else 0

    def _keep(self, data: bytes) -> None:
        self.total += len(data)
        room = self.KEPT - len(self.head)
        self.head += data[:room]
        if room < len(data):
            self.tail = (self.tail + data[room:])[-self.KEPT :]

    def close(self) -> None:
        """The run is over: take in what there still is. Gives every descriptor back, whoever else holds one."""
        self._over = True
        os.close(self.descriptor)
        self._thread.join()
        os.close(self._reading)

    def text(self) -> str:
        """What was printed, with a note where something is left out."""
        left_out = self.total - len(self.head) - len(self.tail)
        middle = f"\n... {left_out} bytes left out ...\n" if left_out else ""
        return self.head.decode("utf-8", "replace") + middle + self.tail.decode("utf-8", "replace")
