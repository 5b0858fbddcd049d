"""`pymapr.run` and the facts it takes and gives; and what a small run does not load."""

from __future__ import annotations

import subprocess
import sys
import types
from array import array
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pymapr
from engine.conftest import clean_environment
from engine.strategies import classic, everything
from engine.villains import data, job
from pymapr import run
from pymapr.codecs import Group, unpack_group
from pymapr.errors import MaprError, UsageError, UserCodeFailed, by_name
from pymapr.inputs import Input
from pymapr.job import from_namespace
from pymapr.model import Options, Order
from pymapr.parallel import memory
from pymapr.parallel.mapping import Mapping
from pymapr.parallel.protocol import Begin, MapTask
from pymapr.parallel.reducing import _dealt
from pymapr.parallel.store import Store
from pymapr.spill import SpillFile, read_at
from pymapr.timings import Stopwatch

if TYPE_CHECKING:
    from pathlib import Path

LINES = ['{"pairs": [[8, 1]], "emits": []}'] * 4


# ---- what it takes ---------------------------------------------------------------------------------------------------


def test_a_job_may_be_a_file_a_module_its_globals_or_a_job(tmp_path: Path) -> None:
    """All are run alike."""
    module = types.ModuleType("job")
    vars(module).update(classic(everything))
    for given_job in (module, classic(everything), from_namespace(classic(everything))):
        assert run(given_job, LINES, workers=2).values == [["'a'", [1] * 4]]
    assert run(job(tmp_path), data(tmp_path), workers=2).values == [[0, 63], [1, 70], [2, 57]]
    assert run(str(job(tmp_path)), str(data(tmp_path)), workers=2).values == [[0, 63], [1, 70], [2, 57]]


def test_the_output_may_be_written_away() -> None:
    """Then it is not kept as well."""
    chunks: list[bytes] = []
    result = run(classic(everything), LINES, workers=2, write=chunks.append)
    assert b"".join(chunks) == b"[\"'a'\", [1, 1, 1, 1]]\n"
    assert result.output == b""


def test_a_serial_scramble_permutes_each_keys_values() -> None:
    """One process has nothing else to vary: seed 0 turns them round, others shuffle, and one seed is one order."""
    lines = [f'{{"pairs": [[8, {number}]], "emits": []}}' for number in range(9)]
    orders = [
        run(classic(everything), lines, engine="serial", order=f"scramble:{seed}").values[0][1] for seed in (0, 1, 1)
    ]
    assert orders[0] == list(range(9))[::-1]
    assert orders[1] == orders[2] != list(range(9))
    assert sorted(orders[1]) == list(range(9))


@pytest.mark.parametrize("engine", ["dusk", "", "Serial"])
def test_an_engine_that_is_not_there_is_told(engine: str) -> None:
    """With those that are."""
    with pytest.raises(UsageError) as caught:
        run(classic(everything), LINES, engine=engine)
    assert caught.value.message == f"engine: expected serial or parallel, got {engine!r}"


@pytest.mark.parametrize("workers", [0, -1, "2", 2.0, True])
def test_a_number_of_workers_is_a_whole_number_from_1(workers: Any) -> None:
    """Nothing else, not even something that could be made into one."""
    with pytest.raises(UsageError) as caught:
        run(classic(everything), LINES, workers=workers)
    assert caught.value.message == f"workers: expected a whole number of at least 1, got {workers!r}"


def test_a_budget_is_at_least_a_megabyte() -> None:
    """And divided among the workers."""
    with pytest.raises(UsageError, match="memory: expected at least 1MB, got 5 bytes"):
        Options(workers=1, memory=5)
    assert Options(workers=4, memory=2**24).memory_each == 2**22


# ---- facts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["stable", "arrival", "scramble:0", "scramble:123456789012345678"])
def test_an_order_is_read_as_it_is_written(text: str) -> None:
    """And written as it is read."""
    assert str(Order.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "Stable", "stable:1", "scramble", "scramble:", "scramble:-1", "scramble:x", "scramble:²"]
)
def test_another_order_is_refused(text: str) -> None:
    """With what was found and how a seed looks."""
    with pytest.raises(UsageError) as caught:
        Order.parse(text)
    assert caught.value.message == f"order: expected stable, arrival or scramble:SEED, got {text!r}"
    assert caught.value.hint == "SEED is a whole number of at most 18 digits, as in scramble:7"


