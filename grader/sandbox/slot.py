"""The grader's end of a zygote: starts it, has it launch workers, and is the launcher that the engine's master gets."""

from __future__ import annotations

import contextlib
import json
import marshal
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grader
import pymapr
from grader.errors import InfrastructureError
from grader.sandbox.zygote import MOST_REQUEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.sandbox.layers import Wanted
    from grader.sandbox.limits import ChildLimits
    from pymapr.parallel.channel import WorkerSpec

_BOOT = """\
import sys
sys.path[:0] = {roots!r}
from grader.sandbox.zygote import main
del sys.path[:{count}]
main({descriptor}, {wanted!r}, {secret!r})
"""
_PATIENCE = 60
"""Seconds in which a zygote answers even on a machine that is busy; forking and reaping take milliseconds."""

_FAREWELL = 5
"""Seconds that it may take to leave, with all it started."""

_PASSED_ON = ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START")
"""The environment that a zygote gets: what measures test coverage, when it is measured, and nothing else."""


class Process:
    """A worker as the engine's master holds it (see pymapr.parallel.channel.Handle).

    lost: why nobody knows how it ended, if nobody does.
    """

    def __init__(self, zygote: Zygote, pid: int, feed: int, results: int, lifeline: int, watch: int) -> None:
        self._zygote, self.pid, self.feed, self.results = zygote, pid, feed, results
        self.sentinel = _sentinel(pid, watch)
        self._descriptors = {feed, results, lifeline, self.sentinel}
        self._exitcode: int | None = None
        self.cpu = 0.0
        self.peak = 0
        self.lost: InfrastructureError | None = None

    @property
    def running(self) -> bool:
        """Whether it has not been reaped yet."""
        return self._exitcode is None

    def kill(self) -> None:
        """End it, and its process group, at once."""
        if self._exitcode is None and not self._zygote.has_reaped(self.pid):  # else its number may be another's by now
            for end in (os.killpg, os.kill):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    end(self.pid, signal.SIGKILL)
            self._zygote.dying.add(self.pid)

    def reap(self) -> int:
        """Wait for its end; the exit code, negative for a signal. Then `cpu` (seconds) and `peak` (bytes) are final.

        Whoever is reaped has nothing more to do: a process that only made us believe that it had ended is ended.
        """
        if self._exitcode is None:
            self.kill()
            try:
                status, self.cpu, self.peak = self._zygote.reap(self.pid)
            except InfrastructureError as error:  # the others are still to be reaped, and descriptors to be closed
                self.lost, self._exitcode = error, -signal.SIGKILL
            else:
                self._exitcode = os.waitstatus_to_exitcode(status)
        return self._exitcode

    def close(self) -> None:
        """Give the descriptors back; a second time does nothing."""
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors = set()


def _sentinel(pid: int, watch: int) -> int:
    """What becomes readable when the process ends: a pidfd where there are any, else a pipe that it holds."""
    try:
        sentinel = os.pidfd_open(pid)
    except (AttributeError, OSError):  # macOS has none, and some containers deny it
        return watch
    os.close(watch)
    return sentinel


