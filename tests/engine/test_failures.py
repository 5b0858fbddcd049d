"""Whatever a job does, a run ends: with an error that says what, where and how to mend it, and with nothing left over.

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
from engine.villains import ABORTED, HALF_A_MESSAGE, KILLED, LEFT, NONSENSE, ONCE, SEGFAULT, data, job
from pymapr import run
from pymapr.errors import (
    CannotEncode,
    CannotTravel,
    EngineError,
    InsideRead,
    JobLoadError,
    MaprError,
    ProtocolError,
    UserCodeFailed,
    ValuesExceedMemory,
    WorkerDied,
)

if TYPE_CHECKING:
    from pathlib import Path

# Students do not close their files.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

EACH_ENGINE = pytest.mark.parametrize("engine", ["serial", "parallel"])


def failing(path: Path, folder: Path, **options: Any) -> MaprError:
    """Run the job on twenty records and return the error that it ends with."""
    with pytest.raises(MaprError) as caught:
        run(path, data(folder), **{"workers": 2, **options})
    return caught.value


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
    assert error.where == "key 1"


@EACH_ENGINE
def test_what_json_cannot_say_names_the_record_when_a_mapper_emits_it(tmp_path: Path, engine: str) -> None:
    """Found by mapping the task once more."""
    error = failing(job(tmp_path, "mr.emit(record)\nif record == 7: mr.emit({1})"), tmp_path, engine=engine)
    assert type(error) is CannotEncode
    assert error.where == f"{tmp_path}/data.json:8"


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


# ---- job files -------------------------------------------------------------------------------------------------------

FILES = {
    "no mapper": ("reducer = print\n", "the file has no mapper", "define a function mapper(record)", "load", ""),
    "no reducer": ("mapper = print\n", "the file has no reducer", "define a function reducer(key, values)", "load", ""),
    "empty": ("", "the file has no mapper", "define a function mapper(record)", "load", ""),
    "python 2 print": (
        'print "hello"\n',
        "does not compile: Missing parentheses in call to 'print'. Did you mean print(...)?, in `print \"hello\"`",
        "this is Python 2; in Python 3 print is a function: print(x)",
        "load",
        "job.py:1:1",
    ),
    "python 2 <>": (
        "if 1 <> 2: pass\n",
        "does not compile: invalid syntax, in `if 1 <> 2: pass`",
        "this is Python 2; in Python 3 `<>` is written `!=`",
        "load",
        "job.py:1:6",
    ),
    "python 2 except": (
        "try:\n    1\nexcept ValueError, e:\n    2\n",
        "does not compile: multiple exception types must be parenthesized, in `except ValueError, e:`",
        "this is Python 2; in Python 3 it is `except Error as name:`",
        "load",
        "job.py:3:8",
    ),
    "tabs": (
        "if 1:\n        a = 1\n\tb = 2\n",
        "does not compile: inconsistent use of tabs and spaces in indentation, in `b = 2`",
        "indent with spaces only: Python 3 refuses tabs and spaces in one block",
        "load",
        "job.py:3:1",
    ),
    "unfinished": (
        "def mapper(\n",
        "does not compile: '(' was never closed, in `def mapper(`",
        "",
        "load",
        "job.py:1:11",
    ),
    "null": ("a\0", "does not compile: source code string cannot contain null bytes", "", "load", "job.py"),
    "raises": ("1 / 0\n", "ZeroDivisionError: division by zero", "", "load", ""),
    "exits": ("exit(2)\n", "the job called exit (2) where it should return", "leave out sys.exit()", "load", ""),
    "a path": (
        "import MapReduce\nmr = MapReduce.MapReduce()\nmr.execute('data.json', print, print)\n",
        "execute was given 'data.json' for its data, which holds no lines",
        "open the file first, as in mr.execute(open(sys.argv[1]), mapper, reducer)",
        "load",
        "",
    ),
}


@pytest.mark.parametrize(("source", "says", "hint", "phase", "where"), FILES.values(), ids=FILES)
@EACH_ENGINE
def test_a_file_that_is_no_job_is_told(
    tmp_path: Path, source: str, says: str, hint: str, phase: str, where: str, engine: str
) -> None:
    """What is wrong, in which line, and what to do."""
    path = tmp_path / "job.py"
    path.write_text(source)
    error = failing(path, tmp_path, engine=engine)
    assert error.message == says
    assert error.hint.startswith(hint)
    assert bool(error.hint) == bool(hint)
    assert (error.phase, error.where) == (phase, where.format(path=path))
    assert error.exit_code == 1


@EACH_ENGINE
def test_a_job_file_that_is_not_there_gets_the_nearest_name(tmp_path: Path, engine: str) -> None:
    """Of its folder."""
    job(tmp_path)
    error = failing(tmp_path / "jbo.py", tmp_path, engine=engine)
    assert type(error) is JobLoadError
    assert error.message == f"{tmp_path}/jbo.py: No such file or directory"
    assert error.hint == f"did you mean {tmp_path}/job.py?"
    assert failing(tmp_path, tmp_path, engine=engine).message == f"{tmp_path}: Is a directory"


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


def test_the_values_of_one_key_beyond_the_memory_are_told(tmp_path: Path) -> None:
    """No cut can help there; a combiner can. (Far beyond the budget: a worker inherits free memory from its parent.)"""
    path = job(tmp_path, "for n in range(8000): mr.emit_intermediate('the', (n, record, str(n) * 40))")
    error = failing(path, tmp_path, memory=2**20)
    assert type(error) is ValuesExceedMemory
    assert re.fullmatch(r"the values of key 'the' alone do not fit the memory budget \(\d+ so far\)", error.message)
    assert error.hint == "add a combiner(key, values), which shortens them in the map phase, or raise --memory"


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
