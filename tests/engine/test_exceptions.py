"""Whatever a job raises, the error says what, where and how to mend it, and shows the job's own frames alone.

(That nothing is left over, the fixture `nothing_left` proves after each of these.)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from engine import villains
from engine.ends import EACH_ENGINE, failing
from engine.villains import data, job
from pymapr import run
from pymapr.errors import (
    UserCodeFailed,
)

if TYPE_CHECKING:
    from pathlib import Path

# Students do not close their files.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


# ---- exceptions ------------------------------------------------------------------------------------------------------

RAISES = "if record == 7:\n    raise ValueError('bad record')\nmr.emit_intermediate(1, 1)"


@EACH_ENGINE
def test_a_mapper_that_raises_names_file_and_line_and_its_own_frames(tmp_path: Path, engine: str) -> None:
    """And no line of ours."""
    helper = "def helper(record):\n    raise ValueError('bad record')\n"
    error = failing(job(tmp_path, "if record == 7: helper(record)", more=helper), tmp_path, engine=engine)
    assert type(error) is UserCodeFailed
    assert (error.message, error.cause) == ("ValueError: bad record", "ValueError")
    assert (error.phase, error.where) == ("map", f"{tmp_path}/data.json:8")
    assert error.frames == (
        '  File "job.py", line 7, in mapper',
        "    if record == 7: helper(record)",
        '  File "job.py", line 11, in helper',
        "    raise ValueError('bad record')",
    )
    assert str(error).startswith(f"ValueError: bad record (in map, {tmp_path}/data.json:8)\n  File ")


@EACH_ENGINE
def test_a_reducer_that_raises_names_the_key(tmp_path: Path, engine: str) -> None:
    """And the line."""
    error = failing(job(tmp_path, villains.EMIT, "if key == 1: values[99]"), tmp_path, engine=engine)
    assert (error.message, error.cause) == ("IndexError: list index out of range", "IndexError")
    assert (error.phase, error.where) == ("reduce", "key 1")
    assert error.frames == ('  File "job.py", line 9, in reducer', "    if key == 1: values[99]")


BODIES = {
    "exit": ("sys.exit(3)", "the job called exit (3) where it should return", "leave out sys.exit() and quit() in"),
    "exit with words": (
        "sys.exit('bye')",
        "the job called exit ('bye') where it should return",
        "leave out sys.exit()",
    ),
    "recursion": ("mapper(record)", "RecursionError: maximum recursion depth exceeded", "Python stops at "),
    "memory": ("bytearray(2**62)", "MemoryError", "hold less at once: emit instead of collecting"),
    "unhashable": (
        "mr.emit_intermediate([1], 1)",
        "TypeError: unhashable type: 'list'",
        "a key must be hashable: make a list a tuple, a set a frozenset, a dict tuple(sorted(d.items()))",
    ),
    "two values": (
        "mr.emit(1, 2)",
        "TypeError: Emitter.emit() takes 2 positional arguments but 3 were given",
        "emit takes one value: mr.emit([key, value])",
    ),
    "a key alone": (
        "mr.emit_intermediate(1)",
        "TypeError: Emitter.",
        "emit_intermediate takes a key and a value: mr.emit_intermediate(key, value)",
    ),
    "module": ("import numpie", "ModuleNotFoundError: No module named 'numpie'", "is the module's name spelled right"),
    "bare": ("raise Exception", "Exception", ""),
    "own": ("raise Own(1)", "Own: 1", ""),
    "hostile str": ("raise Hostile", "Hostile: its message cannot be shown", ""),
    "interrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt", ""),
    "generator exit": ("raise GeneratorExit", "GeneratorExit", ""),
    "half a pair": (r"raise ValueError('\ud800')", "ValueError: \ud800", ""),
    "execute again": (
        "mr.execute([], mapper, reducer)",
        "execute was called by a mapper or reducer, while the job runs",
        "call execute once, at the end of the file",
    ),
}
CLASSES = """
class Own(Exception):
    pass
class Hostile(Exception):
    def __str__(self): raise SystemExit(0)
    __repr__ = __str__
    def __reduce__(self): os._exit(1)
