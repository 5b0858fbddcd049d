"""What `pymapr doctor FILE` sees in a file without running it; `#!` in a source here marks the line that is told."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymapr.surprises import Surprise, render, surprises
from pymapr.surprises.source import understand

HEAD = "import sys\nimport MapReduce\nmr = MapReduce.MapReduce()\n"
MAP = "def mapper(record):\n    mr.emit_intermediate(record[0], 1)\n"
REDUCE = "def reducer(key, values):\n    mr.emit((key, sum(values)))\n"
RUN = "if __name__ == '__main__':\n    mr.execute(open(sys.argv[1]), mapper, reducer)\n"

Kind = tuple[str, str, str]  # the source, words of what is told, words of the mend


def look(folder: Path, source: str | bytes, **beside: str) -> list[Surprise]:
    """What is seen in `source`, with the files `beside` it (name without `.py` -> text)."""
    for name, text in beside.items():
        (folder / f"{name}.py").write_text(text)
    job = folder / "wordcount.py"
    job.write_bytes(source if isinstance(source, bytes) else source.encode())
    return surprises(job)


def check(folder: Path, kind: Kind) -> None:
    """One surprise and no more, at the marked line, in these words."""
    source, what, mend = kind
    (found,) = look(folder, source)
    marked: list[int | None] = [number for number, line in enumerate(source.splitlines(), start=1) if "#!" in line]
    assert [found.line] == (marked or [None])
    assert what in found.what
    assert mend in found.mend


def using(mapper: str = "pass", reducer: str = "pass", head: str = "") -> str:
    """A right job with these lines added to its mapper, its reducer, its head."""
    more = ["".join(f"    {line}\n" for line in body.splitlines()) for body in (mapper, reducer)]
    return HEAD + head + "\n" + MAP + more[0] + REDUCE + more[1] + RUN


UNCOMPILED = {
    "print": ("import sys\nprint 'a' #!\n", "may be Python 2: the `print` statement", "write `print(...)`"),
    "exec": ("exec 'a' #!\n", "the `exec` statement", "write `exec(...)`"),
    "<>": ("if 1 <> 2: #!\n    pass\n", "the operator `<>` does not compile in Python 3", "write `!=`"),
    "backticks": ("x = `1` #!\n", "backticks", "write `repr(...)`; `python -m lib2to3`"),
    "except": ("try:\n    x = 1\nexcept ValueError, e: #!\n    pass\n", "`except ERROR, name`", "ERROR as name"),
    "raise": ("raise ValueError, 'a' #!\n", "`raise ERROR, text`", "write `raise ERROR(text)`"),
    "tuple parameter": ("def f((a, b)): #!\n    pass\n", "a tuple among the parameters", "take the tuple apart"),
    "tuple in lambda": ("f = lambda (a, b): a #!\n", "a tuple among the parameters", "take the tuple apart"),
    "ur string": ("x = ur'a' #!\n", "a `ur` string", "every string is Unicode"),
    "octal": ("x = 0777 #!\n", "a number with a leading zero", "as `0o17`"),
    "long": ("x = 10L #!\n", "a number that ends in `L`", "leave out the `L`"),
    "tabs": ("if 1:\n\tx = 1\n        y = 2 #!\n", "TabError: tabs and spaces are mixed", "indent with spaces alone"),
    "indentation": ("if 1:\n    x = 1\n  y = 2 #!\n", "not compile: unindent does not match", "indent this block"),
    "bracket": ("x = (1 #!\n", "not compile: '(' was never closed", "mend this line, or the one before it"),
    "return": ("return 1 #!\n", "not compile: 'return' outside function", "mend this line"),
    "null bytes": ("x\0 = 1\n", "the file holds null bytes: it may be UTF-16", "save it as UTF-8"),
    "too deep": (f"x = {'-' * 100_000}1\n", "this Python cannot compile the file", "nest less"),
    "latin cookie": ("\n# coding: latin-1 #!\n" + using(), "the encoding latin-1", "take the cookie out"),
    "odd cookie": ("# coding: odd #!\n" + using(), "declares the encoding odd", "save the file as UTF-8"),
}  # fmt: skip
AROUND = {
    "import": (using(head="import no_such.deep #!\n"), "this Python has no module `no_such`", "do without it"),
    "from": (using("from no_such import x #!"), "no module `no_such`; where the job is graded", "ask if it is allowed"),
    "old module": (
        using(head="import urllib2 #!\n"),
        "`urllib2` is a module of Python 2",
        "use urllib.request instead",
    ),
    "old name": (using("for i in xrange(3): #!\n    xrange(i)"), "`xrange` is of Python 2", "use `range` instead"),
    "old method": (using("{}.has_key(1) #!"), "`has_key` is of Python 2 and fails", "use `key in table` instead"),
    "print to file": (using("print >>sys.stderr, 'a' #!"), "`print >>file` is of Python 2", "`print(text, file=file)`"),
}

FIXED_INPUT = """\
def main():
    path = 'b.json'
    with open(path) as f:
        mr.execute(f.readlines(), mapper, reducer) #!
