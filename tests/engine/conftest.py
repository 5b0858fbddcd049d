"""What every test of the engine is held to: when it ends, no process, no temporary file and no open pipe is left."""

from __future__ import annotations

import ctypes
import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Runs start processes: slow on a busy machine, and that is no fault.
settings.register_profile("engine", deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("engine")

_PR_SET_CHILD_SUBREAPER = 36

ROOT = Path(__file__).parents[2]
Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(autouse=True)
def nothing_left(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Orphans come to us, temporary files into a folder of ours; both must be none, and our descriptors as before."""
    temporary = tmp_path_factory.mktemp("tmp")
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before, family = descriptors(), children()
    yield
    gc.collect()  # an error that a test has looked at holds frames, and they their files
    assert children() - family == set(), "a process was left"
    assert descriptors() - before == set(), "a descriptor was left open"
    assert sorted(temporary.rglob("*")) == [], "a temporary file was left"
    shutil.rmtree(temporary)


def descriptors() -> set[tuple[int, str]]:
    """What this process has open: number and what it leads to."""
    found = set()
    for path in Path("/proc/self/fd").iterdir():
        try:
            found.add((int(path.name), str(path.readlink())))
        except OSError:
            continue  # the one that listed them
    return found


def children() -> set[int]:
    """The processes that have this one for a parent and still run; the dead ones are laid to rest."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        found |= set(map(int, (task / "children").read_text().split()))
    return {pid for pid in found if not _is_buried(pid)}


def _is_buried(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    if status == "Z":
        os.waitpid(pid, 0)
    return status == "Z"


@pytest.fixture
def pymapr(tmp_path: Path) -> Command:
    """The command `pymapr`, in a folder of the test's own, as users call it."""

    def call(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
        return script("-m", "pymapr", *arguments, folder=tmp_path, **options)

    return call


@pytest.fixture
def python(tmp_path: Path) -> Command:
    """`python FILE ...`, in a folder of the test's own."""

    def call(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
        return script(*arguments, folder=tmp_path, **options)

    return call


def script(*arguments: str | Path, folder: Path, **options: object) -> subprocess.CompletedProcess[str]:
    """Run Python in `folder` to its end. env: what is added to the environment."""
    given: dict[str, object] = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": 60}
    if "input" in options:
        del given["stdin"]
    added = options.pop("env", {})
    assert isinstance(added, dict)
    environment = clean_environment() | added
    command: Sequence[str] = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=folder, env=environment, check=False, **{**given, **options})  # type: ignore[call-overload,no-any-return]  # options are subprocess's own


def clean_environment() -> dict[str, str]:
    """Ours, without what steers pymapr; its packages are found wherever the test runs."""
    steering = ("PYMAPR_", "PYTHONUNBUFFERED")  # unbuffered, the words of two workers' prints would mingle
    kept = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
    return kept | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "dropin")])}
