"""The watch: what it looks at, when it ends a run, and in which words."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from grader.errors import InfrastructureError
from grader.model import Limits
from grader.sandbox import watch
from grader.sandbox.stage import MOST_MADE
from grader.sandbox.tree import Usage
from grader.sandbox.watch import DiskShrinks, Held, LimitExceeded, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GONE = 2**22 + 1
"""A process number that no process has."""

needs_proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")


@dataclass
class Process:
    """Something to watch."""

    pid: int = GONE
    cpu: float = 0.0
    running: bool = True


@dataclass
class World:
    """What a watch sees, and can be made to see."""

    limits: Limits = field(default_factory=Limits)
    usage: Usage = field(default_factory=Usage)
    free: int = 100 * 2**30
    processes: list[Process] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> Watch:
        """One that begins now."""
        return Watch(self.limits, self.processes, self.stop, lambda: self.usage, lambda: self.free, lambda: None)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders are looked at every time."""
    monkeypatch.setattr(watch, "_FOLDER_EVERY", 0.0)


def test_nothing_amiss_nothing_said() -> None:
    """A run within its limits goes on."""
    World(processes=[Process(cpu=1.0, running=False)]).watch().look()


def test_cpu_time_counts_over_all_processes_those_gone_included() -> None:
    """A process that is replaced by the next gains nothing."""
    world = World(limits=Limits(time=2), processes=[Process(pid=GONE + n, cpu=0.9, running=False) for n in range(3)])
    with pytest.raises(LimitExceeded, match="used more than 2 s of CPU time") as caught:
        world.watch().look()
    assert caught.value.kind == "time"
    assert "loop that never ends" in caught.value.hint


def test_cpu_time_never_goes_back() -> None:
    """When a process is gone and nobody can say what it used, what was seen stands."""
    process = Process(pid=os.getpid())
    looking = World(processes=[process]).watch()
    seen = looking.cpu()
    process.pid, process.running = os.getpid(), False
    assert looking.cpu() == seen > 0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """A clock to be set forward."""
    now = [1000.0]
    monkeypatch.setattr(watch, "perf_counter", lambda: now[0])
    return lambda seconds: now.__setitem__(0, now[0] + seconds)


def test_wall_time_is_three_times_the_cpu_time_and_five_seconds(clock: Callable[[float], None]) -> None:
    """Who waits for something gets so much."""
    looking = World(limits=Limits(time=2)).watch()
    clock(10.9)
    looking.look()
    clock(0.2)
    with pytest.raises(LimitExceeded, match=r"took more than 11 s, and used 0.0 s of CPU time") as caught:
        looking.look()
    assert (caught.value.kind, caught.value.hint) == ("time", "does it wait for something: input, a lock, sleep?")


