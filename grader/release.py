"""What leaves the instructor's folder: the kit that students get, and the shipped assignments for who has the wheel.

A kit holds the statement, the starter, public data with its expected output, and a spec that names hidden datasets as
withheld; nothing from which a reference, a sample or hidden data could be had.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import InfrastructureError, UsageError
from grader.materials import Materials
from grader.model import DatasetSpec, Spec, Visibility
from grader.sandbox.runner import Sandbox
from grader.spec import FILE_NAME, release_text
from grader.tidy import work_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WITH_DATA = ("README.md", "starter")
"""What a kit has besides data and spec, where the assignment has it: the statement, and what students start from."""

_LEFTOVERS = shutil.ignore_patterns("__pycache__", "*.pyc")


def release(specs: Sequence[Spec], out: Path, cache: Path | None) -> list[str]:
    """Write a kit for each assignment: as `out` itself for one, as a folder in it each for several.

    Returns a line for each kit. `out` appears when all of them are complete. Raises UsageError rather than write over
    anything, SpecError where an assignment cannot be released, InfrastructureError where there is no room.
    """
    with _all_or_nothing(out) as made, work_folder() as work, Sandbox() as sandbox:
        folders = [made if len(specs) == 1 else made / spec.name for spec in specs]
        materials = Materials(work, cache)
        kits = [_Kit(spec, folder, materials) for spec, folder in zip(specs, folders, strict=True)]
        return [f"{kit.spec.name}: {kit.write(sandbox)}" for kit in kits]


class _Kit:
    """One assignment's kit in the making."""

    def __init__(self, spec: Spec, folder: Path, materials: Materials) -> None:
        self.spec, self._folder, self._materials = spec, folder, materials

    def write(self, sandbox: Sandbox) -> str:
        """Put everything in place; returns what to say of it."""
        self._folder.mkdir(exist_ok=True)
        datasets = [self._released(dataset, sandbox) for dataset in self.spec.datasets]
        (self._folder / FILE_NAME).write_text(release_text(self.spec, datasets), encoding="utf-8")
        for name in _WITH_DATA:
            _copy(self.spec.folder / name, self._folder / name)
        public = ", ".join(dataset.name for dataset in datasets if not dataset.withheld)
        withheld = ", ".join(dataset.name for dataset in datasets if dataset.withheld)
        return f"public data: {public or 'none'}; withheld: {withheld or 'none'}"

    def _released(self, dataset: DatasetSpec, sandbox: Sandbox) -> DatasetSpec:
        """Put a public dataset and its golden file into the kit; of any other only the name is left."""
        if dataset.withheld or dataset.visibility is not Visibility.PUBLIC:
            return replace(dataset, file=None, generate=None, expected=None, withheld=True)
        material = self._materials.prepare(self.spec, dataset, sandbox)
        data, golden = dataset.file or f"data/{dataset.name}.json", f"expected/{dataset.name}.json"
        _copy(self.spec.folder / data if dataset.file else material.data, self._folder / data)
        _copy(material.expected, self._folder / golden)
        return replace(dataset, file=data, generate=None, expected=golden)


def examples(out: Path) -> list[str]:
    """Copy the shipped assignments to `out`; raises UsageError rather than write over anything."""
    with _all_or_nothing(out) as made:
        shutil.copytree(_shipped(), made, dirs_exist_ok=True, ignore=_LEFTOVERS)
        names = sorted(path.parent.name for path in made.glob(f"*/{FILE_NAME}"))
    return [f"{len(names)} assignments written to {out}: {', '.join(names)}", f"grade them with: pymapr-grade {out}"]


def _shipped() -> Path:
    """Where the assignments lie: inside the installed package, or beside it in a checkout."""
    here = Path(__file__).resolve().parent
    for folder in (here / "examples", here.parent / "assignments"):
        if folder.is_dir():
            return folder
    raise InfrastructureError("the shipped assignments are not there", "reinstall pymapr from its wheel")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=_LEFTOVERS)
    elif source.is_file():
        shutil.copyfile(source, target)


@contextmanager
def _all_or_nothing(out: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `out` when the block ends well, and goes away when it does not."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is there already, and not empty", "name a new folder: nothing is written over")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent, ignore_cleanup_errors=True) as partial:
            filled = Path(partial) / "filled"
            filled.mkdir()
            yield filled
            filled.replace(out)
    except OSError as error:
        what = f"{out} cannot be written: {error.strerror}"
        raise UsageError(what, "is there room, and may you write there?") from None