main()
"""
AFTER_MAIN = """\
def main():
    mr.execute(sys.stdin, mapper, reducer)
if __name__ == '__main__':
    main()
    for line in mr.result: #!
        print(line)
"""
FORM = {
    "no mapper": (HEAD + REDUCE, "no `mapper` found", "define `def mapper(record):`"),
    "no reducer": (HEAD + MAP, "no `reducer` found", "define `def reducer(key, values):`"),
    "misspelt": (
        HEAD + MAP + REDUCE + "mr.execute(sys.stdin, maper, reducer) #!\n",
        "mr.execute is given `maper` as mapper, and nothing in the file has that name",
        "define `def maper(record):`, or check the spelling",
    ),
    "no parameter": (
        HEAD + "def mapper(): #!\n    mr.emit_intermediate(1, 1)\n" + REDUCE + RUN,
        "the mapper takes no parameters and is called with 1: record",
        "write `def mapper(record)`",
    ),
    "one parameter": (
        HEAD + MAP + "def reducer(key): #!\n    mr.emit(key)\n" + RUN,
        "the reducer takes 1 parameter and is called with 2: key, values",
        "write `def reducer(key, values)`",
    ),
    "one in a lambda": (
        HEAD + MAP + "mr.execute(sys.stdin, mapper, reducer=lambda k: mr.emit(k)) #!\n",
        "the reducer takes 1 parameter and is called with 2",
        "write `lambda(key, values)`",
    ),
    "too many": (
        HEAD + "def mapper(key, record): #!\n    mr.emit_intermediate(1, 1)\n" + REDUCE + RUN,
        "the mapper cannot be called with (record) alone: it demands more parameters",
        "give every further parameter a default",
    ),
    "demands a keyword": (
        using(head="def combiner(key, values, *, n): #!\n    pass\n"),
        "the combiner cannot be called with (key, values) alone",
        "give every further parameter a default",
    ),
    "maps nothing": (
        HEAD.replace("()", "() #!") + "def mapper(record):\n    return record[0], 1\n" + REDUCE + RUN,
        "never calls mr.emit_intermediate, so its reducer may never run",
        "call `mr.emit_intermediate(key, value)`: with an `mr`, what a mapper returns does not count",
    ),
    "prints instead": (
        HEAD.replace("()", "() #!") + MAP + "def reducer(key, values):\n    print(key)\n" + RUN,
        "never calls mr.emit, so it may have no output",
        "call `mr.emit(value)` for each result: prints and returned values do not count",
    ),
    "another name": (
        (HEAD.replace("()", "() #!") + MAP + REDUCE).replace("mr", "my"),
        "the framework object is called `my` and never executed; pymapr looks for a global `mr`",
        "call it `mr`, or call `my.execute(data, mapper, reducer)`",
    ),
    "mapper of neither form": (
        "def mapper(record): #!\n    print(record)\ndef reducer(key, values):\n    yield 1\n",
        "there is no global `mr`, and the mapper returns or yields nothing: the job may have no output",
        "begin with `import MapReduce` and `mr = MapReduce.MapReduce()` and emit; or, without `mr`, `yield key, value`",
    ),
    "reducer of neither form": (
        "def mapper(record):\n    yield 1, 2\ndef reducer(key, values): #!\n    return None\n",
        "and the reducer returns or yields nothing",
        "or, without `mr`, `yield value`",
    ),
    "own framework": (
        "class MapReduce: #!\n    pass\nmr = MapReduce()\n" + MAP + REDUCE,
        "the file has a MapReduce class of its own, which may not run in parallel, nor be accepted by a grader",
        "take the class out and begin with `import MapReduce`",
    ),
    "two objects": (
        using(head="mr = MapReduce.MapReduce() #!\n"),
        "a second MapReduce object (the first: line 3): what is emitted to one is lost to the other",
        "keep one, the global `mr`",
    ),
    "fixed input": (
        HEAD + MAP + REDUCE + "mr.execute(open('data/b.json'), mapper, reducer) #!\n",
        "the input is always 'data/b.json', whatever file is named when the job is run",
        "open `sys.argv[1]` instead",
    ),
    "fixed input by names": (HEAD + MAP + REDUCE + FIXED_INPUT, "the input is always 'b.json'", "open `sys.argv[1]`"),
    "fixed input, zipped": (
        HEAD + "import gzip\n" + MAP + REDUCE + "mr.execute(gzip.open('b.gz').readlines(), mapper, reducer) #!\n",
        "the input is always 'b.gz'",
        "open `sys.argv[1]`",
    ),
    "a lambda with a name": (
        HEAD + "mapper = lambda: mr.emit_intermediate(1, 1) #!\n" + REDUCE + RUN,
        "the mapper takes no parameters",
        "write `lambda(record)`",
    ),
    "a second run": (
        using() + "    mr.execute(open(sys.argv[1]), mapper, reducer) #!\n",
        "this stands after mr.execute and may not run: a graded job ends there, and so does each worker process",
        "do it before mr.execute, or in the mapper or reducer; a job is one mr.execute",
    ),
    "after main": (HEAD + MAP + REDUCE + AFTER_MAIN, "this stands after mr.execute", "do it before mr.execute"),
}

CLOSURE = """\
import sys, MapReduce
mr = MapReduce.MapReduce()
def main():
    seen, n = set(), 0
    found = []
    def mapper(record):
        {}
        mr.emit_intermediate(1, 1)
    mr.execute(sys.stdin, mapper, reducer)
