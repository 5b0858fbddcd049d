"""`python wordcount.py books.json`, as ten years of course files are written: unmodified, in parallel."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from engine.villains import data

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from engine.conftest import Command

QUIET = {"PYMAPR_PROGRESS": "none", "PYMAPR_WORKERS": "2"}

BODY = """
def mapper(record):
    mr.emit_intermediate(record % 3, record)

def reducer(key, list_of_values):
    total = 0
    for v in list_of_values:
        total += v
    mr.emit((key, total))
"""
GUARD = "if __name__ == '__main__':\n    inputdata = open(sys.argv[1])\n    mr.execute(inputdata, mapper, reducer)\n"
OURS = "[0, 63]\n[1, 70]\n[2, 57]\n"

IMPORTS = {
    "import MapReduce": "import MapReduce\nimport sys\nmr = MapReduce.MapReduce()\n",
    "from MapReduce import MapReduce": "import sys\nfrom MapReduce import MapReduce\nmr = MapReduce()\n",
    "from MapReduce import *": "from MapReduce import *\nimport sys\nmr = MapReduce()\njson.dumps(1)\n",
    "from pymapr import MapReduce": "import sys\nfrom pymapr import MapReduce\nmr = MapReduce()\n",
    "from pymapr, as a module": "import sys\nfrom pymapr import MapReduce\nmr = MapReduce.MapReduce()\n",
}
CLASSIC = IMPORTS["import MapReduce"] + BODY + GUARD

STYLES = {name: text + BODY + GUARD for name, text in IMPORTS.items()} | {
    "no guard": IMPORTS["import MapReduce"] + BODY + "mr.execute(open(sys.argv[1]), mapper, reducer)\n",
    "main()": CLASSIC.replace("if __name__ == '__main__':", "def main():") + "main()\n",
    "guard at the wrong indentation": IMPORTS["import MapReduce"]
    + BODY.replace("    mr.emit((key, total))", "    mr.emit((key, total))\n    if __name__ == 'never':\n        pass")
    + "mr.execute(open(sys.argv[1]), mapper, reducer)\n",
    "hard-coded path": CLASSIC.replace("sys.argv[1]", "'data.json'"),
    "windows line ends": CLASSIC.replace("\n", "\r\n"),
    "tabs": CLASSIC.replace("    ", "\t"),
    "built-in names shadowed": CLASSIC.replace("list_of_values", "list")
    .replace("key", "dict")
    .replace("record", "str"),
    "other names": CLASSIC.replace("mapper", "do_map").replace("reducer", "do_reduce"),
    "debugging prints to stderr": CLASSIC.replace("    total = 0\n", "    sys.stderr.write('')\n    total = 0\n"),
    "with open": CLASSIC.replace(
        "    inputdata = open(sys.argv[1])\n    mr.execute(inputdata, mapper, reducer)",
        "    with open(sys.argv[1]) as inputdata:\n        mr.execute(inputdata, mapper, reducer)",
    ),
    "a list": CLASSIC.replace("open(sys.argv[1])", "open(sys.argv[1]).readlines()"),
    "a generator": CLASSIC.replace("open(sys.argv[1])", "(line for line in open(sys.argv[1]))"),
    "binary": CLASSIC.replace("open(sys.argv[1])", "open(sys.argv[1], 'rb')"),
    "gzip": CLASSIC.replace("open(sys.argv[1])", "__import__('gzip').open(sys.argv[1] + '.gz', 'rt')"),
    "stdin": CLASSIC.replace("open(sys.argv[1])", "sys.stdin"),
    "num_workers": CLASSIC.replace("MapReduce.MapReduce()", "MapReduce.MapReduce(num_workers=3)"),
    "a mapper with more parameters": CLASSIC.replace("def mapper(record):", "def mapper(record, more=1):"),
    "values changed in place": CLASSIC.replace("    total = 0\n", "    list_of_values.sort()\n    total = 0\n"),
    "the sample's docstring": CLASSIC.replace("import sys\n", 'import sys\n"""\nWord Count Example\n"""\n', 1),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a student works: data as course material has it, and packed."""
    data(tmp_path)
    (tmp_path / "data.json.gz").write_bytes(gzip.compress((tmp_path / "data.json").read_bytes()))
    return tmp_path