class Zygote:
    """A zygote process with a fixed hash seed.

    abi: the Landlock ABI that its forks use, 0 for none. pid: its process. dying: those of its forks that were killed
    and not reaped. Raises InfrastructureError when it cannot be started or no longer answers.
    """

    def __init__(self, hash_seed: int, wanted: Wanted) -> None:
        try:
            self._socket, theirs = socket.socketpair(socket.AF_UNIX, _KIND)
            with theirs, contextlib.ExitStack() as undo:
                undo.callback(self._socket.close)
                self._process = _boot(theirs.fileno(), hash_seed, wanted)
                undo.pop_all()
        except OSError as error:
            raise InfrastructureError(f"no process could be started for student code: {error}", _FEWER) from None
        self.pid = self._process.pid
        self.dying: set[int] = set()
        self._ended: dict[int, tuple[int, float, int]] = {}
        self._alone = True
        self._socket.settimeout(_PATIENCE)
        try:
            self.abi = int(self._receive())
        except InfrastructureError:
            self.close()
            raise

    def ask(self, request: dict[str, Any], descriptors: tuple[int, ...] = ()) -> Any:
        """Send a request, with descriptors, and wait for the answer."""
        try:
            socket.send_fds(self._socket, [marshal.dumps(request)], descriptors)
        except OSError as error:
            raise InfrastructureError(f"the process that starts student code is gone ({error})") from None
        return self._receive()

    def _receive(self) -> Any:
        try:
            text = self._socket.recv(MOST_REQUEST)
            answer = json.loads(text)
        except TimeoutError:
            raise InfrastructureError(f"the process that starts student code was silent for {_PATIENCE} s") from None
        except (OSError, ValueError):
            raise InfrastructureError("the process that starts student code is gone") from None
        if isinstance(answer, dict):
            raise InfrastructureError(f"the process that starts student code could not {answer['error']}")
        return answer

    def launch(self, request: dict[str, Any], descriptors: tuple[int, ...]) -> int:
        """Fork; returns the process number."""
        self._alone = False
        return int(self.ask(request, descriptors))

    def reap(self, pid: int) -> tuple[int, float, int]:
        """Wait for the end of a fork: its wait status, CPU seconds, peak memory in bytes.

        Whoever else was killed by now is waited for in the same breath: the workers of a phase end together.
        """
        if pid not in self._ended:
            pids = sorted(self.dying | {pid})
            self.dying.clear()
            ended, alone = self.ask({"do": "reap", "pids": pids})
            for each, (status, cpu, peak) in zip(pids, ended, strict=True):
                self._ended[each] = int(status), float(cpu), int(peak)
            self._alone = bool(alone)
        return self._ended.pop(pid)

    def has_reaped(self, pid: int) -> bool:
        """Whether a fork was waited for, and nobody has asked yet how it ended."""
        return pid in self._ended

    def sweep(self) -> int:
        """Kill whatever is left of a run; returns how many processes that were."""
        return 0 if self._alone else int(self.ask({"do": "sweep"}))

    def close(self) -> None:
        """Let it go, with all it started."""
        self._socket.close()
        try:
            self._process.wait(_FAREWELL)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _boot(descriptor: int, hash_seed: int, wanted: Wanted) -> subprocess.Popen[bytes]:
    """Start the process, which answers at `descriptor`; raises OSError."""
    roots = sorted({str(Path(package.__file__ or "").parents[1]) for package in (grader, pymapr)})
    boot = _BOOT.format(
        roots=roots, count=len(roots), descriptor=descriptor, wanted=list(wanted), secret=_secret_folders()
    )
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment["LD_BIND_NOW"] = "1"  # else every fork would look up for itself what it calls
    return subprocess.Popen(
        # Not -I, which ignores PYTHONHASHSEED too: these two are the rest of it, and the environment is of our making.
        [sys.executable, "-s", "-P", "-c", boot],
        env={**environment, "PYTHONHASHSEED": str(hash_seed)},
        pass_fds=[descriptor],
        stdin=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    )


def _secret_folders() -> list[str]:
    """What may lie among the interpreter's libraries and is no submission's business: grader and shipped references."""
    return [str(Path(grader.__file__ or "").parent)]


# A packet a request; where the system has none (macOS), a stream: requests and answers alternate, none meets the next.
_KIND = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_STREAM

HASH_SEEDS = (1, 2)
"""The two that the determinism check compares, and that scrambles mix."""


class Launcher:
    """Starts the workers of one run: each a fork of the zygote with its hash seed, in a folder of its own."""

    shares_files = False
    varies_hash_seed = True

    def __init__(
        self,
        zygote: Callable[[int], Zygote],
        folder: Callable[[], Path],
        request: dict[str, Any],
        limits: ChildLimits,
        prints: int,
    ) -> None:
        self._zygote, self._folder, self._request, self._limits, self._prints = zygote, folder, request, limits, prints
        self.processes: list[Process] = []
        self.zygotes: set[Zygote] = set()

    def launch(self, spec: WorkerSpec) -> Process:
        """See pymapr.parallel.channel.Launcher; raises InfrastructureError."""
        zygote = self._zygote(spec.hash_seed or HASH_SEEDS[0])
        self.zygotes.add(zygote)
        request = {**self._request, "do": "launch", "folder": str(self._folder()), "limits": list(self._limits)}
        ours: list[int] = []
        theirs: list[int] = []
        try:
            for _ in range(4):
                reading, writing = os.pipe()
                ours.append(reading)
                theirs.append(writing)
            # Of the feed and the lifeline, the worker reads and the grader writes; of results and watch, the reverse.
            for place in (0, 2):
                ours[place], theirs[place] = theirs[place], ours[place]
            os.set_blocking(ours[0], False)
            os.set_blocking(ours[1], False)
            pid = zygote.launch(request, (*theirs[:3], self._prints, theirs[3]))
        except BaseException as error:
            _close(ours)
            if isinstance(error, OSError):
                raise InfrastructureError(f"a process could not be wired up: {error}", _FEWER) from None
            raise
        finally:
            _close(theirs)
        feed, results, lifeline, watch = ours
        self.processes.append(process := Process(zygote, pid, feed, results, lifeline, watch))
        return process

    def check(self) -> None:
        """Raise InfrastructureError if the end of a process was not seen: then its failure was perhaps ours."""
        for process in self.processes:
            if process.lost is not None:
                raise process.lost


_FEWER = "judge fewer submissions at once (-n), or raise the limit on open files (ulimit -n)"


def _close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
