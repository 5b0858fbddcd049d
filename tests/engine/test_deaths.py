"""Whoever dies, lies or runs out of room, a run ends: with the right result, or with an error that names what was lost.

(That nothing is left over, the fixture `nothing_left` proves after each of these.)
"""

from __future__ import annotations

import re
import resource
import select
from typing import TYPE_CHECKING, Any

import pytest

from engine import villains
from engine.conftest import descriptors
from engine.ends import failing
from engine.villains import ABORTED, HALF_A_MESSAGE, KILLED, LEFT, NONSENSE, ONCE, SEGFAULT, data, job
from pymapr import run
from pymapr.errors import (
    EngineError,
    ProtocolError,
    ValuesExceedMemory,
    WorkerDied,
)

if TYPE_CHECKING:
    from pathlib import Path

    from engine.conftest import Command

# Students do not close their files.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


# ---- death -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mapper", "how"),
    [
        pytest.param(KILLED, "SIGKILL", id="killed from outside"),
        pytest.param(LEFT, "exit code 0", id="leaves early, with a smile"),
        pytest.param(SEGFAULT, "SIGSEGV", id="segfault"),
        pytest.param(ABORTED, "SIGABRT", id="abort"),
        pytest.param(HALF_A_MESSAGE, "SIGKILL", id="killed half-way through a message"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"isolated": True}, {"order": "arrival"}], ids=str)
