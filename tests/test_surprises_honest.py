"""However a right submission is written, `pymapr doctor FILE` has nothing to say of it."""

from pathlib import Path

import pytest

from pymapr.surprises import surprises

HEAD = """\
import sys
import MapReduce
mr = MapReduce.MapReduce()
"""
MAP = """\
def mapper(record):
    mr.emit_intermediate(record[0], 1)
"""
REDUCE = """\
def reducer(key, values):
    mr.emit((key, sum(values)))
"""
RUN = """\
if __name__ == '__main__':
    mr.execute(open(sys.argv[1]), mapper, reducer)
"""
CLASSIC = HEAD + MAP + REDUCE + RUN


def using(mapper: str = "pass", reducer: str = "pass", head: str = "") -> str:
    """The classic job with these lines added to its mapper, its reducer, its head."""
    more = ["".join(f"    {line}\n" for line in body.splitlines()) for body in (mapper, reducer)]
    return HEAD + head + "\n" + MAP + more[0] + REDUCE + more[1] + RUN


DRIVERS = {
    "guarded": RUN,
    "without a guard": "inputdata = open(sys.argv[1])\nmr.execute(inputdata, mapper, reducer)\n",
    "closes its input": "f = open(sys.argv[1])\nmr.execute(f, mapper, reducer)\nf.close()\n",
    "a fixed path to fall back on": """\
path = sys.argv[1] if len(sys.argv) > 1 else 'books.json'
mr.execute(open(path), mapper, reducer)
""",
    "one of two inputs": """\
if len(sys.argv) > 1:
    mr.execute(open(sys.argv[1]), mapper, reducer)
else:
    mr.execute(open('books.json'), mapper, reducer)
""",
    "a fixed path where none is named": """\
if len(sys.argv) == 1:
    mr.execute(open('books.json'), mapper, reducer)
else:
    mr.execute(open(sys.argv[1]), mapper, reducer)
""",
    "a name given to itself": "data = open('books.json')\ndata = data\nmr.execute(data, mapper, reducer)\n",
    "standard input": "mr.execute(sys.stdin, mapper, reducer)\n",
    "main": """\
def main():
    with open(sys.argv[1]) as f:
        mr.execute(f, mapper, reducer)

if __name__ == '__main__':
    sys.exit(main())
""",
    "an own one that never executes": """\
import json
def run(path):
    for line in open(path):
        mapper(json.loads(line))
    data = open('books.json')
    for key in mr.intermediate:
        reducer(key, mr.intermediate[key])
    print(mr.result)
""",
    "a path that is computed": "import os\nmr.execute(open(os.path.join('data', 'b.json')), mapper, reducer)\n",
    "a path of several": """\
path = 'books.json'
path = path.replace('books', 'poems')
mr.execute(open(path), mapper, reducer)
""",
    "one path after another": "for path in ('a.json', 'b.json'):\n    mr.execute(open(path), mapper, reducer)\n",
    "an own function that opens": """\
def lines(path):
    return [line for line in open(path)]
mr.execute(lines('books.json'), mapper, reducer)
""",
    "an own function that reads": "import bz2\nmr.execute(bz2.open('b.bz2').read().split(), mapper, reducer)\n",
    "a file or a list": """\
data = open('books.json')
data = ['["a", 1]'] + list(data)
mr.execute(data, mapper, reducer)
""",
    "records in the source": """mr.execute(['["a", 1]'], mapper, reducer)\n""",
    "no input at all": "import io\nmr.execute(io.StringIO(), mapper, reducer)\n",
    "a path by name": "mr.execute(open(file='b.json'), mapper, reducer)\n",
    "functions after it": """\
def main():
    mr.execute(open(sys.argv[1]), mapper, reducer)
main()
def unused():
    pass
""",
}