@given(st.sampled_from(sorted(by_name())), st.lists(st.text(), min_size=4, max_size=4))
def test_an_error_survives_pickling(name: str, texts: list[str]) -> None:
    """Its arguments are its fields."""
    import pickle

    message, hint, phase, where = texts
    error = by_name()[name](message, hint, phase, where, ("a", "b"), "c")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert vars(again) == vars(error)


def test_an_error_tells_what_and_where() -> None:
    """Place in brackets, frames below; a placed error keeps what it knew already."""
    error = MaprError("what", "mend")
    assert str(error) == "what"
    assert str(error.at("map", "d:1", ("  f",))) == "what (in map, d:1)\n  f"
    assert str(error.at("map", "")) == "what (in map)"
    assert str(error.at("", "key 1").at("reduce", "key 2")) == "what (in reduce, key 1)"
    assert type(UserCodeFailed("x").at("", "")) is UserCodeFailed


def test_the_facade_has_what_it_says() -> None:
    """Each name of `__all__`, and an error for others."""
    for name in pymapr.__all__:
        assert getattr(pymapr, name) is not None
    with pytest.raises(AttributeError, match="module 'pymapr' has no attribute 'walk'"):
        _ = pymapr.walk


# ---- within the memory -----------------------------------------------------------------------------------------------


def test_a_map_task_lets_go_of_its_groups_before_it_outgrows_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several blocks for one partition, in the order in which they were left, with the keys' places counted on."""
    grows = iter(range(0, 10**12, 2**24))
    monkeypatch.setattr(memory, "resident", lambda: next(grows))
    spill, source = SpillFile.create(), SpillFile.create()
    source.append(b"".join(b'{"pairs": [[8, %d], [%d, 0]], "emits": []}\n' % (n, n % 5 + 9) for n in range(8)))
    mapper = Mapping(
        from_namespace(classic(everything)),
        Begin(1, "stable", 0, 2**20),
        Store(spill),
        [Input("d", source.descriptor, "")],
        None,
        "d",
    )
    mapped = mapper.run(MapTask(0, "range", 0, 0, source.end), Stopwatch())
    groups = [unpack_group(read_at(file, offset, length)) for _, file, offset, length in mapped.blocks]
    assert len(groups) == 8
    assert [value for group in groups for value in group.values[group.keys.index("a")]] == list(range(8))
    assert [place for group in groups for place in group.places] == list(range(mapped.keys))
    assert (mapped.records, mapped.pairs) == (8, 16)
    spill.close()
    source.close()


def test_each_division_deals_the_keys_in_another_way() -> None:
    """Else a part that does not fit would be one part again."""
    keys = [f"word{number}" for number in range(400)]
    whole = Group(array("I", range(400)), keys, [[number] for number in range(400)])
    parts = _dealt(whole, 8, 0)
    assert sorted(key for part in parts for key in part.keys) == sorted(keys)
    assert all(len(part.keys) == len(part.places) == len(part.values) for part in parts)
    assert all(len([part for part in _dealt(part, 8, 1) if part.keys]) > 4 for part in parts)


# ---- start-up --------------------------------------------------------------------------------------------------------

HEAVY = (
    "dataclasses",
    "inspect",
    "tempfile",
    "shutil",
    "random",
    "threading",
    "logging",
    "decimal",
    "importlib.metadata",
    "gzip",
    "subprocess",
    "pathlib",
    "rich",
    "yaml",
    "deepdiff",
    "multiprocessing",
    "asyncio",
    "traceback",
)


@pytest.mark.parametrize("engine", ["serial", "parallel"])
def test_a_small_run_loads_nothing_heavy(tmp_path: Path, engine: str) -> None:
    """It would cost more than the run: ten records are done in little more than the interpreter takes to start."""
    code = f"""
import sys
before = set(sys.modules)
from pymapr.cli import main
assert main(["run", "job.py", "data.json", "--engine", {engine!r}, "--progress", "none"]) == 0
print(sorted(set(sys.modules) - before), file=sys.stderr)
"""
    job(tmp_path)
    data(tmp_path, 10)
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path[:0] = {clean_environment()['PYTHONPATH'].split(':')}\n{code}",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = done.stderr
    assert [name for name in HEAVY if f"'{name}'" in loaded] == []
    if engine == "serial":
        assert "pymapr.parallel.master" not in loaded
