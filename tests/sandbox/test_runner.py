"""A run from outside: its output, its failures in the student's terms, and ours, which are never a mark."""

from __future__ import annotations

import json
import os
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from grader.advice import verdict_of
from grader.errors import InfrastructureError
from grader.model import Limits, Verdict
from grader.sandbox import runner, slot, watch
from grader.sandbox.runner import Failure, Sandbox
from grader.sandbox.zygote import descendants, parent_of
from pymapr.model import Order
from sandbox.runs import COUNT, EMIT, RECORDS, Quick, Runs, job, open_descriptors, processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RIGHT = b'["record", 8]\n'


def failure(outcome: runner.Outcome) -> Failure:
    """Why it failed; it must have."""
    assert outcome.failure is not None, outcome.output
    return outcome.failure


# ---- what a run comes to ---------------------------------------------------------------------------------------------


def test_a_serial_run_gives_the_jobs_output(runs: Runs) -> None:
    """As JSON lines, with a record of the run."""
    outcome = runs.serial(job())
    assert (outcome.output, outcome.failure, outcome.printed) == (RIGHT, None, "")
    assert outcome.record is not None
    assert (outcome.record.engine, outcome.record.workers, outcome.record.order) == ("serial", 1, "stable")
    assert 0 < outcome.record.cpu < outcome.record.wall * 2


@pytest.mark.parametrize("order", [Order(), Order("scramble", 3)], ids=str)
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_a_parallel_run_gives_the_same(runs: Runs, workers: int, order: Order) -> None:
    """In any number of processes, in any order."""
    outcome = runs.parallel(job(), workers=workers, order=order)
    assert (outcome.output, outcome.failure) == (RIGHT, None)
    assert outcome.record is not None
    assert (outcome.record.engine, outcome.record.workers, outcome.record.order) == ("parallel", workers, str(order))


def test_a_job_may_recurse_as_deeply_as_outside(runs: Runs) -> None:
    """994 calls and its own are what the course's framework leaves of a thousand, in one process as in several."""
    before = "def descend(calls):\n    return 0 if calls == 0 else 1 + descend(calls - 1)"
    source = job("mr.emit_intermediate(0, descend(994))", "mr.emit([descend(994), *values])", before=before)
    assert (
        runs.serial(source).output == runs.parallel(source).output == b"[994, 994, 994, 994, 994, 994, 994, 994, 994]\n"
    )


def test_the_values_of_a_key_can_be_permuted(runs: Runs) -> None:
    """By a seed: one seed is one order."""
    source = job(reducer="mr.emit(values)")
    outcomes = {seed: runs.serial(source, permute=seed).output for seed in range(4)}
    assert len(set(outcomes.values())) > 1
    assert all(sorted(json.loads(output)) == RECORDS for output in outcomes.values())
    assert runs.serial(source, permute=1).output == outcomes[1]


def test_the_hash_seed_is_fixed_and_can_be_another(runs: Runs) -> None:
    """Two runs with one seed agree about the order of a set."""
    source = job(reducer="mr.emit(list({str(n) for n in range(50)}))")
    one, same, other = (runs.serial(source, hash_seed=seed).output for seed in (1, 1, 2))
    assert one == same != other


def test_a_generator_gives_its_records(runs: Runs) -> None:
    """As JSON lines."""
    with runs.stage("def made(seed, size):\n    yield from ([seed, number] for number in range(size))") as stage:
        outcome = runs.sandbox.generate(runs.program(stage), "made", 17, 3)
    assert outcome.output == b"[17, 0]\n[17, 1]\n[17, 2]\n"


def test_a_generator_that_fails_says_where(runs: Runs) -> None:
    """It is the instructor's."""
    with runs.stage("def made(seed, size):\n    yield 1 / 0") as stage:
        found = failure(runs.sandbox.generate(runs.program(stage), "made", 17, 3))
    assert found.message.splitlines()[0] == "ZeroDivisionError: division by zero (in generate)"


def test_what_is_printed_is_no_output(runs: Runs) -> None:
    """It is kept beside."""
    outcome = runs.serial(job(before="print('hello')\nprint('there', file=sys.stderr)"))
    assert outcome.output == RIGHT
    assert sorted(outcome.printed.splitlines()) == ["hello", "there"]