def test_waiting_for_a_core_is_nobodys_fault(clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine the wall time that counts goes slower."""
    monkeypatch.setattr(watch, "delay_of", lambda _: 60.0)
    looking = World(limits=Limits(time=2), processes=[Process()]).watch()
    clock(70)
    looking.look()
    clock(2)
    with pytest.raises(LimitExceeded):
        looking.look()


def test_looks_are_a_tick_apart(clock: Callable[[float], None]) -> None:
    """However often it is called."""
    world = World()
    looking = world.watch()
    world.stop.set()
    looking()
    clock(0.021)
    with pytest.raises(InfrastructureError, match="the grader is stopping"):
        looking()


def test_memory_counts_over_all_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each within the limit, together above."""
    monkeypatch.setattr(watch, "held_by", lambda _: Held(200 * 2**20, 1))
    world = World(limits=Limits(memory=512 * 2**20), processes=[Process(), Process()])
    world.watch().look()
    world.processes.append(Process())
    with pytest.raises(LimitExceeded, match="used 600 MB of memory; 512 MB are allowed") as caught:
        world.watch().look()
    assert caught.value.kind == "memory"
    assert "emit instead of collecting" in caught.value.hint


def test_threads_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each costs memory that no limit of the process's own counts."""
    monkeypatch.setattr(watch, "held_by", lambda _: Held(0, 1500))
    world = World(processes=[Process(), Process()])
    with pytest.raises(LimitExceeded, match="ran 3000 threads at once; 2048 are allowed") as caught:
        world.watch().look()
    assert caught.value.kind == "memory"


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    ("usage", "words"),
    [
        (Usage(size=257 * 2**20, entries=3), "wrote 257 MB and 3 files and folders; 256 MB and 2000 are allowed"),
        (Usage(entries=MOST_MADE + 1), "wrote 0 MB and 2001 files and folders; 256 MB and 2000 are allowed"),
        (Usage(locked=1), "made a folder that cannot be looked into"),
    ],
)
def test_a_folder_has_its_bounds(usage: Usage, words: str) -> None:
    """In bytes and entries, and in what may be hidden: nothing."""
    with pytest.raises(LimitExceeded) as caught:
        World(usage=usage).watch().look()
    assert (str(caught.value), caught.value.kind) == (words, "output")
    assert caught.value.hint == "hand results over with emit instead of writing files"


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    ("before", "after", "ends"),
    [
        (100 * 2**30, 97 * 2**30, False),
        (100 * 2**30, 95 * 2**30, True),
        (600 * 2**20, 400 * 2**20, False),
        (800 * 2**20, 400 * 2**20, True),
        (300 * 2**20, 300 * 2**20, False),
        (1 * 2**30, 2 * 2**30, False),
    ],
)
def test_a_disk_that_shrinks_ends_the_run(before: int, after: int, ends: bool) -> None:
    """When it has shrunk by much, or by something and little is left; that little is left is no reason by itself."""
    world = World(free=before)
    looking = world.watch()
    world.free = after
    if not ends:
        looking.look()
        return
    with pytest.raises(DiskShrinks) as caught:
        looking.look()
    assert str(caught.value) == f"only {after // 2**20} MB of the disk are left for student code"
    assert "free some space" in caught.value.hint


def test_output_is_counted_as_it_comes() -> None:
    """The limit belongs to all of it."""
    looking = World(limits=Limits(output=2**20)).watch()
    looking.count_output(2**20)
    with pytest.raises(LimitExceeded, match="emitted more than 1 MB of output") as caught:
        looking.count_output(1)
    assert caught.value.kind == "output"
    assert "wrong loop" in caught.value.hint


def test_a_small_limit_is_told_in_kilobytes() -> None:
    """Not as 0 MB."""
    with pytest.raises(LimitExceeded, match=r"emitted more than 1\.5 kB of output"):
        World(limits=Limits(output=1536)).watch().count_output(2000)


# ---- what the system tells -------------------------------------------------------------------------------------------


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds 50 MB in shared and 50 MB in private pages, and three threads."""
    code = """
import mmap, threading
shared = mmap.mmap(-1, 50 * 2**20)
shared.write(b"x" * 50 * 2**20)
private = b"x" * 50 * 2**20
for _ in range(2):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
print("ready", flush=True)
input()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        yield process
        process.kill()


@needs_proc
def test_memory_is_what_only_this_process_needs(child: subprocess.Popen[bytes]) -> None:
    """Shared anonymous pages included, libraries not."""
    found = watch.held_by(child.pid)
    assert 100 * 2**20 < found.memory < 200 * 2**20
    assert found.threads == 3


def test_a_process_that_is_gone_holds_nothing() -> None:
    """Nor does one of which the system does not tell."""
    assert watch.held_by(GONE) == Held(0, 0)
    assert watch.cpu_of(GONE) == watch.delay_of(GONE) == 0.0


@needs_proc
def test_cpu_time_is_the_kernels() -> None:
    """To a hundredth of a second, children that were waited for included."""
    before = watch.cpu_of(os.getpid())
    subprocess.run([sys.executable, "-c", "sum(range(3 * 10**6))"], check=True)
    assert watch.cpu_of(os.getpid()) - before >= 0.02


@needs_proc
def test_the_time_without_a_core_is_the_kernels() -> None:
    """In seconds."""
    assert 0 <= watch.delay_of(os.getpid()) < 10_000