@pytest.mark.parametrize("text", STYLES.values(), ids=STYLES)
def test_however_it_is_written_python_runs_it(folder: Path, python: Command, text: str) -> None:
    """Under `python FILE DATA`: the serial output on stdout, nothing else there, exit code 0."""
    (folder / "job.py").write_bytes(text.encode())
    with (folder / "data.json").open() as stdin:
        done = python("job.py", "data.json", env=QUIET, stdin=stdin)
    assert (done.returncode, done.stdout, done.stderr) == (0, OURS, "")


@pytest.mark.parametrize("text", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("engine", ["parallel", "serial"])
def test_however_it_is_written_pymapr_runs_it(folder: Path, pymapr: Command, text: str, engine: str) -> None:
    """Under `pymapr run FILE DATA`, in both engines."""
    (folder / "job.py").write_bytes(text.encode())
    done = pymapr("run", "job.py", "data.json", "--engine", engine, "--workers", "2", "--progress", "none")
    assert (done.returncode, done.stdout) == (0, OURS), done.stderr
    assert [line for line in done.stderr.splitlines() if "of its own making" not in line] == []


def test_a_functional_job_needs_no_framework(folder: Path, pymapr: Command) -> None:
    """Two functions that yield; and a script that drives them itself has its own output forgotten."""
    text = "def mapper(r):\n    yield r % 3, r\ndef reducer(k, vs):\n    yield k, sum(vs)\n"
    for more in ("", "for record in range(9): list(mapper(record))\nprint('on my own')\n"):
        (folder / "job.py").write_text(text + more)
        assert pymapr("run", "job.py", "data.json", "--progress", "none").stdout == OURS


def test_a_driver_of_its_own_is_replaced_by_a_run(folder: Path, pymapr: Command) -> None:
    """Six in 570 never call execute: what they emitted by themselves does not count."""
    driver = (
        "for line in open('data.json'):\n    mapper(json.loads(line))\nfor k in mr.intermediate:\n    reducer(k, [1])\n"
    )
    (folder / "job.py").write_text(IMPORTS["from MapReduce import *"] + BODY + driver)
    for engine in ("serial", "parallel"):
        done = pymapr("run", "job.py", "data.json", "--progress", "none", "--engine", engine)
        assert (done.stdout, done.returncode) == (OURS, 0)


# ---- emissions, results, several jobs --------------------------------------------------------------------------------


def both(folder: Path, python: Command, text: str) -> list[str]:
    """What a script prints with our framework, and what it prints with the original."""
    printed = []
    for framework in ("MapReduce", "MapReduce_original as MapReduce"):
        (folder / "job.py").write_text(text.replace("import MapReduce", f"import {framework}"))
        done = python("job.py", "data.json", env=QUIET)
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout)
    return printed


ALIKE = {
    "plain": "",
    "emitted before execute": "mr.emit_intermediate(9, 9)\nmr.emit_intermediate(0, 1)\nmr.emit('first')\n",
    "mapper emits": "def mapper(record):\n    mr.emit(record)\n    mr.emit_intermediate(record % 3, record)\n",
    "keys equal to one another": "def mapper(record):\n    mr.emit_intermediate([True, 1, 1.0][record % 3], record)\n",
    "no pairs at all": "def mapper(record):\n    pass\n",
}


@pytest.mark.parametrize("more", ALIKE.values(), ids=ALIKE)
def test_the_output_is_the_originals(folder: Path, python: Command, more: str) -> None:
    """To the byte."""
    ours, original = both(folder, python, IMPORTS["import MapReduce"] + BODY + more + GUARD)
    assert ours == original


def test_result_is_a_list_after_execute(folder: Path, python: Command) -> None:
    """As JSON gives the values back: tuples have become lists."""
    (folder / "job.py").write_text(CLASSIC + "    print(type(mr.result).__name__, mr.result, len(mr.result))\n")
    done = python("job.py", "data.json", env=QUIET)
    assert done.stdout == OURS + "list [[0, 63], [1, 70], [2, 57]] 3\n"


def test_two_jobs_in_one_script(folder: Path, python: Command) -> None:
    """Each with its own MapReduce object; the second may use the first one's result."""
    second = """
    again = MapReduce.MapReduce()
    def total(record):
        again.emit_intermediate("total", record[1])
    def sums(key, values):
        again.emit(sum(values))
    again.execute([json.dumps(record) for record in mr.result], total, sums)
"""
    ours, original = both(folder, python, CLASSIC.replace("import sys", "import sys, json") + second)
    assert ours == original == OURS + "190\n"