SHAPES = {
    "from the framework": CLASSIC.replace("import MapReduce", "from MapReduce import MapReduce").replace(
        "MapReduce.M", "M"
    ),
    "all of the framework": CLASSIC.replace("import MapReduce", "from MapReduce import *").replace("MapReduce.M", "M"),
    "from pymapr": CLASSIC.replace("import MapReduce", "from pymapr import MapReduce"),
    "the serial framework": CLASSIC.replace("import MapReduce", "import MapReduce_original as MapReduce"),
    "the sample's docstring": '"""\nWord Count Example in the Simple Python MapReduce Framework\n"""\n' + CLASSIC,
    "tabs": CLASSIC.replace("    ", "\t"),
    "carriage returns": CLASSIC.replace("\n", "\r\n"),
    "cookie": "# -*- coding: utf-8 -*-\n" + CLASSIC + "# ä\n",
    "a coding remark that is no cookie": "import sys\nimport MapReduce\n# coding: latin-1\n" + CLASSIC,
    "byte order mark": "\ufeff" + CLASSIC,
    "an object of another name": CLASSIC.replace("mr", "job"),
    "functions under other names": HEAD
    + """\
def words(r):
    mr.emit_intermediate(r[0], 1)
def count(k, v):
    mr.emit(k)
mr.execute(open(sys.argv[1]), words, count)
""",
    "lambdas": HEAD
    + """\
mr.execute(open(sys.argv[1]), lambda r: mr.emit_intermediate(r[0], 1), lambda k, v: mr.emit((k, len(v))))
""",
    "all inside main": """\
import sys, MapReduce
def main():
    mr = MapReduce.MapReduce()
    def mapper(record):
        mr.emit_intermediate(record[0], 1)
    def reducer(key, values):
        mr.emit(key)
    mr.execute(open(sys.argv[1]), mapper, reducer)
main()
""",
    "emit under another name": HEAD
    + """\
emit = mr.emit_intermediate
def mapper(record):
    emit(record[0], 1)
"""
    + REDUCE
    + RUN,
    "functional, yielding": """\
def mapper(record):
    yield record[0], 1
def reducer(key, values):
    yield key, sum(values)
""",
    "functional, returning": """\
def mapper(record):
    return [(record[0], 1)]
def reducer(key, values):
    return [sum(values)]
def combiner(key, values):
    yield sum(values)
def partitioner(key, n):
    return 0
""",
    "functional, lambdas": """\
mapper = lambda record: [(record[0], 1)]
reducer = lambda key, values: [sum(values)]
""",
    "functional, decorated": """\
from functools import cache
def listed(f):
    return lambda *given: [f(*given)]
@listed
def mapper(record):
    print(record)
def reducer(key, values):
    yield key
""",
    "functional, the rest from elsewhere": """\
from common import *
def mapper(record):
    table.emit(record)
""",
    "the rest from elsewhere": HEAD
    + """\
from common import *
def mapper(record):
    hand_over(mr, record)
    xrange(3)
def reducer(key, values):
    hand_over(mr, key)
"""
    + RUN,
    "either of two objects": """\
import sys, MapReduce
if len(sys.argv) > 2:
    mr = MapReduce.MapReduce(num_workers=2)
else:
    mr = MapReduce.MapReduce()
"""
    + MAP
    + REDUCE
    + RUN,
    "functions from elsewhere": HEAD
    + """\
from functools import partial
from operator import add as reducer
mapper = partial(print)
"""
    + RUN,
    "further parameters with defaults": HEAD
    + """\
def mapper(record, size=10, *more, **options):
    mr.emit_intermediate(record[0], size)
"""
    + REDUCE
    + RUN,
    "starred parameters": HEAD + "def mapper(*record):\n    mr.emit_intermediate(record, 1)\n" + REDUCE + RUN,
    "decorated": HEAD
    + """\
def twice(f):
    return lambda record: f(record, 2)
@twice
def mapper(record, n):
    mr.emit_intermediate(n, 1)
"""
    + REDUCE
    + RUN,
}

