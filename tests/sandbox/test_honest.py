"""What honest programs do is not denied: the border is for the others."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from grader.model import Limits
from sandbox.runs import COUNT, RECORDS, Runs, job, printed

if TYPE_CHECKING:
    from pathlib import Path

ROOMY = Limits(time=60, memory=2**30)

IMPORT_ALL = """
import importlib, json, sys, warnings
warnings.simplefilter("ignore")
FRONT = {"antigravity", "this", "idlelib", "turtledemo"}  # these open windows, or print
failed = {}
for name in sorted(sys.stdlib_module_names - FRONT):
    try:
        importlib.import_module(name)
    except Exception as error:
        failed[name] = f"{type(error).__name__}: {error}"
print(json.dumps(sorted(failed)))
"""


def test_the_whole_standard_library_imports(runs: Runs) -> None:
    """All that imports outside, on this machine and this Python, imports inside too."""
    outside = subprocess.run([sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, check=True)
    inside = printed(runs.serial(job(before=IMPORT_ALL), ROOMY))
    assert set(json.loads(inside[-1])) - set(json.loads(outside.stdout)) == set()


def test_threads_run(runs: Runs) -> None:
    """A pool of them, each with its share."""
    source = """
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(16) as pool:
            print(sum(pool.map(lambda number: number * number, range(1000))))
    """
    assert printed(runs.serial(job(before=source))) == ["332833500"]


def test_a_hundred_threads_at_once(runs: Runs) -> None:
    """With the memory that students have by default."""
    source = """
        import threading
        barrier = threading.Barrier(100)
        threads = [threading.Thread(target=barrier.wait) for _ in range(100)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        print("all")
    """
    assert printed(runs.serial(job(before=source))) == ["all"]


def test_asyncio_runs(runs: Runs) -> None:
    """Its loop wakes itself through a pair of sockets."""
    source = """
        import asyncio
        async def add(one, other):
            await asyncio.sleep(0.01)
            return one + other
        async def main():
            print(await asyncio.gather(*(add(number, 1) for number in range(3))), await asyncio.to_thread(sum, [1, 2]))
        asyncio.run(main())
    """
    assert printed(runs.serial(job(before=source))) == ["[1, 2, 3] 3"]


@pytest.mark.parametrize("where", [":memory:", "own.db"])
def test_sqlite_runs(runs: Runs, where: str) -> None:
    """In memory and in a file of the own folder, journals and all."""
    source = f"""
        import sqlite3
        with sqlite3.connect("{where}") as base:
            base.execute("create table t (x)")
            base.executemany("insert into t values (?)", [(number,) for number in range(100)])
        base.execute("update t set x = x + 1")
        base.commit()
        print(base.execute("select sum(x) from t").fetchone()[0])
        base.close()
    """
    assert printed(runs.serial(job(before=source))) == ["5050"]


def test_temporary_files_and_folders_are_made_in_the_own_folder(runs: Runs) -> None:
    """With names, without, and spooled."""
    source = """
        import os, tempfile
        with tempfile.TemporaryFile("w+") as file, tempfile.NamedTemporaryFile() as named:
            file.write("x"); named.write(b"x")
            print(os.path.dirname(named.name) == os.getcwd())
        with tempfile.TemporaryDirectory() as folder:
            open(os.path.join(folder, "x"), "w").close()
        with tempfile.SpooledTemporaryFile(10) as file:
            file.write(b"x" * 100)
        print(sorted(os.listdir(".")))
    """
    assert printed(runs.serial(job(before=source))) == ["True", "['job.py', 'records.json']"]


USUAL = {
    "import decimal; print(decimal.Decimal(2).sqrt(decimal.Context(prec=50)))": "1.41421356237309504880",
    "from datetime import *; from zoneinfo import *; print(datetime(2026, 7, 1, tzinfo=ZoneInfo('CET')))": "+02:00",
    "import locale; print(locale.getpreferredencoding().lower())": "utf-8",
    "import random; random.seed(1); print(random.random())": "0.13436424411240122",
    "import os; print(len(os.urandom(8)), os.cpu_count() > 0)": "8 True",
    "import hashlib; print(hashlib.sha256(b'').hexdigest())": "e3b0c44298fc1c14",
    "import subprocess, multiprocessing, socket, ssl, ctypes, urllib.request; print('imported')": "imported",
    "import multiprocessing; print(multiprocessing.cpu_count() > 0)": "True",
    "import platform; print(platform.python_implementation())": "CPython",
    "import pathlib; print(pathlib.Path.home() == pathlib.Path.cwd())": "True",
    "import time; time.sleep(0.01); print(time.strftime('%Y') > '2000')": "True",
    "from signal import *; signal(SIGALRM, lambda *_: print('rang')); setitimer(0, 0.01); pause()": "rang",
    "import faulthandler, gc, tracemalloc; tracemalloc.start(); gc.collect(); print('ok')": "ok",
    "import mmap; print(len(mmap.mmap(-1, 4096)))": "4096",
    "import select, os; r, w = os.pipe(); os.write(w, b'x'); print(select.select([r], [], [], 0)[0] == [r])": "True",
    "import xml.dom.minidom as dom; print(dom.parseString('<a/>').documentElement.tagName)": "a",
    "import gzip, bz2, lzma, zlib, zipfile; print(len(lzma.decompress(lzma.compress(b'x' * 1000))))": "1000",
    "import shutil; shutil.copyfile('job.py', 'a.py'); shutil.move('a.py', 'b.py'); print('moved')": "moved",
    "import os; os.makedirs('a/b'); os.rename('a/b', 'a/c'); os.removedirs('a/c'); print('gone')": "gone",
    "import os, sys; print([sys.stdout.isatty(), os.isatty(0)])": "[False, False]",
    "import os; os.set_blocking(0, False); os.set_inheritable(0, True); print(os.get_inheritable(0))": "True",
    "import shutil; print(shutil.get_terminal_size((7, 7)).columns)": "7",
    "import pathlib, os; getattr(pathlib.Path('job.py'), 'copy', print)('c.py'); print('copied')": "copied",
    "import logging; logging.warning('careful')": "WARNING:root:careful",
    "import sys; print(sys.stdin.readline())": "record 0",
    "import unittest, doctest, pdb; print('imported')": "imported",
}
"""One line of a program each, and words that it prints."""


@pytest.mark.parametrize(("source", "words"), USUAL.items(), ids=range(len(USUAL)))
def test_the_usual_is_possible(runs: Runs, source: str, words: str) -> None:
    """Each in one line."""
    assert words in "\n".join(printed(runs.serial(job(before=source), ROOMY)))


def test_helper_modules_and_data_files_beside_the_submission_are_found(runs: Runs) -> None:
    """In packages too, alone and in parallel."""
    (runs.student / "helper.py").write_text("def double(number):\n    return 2 * number\n")
    (runs.student / "package").mkdir()
    (runs.student / "package" / "__init__.py").touch()
    (runs.student / "package" / "inner.py").write_text("ONE = 1\n")
    (runs.student / "stopwords.txt").write_text("the\n")
    source = job(
        before="import helper\nfrom package.inner import ONE\nSTOP = open('stopwords.txt').read().split()",
        reducer="mr.emit([helper.double(ONE), STOP])",
    )
    assert runs.serial(source).output == runs.parallel(source).output == b'[2, ["the"]]\n'


def test_numpy_runs(runs: Runs) -> None:
    """Its threads and its memory included."""
    source = """
        import numpy
        table = numpy.ones((500, 500))
        print(int((table @ table).sum()), int(numpy.linalg.det(numpy.eye(50))))
    """
    for outcome in (runs.serial(job(before=source)), runs.parallel(job(before=source), workers=4)):
        assert "125000000 1" in printed(outcome)


def test_ten_megabytes_of_output_pass(runs: Runs) -> None:
    """Where the limit allows them; alone and in parallel."""
    source = job(reducer="for number in range(100_000):\n    mr.emit([number, 'x' * 100])")
    limits = Limits(time=60, output=2**25)
    alone, parallel = runs.serial(source, limits), runs.parallel(source, limits)
    assert (alone.failure, parallel.failure) == (None, None)
    assert alone.output == parallel.output
    assert len(alone.output) > 10**7


def test_a_hundred_megabytes_may_be_held_and_let_go(runs: Runs) -> None:
    """Several times."""
    source = "for _ in range(5):\n    held = b'x' * 100_000_000\n    del held\nprint('done')"
    assert printed(runs.serial(job(before=source))) == ["done"]


def test_recursion_to_the_usual_depth(runs: Runs) -> None:
    """And an honest message beyond."""
    source = "def down(n):\n    return n and down(n - 1)\nprint(down(900))"
    assert printed(runs.serial(job(before=source))) == ["0"]
    found = runs.serial(job(before="def down():\n    return down()\ndown()")).failure
    assert found is not None
    assert found.message.startswith("RecursionError")


def test_the_environment_is_small_and_says_nothing_of_the_grader(runs: Runs) -> None:
    """A home and a folder for temporary files, a path, a language."""
    names = printed(runs.serial(job(before="import os\nprint(sorted(os.environ))")))
    expected = ["HOME", "LANG", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PATH", "TMPDIR"]
    assert names == [str(expected)]


def test_a_script_may_look_at_its_folder_and_its_data(runs: Runs, tmp_path: Path) -> None:
    """As it would at home."""
    source = "import os\nprint(sorted(os.listdir('.')), sys.argv, len(open('records.json').readlines()))"
    assert printed(runs.serial(job(before=source))) == [
        f"['job.py', 'records.json'] ['job.py', 'records.json'] {len(RECORDS)}"
    ]
    assert runs.serial(job(reducer=COUNT)).failure is None
