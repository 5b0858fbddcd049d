"""The sides that are measured, as environments for `python JOB.py DATA`, and whether their outputs are equal."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from catalogue import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def original(work: Path) -> dict[str, str]:
    """The course's framework: one process, one thread. work: where a copy of it may lie."""
    folder = work / "original"
    folder.mkdir(exist_ok=True)
    shutil.copyfile(ROOT / "dropin/MapReduce_original.py", folder / "MapReduce.py")
    return {"PYTHONPATH": str(folder)}


def engine(workers: int, order: str = "stable") -> dict[str, str]:
    """The drop-in, which is installed."""
    return {"PYMAPR_WORKERS": str(workers), "PYMAPR_ORDER": order, "PYMAPR_PROGRESS": "none"}


def require_equal(name: str, expected: Path, got: Path, *, in_order: bool) -> None:
    """Raise SystemExit unless both files hold the same lines; in_order: the same bytes."""
    one, other = expected.read_bytes(), got.read_bytes()
    if one != other and (in_order or sorted(one.splitlines()) != sorted(other.splitlines())):
        raise SystemExit(f"{name}: the engine's output differs from the original's")
