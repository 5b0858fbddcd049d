"""What cannot travel between processes, be said in JSON, or be looked at, is told with the record or the key.

(That nothing is left over, the fixture `nothing_left` proves after each of these.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine import villains
from engine.ends import EACH_ENGINE, failing
from engine.villains import data, job
from pymapr import run
from pymapr.errors import (
    CannotEncode,
    CannotTravel,
    InsideRead,
)

if TYPE_CHECKING:
    from pathlib import Path

# Students do not close their files.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


# ---- what cannot travel, be encoded, or be looked at -------------------------------------------------------------


UNPICKLABLE = {
    "lambda": "lambda: 0",
    "generator": "(n for n in [])",
    "open file": "open(os.devnull)",
    "local class": "type('Local', (), {})()",
    "refuses": "Refuses()",
}
REFUSES = "class Refuses:\n    def __reduce__(self): raise ValueError('I stay')\n"


@pytest.mark.parametrize("value", UNPICKLABLE.values(), ids=UNPICKLABLE)
@pytest.mark.parametrize("place", ["mr.emit_intermediate(1, VALUE)", "mr.emit_intermediate(('k', VALUE), 1)"])
def test_what_cannot_travel_names_the_record(tmp_path: Path, value: str, place: str) -> None:
    """As a value, and as part of a key."""
    body = f"mr.emit_intermediate(0, 0)\nif record == 7: {place.replace('VALUE', value)}"
    error = failing(job(tmp_path, body, more=REFUSES), tmp_path)
    assert type(error) is CannotTravel
    assert error.message.startswith("a key or value cannot travel between processes: ")
    assert error.hint == (
        "emit plain values: strings, numbers, tuples, lists, dicts; define classes at the top of the file"
    )
    assert error.phase == "map"
    assert error.where.startswith(f"{tmp_path}/data.json:8, key ")


def test_a_namedtuple_made_inside_the_mapper_cannot_travel(tmp_path: Path) -> None:
    """One student in a hundred does it; made at the top of the file, it can."""
    local = "from collections import namedtuple\nK = namedtuple('K', 'a')\nmr.emit_intermediate(K(record % 2), 1)"
    assert type(failing(job(tmp_path, local), tmp_path)) is CannotTravel
    path = job(
        tmp_path,
        "mr.emit_intermediate(K(record % 2), 1)",
        more="from collections import namedtuple\nK = namedtuple('K', 'a')\n",
    )
    assert run(path, data(tmp_path), workers=2).values == [[[0], 10], [[1], 10]]


def test_what_travels_but_cannot_be_read_again_is_told(tmp_path: Path) -> None:
    """A class whose pickled form calls what fails."""
    more = "def burst(): raise KeyError('burst')\nclass Bomb:\n    def __reduce__(self): return (burst, ())\n"
    error = failing(job(tmp_path, "mr.emit_intermediate(1, Bomb())", more=more), tmp_path)
    assert type(error) is CannotTravel
    assert error.message == "a key or value was sent to another process and cannot be read there: KeyError: 'burst'"
    assert error.hint == "emit plain values, or make the class able to be pickled"


UNSAYABLE = {
    "set": ("{1}", "emitted {1}, which JSON cannot say: Object of type set is not JSON serializable"),
    "bytes": ("b'x'", "emitted b'x', which JSON cannot say: Object of type bytes is not JSON serializable"),
    "itself": ("LOOP", "emitted [[...]], which JSON cannot say: Circular reference detected"),
    "tuple keys": (
        "{(1, 2): 3}",
        "emitted {(1, 2): 3}, which JSON cannot say: keys must be str, int, float, bool or None",
    ),
    "hostile": ("Shy()", "emitted <Shy>, which JSON cannot say: Object of type Shy is not JSON serializable"),
}
SHY = "LOOP = []\nLOOP.append(LOOP)\nclass Shy:\n    def __repr__(self): raise SystemExit(1)\n"


@pytest.mark.parametrize(("value", "says"), UNSAYABLE.values(), ids=UNSAYABLE)
@EACH_ENGINE
def test_what_json_cannot_say_names_the_key(tmp_path: Path, value: str, says: str, engine: str) -> None:
    """When a reducer emits it."""
    path = job(tmp_path, villains.EMIT, f"mr.emit(key)\nif key == 1: mr.emit({value})", more=SHY)
    error = failing(path, tmp_path, engine=engine)
    assert type(error) is CannotEncode
    assert error.message.startswith(says)
    assert error.hint == "emit strings, numbers, lists, dicts with string keys, True, False or None"
    assert (error.phase, error.where, error.frames) == ("reduce", "key 1", ())


@EACH_ENGINE
def test_what_json_cannot_say_names_the_record_when_a_mapper_emits_it(tmp_path: Path, engine: str) -> None:
    """Found by mapping the task once more."""
    error = failing(job(tmp_path, "mr.emit(record)\nif record == 7: mr.emit({1})"), tmp_path, engine=engine)
    assert type(error) is CannotEncode
    assert (error.phase, error.where, error.frames) == ("map", f"{tmp_path}/data.json:8", ())


LOOKS = {
    "intermediate, mapping": ("mr.intermediate", "1", "map", "mr.intermediate cannot be used in the map phase"),
    "intermediate, reducing": (
        villains.EMIT,
        "mr.intermediate[0]",
        "reduce",
        "mr.intermediate cannot be used in the red",
    ),
    "result, reducing": (
        villains.EMIT,
        "mr.result.append(1)",
        "reduce",
        "mr.result cannot be used in the reduce phase",
    ),
    "result, set": (villains.EMIT, "mr.result = []", "reduce", "mr.result cannot be used in the reduce phase"),
    "intermediate, set": ("mr.intermediate = {}", "1", "map", "mr.intermediate cannot be used in the map phase"),
    "emit_intermediate, reducing": (
        villains.EMIT,
        "mr.emit_intermediate(9, 9)",
        "reduce",
        "emit_intermediate was called by the reducer, when the map phase is over",
    ),
}


@pytest.mark.parametrize(("mapper", "reducer", "phase", "says"), LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("swallowed", [False, True], ids=["plainly", "swallowing our error"])
def test_looking_into_the_framework_is_an_error_that_says_why(
    tmp_path: Path, mapper: str, reducer: str, phase: str, says: str, swallowed: bool
) -> None:
    """In a parallel run; a bare `except:` in the job does not hide it."""
    if swallowed:
        swallow = "try:\n{}\nexcept:\n    pass"
        mapper, reducer = (swallow.format(villains.indented(body)) for body in (mapper, reducer))
    error = failing(job(tmp_path, mapper, reducer), tmp_path)
    assert type(error) is InsideRead
    assert error.message.startswith(says)
    assert error.phase == phase
    assert error.hint
