"""Assignments small enough to check by hand, a sandbox that all tests share, and the real command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from grader import spec as specs
from grader.judge import judge
from grader.materials import Materials
from grader.sandbox.runner import Sandbox
from grader.submission import single

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.model import CaseResult, Spec

FIXTURES = Path(__file__).parents[2] / "fixtures" / "submissions"

BOOKS = [["spring", "rain rain go"], ["autumn", "Rain go away"], ["spring", "go  on"], ["winter", "snow on snow"]]
DIARY = [["monday", "rain at night"], ["tuesday", "night and day"], ["friday", "at night at day rain"]]
SHOP = [
    ["order", "1", "Ada"],
    ["order", "2", "Blaise"],
    ["line_item", "1", "ink"],
    ["line_item", "2", "axle"],
    ["line_item", "1", "paper"],
]

Records = list[list[Any]]


def pytest_configure(config: pytest.Config) -> None:
    """`-m 'not slow'` leaves out what takes many seconds."""
    config.addinivalue_line("markers", "slow: takes many seconds")


def json_lines(records: Records) -> str:
    """A file's content."""
    return "".join(json.dumps(record) + "\n" for record in records)


def counted(records: Records) -> Records:
    """How often each word occurs, counted without MapReduce."""
    words = [word for _, text in records for word in text.split()]
    return [[word, words.count(word)] for word in dict.fromkeys(words)]


def joined(records: Records) -> Records:
    """Each line item behind its order."""
    orders = {record[1]: record for record in records if record[0] == "order"}
    return [orders[record[1]] + record for record in records if record[0] == "line_item"]


QUICK = {"workers": [2], "scramble": 2}
"""Runs enough to see each kind of fault."""


class Assignments:
    """Writes assignments into a folder. `changes` are keys of assignment.yaml, over those that serve most tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def wordcount(self, name: str = "wordcount", **changes: Any) -> Spec:
        """Two datasets with golden files: `books`, public, 3 points, and `diary`, hidden, 7 points."""
        datasets = [
            self._dataset(name, "books", BOOKS, counted(BOOKS), points=3),
            self._dataset(name, "diary", DIARY, counted(DIARY), points=7, visibility="hidden"),
        ]
        return self.write(name, **{"module": "wordcount.py", "datasets": datasets, "runs": QUICK, **changes})

    def join(self, **changes: Any) -> Spec:
        """One public dataset, in which each order stands before its items."""
        datasets = [self._dataset("join", "shop", SHOP, joined(SHOP), points=10)]
        return self.write("join", **{"module": "join.py", "datasets": datasets, "runs": QUICK, **changes})

    def write(self, name: str, **keys: Any) -> Spec:
        """An assignment of these keys."""
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        # JSON is YAML.
        (folder / "assignment.yaml").write_text(json.dumps({"name": name, **keys}, indent=1))
        return specs.load(folder)

    def _dataset(self, assignment: str, name: str, records: Records, answer: Records, **keys: Any) -> dict[str, Any]:
        for kind, content in (("data", records), ("expected", answer)):
            path = self.folder / assignment / kind / f"{name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json_lines(content))
        return {"name": name, "file": f"data/{name}.json", "expected": f"expected/{name}.json", **keys}


class Bench:
    """Judges submissions, one at a time, in one sandbox."""

    def __init__(self, sandbox: Sandbox, work: Path) -> None:
        self.sandbox, self._work = sandbox, work
        self._handed_in = 0

    def hand_in(self, source: str | Path, module: str) -> Path:
        """A student's file named `module`: a fixture, a folder of one, or a text. Returns where it lies."""
        self._handed_in += 1
        folder = self._work / f"student-{self._handed_in}"
        folder.mkdir()
        if isinstance(source, str):
            (folder / module).write_text(source)
            return folder / module
        files = sorted(source.iterdir()) if source.is_dir() else [source]
        for file in files:
            (folder / (file.name if source.is_dir() else module)).write_bytes(file.read_bytes())
        return folder / module

    def judge(self, source: str | Path, spec: Spec, dataset: str = "") -> CaseResult:
        """The verdict on a fixture (such as "no_guard"), or a text, for one dataset: by default the first."""
        if isinstance(source, str) and "\n" not in source:
            found = FIXTURES / spec.name / source
            source = found if found.is_dir() else found.with_suffix(".py")
        [submission] = single(self.hand_in(source, spec.module), [spec])
        return self.judge_submission(submission, spec, dataset)

    def judge_submission(self, submission: Any, spec: Spec, dataset: str = "") -> CaseResult:
        """The verdict on a submission that was found already."""
        [chosen] = [one for one in spec.datasets if one.name == (dataset or spec.datasets[0].name)]
        material = Materials(self._work, None).prepare(spec, chosen, self.sandbox)
        return judge(spec, chosen, material, submission, self.sandbox)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One for all: starting one takes longer than a judgement."""
    with Sandbox() as made:
        yield made


@pytest.fixture
def bench(sandbox: Sandbox, tmp_path: Path) -> Bench:
    """Where submissions are handed in and judged."""
    work = tmp_path / "bench"
    work.mkdir()
    return Bench(sandbox, work)


@pytest.fixture
def assignments(tmp_path: Path) -> Assignments:
    """Where assignments are written."""
    return Assignments(tmp_path / "assignments")


class Command:
    """The real command, in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if name.startswith(("PATH", "COVERAGE", "TMPDIR"))},
            "XDG_CACHE_HOME": str(folder / "cache"),
            "PYTHONUTF8": "1",
        }

    def __call__(self, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `pymapr-grade` with these arguments, in the folder."""
        return self.run("grader", *arguments, **environment)

    def run(self, module: str, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a module of ours: `grader` or `pymapr`."""
        return subprocess.run(
            [sys.executable, "-m", module, *map(str, arguments)],
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=100,
        )


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """`pymapr-grade`, run in `tmp_path`, with a cache of its own."""
    return Command(tmp_path)