def test_the_pairs_are_not_there_after_a_parallel_run(folder: Path, python: Command) -> None:
    """No process held them all; silence would be a wrong answer."""
    (folder / "job.py").write_text(CLASSIC + "    print(mr.intermediate)\n")
    done = python("job.py", "data.json", env=QUIET)
    assert done.returncode == 1
    assert "mr.intermediate is not kept after a parallel run: no process of it holds all of it" in done.stderr


def test_a_second_execute_on_one_object_is_refused(folder: Path, python: Command) -> None:
    """The original would reduce the first job's pairs again, which are gone: better no answer than another one."""
    (folder / "job.py").write_text(CLASSIC + "    mr.execute(open(sys.argv[1]), mapper, reducer)\n")
    done = python("job.py", "data.json", env=QUIET)
    assert (done.returncode, done.stdout) == (1, OURS)
    assert done.stderr == (
        "pymapr: error: execute was called a second time on one MapReduce object, whose first job's pairs are not "
        "kept\n"
        "\nhint: make a MapReduce object for each job\n"
    )


def test_a_partly_read_file_goes_on_where_it_is(folder: Path, python: Command) -> None:
    """The first line was read by the script: it is no record."""
    for skip in ("inputdata.readline()", "next(inputdata)"):
        text = CLASSIC.replace("    mr.execute", f"    {skip}\n    mr.execute").replace("% 3", "* 0")
        ours, original = both(folder, python, text.replace("record * 0", "1"))
        assert ours == original == "[1, 190]\n"


def test_a_framework_beside_the_script_wins_only_under_python(folder: Path, python: Command, pymapr: Command) -> None:
    """Python's own rule; `pymapr run` always uses ours."""
    (folder / "MapReduce.py").write_text("class MapReduce:\n    def execute(self, *args): print('mine')\n")
    (folder / "job.py").write_text(CLASSIC)
    assert python("job.py", "data.json", env=QUIET).stdout == "mine\n"
    assert pymapr("run", "job.py", "data.json", "--progress", "none").stdout == OURS


def test_what_the_job_prints_is_not_output(folder: Path, python: Command) -> None:
    """It goes to stderr, and none of it is lost, nor said twice."""
    text = CLASSIC.replace("    total = 0\n", "    print('reducing', key)\n    total = 0\n")
    (folder / "job.py").write_text("print('loading')\n" + text)
    done = python("job.py", "data.json", env=QUIET)
    assert done.stdout == "loading\n" + OURS
    assert sorted(done.stderr.splitlines()) == ["reducing 0", "reducing 1", "reducing 2"]


# ---- steering --------------------------------------------------------------------------------------------------------


def run_with(folder: Path, python: Command, **env: str) -> subprocess.CompletedProcess[str]:
    """The classic job, with these variables."""
    (folder / "job.py").write_text(CLASSIC)
    return python("job.py", "data.json", env=env)


def test_the_environment_steers(folder: Path, python: Command) -> None:
    """Workers, order and progress; the lines on stderr show it."""
    done = run_with(folder, python, PYMAPR_WORKERS="3", PYMAPR_ORDER="scramble:5")
    assert sorted(done.stdout.splitlines()) == OURS.splitlines()
    assert "data.json (50 bytes); 3 workers, order scramble:5\n" in done.stderr
    assert "pymapr: remark: all workers share one hash seed" in done.stderr
    assert run_with(folder, python, PYMAPR_ORDER="scramble:5", PYMAPR_PROGRESS="none").stderr == ""


def test_a_mapper_that_yields_beside_an_mr_is_warned_of(folder: Path, python: Command) -> None:
    """It emits nothing, and the script would end without a word."""
    (folder / "job.py").write_text(CLASSIC.replace("mr.emit_intermediate(record % 3, record)", "yield record, 1"))
    done = python("job.py", "data.json")
    assert (done.returncode, done.stdout) == (0, "")
    assert "pymapr: warning: the mapper emitted nothing, from 20 records\n\nhint: with a global mr, call" in done.stderr
    assert "warning" not in python("job.py", "data.json", env={"PYMAPR_PROGRESS": "none"}).stderr


def test_the_argument_comes_before_the_environment(folder: Path, python: Command) -> None:
    """`num_workers=` is the script's own word."""
    (folder / "job.py").write_text(CLASSIC.replace("MapReduce()", "MapReduce(num_workers=3)"))
    assert "; 3 workers" in python("job.py", "data.json", env={"PYMAPR_WORKERS": "1"}).stderr