# ---- whose mistake it is ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mapper", "kind", "message"),
    [
        ("raise KeyError('x')", "UserCodeFailed", "KeyError: 'x' (in map, records.json:"),
        ("import os; os._exit(0)", "WorkerDied", "died (exit code 0)"),
        ("import os; os.abort()", "WorkerDied", "died (SIGABRT)"),
        ("import ctypes; ctypes.string_at(0)", "WorkerDied", "died (SIGSEGV)"),
        ("mr.emit({1, 2})", "CannotEncode", "which JSON cannot say"),
        ("raise MemoryError", "UserCodeFailed", "MemoryError"),
        ("raise OSError(12, 'Cannot allocate memory')", "memory", "Cannot allocate memory"),
        ("while True: pass", "time", "used more than 1 s of CPU time"),
        ("import time; time.sleep(60)", "time", "took more than 2 s"),
        ("kept = [b'x' * 2**20 for _ in range(10**6)]", "memory", ""),
        ("mr.emit('x' * 2**20)", "output", "emitted more than 1 MB of output"),
    ],
)
def test_a_students_mistake_is_a_failure(runs: Runs, mapper: str, kind: str, message: str) -> None:
    """Of its kind, in words, alone and in parallel."""
    limits = Quick(output=2**20, memory=96 * 2**20)
    for outcome in (runs.serial(job(mapper), limits), runs.parallel(job(mapper), limits)):
        found = failure(outcome)
        assert message in found.message
        assert found.kind == kind or (kind == "memory" and found.cause == "MemoryError")


def test_too_much_between_the_phases_is_the_jobs_own(runs: Runs) -> None:
    """Nothing passes there but what mappers emit; which of the limits they meet first is chance."""
    found = failure(
        runs.parallel(job("import os\nmr.emit_intermediate(1, os.urandom(30 * 2**20))"), Quick(memory=96 * 2**20))
    )
    assert verdict_of(found.kind, found.cause) in {Verdict.OUTPUT_LIMIT, Verdict.MEMORY_LIMIT}


def test_a_long_message_is_cut(runs: Runs) -> None:
    """Whatever an exception says."""
    assert len(failure(runs.serial(job("raise ValueError('x' * 10**6)"))).message) < 5000


def test_ending_early_is_told_with_the_mend(runs: Runs) -> None:
    """exit() is the usual reason."""
    found = failure(runs.serial(job("import os; os._exit(0)")))
    assert found.hint.startswith("let mapper and reducer return: exit(), os._exit() and the like end the run")


@pytest.mark.parametrize(
    ("mapper", "allowed"),
    [
        pytest.param("while True: pass", 0.5, id="the watch"),
        pytest.param("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", 5, id="the kernel"),
        pytest.param("pass", 0.001, id="the account at the end: a run may be over between two looks"),
    ],
)
def test_whoever_finds_that_time_is_up_says_the_same(runs: Runs, mapper: str, allowed: float) -> None:
    """Message and hint: else a report would show one trouble as several."""
    found = failure(runs.serial(job(mapper), Limits(time=allowed)))
    assert (found.kind, found.message) == ("time", f"used more than {allowed:g} s of CPU time")
    assert found.hint == "is there a loop that never ends, or work done twice?"


# ---- what is ours ----------------------------------------------------------------------------------------------------


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Runs]:
    """Runs in a sandbox that may be broken."""
    with Sandbox() as made:
        yield Runs(made, tmp_path)


def test_a_zygote_that_dies_is_nobodys_mark_and_the_next_run_has_a_fresh_one(own: Runs) -> None:
    """While a run goes on, killed from outside."""
    assert own.serial(job()).output == RIGHT
    [zygote] = own.sandbox._zygotes.values()
    descriptors = open_descriptors()
    killer = threading.Timer(0.3, os.kill, (zygote.pid, signal.SIGKILL))
    killer.start()
    with pytest.raises(InfrastructureError, match="the process that starts student code is gone"):
        own.serial(job("import time; time.sleep(60)"), Quick())
    killer.join()
    assert own.serial(job()).output == RIGHT
    assert open_descriptors() == descriptors


def test_a_zygote_that_dies_under_a_parallel_run_leaves_nothing(own: Runs) -> None:
    """Neither descriptors nor workers, which are then nobody's children."""
    own.parallel(job())
    [zygote] = own.sandbox._zygotes.values()
    descriptors = open_descriptors()
    workers: list[int] = []

    def kill() -> None:
        while len(list(descendants(zygote.pid))) < 4:
            pause.wait(0.01)
        workers.extend(descendants(zygote.pid))
        os.kill(zygote.pid, signal.SIGKILL)

    pause = threading.Event()
    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(InfrastructureError):
        own.parallel(job("import time; time.sleep(60)"), Quick(), workers=4)
    killer.join()
    while any(parent_of(pid) is not None for pid in workers):  # or the test's time is up
        pause.wait(0.01)
    assert own.parallel(job()).output == RIGHT
    assert open_descriptors() == descriptors


