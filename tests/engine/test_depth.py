"""What is nested or recurses as deeply as the original framework allows works in every engine."""

from __future__ import annotations

import json
import os
import pickle
import sys
from array import array
from typing import TYPE_CHECKING, cast

import pytest

from pymapr import codecs, depth, run
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

NESTED = """

def nested():
    value = []
    for _ in range(60_000):
        value = [value]
    return value
"""

DEEP = 9_000 if sys.version_info[:2] != (3, 12) else 1_200
"""Levels of JSON that a high limit allows: code in C has a low limit of its own in 3.12."""

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
    assert 0 <= mapped - original[0] < 72
    assert 0 <= reduced - original[1] < 72


@each_way
def test_a_line_may_be_nested_as_deeply_and_travel_and_be_said_again(python: Command, tmp_path: Path, way: str) -> None:
    """Though pickle takes two calls for a level where the parser takes one."""
    lines = [f"[{number}, " + "[" * 985 + "]" * 986 for number in (0, 1, 0)]
    (tmp_path / "data.json").write_text("\n".join(lines))
    original = by_the_original(python, tmp_path, PASSING_ON)
    assert (original.returncode, original.stdout.count("\n")) == (0, 2)
    assert python(*WAYS[way], "data.json").stdout == original.stdout


@pytest.mark.parametrize(("limit", "levels"), [(10_000, DEEP), (1_000_000, DEEP)])
def test_a_limit_of_its_own_lets_a_file_have_deeper_values(
    python: Command, tmp_path: Path, limit: int, levels: int
) -> None:
    """Ten thousand is what many set."""
    (tmp_path / "data.json").write_text(f"[1, {'[' * levels}{']' * levels}]\n" * 2)
    (tmp_path / "job.py").write_text(PASSING_ON.replace("\n", f"\nsys.setrecursionlimit({limit})\n", 1))
    assert python("job.py", "data.json").stdout.count("[") == 2 * (levels + 1) + 1


def test_what_is_nested_beyond_the_stack_is_refused(pymapr: Command, tmp_path: Path) -> None:
    """An error, not a crash, whatever limit the job has set."""
    job = PASSING_ON.replace(HEAD, f"{HEAD}sys.setrecursionlimit(10**6)\n{NESTED}")
    (tmp_path / "job.py").write_text(job.replace("record[0], record)", "0, nested())"))
    (tmp_path / "data.json").write_text("[1]\n[2]\n")
    ended = pymapr("run", "job.py", "data.json", "--progress", "none")
    assert ended.returncode == 1
    assert "cannot travel between processes: maximum recursion depth exceeded" in ended.stderr


def test_values_travel_from_a_deep_stack_too() -> None:
    """What stands below does not count."""
    group = Group(array("I", [0]), ["key"], [[[1]]])

    def deeper(calls: int) -> bytes:
        return pack_group(group) if calls == 0 else deeper(calls - 1)

    before = sys.getrecursionlimit()
    sys.setrecursionlimit(30_000)
    try:
        assert unpack_group(deeper(21_000)) == group
    finally:
        sys.setrecursionlimit(before)


def test_a_fork_makes_room_though_its_parent_was_about_to() -> None:
    """The lock that another thread held is not held in the child."""
    with depth._room._lock:
        pid = os.fork()
        if pid == 0:
            with depth.room():
                os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0


def test_linked_objects_may_be_many() -> None:
    """Each takes several of pickle's calls."""

    def linked(count: int) -> Link | None:
        link = None
        for _ in range(count):
            link = Link(link)
        return link

    group = Group(array("I", [0]), ["key"], [[linked(DEEP // 3)]])
    assert unpack_group(pack_group(group)).values[0][0].count() == DEEP // 3


def test_pickle_s_code_in_python_takes_over_where_its_code_in_c_may_not() -> None:
    """From Python 3.12 on; what it writes is read by the same reader."""
    value: list[object] = ["end"]
    for _ in range(DEEP):
        value = [value]
    packed = codecs._pack_deep(value, 5 * DEEP)
    found = pickle.loads(packed)
    for _ in range(DEEP):
        [found] = found
    assert found == ["end"]


class Link:
    """A node of a list."""

    def __init__(self, following: Link | None) -> None:
        self.following = following

    def count(self) -> int:
        """How many there are from here on."""
        count, link = 0, cast("Link | None", self)
        while link is not None:
            count, link = count + 1, link.following
        return count


@pytest.mark.parametrize("limit", [10, 20, 44])
def test_a_tiny_limit_does_not_get_in_the_engines_way(python: Command, tmp_path: Path, limit: int) -> None:
    """It is for the job's own calls."""
    (tmp_path / "data.json").write_text("[1]\n[2]\n")
    job = PASSING_ON.replace("mr.execute", f"data = open(sys.argv[1])\nsys.setrecursionlimit({limit})\nmr.execute")
    job = job.replace("execute(open(sys.argv[1])", "execute(data") + "sys.setrecursionlimit(1000)\n"
    (tmp_path / "job.py").write_text(job)
    ended = python("job.py", "data.json", env={"PYMAPR_PROGRESS": "none"})
    assert (ended.stdout, ended.stderr) == ("[[1]]\n[[2]]\n", "")


def test_data_that_a_script_makes_may_recurse_as_deeply(python: Command, tmp_path: Path) -> None:
    """The master reads it, and has calls of its own on the stack."""
    source = "def lines():\n    yield str(descend(994))\n\nmr.execute(lines()"
    job = RECURSING.replace("mr.execute(open(sys.argv[1])", source)
    (tmp_path / "data.json").write_text("")
    assert by_the_original(python, tmp_path, job).returncode == 0
    assert python("job.py", "data.json").returncode == 0


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # the job does not close its own
@pytest.mark.parametrize("engine", ["serial", "parallel"])
def test_a_run_leaves_the_caller_its_limit(tmp_path: Path, engine: str) -> None:
    """Whatever the job file sets."""
    (tmp_path / "data.json").write_text("[1]\n")
    (tmp_path / "job.py").write_text(PASSING_ON.replace("\n", "\nsys.setrecursionlimit(400)\n", 1))
    before = sys.getrecursionlimit()
    run(tmp_path / "job.py", tmp_path / "data.json", engine=engine)
    assert sys.getrecursionlimit() == before


def test_rooms_may_overlap_in_any_way() -> None:
    """As those of runs in several threads do: the last one to end puts the limit back."""
    before = sys.getrecursionlimit()
    rooms = [depth.room(), depth.room(), depth.room()]
    for room in rooms:
        room.__enter__()
    for room in (rooms[1], rooms[0], rooms[2]):
        assert sys.getrecursionlimit() > before
        room.__exit__(None, None, None)
    assert sys.getrecursionlimit() == before


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