WRONG = {
    "PYMAPR_WORKERS=four": "PYMAPR_WORKERS: expected a whole number of at least 1, got 'four'",
    "PYMAPR_WORKERS=0": "PYMAPR_WORKERS: expected a whole number of at least 1, got '0'",
    "PYMAPR_ORDER=random": "PYMAPR_ORDER: expected stable, arrival or scramble:SEED, got 'random'",
    "PYMAPR_ORDER=scramble": "PYMAPR_ORDER: expected stable, arrival or scramble:SEED, got 'scramble'",
    "PYMAPR_PROGRESS=loud": "PYMAPR_PROGRESS: expected auto, plain or none, got 'loud'",
}


@pytest.mark.parametrize(("setting", "says"), WRONG.items())
def test_a_wrong_setting_is_told(folder: Path, python: Command, setting: str, says: str) -> None:
    """What was expected, what was found; exit code 4, no traceback."""
    name, _, value = setting.partition("=")
    done = run_with(folder, python, **{name: value})
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith(f"pymapr: error: {says}\n")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("workers", ["0", "'4'", "2.0"])
def test_a_wrong_number_of_workers_in_the_script_is_told(folder: Path, python: Command, workers: str) -> None:
    """As the setting is."""
    (folder / "job.py").write_text(CLASSIC.replace("MapReduce()", f"MapReduce(num_workers={workers})"))
    done = python("job.py", "data.json", env={"PYMAPR_PROGRESS": "none"})
    assert done.returncode == 4
    assert done.stderr == f"pymapr: error: workers: expected a whole number of at least 1, got {workers}\n"


@pytest.mark.parametrize("given", ["None", "sys.argv[1]", "5"])
def test_data_that_cannot_be_is_told(folder: Path, python: Command, given: str) -> None:
    """A path instead of an open file, most of all."""
    (folder / "job.py").write_text(CLASSIC.replace("open(sys.argv[1])", given))
    done = python("job.py", "data.json", env=QUIET)
    shown = {"sys.argv[1]": "'data.json'"}.get(given, given)
    assert done.returncode == 1
    assert done.stderr == (
        f"pymapr: error: execute was given {shown} for its data, which holds no lines\n"
        "\nhint: open the file first, as in mr.execute(open(sys.argv[1]), mapper, reducer)\n"
    )


def test_a_failing_job_ends_the_script_with_a_message(folder: Path, python: Command) -> None:
    """File and line of the record, the student's own frames, exit code 1; nothing on stdout."""
    (folder / "job.py").write_text(CLASSIC.replace("record % 3", "1 // (record - 7)"))
    done = python("job.py", "data.json", env=QUIET)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "pymapr: error: ZeroDivisionError: integer division or modulo by zero (in map, data.json:8)\n"
        '  File "job.py", line 6, in mapper\n'
        "    mr.emit_intermediate(1 // (record - 7), record)\n"
    )


def test_progress_tells_who_did_what(folder: Path, python: Command) -> None:
    """Who started, what was fed, items per worker, the phases."""
    lines = run_with(folder, python, PYMAPR_WORKERS="2").stderr.splitlines()
    assert lines[0] == "pymapr: master: data.json (50 bytes); 2 workers, order stable"
    for expected in (
        "pymapr: worker 0: started, process ",
        "pymapr: worker 1: started, process ",
        "pymapr: master: fed worker 0: task 0, bytes 0 to 25, 50 % of the input",
        "pymapr: worker 0: mapped 12 records to 12 pairs under 3 keys",
        "pymapr: worker 1: mapped 8 records to 8 pairs under 3 keys",
        "pymapr: master: map phase over: 20 records, ",
        "pymapr: worker 0: reduced ",
        "pymapr: master: done in ",
    ):
        assert any(line.startswith(expected) for line in lines), expected
    for phase in ("startup", "read", "map", "shuffle", "reduce", "write"):
        assert f"{phase} " in lines[-1]


def test_the_original_is_installed_beside_it(folder: Path, python: Command) -> None:
    """One process and one thread, for comparison; its `emit` and `result` are the course's."""
    (folder / "job.py").write_text(CLASSIC.replace("import MapReduce", "import MapReduce_original as MapReduce"))
    done = python("job.py", "data.json", env=QUIET)
    assert (done.stdout, done.stderr) == (OURS, "")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [[0, 63], [1, 70], [2, 57]]