def test_a_zygote_that_falls_silent_is_given_up(own: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that hangs must not hang the batch."""
    monkeypatch.setattr(slot, "_PATIENCE", 0.5)
    own.serial(job())
    [zygote] = own.sandbox._zygotes.values()
    os.kill(zygote.pid, signal.SIGSTOP)
    monkeypatch.setattr(slot, "_FAREWELL", 0.1)
    with pytest.raises(InfrastructureError, match=r"was silent for 0.5 s"):
        own.serial(job())
    assert own.serial(job()).output == RIGHT


def test_a_stopping_grader_ends_a_run(tmp_path: Path) -> None:
    """Within a moment, and as nobody's failure."""
    stop = threading.Event()
    with Sandbox(stop) as made:
        runs = Runs(made, tmp_path)
        timer = threading.Timer(0.2, stop.set)
        timer.start()
        with pytest.raises(InfrastructureError, match="the grader is stopping"):
            runs.serial(job("while True: pass"))
        timer.join()


def test_no_room_for_descriptors_is_nobodys_mark(own: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is opened before the last one fails is closed again."""
    own.serial(job())
    descriptors = open_descriptors()
    real, made = os.pipe, []

    def pipe() -> tuple[int, int]:
        made.append(1)
        if len(made) > 3:
            raise OSError(24, "Too many open files")
        return real()

    with monkeypatch.context() as patch:
        patch.setattr(os, "pipe", pipe)
        with pytest.raises(InfrastructureError, match=r"could not be wired up.*Too many open files") as caught:
            own.serial(job())
    assert "ulimit -n" in caught.value.hint
    assert open_descriptors() < descriptors, "the zygote's socket is closed as well"


def test_a_dataset_that_is_gone_is_nobodys_mark(own: Runs) -> None:
    """The instructor may have moved it meanwhile."""
    with own.stage(job()) as stage:
        program = own.program(stage)
        own.data.rename(own.home / "elsewhere.json")
        with pytest.raises(InfrastructureError):
            own.sandbox.parallel(program, workers=2, order=Order())


def test_no_temporary_folder_is_nobodys_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk, for instance."""
    monkeypatch.setattr("tempfile.tempdir", "/nowhere/at/all")
    with pytest.raises(InfrastructureError, match="no temporary folder could be made"):
        Sandbox()


@pytest.fixture
def disk(own: Runs, monkeypatch: pytest.MonkeyPatch) -> Callable[[list[int]], None]:
    """Let the disk have so much room at each look, and then what it has last."""
    monkeypatch.setattr(watch, "_FOLDER_EVERY", 0.0)

    def play(seen: list[int]) -> None:
        left = iter(seen)
        monkeypatch.setattr(own.sandbox, "_free", lambda: next(left, seen[-1]))

    return play


WAIT = "import time; time.sleep(60)"


def test_a_disk_that_is_free_again_when_the_run_is_gone_was_filled_by_it(
    own: Runs, disk: Callable[[list[int]], None]
) -> None:
    """Files that it had deleted, or put where nobody looks."""
    disk([100 * 2**30, 90 * 2**30, 100 * 2**30])
    found = failure(own.serial(job(WAIT), Quick()))
    assert (found.kind, found.message) == (
        "output",
        "wrote more than 256 MB to the disk, in files that are in no folder",
    )


def test_a_disk_that_somebody_else_fills_is_nobodys_mark(own: Runs, disk: Callable[[list[int]], None]) -> None:
    """The run is ended, and judged again."""
    disk([100 * 2**30, 90 * 2**30])
    with pytest.raises(InfrastructureError, match="of the disk are left"):
        own.serial(job(WAIT), Quick())


# ---- nothing is left -------------------------------------------------------------------------------------------------


def test_nothing_is_left_of_a_run_whatever_became_of_it(own: Runs) -> None:
    """No folder, no process, no descriptor."""
    for hash_seed in slot.HASH_SEEDS:
        own.serial(job(), hash_seed=hash_seed)
    own.parallel(job())
    before = open_descriptors(), threading.active_count(), len(processes())
    for body in (EMIT, "1 / 0", "import os; os._exit(3)", "import os; os.kill(os.getpid(), 19)", "open('left', 'w')"):
        own.serial(job(body), Quick())
        own.parallel(job(body), Quick())
    assert (open_descriptors(), threading.active_count(), len(processes())) == before
    assert {path.name.split("-")[0] for path in own.sandbox.root.iterdir()} == {"copies"}


def test_a_sandbox_that_is_closed_leaves_nothing(tmp_path: Path) -> None:
    """Neither its zygotes nor its folder; closing it twice is no trouble."""
    before = open_descriptors(), len(processes())
    with Sandbox() as made:
        Runs(made, tmp_path).serial(job())
        root = made.root
    made.close()
    assert (open_descriptors(), len(processes())) == before
    assert not root.exists()


def test_reducers_see_no_dataset_and_mappers_of_a_parallel_run_neither(runs: Runs) -> None:
    """Its names are taken away once the job is loaded; alone, they stay."""
    source = job(reducer=f"import os\n{COUNT}\nprint(os.path.exists('records.json'))")
    assert runs.serial(source).printed == "True\n"
    assert runs.parallel(source).printed == "False\n"


def test_time_is_up_for_all_processes_together(runs: Runs) -> None:
    """Four that use a third each are too many."""
    found = failure(runs.parallel(job("while True: pass"), Quick(time=0.4), workers=4))
    assert (found.kind, found.message) == ("time", "used more than 0.4 s of CPU time")