"""


@pytest.mark.parametrize(("body", "says", "hint"), BODIES.values(), ids=BODIES)
@EACH_ENGINE
def test_whatever_a_mapper_raises_is_told(tmp_path: Path, body: str, says: str, hint: str, engine: str) -> None:
    """With the record, and the mend where one is known."""
    if "Interrupt" in body and engine == "serial":
        pytest.skip("in the user's own process it is the user's word")
    path = job(tmp_path, f"if record == 7:\n    {body}\nmr.emit_intermediate(1, 1)", more=CLASSES)
    error = failing(path, tmp_path, engine=engine)
    assert type(error) is UserCodeFailed
    assert error.message.startswith(says)
    assert error.hint.startswith(hint)
    assert bool(error.hint) == bool(hint)
    assert (error.phase, error.where) == ("map", f"{tmp_path}/data.json:8")
    assert len(error.frames) <= 24, "a recursion shows its beginning and its end"


PARTS = {
    "mapper": ("record, more", "map", "record"),
    "reducer": ("key", "reduce", "key, values"),
    "combiner": ("values", "combine", "key, values"),
}


@pytest.mark.parametrize("form", ["classic", "functional"])
@pytest.mark.parametrize("part", PARTS)
@EACH_ENGINE
def test_a_part_with_other_parameters_is_shown_where_it_is_defined(
    tmp_path: Path, part: str, form: str, engine: str
) -> None:
    """None of its lines ran, and a traceback would show none."""
    taken, phase, given = PARTS[part]
    if engine == "serial" and part == "combiner":
        pytest.skip("the serial engine never combines")
    parts = {"mapper": "record", "reducer": "key, values"} | {part: taken}
    head = "import MapReduce\nmr = MapReduce.MapReduce()\n" if form == "classic" else "\n\n"
    bodies = {"mapper": "mr.emit_intermediate(1, 1)" if form == "classic" else "return 1, 1"}
    lines = [f"def {name}({parameters}): {bodies.get(name, 'pass')}\n" for name, parameters in parts.items()]
    (tmp_path / "job.py").write_text(head + "".join(lines))
    data(tmp_path)
    error = failing(tmp_path / "job.py", tmp_path, engine=engine)
    assert error.message.startswith(f"TypeError: {part}() ")
    assert (error.phase, error.hint) == (phase, f"write `def {part}({given})`")
    place = [*parts].index(part)
    assert error.frames == (f'  File "job.py", line {3 + place}, in {part}', f"    {lines[place].strip()}")


def test_a_key_that_cannot_be_shown_is_named_by_its_class(tmp_path: Path) -> None:
    """Its `__repr__` may do anything, even try to leave."""
    hostile = "class Key:\n    def __repr__(self): raise SystemExit(1)\n    __str__ = __repr__\n"
    error = failing(job(tmp_path, "mr.emit_intermediate(Key(), 1)", "1 / 0", more=hostile), tmp_path)
    assert (error.message, error.where) == ("ZeroDivisionError: division by zero", "key <Key>")


def test_keys_that_cannot_be_compared_are_blamed_on_the_job(tmp_path: Path) -> None:
    """`__eq__` runs where groups are merged, in our code but not by our fault."""
    key = (
        "class Key:\n    def __hash__(self): return 1\n    def __eq__(self, other): raise ValueError('incomparable')\n"
    )
    error = failing(job(tmp_path, "mr.emit_intermediate(Key(), 1)", more=key), tmp_path)
    assert error.message == "ValueError: incomparable"
    assert error.frames[-1].strip() == "def __eq__(self, other): raise ValueError('incomparable')"


# ---- combiners -------------------------------------------------------------------------------------------------------

COMBINERS = {
    "another key": "mr.emit_intermediate('other', 1)",
    "an output": "mr.emit(1)",
}


@pytest.mark.parametrize("body", COMBINERS.values(), ids=COMBINERS)
def test_a_combiner_that_emits_something_else_is_told(tmp_path: Path, body: str) -> None:
    """It may shorten the values of its key, and nothing more."""
    error = failing(job(tmp_path, more=f"def combiner(key, values):\n    {body}\n"), tmp_path)
    assert type(error) is UserCodeFailed
    assert re.fullmatch(r"the combiner emitted something else than pairs of the key \d", error.message)
    assert error.hint.startswith("a combiner shortens the values of the key that it is given")


def test_a_combiner_that_raises_names_the_key(tmp_path: Path) -> None:
    """And its own line."""
    error = failing(job(tmp_path, more="def combiner(key, values):\n    1 / 0\n"), tmp_path)
    assert (error.message, error.phase) == ("ZeroDivisionError: division by zero", "combine")
    assert re.fullmatch(r"key \d", error.where)


def test_a_combiner_may_drop_a_key(tmp_path: Path) -> None:
    """Emitting nothing for it."""
    more = "def combiner(key, values):\n    if key: mr.emit_intermediate(key, sum(values))\n"
    assert run(job(tmp_path, more=more), data(tmp_path), workers=2).values == [[1, 70], [2, 57]]