HABITS = {
    "changes its values": using(reducer="values.sort()\nvalues.append(1)\nvalues[0] += 1"),
    "tables of its own": using("seen = {}\nseen[record[0]] = 1\nseen.setdefault(1, []).append(2)"),
    "a local name like a global one": using("found = []\nfound.append(1)", head="found = []\n"),
    "counts in a function inside": using("n = 0\ndef count():\n    nonlocal n\n    n += 1\ncount()"),
    "reads a global table": using("x = WEIGHTS.get(record[0], [])\nx = WEIGHTS['a']", head="WEIGHTS = {'a': 1}\n"),
    "fills a table beforehand": using(head="TABLE = {}\nfor i in range(3):\n    TABLE[i] = i * i\n"),
    "a set's union": using("OTHER.union(record)\nOTHER | set(record)", head="OTHER = set()\n"),
    "an object's own method": using("LOG.update(record)", head="LOG = open('/dev/null')\n"),
    "another object's result": using("RUN.result", head="RUN = open('/dev/null')\n"),
    "prints to standard error": using("sys.stdout = sys.stderr"),
    "a method of a file, called like a list elsewhere": using(
        "table.update(record)", head="def load():\n    table = {}\n    return open(str(table))\ntable = load()\n"
    ),
    "a hash function of its own": using("hash(record)", head="def hash(x):\n    return len(x)\n"),
    "a default that is only read": HEAD
    + """\
def mapper(record, weights={}):
    weights = dict(weights)
    weights[1] = 1
    mr.emit_intermediate(record[0], weights)
"""
    + REDUCE
    + RUN,
    "built-in names shadowed": using("id = record[0]\nlist = [id]\nhash = len\nhash(list)", head="file = 1\n"),
    "an input function of its own": using(head="def input(x):\n    return x\ny = input(1)\n"),
    "minds Python 2": using(
        head="try:\n    range = xrange\nexcept NameError:\n    pass\n"
        "try:\n    import simplejson as json\nexcept ImportError:\n    import json\n"
    ),
    "asks for the version": using(head="if sys.version_info[0] < 3:\n    text = unicode\n    import Queue\n"),
    "sets a seed": using("random.shuffle(record)", head="import random\nrandom.seed(1)\n"),
    "sets a seed by name": using("random.random()", head="import random\nrandom.seed(a=1)\n"),
    "a generator of chance per record": using("random.Random(record[0]).shuffle(record)", head="import random\n"),
    "a table called random": using("random = {}\nrandom.get(1)", head="import random\n"),
    "sleeps": using("time.sleep(0)", head="import time\n"),
    "crc instead of hash": using("zlib.crc32(b'')", head="import zlib\n"),
    "debugging prints": using("print(record)", "print(key)"),
    "an odd escape in a string": using("'\\d'"),
    "a method named like a lost one": using(
        "Box().has_key(1)", head="class Box:\n    def has_key(self, k): self.k = k\n"
    ),
    "a function that reads the result, after the run": using(head="def last():\n    return mr.result\n"),
    "a class at the top": using("Pair(1)", head="class Pair:\n    def __init__(self, x): self.x = x\n"),
}

HONEST = {f"driver: {name}": HEAD + MAP + REDUCE + driver for name, driver in DRIVERS.items()} | SHAPES | HABITS


@pytest.mark.parametrize("style", HONEST)
def test_an_honest_file_passes_in_silence(tmp_path: Path, style: str) -> None:
    """False alarms cost trust: there is none for any way in which right submissions are written."""
    job = tmp_path / "wordcount.py"
    job.write_bytes(HONEST[style].encode())
    (tmp_path / "common.py").touch()
    assert surprises(job) == []


REFERENCES = sorted(Path(__file__).parent.parent.glob("assignments/*/solution/*.py"))


@pytest.mark.parametrize("path", REFERENCES, ids=lambda path: path.stem)
def test_our_own_references_pass_in_silence(path: Path) -> None:
    """Course material is written as honest students write."""
    assert surprises(path) == []
