"""A job file that is run by a program: it plays the main program, and leaves that program as it was."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from engine.villains import classic, data
from pymapr import framework, run
from pymapr.errors import MaprError

if TYPE_CHECKING:
    from pathlib import Path

# Students do not close their files.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

SEES = """
import beside
seen = [__name__, sys.argv[1:], sys.modules["__main__"].__file__, beside.VALUE, sys.stdin.readline()]
def reducer(key, values):
    mr.emit(seen)
"""


def state() -> list[Any]:
    """All that a script can see and change."""
    names = ("__main__", "MapReduce", "MapReduce_original", "beside")
    modules = [sys.modules.get(name) for name in names]
    return [sys.argv, sys.path[:], modules, sys.stdin, os.fstat(0), framework.get_host()]


@pytest.mark.parametrize("engine", ["serial", "parallel"])
def test_a_job_file_is_the_main_program_for_a_while(tmp_path: Path, engine: str) -> None:
    """Its own name, argv, stdin and neighbours; afterwards everything is the caller's again."""
    (tmp_path / "beside.py").write_text("VALUE = 5\n")
    (tmp_path / "job.py").write_text(classic(more=SEES))
    source = data(tmp_path)
    before = state()
    [seen, *_] = run(tmp_path / "job.py", source, engine=engine, workers=1).values
    assert seen == ["__main__", [str(source)], str(tmp_path / "job.py"), 5, "0\n"]
    assert state() == before


def test_everything_is_given_back_after_a_failure_too(tmp_path: Path) -> None:
    """Whenever the job failed."""
    source = data(tmp_path)
    for text in ("1 / 0", "def", classic("1 / 0"), "import sys\nsys.exit(1)", "import os\nos.close(0)\n1 / 0"):
        (tmp_path / "job.py").write_text(text)
        before = state()
        with pytest.raises(MaprError):
            run(tmp_path / "job.py", source, engine="serial")
        assert state() == before


def test_two_jobs_may_have_neighbours_of_the_same_name(tmp_path: Path) -> None:
    """Each gets its own."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "beside.py").write_text(f"VALUE = {name!r}\n")
        (tmp_path / name / "job.py").write_text(classic(more=SEES))
        assert run(tmp_path / name / "job.py", data(tmp_path), engine="serial").values[0][3] == name


@pytest.mark.parametrize("engine", ["serial", "parallel"])
def test_what_comes_after_execute_is_not_run(tmp_path: Path, engine: str) -> None:
    """In either engine: the first execute is the job, even inside `try: ... except Exception`."""
    foot = "try:\n    mr.execute(open(sys.argv[1]), mapper, reducer)\nexcept Exception:\n    pass\n1 / 0\n"
    (tmp_path / "job.py").write_text(classic(foot=foot))
    assert run(tmp_path / "job.py", data(tmp_path), engine=engine).values == [[0, 63], [1, 70], [2, 57]]


def test_a_program_without_standard_input_can_run_job_files(tmp_path: Path) -> None:
    """As under some schedulers; afterwards there is still none."""
    (tmp_path / "job.py").write_text(classic())
    kept, stdin = os.dup(0), sys.stdin
    os.close(0)
    try:
        values = run(tmp_path / "job.py", data(tmp_path), engine="serial").values
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(0)
    finally:
        os.dup2(kept, 0)
        os.close(kept)
    assert values == [[0, 63], [1, 70], [2, 57]]
    assert sys.stdin is stdin
