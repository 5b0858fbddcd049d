"""Graders to set villains on, each started once."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from grader.sandbox.runner import Sandbox
from sandbox.rig import Rig
from sandbox.runs import Runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_UNPRIVILEGED = 52000
"""A uid without an account, to which each of several test processes adds its number."""


@pytest.fixture(scope="session")
def public_folder() -> Iterator[Path]:
    """A folder that every user may look into, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="pymapr-rigs-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def rigs(public_folder: Path, worker_id: str) -> Iterator[Callable[[str], Rig]]:
    """Graders by how they run: `root`, `unprivileged`, or an emulated level. Skips what this machine cannot be."""
    made: dict[str, Rig] = {}

    def get(how: str) -> Rig:
        if how not in made:
            home = public_folder / how
            home.mkdir()
            made[how] = _made(how, home, public_folder / "lib", worker_id)
        return made[how]

    yield get
    for rig in made.values():
        rig.close()


@pytest.fixture
def fresh_rig(public_folder: Path, worker_id: str) -> Callable[[str], Rig]:
    """Graders as `rigs` are, but each for one test, which may kill it."""

    def get(how: str) -> Rig:
        home = Path(tempfile.mkdtemp(dir=public_folder))
        home.chmod(0o755)
        return _made(how, home, public_folder / "lib", worker_id)

    return get


def _made(how: str, home: Path, library: Path, worker: str) -> Rig:
    is_root = os.geteuid() == 0
    if how in {"root", "1", "bare-root"} and not is_root:
        pytest.skip("needs root")
    if how == "unprivileged":
        number = int(worker.removeprefix("gw")) if worker.startswith("gw") else 99
        return Rig(home, library, "best", _UNPRIVILEGED + number if is_root else -1)
    return Rig(home, library, "best" if how == "root" else how)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One, for all whose runs leave it as it was."""
    with Sandbox() as made:
        yield made


@pytest.fixture
def runs(sandbox: Sandbox, tmp_path: Path) -> Runs:
    """Runs job files in that sandbox."""
    return Runs(sandbox, tmp_path)
