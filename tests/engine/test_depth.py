"""What is nested or recurses as deeply as the original framework allows works in every engine."""

from __future__ import annotations

import json
import sys
from array import array
from typing import TYPE_CHECKING

import pytest

from pymapr import codecs, depth
from pymapr.codecs import Group, pack_group, unpack_group

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import CompletedProcess

    from engine.conftest import Command

WAYS = {
    "drop-in": ["job.py"],
    "pymapr run": ["-m", "pymapr", "run", "job.py"],
    "isolated": ["-m", "pymapr", "run", "--isolated", "job.py"],
    "serial": ["-m", "pymapr", "run", "--engine", "serial", "job.py"],
}
HEAD = "import sys\nimport MapReduce\nmr = MapReduce.MapReduce()\n"
FOOT = "mr.execute(open(sys.argv[1]), mapper, reducer)\n"
RECURSING = f"""{HEAD}
def deepest():
    low, high = 0, 3000
    while low < high:
        middle = (low + high + 1) // 2
        try:
            low = descend(middle)
        except RecursionError:
            high = middle - 1
    return low

def descend(calls):
    return 0 if calls == 0 else 1 + descend(calls - 1)

def mapper(record):
    mr.emit_intermediate("mapper", deepest())

def reducer(key, values):
    mr.emit([min(values), deepest()])

{FOOT}"""
PASSING_ON = f"""{HEAD}
def mapper(record):
    mr.emit_intermediate(record[0], record)

def reducer(key, values):
    mr.emit(values)

{FOOT}"""

each_way = pytest.mark.parametrize("way", WAYS)


def by_the_original(python: Command, folder: Path, job: str) -> CompletedProcess[str]:
    """A run of the job, which stays in the folder, with the course's framework."""
    (folder / "original.py").write_text(job.replace("import MapReduce", "import MapReduce_original as MapReduce"))
    (folder / "job.py").write_text(job)
    return python("original.py", "data.json")


@each_way
@pytest.mark.parametrize("limit", [None, 400, 2000], ids="limit {}".format)
def test_a_mapper_and_a_reducer_may_recurse_as_deeply(
    python: Command, tmp_path: Path, way: str, limit: int | None
) -> None:
    """What the engine has on the stack itself is no student's; nor is it where a file sets a limit of its own."""
    (tmp_path / "data.json").write_text("1\n2\n")
    job = RECURSING.replace("\n", f"\nsys.setrecursionlimit({limit})\n" if limit else "\n", 1)
    original = json.loads(by_the_original(python, tmp_path, job).stdout)
    mapped, reduced = json.loads(python(*WAYS[way], "data.json").stdout)
    assert 0 <= mapped - original[0] < 16
    assert 0 <= reduced - original[1] < 16


@each_way
def test_a_line_may_be_nested_as_deeply_and_travel_and_be_said_again(python: Command, tmp_path: Path, way: str) -> None:
    """Though pickle takes two calls for a level where the parser takes one."""
    lines = [f"[{number}, " + "[" * 985 + "]" * 986 for number in (0, 1, 0)]
    (tmp_path / "data.json").write_text("\n".join(lines))
    original = by_the_original(python, tmp_path, PASSING_ON)
    assert (original.returncode, original.stdout.count("\n")) == (0, 2)
    assert python(*WAYS[way], "data.json").stdout == original.stdout


def test_what_is_nested_beyond_the_stack_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception, not a crash: above a recursion limit that is already high, there is no second attempt."""
    value: list[object] = []
    for _ in range(900):
        value = [value]
    group = Group(array("I", [0]), ["key"], [[value]])
    assert unpack_group(pack_group(group)).values == group.values
    monkeypatch.setattr(codecs, "_MOST_DEEP", sys.getrecursionlimit() - 1)
    with pytest.raises(RecursionError):
        pack_group(group)


def test_room_is_given_back() -> None:
    """Unless the job has set a limit of its own meanwhile, which stays."""
    before = sys.getrecursionlimit()
    with depth.room():
        assert sys.getrecursionlimit() > before
    assert sys.getrecursionlimit() == before
    with depth.room():
        sys.setrecursionlimit(before + 7)
    assert sys.getrecursionlimit() == before + 7
    sys.setrecursionlimit(before)


def test_the_highest_limit_leaves_no_room() -> None:
    """It is as deep as Python can count."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(2**31 - 1)
    try:
        with depth.room():
            assert sys.getrecursionlimit() == 2**31 - 1
    finally:
        sys.setrecursionlimit(before)