def test_a_worker_that_dies_twice_names_the_records(
    tmp_path: Path, mapper: str, how: str, options: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    """The lines that it was mapping both times, how it died, and what to try."""
    error = failing(job(tmp_path, mapper), tmp_path, **options)
    assert type(error) is WorkerDied
    place = "records 6 to 10" if "isolated" in options else f"{tmp_path}/data.json, lines 1 to 12"
    assert re.fullmatch(rf"worker \d died \({how}\) while it mapped {place}", error.message)
    assert error.hint == (
        "run it with --engine serial to see whether the job's own code ends the process; if not, was there enough "
        "memory?"
    )
    assert error.exit_code == 3


@pytest.mark.parametrize("options", [{}, {"isolated": True}, {"order": "scramble:5"}, {"workers": 1}], ids=str)
def test_a_worker_that_dies_once_is_replaced_and_the_result_is_right(tmp_path: Path, options: dict[str, Any]) -> None:
    """What it had announced counts, what it had not is done again, nothing counts twice; and a remark says so."""
    path = job(tmp_path, ONCE.format(marker=str(tmp_path / "marker")))
    result = run(path, data(tmp_path), **{"workers": 2, **options})
    assert sorted(result.values) == [[0, 63], [1, 70], [2, 57]]
    assert "1 worker process(es) died and were replaced" in result.remarks
    assert result.timings.records == 20


def test_a_reducer_that_dies_names_its_partition(tmp_path: Path) -> None:
    """After the second time, as in the map phase."""
    error = failing(job(tmp_path, villains.EMIT, "os.kill(os.getpid(), signal.SIGKILL)"), tmp_path)
    assert re.fullmatch(r"worker \d died \(SIGKILL\) while it reduced partition \d", error.message)


def test_a_reducer_that_dies_once_is_replaced(tmp_path: Path) -> None:
    """Its partition is reduced again, from blocks that are still there."""
    once = ONCE.replace("record == 7", "key == 1").replace("mr.emit_intermediate(record % 3, record)", villains.SUM)
    path = job(tmp_path, villains.EMIT, once.format(marker=str(tmp_path / "marker")))
    for isolated in (False, True):
        (tmp_path / "marker").unlink(missing_ok=True)
        assert sorted(run(path, data(tmp_path), workers=2, isolated=isolated).values) == [[0, 63], [1, 70], [2, 57]]


def test_a_job_that_dies_while_it_is_loaded_is_told_so(tmp_path: Path) -> None:
    """Twice, too: the first time might have been the machine's fault."""
    error = failing(job(tmp_path, more="os._exit(3)\n"), tmp_path)
    assert re.fullmatch(r"worker \d died \(exit code 3\) while it loaded the job", error.message)


def test_a_job_that_dies_once_while_it_is_loaded_still_runs(tmp_path: Path) -> None:
    """The fresh process loads it anew, and the tasks that were fed already are fed again."""
    once = ONCE.format(marker=str(tmp_path / "marker")).replace("if record == 7:", "if True:")
    more = "\n".join(once.splitlines()[:-1]) + "\n"
    result = run(job(tmp_path, more=more), data(tmp_path), workers=2)
    assert result.values == [[0, 63], [1, 70], [2, 57]]


def test_a_death_while_the_scripts_own_data_is_read_out_ends_the_run(tmp_path: Path) -> None:
    """Only that process knew how far it had read: starting again would count lines twice."""
    once = villains.indented(ONCE.format(marker=str(tmp_path / "marker")).replace("record == 7", "True"))
    foot = "def lines():\n    yield '1'\n" + once.rpartition("\n")[0] + "\nmr.execute(lines(), mapper, reducer)\n"
    error = failing(job(tmp_path, foot=foot), tmp_path)
    assert error.message == "worker 0 died (SIGKILL) while it read the data"


def test_a_death_between_two_looks_at_the_scripts_own_data_ends_the_run(tmp_path: Path) -> None:
    """Whatever the worker that reads them was doing then: from a fresh one the first lines would come a second time."""
    once = ONCE.format(marker=str(tmp_path / "marker"))
    many = "mr.execute((str(n).rjust(99) for n in range(20_000)), mapper, reducer)\n"
    error = failing(job(tmp_path, once, foot=f"\n{many}"), tmp_path, workers=1)
    assert type(error) is WorkerDied
    assert re.fullmatch(
        r"worker 0 died \(SIGKILL\) while it mapped records 1 to \d+, before it had read out all of the data that the "
        r"script made",
        error.message,
    )


def test_a_death_after_all_of_the_scripts_own_data_was_read_is_mended(tmp_path: Path) -> None:
    """Its lines are with the master by then."""
    once = ONCE.format(marker=str(tmp_path / "marker"))
    result = run(job(tmp_path, once, foot="\nmr.execute(map(str, range(20)), mapper, reducer)\n"), data(tmp_path))
    assert sorted(result.values) == [[0, 63], [1, 70], [2, 57]]
    assert result.timings.records == 20


def test_deaths_are_noticed_by_the_kernels_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The master waits without a timeout: nothing in its loop looks at the clock."""
    waits = []

    class Poll:
        def __init__(self) -> None:
            self._poll = real()

        def __getattr__(self, name: str) -> Any:
            return getattr(self._poll, name)

        def poll(self, timeout: float | None = None) -> Any:
            waits.append(timeout)
            return self._poll.poll(timeout)

    real = select.poll
    monkeypatch.setattr("pymapr.parallel.shuffle.select.poll", Poll)
    assert type(failing(job(tmp_path, KILLED), tmp_path)) is WorkerDied
    assert set(waits) <= {None, 2000}, "2000 is how long a worker may take to leave when told to"
    assert None in waits


# ---- lies ------------------------------------------------------------------------------------------------------------


def test_nonsense_on_the_wire_is_a_protocol_error(tmp_path: Path) -> None:
    """Said by a job that writes into every pipe it finds: no crash, no hang, and no unpickling."""
    error = failing(job(tmp_path, NONSENSE), tmp_path)
    assert type(error) is ProtocolError


MARKERS = ["\0", "", "STOP", "None", '{"type": "Stop"}', "\x40\0\0\0", "EOF", "__end__", "\n", "-1"]


@pytest.mark.parametrize("options", [{}, {"isolated": True}, {"order": "arrival"}], ids=str)
def test_no_data_is_taken_for_a_marker(options: dict[str, Any]) -> None:
    """Keys, values and outputs that look like messages of some engine are data like any other."""
    import json

    names = {"mapper": lambda record: (record, (record, None)), "reducer": lambda key, values: [key, values]}
    lines = [json.dumps(marker) for marker in MARKERS] + ["null"]
    output = run(names, lines, workers=2, **options).values
    assert sorted(output, key=str) == sorted(([m, [[m, None]]] for m in [*MARKERS, None]), key=str)


# ---- both pipes full -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"isolated": True}, {"order": "arrival"}], ids=str)
def test_huge_records_both_ways_do_not_wait_for_each_other(options: dict[str, Any]) -> None:
    """Lines of a megabyte come in through pipes while outputs of a megabyte go out through others."""
    import json

    names = {"mapper": lambda record: (record[0], record), "reducer": lambda key, values: values}
    lines = [json.dumps([number, "x" * 10**6]) for number in range(16)]
    output = run(names, lines, workers=2, **options).values
    assert sorted(values[0][0] for values in output) == list(range(16))
    assert all(values[0][1] == "x" * 10**6 for values in output)


# ---- memory ----------------------------------------------------------------------------------------------------------


def test_a_partition_beyond_the_memory_is_merged_in_parts(tmp_path: Path) -> None:
    """And the output is the serial one, to the byte."""
    mapper = "for n in range(600): mr.emit_intermediate((n * 7919 + record) % 5003, (record, str(n) * 20))"
    path = job(tmp_path, mapper, "mr.emit([key, len(values), values[0], values[-1]])")
    source = data(tmp_path, 100)
    expected = run(path, source, engine="serial").output
    small = run(path, source, workers=2, memory=2**20)
    assert small.output == expected
    assert run(path, source, workers=2, memory=2**34).output == expected
    assert small.timings.bytes_spilled == small.timings.bytes_shuffled > 10**6, "groups were let go of early"


def test_the_values_of_one_key_beyond_the_memory_are_told(tmp_path: Path, pymapr: Command) -> None:
    """No cut can help there; a combiner can. (In a process of its own: a worker inherits its parent's free memory.)"""
    path = job(tmp_path, "for n in range(8000): mr.emit_intermediate('the', (n, record, str(n) * 40))")
    done = pymapr("run", path, data(tmp_path), "--memory", "1MB", "--workers", "2", "--progress", "none")
    assert (done.returncode, done.stdout) == (ValuesExceedMemory.exit_code, "")
    told = r"the values of key 'the' alone do not fit the memory budget \(\d+ so far\)"
    hint = r"hint: add a combiner\(key, values\), which shortens them in the map phase, or raise --memory\n"
    assert re.fullmatch(rf"(?s)pymapr: error: {told}.*{hint}", done.stderr)


def test_a_system_without_room_for_another_process_is_told(tmp_path: Path) -> None:
    """Here: without descriptors. What was started before is ended."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    path, source = job(tmp_path), data(tmp_path)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(descriptors()) + 24, before[1]))
    try:
        with pytest.raises(EngineError) as caught:
            run(path, source, workers=12)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert re.fullmatch(r"worker \d could not be started: Too many open files", caught.value.message)
    assert caught.value.hint == "use fewer workers, or see which limit (ulimit -a) they meet"
