"""Starting a worker with a plain fork: the launcher of `pymapr run` and of the drop-in.

A worker holds a lifeline, a pipe on which the master never writes: where the kernel can (Linux) it kills the worker the
moment the master's end closes, even when the worker hangs in an endless loop. Elsewhere a worker leaves when it next
looks for a task.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import sys
from _thread import allocate_lock  # `threading` itself costs a millisecond
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from pymapr.parallel.channel import Channel, WorkerSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

Serve = Callable[[Channel, WorkerSpec], NoReturn]

_CRASHED = 70
"""The exit code of a worker in which our own code failed (EX_SOFTWARE)."""


class _Wires(NamedTuple):
    """One side's ends of the four pipes between master and worker.

    watch: the worker only holds it, so that the master's end tells when the worker is gone.
    """

    feed: int
    results: int
    lifeline: int
    watch: int


class _Masters:
    """All that the masters in this process hold, of every run at once: no worker may inherit any of it."""

    def __init__(self) -> None:
        self.lock = allocate_lock()
        self.held: set[int] = set()

    def let_go(self) -> None:
        """In a new worker: close it all, and begin afresh, as a job may run jobs of its own."""
        for descriptor in self.held:
            os.close(descriptor)
        self.held = set()
        self.lock = allocate_lock()  # the old one is held by the thread that forked, which is not here


_masters = _Masters()


class Process:
    """A forked worker as its master holds it."""

    def __init__(self, pid: int, wires: _Wires, sentinel: int) -> None:
        self.pid, self.feed, self.results, self.sentinel = pid, wires.feed, wires.results, sentinel
        self._descriptors = {wires.feed, wires.results, wires.lifeline, sentinel}
        self._exitcode: int | None = None

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
        """Give the descriptors back; a second time does nothing."""
        with _masters.lock:
            for descriptor in self._descriptors:
                os.close(descriptor)
            _masters.held -= self._descriptors
            self._descriptors = set()


class ForkLauncher:
    """Forks this process for each worker; `serve(channel, spec)` is what the child does, for good."""

    shares_files = True
    varies_hash_seed = False

    def __init__(self, serve: Serve) -> None:
        self._serve = serve

    def launch(self, spec: WorkerSpec) -> Process:
        """Start one worker; raises OSError when the system refuses."""
        with _masters.lock:
            with _pipes() as (ours, theirs):
                _masters.held.update(ours)
                flush_prints()
                pid = _fork()
                if pid == 0:
                    self._child(spec, theirs)
            process = _held(pid, ours)
            for descriptor in theirs:
                os.close(descriptor)
        return process

    def _child(self, spec: WorkerSpec, wires: _Wires) -> NoReturn:
        """In the new process: hold nothing of any master's, then serve."""
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the master answers for all
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            _masters.let_go()
            tether(wires.lifeline)
            os.dup2(2, 1)  # what the job prints may not mix with the output
            self._serve(Channel(wires.feed, wires.results), spec)
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(_CRASHED)


def _fork() -> int:
    """`os.fork`; since Python 3.12 it warns in programs with threads, where we keep to what is safe after a fork."""
    import warnings  # every interpreter has it loaded already

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


@contextlib.contextmanager
def _pipes() -> Iterator[tuple[_Wires, _Wires]]:
    """Four pipes, the master's ends and the worker's; closed again if what is inside fails."""
    ends: list[int] = []
    try:
        for _ in range(4):
            ends += os.pipe()
        feed_read, feed, results, results_write, life_read, life, watch, watch_write = ends
        yield _Wires(feed, results, life, watch), _Wires(feed_read, results_write, life_read, watch_write)
    except BaseException:
        for descriptor in ends:
            os.close(descriptor)
        _masters.held -= set(ends)
        raise


def _held(pid: int, ours: _Wires) -> Process:
    """The master's side of a worker just forked."""
    os.set_blocking(ours.feed, False)
    os.set_blocking(ours.results, False)
    try:
        # A process of the job's own may hold the pipe open after the worker's death; it cannot hold this.
        sentinel = os.pidfd_open(pid)
    except (AttributeError, OSError):  # macOS has none; under some sandboxes it is forbidden
        return Process(pid, ours, ours.watch)
    os.close(ours.watch)
    _masters.held.discard(ours.watch)
    _masters.held.add(sentinel)
    return Process(pid, ours, sentinel)


_SET_SIGNAL = getattr(fcntl, "F_SETSIG", 10 if sys.platform == "linux" else None)
"""Linux' number for it; Python has a name for it only since 3.13."""


def tether(lifeline: int) -> None:
    """Die as soon as nobody holds the other end of `lifeline`: by SIGKILL, whatever the process is doing."""
    if _SET_SIGNAL is None:
        return
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, _SET_SIGNAL, signal.SIGKILL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)


def flush_prints() -> None:
    """Let out what was printed: a child must not say it a second time, nor a process that ends abruptly keep it."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):  # the job may have closed or replaced it
            stream.flush()
