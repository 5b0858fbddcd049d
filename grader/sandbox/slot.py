"""The grader's end of a zygote: starts it, has it launch workers, and is the launcher that the engine's master is given."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grader
import pymapr
from grader.errors import InfrastructureError
from grader.sandbox.layers import Wanted
from grader.sandbox.limits import ChildLimits
from grader.sandbox.zygote import MOST_REQUEST
from pymapr.parallel.channel import WorkerSpec

_BOOT = """\
import sys
sys.path[:0] = {roots!r}
from grader.sandbox.zygote import main
del sys.path[:{count}]
main({descriptor}, {wanted!r}, {secret!r})
"""
_PASSED_ON = ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START")
"""The environment that a zygote gets: what measures test coverage, when it is measured, and nothing else."""


class Process:
    """A worker as the engine's master holds it (see pymapr.parallel.channel.Handle)."""

    def __init__(self, zygote: Zygote, pid: int, feed: int, results: int, lifeline: int, watch: int) -> None:
        self._zygote, self.pid, self.feed, self.results, self._lifeline = zygote, pid, feed, results, lifeline
        if hasattr(os, "pidfd_open"):
            os.close(watch)
            watch = os.pidfd_open(pid)
        self.sentinel = watch
        self._exitcode: int | None = None
        self.cpu = 0.0
        self.peak = 0

    @property
    def running(self) -> bool:
        """Whether it has not been reaped yet."""
        return self._exitcode is None

    def kill(self) -> None:
        """End it, and its process group, at once."""
        if self._exitcode is None:
            for end in (os.killpg, os.kill):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    end(self.pid, signal.SIGKILL)

    def reap(self) -> int:
        """Wait for its end; the exit code, negative for a signal. Afterwards `cpu` (seconds) and `peak` (bytes) are final."""
        if self._exitcode is None:
            answer = self._zygote.ask({"do": "reap", "pid": self.pid})
            self.cpu, self.peak = float(answer["cpu"]), int(answer["peak"])
            self._exitcode = os.waitstatus_to_exitcode(int(answer["status"]))
        return self._exitcode

    def close(self) -> None:
        """Give the descriptors back."""
        for descriptor in (self.feed, self.results, self.sentinel, self._lifeline):
            os.close(descriptor)


class Zygote:
    """A zygote process with a fixed hash seed. Raises InfrastructureError when it cannot be started or no longer answers.

    abi: the Landlock ABI that its forks use, 0 for none.
    """

    def __init__(self, hash_seed: int, wanted: Wanted) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, _KIND)
        roots = sorted({str(Path(package.__file__ or "").parents[1]) for package in (grader, pymapr)})
        boot = _BOOT.format(
            roots=roots, count=len(roots), descriptor=theirs.fileno(), wanted=list(wanted), secret=_secret_folders()
        )
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        # Not -I: that ignores PYTHONHASHSEED too. These two are what else it does, and the environment is of our making.
        command = [sys.executable, "-s", "-P", "-c", boot]
        try:
            self._process = subprocess.Popen(
                command,
                env={**environment, "PYTHONHASHSEED": str(hash_seed)},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            raise InfrastructureError(f"no process could be started for student code: {error}") from None
        finally:
            theirs.close()
        self._socket = ours
        self.abi = int(self._receive()["abi"])

    def ask(self, request: dict[str, Any], descriptors: tuple[int, ...] = ()) -> dict[str, Any]:
        """Send a request, with descriptors, and wait for the answer."""
        try:
            socket.send_fds(self._socket, [json.dumps(request).encode()], descriptors)
        except OSError as error:
            raise InfrastructureError(f"the process that starts student code is gone ({error})") from None
        return self._receive()

    def _receive(self) -> dict[str, Any]:
        try:
            text = self._socket.recv(MOST_REQUEST)
            answer: dict[str, Any] = json.loads(text)
        except (OSError, ValueError):
            raise InfrastructureError("the process that starts student code is gone") from None
        if "error" in answer:
            raise InfrastructureError(f"the process that starts student code could not {answer['error']}")
        return answer

    def sweep(self) -> int:
        """Kill whatever is left of a run; returns how many processes that were."""
        return int(self.ask({"do": "sweep"})["killed"])

    def close(self) -> None:
        """Let it go, with all it started."""
        self._socket.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _secret_folders() -> list[str]:
    """What lies among the interpreter's libraries and is none of a submission's business: the grader, with the shipped references."""
    return [str(Path(grader.__file__ or "").parent)]


# A packet a request; where the system has none (macOS), a stream: requests and answers alternate, so none runs into the next.
_KIND = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_STREAM

HASH_SEEDS = (1, 2)
"""The two that the determinism check compares, and that scrambles mix."""


class Launcher:
    """Starts the workers of one run: each a fork of the zygote with its hash seed, in a folder of its own."""

    shares_files = False
    varies_hash_seed = True

    def __init__(
        self, zygote: Callable[[int], Zygote], folder: Callable[[], Path], request: dict[str, Any], limits: ChildLimits, prints: int
    ) -> None:
        self._zygote, self._folder, self._request, self._limits, self._prints = zygote, folder, request, limits, prints
        self.processes: list[Process] = []

    def launch(self, spec: WorkerSpec) -> Process:
        """See pymapr.parallel.channel.Launcher; raises InfrastructureError."""
        zygote = self._zygote(spec.hash_seed or HASH_SEEDS[0])
        feed_read, feed = os.pipe()
        results, results_write = os.pipe()
        life_read, lifeline = os.pipe()
        watch, watch_write = os.pipe()
        theirs = (feed_read, results_write, life_read, self._prints, watch_write)
        request = {**self._request, "do": "launch", "folder": str(self._folder()), "limits": list(self._limits)}
        try:
            pid = int(zygote.ask(request, theirs)["pid"])
        except InfrastructureError:
            for descriptor in (feed, results, lifeline, watch):
                os.close(descriptor)
            raise
        finally:
            for descriptor in (feed_read, results_write, life_read, watch_write):
                os.close(descriptor)
        os.set_blocking(feed, False)
        os.set_blocking(results, False)
        self.processes.append(process := Process(zygote, pid, feed, results, lifeline, watch))
        return process
