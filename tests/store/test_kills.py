"""Graders that are killed, or share a store: it opens, the rest is done, and the gradebook is the same."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from grading.conftest import FIXTURES, Assignments, Command
from grading.test_batch import running_below, until

from grader.model import Verdict
from grader.store import Graded, open_store

if TYPE_CHECKING:
    from grader.model import Spec

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

STUDENTS = {"ada": "plain", "bob": "other_problem", "cy": "raises", "dee": "by_hash"}
DATASETS = ("books", "diary")
JUDGEMENTS = len(STUDENTS) * len(DATASETS)

GRADEBOOK = [
    ["ada", "books", "accepted", 3],
    ["ada", "diary", "accepted", 7],
    ["bob", "books", "wrong-answer", 0],
    ["bob", "diary", "wrong-answer", 0],
    ["cy", "books", "runtime-error", 0],
    ["cy", "diary", "runtime-error", 0],
]
"""Of those whose verdict is known beforehand."""


class Graders:
    """Graders of one tiny class, in processes of their own, with one store."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.spec = self._class(folder)
        self.store = folder / "grades.sqlite"
        self.scratch = folder / "scratch"
        self.scratch.mkdir()
        self._environment = {**environment, "TMPDIR": str(self.scratch)}

    def _class(self, folder: Path) -> Spec:
        spec = Assignments(folder / "assignments").wordcount(runs={"workers": [2], "scramble": 0})
        for student, fixture in STUDENTS.items():
            home = spec.folder / "submissions" / student
            home.mkdir(parents=True)
            (home / spec.module).write_bytes((FIXTURES / spec.name / f"{fixture}.py").read_bytes())
        return spec

    def start(self) -> subprocess.Popen[str]:
        """One that says `ready` when it begins."""
        script = Path(__file__).with_name("graderprocess.py")
        return subprocess.Popen(
            [sys.executable, script, self.spec.folder, self.store],
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
        )

    def finish(self) -> list[list[Any]]:
        """Let one grade to its end; its gradebook."""
        with self.start() as grader:
            return gradebook(grader)

    def kill(self, chance: random.Random) -> None:
        """Start one and kill it: after some step, and some hundredths of a second more; nothing of it is left."""
        with self.start() as grader:
            assert grader.stdout is not None
            for _ in range(1 + chance.randrange(JUDGEMENTS)):
                grader.stdout.readline()
            try:
                grader.wait(timeout=chance.random() / 4)
            except subprocess.TimeoutExpired:
                grader.kill()
        until(lambda: not running_below(self.scratch))


def gradebook(grader: subprocess.Popen[str]) -> list[list[Any]]:
    """What a grader says last."""
    out, _ = grader.communicate(timeout=100)
    assert grader.returncode == 0
    found: list[list[Any]] = json.loads(out.splitlines()[-1])
    return found


@pytest.fixture
def graders(tmp_path: Path) -> Graders:
    """A class that nobody has graded yet."""
    return Graders(tmp_path, Command(tmp_path).environment)


def check_whole(graders: Graders) -> None:
    """The file is sound, and every judgement was made exactly once."""
    with sqlite3.connect(graders.store) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    with open_store(graders.store, create=False) as store:
        assert store.students() == sorted(STUDENTS)
        for student in STUDENTS:
            made = Counter(entry.dataset for entry in store.history(student) if isinstance(entry, Graded))
            assert made == dict.fromkeys(DATASETS, 1)


def survive(graders: Graders, kills: int, seed: int) -> None:
    """Kill so many graders one after another, and let the last one finish."""
    chance = random.Random(seed)
    for _ in range(kills):
        graders.kill(chance)
    ended = graders.finish()
    assert [row for row in ended if row[0] != "dee"] == GRADEBOOK
    assert graders.finish() == ended
    check_whole(graders)


@linux_only
def test_a_grader_that_is_killed_again_and_again_loses_nothing(graders: Graders) -> None:
    """Each begins where the last one stopped, and nothing is judged twice."""
    survive(graders, kills=4, seed=1)


CLASSES = int(os.environ.get("PYMAPR_KILLED_CLASSES", "3"))
"""With 20, a hundred graders are killed, which takes minutes."""


@linux_only
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(CLASSES))
def test_kills_at_any_moment_change_no_gradebook(seed: int, graders: Graders) -> None:
    """Five for each class, at moments drawn by lot."""
    survive(graders, kills=5, seed=seed)


@linux_only
def test_two_graders_on_one_store_lose_nothing(graders: Graders) -> None:
    """Both end with the same gradebook; each result is in the store, and both made the store at once."""
    with graders.start() as one, graders.start() as other:
        books = [gradebook(one), gradebook(other)]
    assert books[0] == books[1]
    assert [row for row in books[0] if row[0] != "dee"] == GRADEBOOK
    with open_store(graders.store, create=False) as store:
        for student in STUDENTS:
            entries = [entry for entry in store.history(student) if isinstance(entry, Graded)]
            assert {entry.dataset for entry in entries} == set(DATASETS)
            assert all(entry.verdict is not Verdict.GRADER_ERROR for entry in entries)
    assert graders.finish() == books[0]


WRITER = """
import sys
from pathlib import Path
from grader.store import Identity, Key, open_store
from grader.model import CaseResult, Verdict, Visibility
case = CaseResult(name="d", visibility=Visibility.PUBLIC, verdict=Verdict.ACCEPTED, score=1, max_score=1)
with open_store(Path(sys.argv[1])) as store:
    for number in range(200):
        parts = dict.fromkeys(("assignment", "data", "reference", "pymapr"), "same")
        store.record(Identity(sys.argv[2], "a", "d"), Key(submission=str(number), **parts), case)
        print(number, flush=True)
"""


@pytest.mark.parametrize("seed", range(3))
def test_what_was_recorded_is_there_whoever_is_killed(seed: int, tmp_path: Path) -> None:
    """Four writers make one store and write at once; two of them are killed. Every row that was told of is there."""
    path, chance = tmp_path / "grades.sqlite", random.Random(seed)
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, path, f"w{number}"], stdout=subprocess.PIPE, text=True)
        for number in range(4)
    ]
    told = []
    for writer, lines in zip(writers, (chance.randrange(100), chance.randrange(100), 200, 200), strict=True):
        with writer:
            assert writer.stdout is not None
            heard = [writer.stdout.readline() for _ in range(lines)]
            if lines < 200:
                writer.kill()
            told.append(len(heard) + len(writer.stdout.readlines()))
    assert (told[2], told[3]) == (200, 200)
    with open_store(path) as store:
        kept = [len(store.history(f"w{number}")) if told[number] else 0 for number in range(4)]
    assert kept[2:] == [200, 200]
    assert all(left - said in (0, 1) for said, left in zip(told, kept, strict=True)), (told, kept)
