"""What leaves the instructor's folder: the kit that students get, and the shipped assignments for whoever installed the wheel.

A kit holds the statement, the starter, public data with its expected output, and a spec that names hidden datasets as withheld; nothing
from which a reference, a sample or hidden data could be had.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from grader.errors import SpecError, UsageError
from grader.materials import Materials
from grader.model import DatasetSpec, Spec, Visibility
from grader.sandbox.runner import Sandbox
from grader.spec import FILE_NAME, release_text


def release(specs: Sequence[Spec], out: Path, cache: Path | None) -> Iterator[str]:
    """Write a kit for each assignment: into `out` itself for one, into a folder each for several. Yields a line for each kit.

    Raises UsageError rather than write over anything, SpecError where an assignment cannot be released.
    """
    folders = [out if len(specs) == 1 else out / spec.name for spec in specs]
    for folder in folders:
        _require_empty(folder)
    with tempfile.TemporaryDirectory(prefix="pymapr-release-") as work, Sandbox() as sandbox:
        materials = Materials(Path(work), cache)
        for spec, folder in zip(specs, folders, strict=True):
            yield _kit(spec, folder, materials, sandbox)


def _kit(spec: Spec, folder: Path, materials: Materials, sandbox: Sandbox) -> str:
    datasets = [_released(spec, dataset, folder, materials, sandbox) for dataset in spec.datasets]
    withheld = [dataset.name for dataset in datasets if dataset.withheld]
    (folder / FILE_NAME).write_text(release_text(spec, datasets), encoding="utf-8")
    for name in ("README.md", "starter"):
        source = spec.folder / name
        if source.is_dir():
            shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.is_file():
            shutil.copyfile(source, folder / name)
    hidden = f"; withheld: {', '.join(withheld)}" if withheld else ""
    return f"{spec.name}: kit written to {folder}{hidden}"


def _released(spec: Spec, dataset: DatasetSpec, folder: Path, materials: Materials, sandbox: Sandbox) -> DatasetSpec:
    """Put a public dataset and its golden file into the kit, generated data as a plain file; a hidden one leaves only its name."""
    folder.mkdir(parents=True, exist_ok=True)
    if dataset.withheld or dataset.visibility is not Visibility.PUBLIC:
        return replace(dataset, file=None, generate=None, expected=None, withheld=True)
    material = materials.prepare(spec, dataset, sandbox)
    data = dataset.file or f"data/{dataset.name}.json"
    _copy(spec.folder / data if dataset.file else material.data, folder / data)
    golden = f"expected/{dataset.name}.json"
    _copy(material.expected, folder / golden)
    return replace(dataset, file=data, generate=None, expected=golden)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def examples(out: Path) -> Iterator[str]:
    """Copy the shipped assignments to `out`; raises UsageError rather than write over anything."""
    _require_empty(out)
    shutil.copytree(_shipped(), out, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    names = sorted(path.parent.name for path in out.glob(f"*/{FILE_NAME}"))
    yield f"{len(names)} assignments written to {out}: {', '.join(names)}"
    yield f"grade them with: pymapr-grade {out}"


def _shipped() -> Path:
    """Where the assignments lie: inside the installed package, or beside it in a checkout."""
    here = Path(__file__).resolve().parent
    for folder in (here / "examples", here.parent / "assignments"):
        if folder.is_dir():
            return folder
    raise SpecError("the shipped assignments are not there", "reinstall pymapr from its wheel")


def _require_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there already, and not empty", "name a new folder: nothing is written over")
