"""Starting a worker with a plain fork: the launcher of `pymapr run` and of the drop-in.

A worker holds a lifeline, a pipe on which the master never writes: where the kernel can (Linux) it kills the worker the moment the master's
end closes, even when the worker hangs in an endless loop. Elsewhere a worker leaves when it next looks for a task.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from pymapr.parallel.channel import Channel, WorkerSpec

Serve = Callable[[Channel, WorkerSpec], NoReturn]


class Process:
    """A forked worker as its master holds it."""

    def __init__(self, pid: int, feed: int, results: int, sentinel: int, lifeline: int) -> None:
        self.pid, self.feed, self.results, self.sentinel, self._lifeline = pid, feed, results, sentinel, lifeline
        self._exitcode: int | None = None

    @property
    def descriptors(self) -> tuple[int, ...]:
        """All that the master holds for this worker, and that no other worker may hold."""
        return (self.feed, self.results, self.sentinel, self._lifeline)

    def kill(self) -> None:
        """End it at once."""
        if self._exitcode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def reap(self) -> int:
        """Wait for its end; the exit code, negative for a signal."""
        if self._exitcode is None:
            _, status = os.waitpid(self.pid, 0)
            self._exitcode = os.waitstatus_to_exitcode(status)
        return self._exitcode

    def close(self) -> None:
        """Give the descriptors back."""
        for descriptor in self.descriptors:
            os.close(descriptor)


class ForkLauncher:
    """Forks this process for each worker; `serve(channel, spec)` is what the child does, for good."""

    shares_files = True
    varies_hash_seed = False

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._alive: list[Process] = []

    def launch(self, spec: WorkerSpec) -> Process:
        """Start one worker; raises OSError when the system refuses."""
        ours, theirs = _wires()
        flush_all()
        pid = os.fork()
        if pid == 0:
            self._child(spec, theirs, ours)
        for descriptor in theirs:
            os.close(descriptor)
        feed, results, lifeline, watch = ours
        sentinel = watch
        if hasattr(os, "pidfd_open"):  # a process of the job's own may hold the pipe open; it cannot hold this
            sentinel = os.pidfd_open(pid)
            os.close(watch)
        os.set_blocking(feed, False)
        os.set_blocking(results, False)
        self._alive = [process for process in self._alive if process._exitcode is None]
        self._alive.append(process := Process(pid, feed, results, sentinel, lifeline))
        return process

    def _child(self, spec: WorkerSpec, theirs: Sequence[int], ours: Sequence[int]) -> NoReturn:
        """In the new process: hold nothing of the master's and nothing of another worker's, then serve."""
        status = 70
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the master answers it for all
            for descriptor in (*ours, *(d for process in self._alive if process._exitcode is None for d in process.descriptors)):
                os.close(descriptor)
            feed, results, lifeline, _ = theirs
            tether(lifeline)
            os.dup2(2, 1)  # what the job prints may not mix with the output
            self._serve(Channel(feed, results), spec)
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(status)


def _wires() -> tuple[tuple[int, int, int, int], tuple[int, int, int, int]]:
    """Four pipes: the master's ends (feed, results, lifeline, watch), and the worker's."""
    feed_read, feed_write = os.pipe()
    results_read, results_write = os.pipe()
    life_read, life_write = os.pipe()
    watch_read, watch_write = os.pipe()
    return (feed_write, results_read, life_write, watch_read), (feed_read, results_write, life_read, watch_write)


def tether(lifeline: int) -> None:
    """Die as soon as nobody holds the other end of `lifeline`: the kernel sends SIGKILL, whatever the process is doing."""
    set_signal = getattr(fcntl, "F_SETSIG", 10 if sys.platform == "linux" else None)  # named only since Python 3.11's successors
    if set_signal is None:
        return
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, set_signal, signal.SIGKILL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)


def flush_all() -> None:
    """Let out what is buffered, so that no child says it a second time."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()
