"""Within the budget: what does not fit goes to disk or in smaller bites; what can never fit is told, in good time."""

from __future__ import annotations

import re
import resource
from typing import TYPE_CHECKING, Any

import pytest

from engine.villains import data, job
from pymapr import run
from pymapr.errors import ValuesExceedMemory
from pymapr.parallel import memory
from pymapr.parallel.memory import Budget, MapGuard, MergeGuard, Outgrown
from pymapr.parallel.protocol import INLINE
from pymapr.parallel.store import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from engine.conftest import Command

# Students do not close their files.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

MB = 2**20


@pytest.fixture
def holds(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Say how many megabytes this process holds; it can give none of it back."""

    def say(megabytes: int) -> None:
        monkeypatch.setattr(memory, "resident", lambda: megabytes * MB)

    say(10)
    return say


# ---- a key that can never fit ----------------------------------------------------------------------------------------

TELLS = r"the values of key 'the' alone do not fit the memory budget \({} so far\)"


def test_few_large_values_of_one_key_beside_many_small_ones_are_told(tmp_path: Path) -> None:
    """By weight, not by number: the other keys have most of the values."""
    body = "mr.emit_intermediate('the', str(record) * 10**6)\nfor n in range(50): mr.emit_intermediate(n, record)"
    with pytest.raises(ValuesExceedMemory) as caught:
        run(job(tmp_path, body), data(tmp_path, 40), workers=2, memory=MB)
    assert re.fullmatch(TELLS.format(r"\d+"), caught.value.message)
    assert caught.value.hint == "add a combiner(key, values), which shortens them in the map phase, or raise --memory"


def test_it_is_told_long_before_the_system_would_kill(tmp_path: Path, pymapr: Command) -> None:
    """Here it would at 400 MB a process, of which the values would take 600; the budget is 32."""
    job(tmp_path, "for n in range(30): mr.emit_intermediate('the', chr(65 + n) * 10**6)")
    data(tmp_path)
    limits = (400 * MB, 400 * MB)
    done = pymapr(
        *("run", "job.py", "data.json", "--workers", "2", "--memory", "32MB", "--progress", "none"),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limits),
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert re.match("pymapr: error: " + TELLS.format(r"\d+"), done.stderr)


def test_the_same_job_with_a_combiner_runs(tmp_path: Path) -> None:
    """As the hint says."""
    body = "for n in range(4000): mr.emit_intermediate('the', (n, record, str(n)))"
    reducer = "mr.emit([key, sum(value[0] for value in values)])"
    shorter = "def combiner(key, values):\n    mr.emit_intermediate(key, (sum(value[0] for value in values), 0, ''))\n"
    result = run(job(tmp_path, body, reducer, more=shorter), data(tmp_path), workers=2, memory=MB)
    assert result.values == [["the", 20 * sum(range(4000))]]


# ---- what is merged in parts -----------------------------------------------------------------------------------------

KEYS = {
    "bytes": "str((record, n)).encode()",
    "floats": "record + n / 1024",
    "not equal to themselves": "(record, n, float('nan'))",
    "nested deeply": "functools.reduce(lambda key, _: (key,), range(400), (record, n))",
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_partition_is_divided_whatever_its_keys_are(tmp_path: Path, pymapr: Command, key: str) -> None:
    """The job's own partitioner puts them all into one; no bucket of ours would tell them apart, or take them."""
    body = f"for n in range(60): mr.emit_intermediate({key}, 'x' * 20_000)"
    more = "import functools\n\ndef partitioner(key, n): return 0\n"
    job(tmp_path, body, "mr.emit(len(values))", more=more)
    data(tmp_path)
    done = pymapr("run", "job.py", "data.json", "--workers", "2", "--memory", "4MB", "--progress", "none")
    assert (done.stderr, done.stdout) == ("", "1\n" * 1200)


def test_values_nested_deeply_are_weighed(tmp_path: Path) -> None:
    """When it is asked whether one key has most of them."""
    nested = "functools.reduce(lambda value, _: [value], range(900), n)"
    body = f"for n in range(100): mr.emit_intermediate(n if n % 2 else 'the', {nested})"
    path = job(tmp_path, body, "mr.emit(len(values))", more="import functools\n")
    with pytest.raises(ValuesExceedMemory, match=TELLS.format(r"\d+")):
        run(path, data(tmp_path), workers=2, memory=MB)


# ---- when to let go --------------------------------------------------------------------------------------------------


def test_without_a_budget_nobody_looks(holds: Callable[[int], None]) -> None:
    """However much there is."""
    budget = Budget(0)
    holds(10**6)
    assert not budget.exceeded()
    assert not MapGuard(budget).full(10**6)
    MergeGuard(budget).check({"key": [1]})


def test_the_budget_counts_from_where_the_worker_began(holds: Callable[[int], None]) -> None:
    """Not from where a task begins: else what is kept from task to task would be forgotten."""
    guard = MapGuard(Budget(100 * MB))
    holds(110)
    guard.begin()
    assert not guard.full(1000)
    holds(115)
    assert guard.full(1000), "10 when it began, 100 to have, 4 that mean nothing"


def test_memory_that_cannot_be_given_back_does_not_make_tiny_blocks(holds: Callable[[int], None]) -> None:
    """Once full, always full: then the number of records decides, half of those of the first time."""
    guard = MapGuard(Budget(100 * MB))
    holds(200)
    assert guard.full(1000)
    assert [guard.full(100) for _ in range(10)] == [False] * 4 + [True] + [False] * 4 + [True]
    guard.begin()
    assert not guard.full(499)


def test_records_that_make_much_are_watched_closely(holds: Callable[[int], None]) -> None:
    """One by one at first and where memory grows fast; by the hundred where it does not."""
    guard = MapGuard(Budget(100 * MB))
    assert [guard.stride for _ in range(10) if not guard.full(1)] == [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
    holds(30)
    guard.full(1)
    assert guard.stride == 256
    for held in (50, 70, 90, 105):
        holds(held)
        guard.full(1)
    assert guard.stride == 1


def test_a_merge_is_divided_where_no_key_is_to_blame(holds: Callable[[int], None]) -> None:
    """And not where one is, by number or by weight."""
    guard = MergeGuard(Budget(100 * MB))
    guard.begin()
    holds(200)
    with pytest.raises(Outgrown):
        guard.check({number: [number] for number in range(10)})
    blamed: list[dict[str, list[Any]]] = [{"the": [1, 2, 3], "a": [1]}, {"the": ["x" * 1000], "a": [1, 2, 3]}]
    for groups in blamed:
        with pytest.raises(ValuesExceedMemory, match="key 'the' alone"):
            guard.check(groups)


def test_many_keys_are_divided_before_they_are_weighed(holds: Callable[[int], None]) -> None:
    """To weigh each would take long, and division makes them fewer."""
    guard = MergeGuard(Budget(100 * MB))
    holds(200)
    with pytest.raises(Outgrown):
        guard.check({"the": ["x" * 10**6]} | {number: [1] for number in range(20_000)})


def test_a_merge_that_begins_in_a_full_process_gets_an_eighth(holds: Callable[[int], None]) -> None:
    """What lies there in pieces can be used again, if not given back."""
    guard = MergeGuard(Budget(100 * MB))
    holds(200)
    guard.begin()
    groups: dict[int, list[int]] = {1: [1], 2: [2], 3: [3]}
    holds(212)
    guard.check(groups)
    holds(213)
    with pytest.raises(Outgrown):
        guard.check(groups)


def test_giving_back_changes_nothing_else() -> None:
    """And does no harm where it was just done."""
    kept = [bytes(10**6) for _ in range(5)]
    memory.give_back()
    memory.give_back()
    assert all(len(piece) == 10**6 for piece in kept)


# ---- where many blocks lie -------------------------------------------------------------------------------------------


def test_a_shelf_gives_its_blocks_in_the_order_of_the_tasks() -> None:
    """Whoever was quick; those of one task as they were left."""
    shelf = Shelf()
    shelf.add(7, [3, 0, 10], b"")
    shelf.add(2, [INLINE, 0, 5], b"hello")
    shelf.add(7, [3, 10, 1], b"")
    assert list(shelf) == [(2, [INLINE, 0, 5], b"hello"), (7, [3, 0, 10], b""), (7, [3, 10, 1], b"")]
    assert (len(shelf), shelf.bytes) == (3, 16)