""" + REDUCE + "main()\n"  # fmt: skip
DEFAULT = "def mapper(record, seen={}):\n    seen[1] = 1 #!\n    mr.emit_intermediate(1, 1)\n"
KEEP = "put what the reducer needs into the emitted key and value; keep nothing between calls"
CONDUCT = {
    "result changed": (using(reducer="mr.result[0] = 1 #!"), "the reducer uses `mr.result`", "mr.emit(value)"),
    "intermediate": (
        using(reducer="mr.intermediate[key] #!"),
        "the reducer uses `mr.intermediate`",
        "the key and values",
    ),
    "result": (
        using(reducer="if key in mr.result: return #!"),
        "no process of a parallel run holds it all",
        "mr.emit(value)",
    ),
    "global": (
        using("global n\nn += 1 #!", head="n = 0\n"),
        "the mapper changes `n`, which lies outside of it: each",
        KEEP,
    ),
    "list": (using("seen.append(1) #!", head="seen = []\n"), "what one call leaves there another may not find", KEEP),
    "dict": (using(reducer="seen[key] = 1 #!", head="seen = dict()\n"), "the reducer changes `seen`", KEEP),
    "nested": (using("seen[1]['a'].add(1) #!", head="seen = {1: {}}\n"), "the mapper changes `seen`", KEEP),
    "deletion": (using(reducer="del seen[key] #!", head="seen = {1: 2}\n"), "the reducer changes `seen`", KEEP),
    "own attribute": (using("mapper.calls = 1 #!"), "the mapper changes `mapper`, which lies outside", KEEP),
    "closure": (CLOSURE.format("found.append(1) #!"), "the mapper changes `found`", KEEP),
    "closure rebound": (CLOSURE.format("nonlocal n; n += 1 #!"), "the mapper changes `n`", KEEP),
    "helper": (
        using("note(record)", head="seen = []\ndef note(r):\n    seen.append(r) #!\n"),
        "`note`, which the mapper uses, changes `seen`",
        KEEP,
    ),
    "default": (
        HEAD + DEFAULT + REDUCE + RUN,
        "the mapper changes the default of `seen`, which lives on between",
        KEEP,
    ),
    "hash": (using("hash(record[0]) #!"), "calls hash(), which may answer otherwise in another process", "zlib.crc32"),
    "hash in a partitioner": (
        using(head="def partitioner(key, n):\n    return hash(key) % n #!\n"),
        "the partitioner calls hash()",
        "use the value itself as key",
    ),
    "id": (using(reducer="id(key) #!"), "the reducer calls id()", "use the value itself as key"),
    "chance": (
        using("pick([1]) #!", head="from random import choice as pick\n"),
        "the mapper draws by chance (random.choice): its output may differ from run to run",
        "make a `random.Random(text_of_the_record)` for each record",
    ),
    "no seed": (
        using("random.random() #!", head="import random\nrandom.seed()\n"),
        "the mapper draws by chance (random.random)",
        "make a `random.Random(",
    ),
    "uuid": (using("uuid.uuid4() #!", head="import uuid\n"), "draws by chance (uuid.uuid4)", "random.Random("),
    "clock": (
        using("time.time() #!", head="import time\n"),
        "the mapper asks the clock (time.time): its output may differ from run to run",
        "compute from the record, or the key and values, alone",
    ),
    "date": (using("dt.now() #!", head="from datetime import datetime as dt\n"), "(datetime.datetime.now)", "compute"),
    "stdin": (using("sys.stdin.read() #!"), "reads standard input, which may be the dataset", "work on the record"),
    "stdin by name": (
        using("stdin.read() #!", head="from sys import stdin\n"),
        "the mapper reads standard input",
        "work on the record, or the key and values, alone",
    ),
    "namedtuple": (
        using("P = namedtuple('P', 'x') #!", head="from collections import namedtuple\n"),
        "the mapper makes a class: objects of it may not travel between processes",
        "define the class at the top of the file, or emit plain tuples",
    ),
    "class": (using("class P: pass #!"), "the mapper makes a class", "define the class at the top"),
    "input": (using(head="name = input('file? ') #!\n"), "`input` waits for a keyboard", "comes as `sys.argv[1]`"),
    "debugger": (
        using("pdb.set_trace() #!", head="import pdb\n"),
        "`pdb.set_trace` waits for a keyboard",
        "take it out",
    ),
}


@pytest.mark.parametrize("kind", UNCOMPILED)
def test_a_text_that_this_python_reads_otherwise_than_meant(tmp_path: Path, kind: str) -> None:
    """Python 2, tabs, encodings: the line, the reason, and what to write instead."""
    check(tmp_path, UNCOMPILED[kind])


@pytest.mark.parametrize("kind", AROUND)
def test_a_name_or_module_that_is_not_there(tmp_path: Path, kind: str) -> None:
    """It would fail only when that line is reached."""
    check(tmp_path, AROUND[kind])


@pytest.mark.parametrize("kind", FORM)
def test_a_file_that_is_not_quite_a_job(tmp_path: Path, kind: str) -> None:
    """Something is missing, is there twice, or cannot be called."""
    check(tmp_path, FORM[kind])


@pytest.mark.parametrize("kind", CONDUCT)
def test_a_function_that_relies_on_more_than_it_is_given(tmp_path: Path, kind: str) -> None:
    """Right in one process, perhaps, and wrong in many."""
    check(tmp_path, CONDUCT[kind])


@pytest.mark.parametrize(("data", "line", "what"), [
    (b"x = 1\ny = '\xe4'\n", 2, "byte 0xe4 is not UTF-8"),
    (b"# coding: latin-1\nx = '\xe4'\n", 1, "the file declares the encoding latin-1"),
])  # fmt: skip
def test_bytes_that_are_no_utf_8(tmp_path: Path, data: bytes, line: int, what: str) -> None:
    """With a cookie or without, the mend is to save it as UTF-8."""
    (found,) = look(tmp_path, data)
    assert (found.line, found.what) == (line, what)
    assert found.mend.startswith("save the file as UTF-8")


def test_a_framework_beside_the_file_is_warned_of_where_it_is_imported(tmp_path: Path) -> None:
    """`python FILE` takes the one beside it, by Python's own rule; a functional job imports none."""
    (found,) = look(tmp_path, using(), MapReduce="")
    assert found == Surprise(
        None,
        "a MapReduce of its own lies beside the file: `python wordcount.py` takes that one, `pymapr run` ours",
        "remove or rename the `MapReduce` beside it, or always use `pymapr run`",
    )
    assert look(tmp_path, "def mapper(r):\n    yield 1, 1\ndef reducer(k, v):\n    yield k\n", MapReduce="") == []


