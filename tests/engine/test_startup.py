"""A small run must not pay for what it does not use: which modules `pymapr run` loads, beyond the original's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.conftest import clean_environment

ROOT = Path(__file__).parents[2]

NEEDED = {
    "command line": {"argparse", "gettext", "locale", "signal", "errno"},
    "blocks": {"array", "pickle", "struct", "zlib"},
    "processes": {"fcntl", "gc", "select"},
    "loading and blaming": {"__future__", "bisect", "importlib", "importlib.machinery", "sysconfig"},
    "the rest": {"contextlib", "math"},
}
"""What the engine loads of the standard library, and what for. Longer only with a reason: each costs 0.1 to 5 ms."""


def modules(*arguments: str) -> set[str]:
    """What a new interpreter loads that runs with these arguments."""
    command = [sys.executable, "-X", "importtime", *arguments]
    told = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, check=True).stderr
    rows = (line for line in told.splitlines() if line.startswith("import time:"))
    return {row.rpartition("|")[2].strip() for row in rows} - {"imported package"}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What a run over two records with two workers loads in its master."""
    folder = tmp_path_factory.mktemp("small")
    job, data = folder / "job.py", folder / "data.json"
    job.write_text("def mapper(record): yield record, 1\ndef reducer(key, values): yield key\n")
    data.write_text("1\n2\n")
    code = "import sys; from pymapr.cli import main; main(sys.argv[1:])"
    return modules("-c", code, "run", str(job), str(data), "--workers", "2", "--progress", "none")


def test_nothing_is_loaded_that_is_not_named_here(loaded: set[str]) -> None:
    """Of the standard library's public modules, but for those that the serial original loads itself."""
    original = modules("-c", f"import sys; sys.path.insert(0, {str(ROOT / 'dropin')!r}); import MapReduce_original")
    public = {name for name in loaded - original if not name.startswith(("_", "pymapr", "encodings", "org"))}
    assert public - set().union(*NEEDED.values()) == set()


def test_the_grader_and_its_libraries_stay_out(loaded: set[str]) -> None:
    """Nor the faster parser, which small data does not repay."""
    assert loaded & {"grader", "yaml", "rich", "deepdiff", "pytest", "msgspec"} == set()
    assert "pymapr.parallel.master" in loaded
