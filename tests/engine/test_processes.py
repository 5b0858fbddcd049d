"""Starting workers and ending them: whoever goes first, nobody stays behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from engine import villains
from engine.conftest import clean_environment, descriptors
from engine.strategies import classic, everything
from engine.villains import KILLED, ONCE, data, job
from pymapr import run
from pymapr.errors import WorkerDied
from pymapr.parallel.channel import WorkerSpec
from pymapr.parallel.launch import ForkLauncher

LINES = ['{"pairs": [[8, 1]], "emits": []}'] * 4


class Looping:
    """`pymapr run` on a job whose two workers hang, in its mapper or before; `workers` are their process ids."""

    def __init__(
        self, folder: Path, *options: str, body: str = villains.ENDLESS_IN_C, while_loading: bool = False
    ) -> None:
        pipe = folder / "pipe"
        os.mkfifo(pipe)
        text = body.format(pipe=str(pipe))
        path = job(folder, more=text) if while_loading else job(folder, text)
        command = [sys.executable, "-m", "pymapr", "run", str(path), str(data(folder)), "--workers", "2", *options]
        self.master = subprocess.Popen(
            command, cwd=folder, env=clean_environment(), stdout=-1, stderr=-1, text=True, start_new_session=True
        )
        self.workers = self._two_numbers(pipe)
        self._alive = [os.pidfd_open(pid) for pid in self.workers]

    def _two_numbers(self, pipe: Path) -> list[int]:
        told, end = b"", os.open(pipe, os.O_RDWR)  # for both, so that there is no end of file between the two workers
        while told.count(b"\n") < 2:
            told += os.read(end, 99)
        os.close(end)
        return [int(line) for line in told.split()]

    def both_end(self) -> bool:
        """Wait until both workers have ended; False if one still runs after half a minute."""
        poll = select.poll()
        for descriptor in self._alive:
            poll.register(descriptor, select.POLLIN)
        ended: set[int] = set()
        while len(ended) < 2 and (ready := poll.poll(30_000)):
            for descriptor, _ in ready:
                poll.unregister(descriptor)
                ended.add(descriptor)
        for descriptor in self._alive:
            os.close(descriptor)
        return len(ended) == 2


def test_workers_do_not_outlive_a_master_that_is_killed(tmp_path: Path) -> None:
    """Not even those that never come back to Python: the kernel ends them when the master's pipes close."""
    looping = Looping(tmp_path)
    looping.master.kill()
    looping.master.communicate()
    assert looping.both_end()