def test_a_file_that_does_not_compile_is_still_warned_of_the_framework_beside_it(tmp_path: Path) -> None:
    """Both want mending, and the second would be found only after the first."""
    first, second = look(tmp_path, "import MapReduce\nprint 'a'\n", MapReduce="")
    assert "the `print` statement" in first.what
    assert "a MapReduce of its own" in second.what
    assert len(look(tmp_path, "print 'a'\n", MapReduce="")) == 1


def test_a_package_beside_the_file_counts_as_a_module(tmp_path: Path) -> None:
    """A folder with an `__init__.py` wins just so."""
    (tmp_path / "MapReduce").mkdir()
    (tmp_path / "MapReduce/__init__.py").touch()
    assert len(look(tmp_path, using())) == 1


@pytest.mark.parametrize(
    ("name", "imports", "told"),
    [("json", "", True), ("csv", "", False), ("csv", "import csv\n", True), ("sys", "", False), ("notes", "", False)],
)
def test_a_file_that_hides_one_of_pythons_modules(tmp_path: Path, name: str, imports: str, told: bool) -> None:
    """It matters where the job imports it, or the framework does; `sys` cannot be hidden."""
    found = look(tmp_path, using(head=imports), **{name: ""})
    what = f"`{name}` beside the file hides Python's own module of that name and may break whatever imports it"
    assert found == [Surprise(None, what, f"rename the `{name}` that lies beside the file")] * told


def test_a_cookie_counts_in_the_first_two_lines_and_before_any_code() -> None:
    """As the language has it."""
    cookie = b"# coding: latin-1\n"
    told = [bool(understand(before + cookie)[1]) for before in (b"", b"\n", b"# note\n", b"x = 1\n", b"\n\n")]
    assert told == [True, True, True, False, False]


def test_a_module_of_ones_own_beside_the_file_is_found(tmp_path: Path) -> None:
    """What lies beside a script can be imported by it."""
    assert look(tmp_path, using(head="import helper\nfrom helper import x\n"), helper="x = 1\n") == []


def test_names_from_where_nobody_looks_silence_what_cannot_be_known(tmp_path: Path) -> None:
    """`from common import *` may bring a mapper, or call emit; nobody knows what its names stand for."""
    assert look(tmp_path, using("table[1] = 2", head="from common import *\n"), common="") == []
    assert look(tmp_path, HEAD + "from common import *\n" + RUN, common="") == []
    assert look(tmp_path, HEAD + "from common import *\nmr.execute(data, mapper, reducer)\n", common="") == []


def test_a_thing_done_often_is_told_once(tmp_path: Path) -> None:
    """The first line of it will do; another thing is told apart."""
    found = look(tmp_path, using("a.append(1)\na.append(2)\nb.append(3)", "a.append(4)", head="a = []\nb = []\n"))
    assert [(surprise.line, surprise.what.split(",")[0]) for surprise in found] == [
        (9, "the mapper changes `a`"),
        (11, "the mapper changes `b`"),
    ]


def test_surprises_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Those about the whole file last."""
    found = look(tmp_path, using("hash(1)", "mr.result", head="import no_such\n"), MapReduce="")
    assert [surprise.line for surprise in found] == [4, 8, 11, None]


def test_looking_runs_nothing_of_the_file(tmp_path: Path) -> None:
    """Neither its body nor what it imports from beside it."""
    trap = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
    look(tmp_path, using(head=trap + "import helper\n"), helper=trap)
    assert not (tmp_path / "ran").exists()


def test_a_file_that_cannot_be_read_is_the_callers_to_tell(tmp_path: Path) -> None:
    """OSError, as from any reading."""
    with pytest.raises(FileNotFoundError):
        surprises(tmp_path / "absent.py")


def test_told_in_two_lines_each() -> None:
    """What and where, then the mend; a file without surprises gets a line too, or one doubts that it was looked at."""
    found = [Surprise(3, "it is odd", "do otherwise"), Surprise(None, "so is all", "start anew")]
    assert list(render(found, Path("a/job.py"))) == [
        "a/job.py:3: it is odd",
        "    hint: do otherwise",
        "a/job.py: so is all",
        "    hint: start anew",
    ]
    assert list(render([], "job.py")) == ["job.py: nothing surprising seen"]


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_understood_or_explained(data: bytes) -> None:
    """Whatever a file holds, there is a tree or a reason why not."""
    tree, found = understand(data)
    assert tree is not None or found