@pytest.mark.parametrize("body", [villains.ENDLESS_IN_C, villains.ENDLESS_IN_PYTHON], ids=["in C", "in Python"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("while_loading", [False, True], ids=["mapping", "loading"])
def test_ctrl_c_ends_everything(tmp_path: Path, body: str, how: signal.Signals, while_loading: bool) -> None:
    """A signal for the whole group, as a terminal sends it: exit code 2, one line, nothing on stdout, no half file."""
    looping = Looping(tmp_path, "--progress", "none", "--output", "out.json", body=body, while_loading=while_loading)
    os.killpg(looping.master.pid, how)
    stdout, stderr = looping.master.communicate()
    assert (looping.master.returncode, stdout, stderr) == (2, "", "pymapr: interrupted\n")
    assert looping.both_end()
    assert not list(tmp_path.glob("out.json*"))


def test_terminating_the_master_is_an_interruption_too(tmp_path: Path) -> None:
    """As `timeout` does it."""
    looping = Looping(tmp_path, "--progress", "none", "--output", "out.json")
    looping.master.terminate()
    assert looping.master.communicate() == ("", "pymapr: interrupted\n")
    assert looping.master.returncode == 2
    assert looping.both_end()
    assert not list(tmp_path.glob("out.json*"))


def test_a_failing_worker_ends_the_one_that_loops(tmp_path: Path) -> None:
    """The run does not wait for it."""
    body = "if record == 0: 1 / 0\nimport re\nre.match(r'(a+)+$', 'a' * 64 + 'b')"
    with pytest.raises(Exception, match="ZeroDivisionError"):
        run(job(tmp_path, body), data(tmp_path), workers=2)


# ---- without pidfd ---------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
class TestWithoutPidfd:
    """As on macOS: a worker's end is told by a pipe that it holds."""

    @pytest.fixture(autouse=True)
    def _without(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr(os, "pidfd_open")

    def test_a_run_is_a_run(self) -> None:
        """Same output."""
        for options in ({}, {"isolated": True}, {"order": "arrival"}):
            assert run(classic(everything), LINES, workers=2, **options).values == [["'a'", [1, 1, 1, 1]]]

    def test_a_death_is_noticed(self, tmp_path: Path) -> None:
        """And the records named."""
        with pytest.raises(WorkerDied, match=r"died \(SIGKILL\) while it mapped .*, lines 1 to 12"):
            run(job(tmp_path, KILLED), data(tmp_path), workers=2)

    def test_a_death_is_mended(self, tmp_path: Path) -> None:
        """Once."""
        path = job(tmp_path, ONCE.format(marker=str(tmp_path / "marker")))
        assert run(path, data(tmp_path), workers=2).values == [[0, 63], [1, 70], [2, 57]]


# ---- what a worker holds ---------------------------------------------------------------------------------------------


def pipes_of_this_process() -> list[str]:
    """The pipes that are open here."""
    return [target for _, target in descriptors() if target.startswith("pipe:")]


def test_a_worker_holds_no_pipe_of_another() -> None:
    """Else end-of-file would never come: each holds four ends, which no other worker has."""
    before = set(pipes_of_this_process())

    def mapper(record: Any) -> Any:
        yield os.getpid(), tuple(pipes_of_this_process())

    names = {"mapper": mapper, "reducer": lambda key, values: [key, values[0]]}
    first, second = (set(pipes) - before for _, pipes in run(names, ["1", "2"], workers=2).values)
    assert len(first) == len(second) == 4
    assert not first & second


def test_runs_at_once_in_threads_do_not_hold_each_others_pipes() -> None:
    """Two runs at a time, each with its own workers, each with the right result."""
    results: list[Any] = []

    def several() -> None:
        results.extend(run(classic(everything), LINES, workers=2).values for _ in range(4))

    threads = [threading.Thread(target=several) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [[["'a'", [1, 1, 1, 1]]]] * 12


def test_a_program_with_threads_can_run_jobs() -> None:
    """One thread prints without pause and so holds the lock on stdout much of the time; no worker waits for it."""
    stop = threading.Event()

    def chatter() -> None:
        with Path(os.devnull).open("w") as null:
            while not stop.is_set():
                print("chatter", file=null, flush=True)

    thread = threading.Thread(target=chatter)
    thread.start()
    try:
        for _ in range(5):
            assert run(classic(everything), LINES, workers=2).values == [["'a'", [1, 1, 1, 1]]]
    finally:
        stop.set()
        thread.join()


def test_a_worker_can_run_a_job_of_its_own() -> None:
    """It began afresh: no lock of the master's, no pipe of it."""

    def mapper(record: Any) -> Any:
        yield 1, run(classic(everything), LINES, workers=1).values

    names = {"mapper": mapper, "reducer": lambda key, values: values}
    assert run(names, ["0"], workers=1).values == [[[["'a'", [1, 1, 1, 1]]]]]


def test_a_worker_in_which_our_own_code_fails_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    """With the traceback that a bug report needs, and exit code 70."""

    def serve(channel: Any, spec: Any) -> Any:
        raise RuntimeError("a bug")

    process = ForkLauncher(serve).launch(WorkerSpec(0, "both"))
    assert process.reap() == 70
    process.close()
    assert "RuntimeError: a bug" in capfd.readouterr().err


def test_ending_a_worker_twice_does_nothing_twice() -> None:
    """Kill, reap and close may be called again, and close may not close what others have opened since."""

    def serve(channel: Any, spec: Any) -> Any:
        channel.receive()
        os._exit(4)

    process = ForkLauncher(serve).launch(WorkerSpec(0, "both"))
    process.kill()
    assert [process.reap(), process.reap()] == [-signal.SIGKILL] * 2
    process.kill()
    process.close()
    read, write = os.pipe()
    process.close()
    os.write(write, b"still open")
    assert os.read(read, 99) == b"still open"
    os.close(read)
    os.close(write)


def test_a_worker_leaves_when_the_master_lets_go() -> None:
    """End of file on the feed pipe is a farewell; nobody need be killed. (Elsewhere than on Linux all depend on it.)"""
    names = classic(everything)
    from pymapr.job import from_namespace
    from pymapr.parallel.worker import Worker

    def serve(channel: Any, spec: Any) -> Any:
        Worker(channel, from_namespace(names)).serve()

    process = ForkLauncher(serve).launch(WorkerSpec(0, "both"))
    held = os.dup(process.feed)
    os.close(process.feed)
    os.dup2(os.open(os.devnull, os.O_WRONLY), process.feed)
    os.close(held)
    assert process.reap() == 0
    process.close()
