"""What a command was given and no report may be written over: an assignment's files, and what was handed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader import archive
from grader.outputs import Given
from grader.spec import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from grader.model import Spec
    from grader.submission import Submission

_FOLDERS = ("starter", "submissions")
_STORED = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a store."""


def of_assignment(spec: Spec) -> Iterator[Given]:
    """The spec, the statement, data, all code, samples; but a report of an earlier run in the folder is none of it."""
    what = f"which belongs to the assignment {spec.name}"
    code = [spec.reference, *(each.generate.file for each in spec.datasets if each.generate)]
    data = [name for each in spec.datasets for name in (each.file, each.expected)]
    for name in (FILE_NAME, "README.md", *_FOLDERS, *filter(None, (*code, *data))):
        yield Given(path=spec.folder / name, what=what, names=_any)
    for folder in {(spec.folder / name).parent for name in filter(None, code)} - {spec.folder}:
        yield Given(path=folder, what=what, names=_any)  # a reference or a generator may read whatever lies beside it
    yield Given(path=spec.folder, what=what, names=_is_code)


def of_class(folder: Path, submissions: Iterable[Submission]) -> Iterator[Given]:
    """What students handed in: every program and archive, and whatever lies in a student's own folder."""
    yield Given(path=folder, what=_HANDED_IN, names=_is_code)
    for one in submissions:
        for _, path in one.files or ():
            yield Given(path=path, what=_HANDED_IN)
        if one.module is not None and one.files is None and not one.alone and not one.module.parent.samefile(folder):
            yield Given(path=one.module.parent, what=_HANDED_IN, names=_any)


def of_student(path: Path) -> Given:
    """A self-check's programs: what else lies in the folder may be the report of the check before."""
    return Given(path=path if path.is_dir() else path.parent, what=_HANDED_IN, names=_is_code)


def of_store(path: Path) -> Iterator[Given]:
    """The store, by its option, and what is written beside it while it is open."""
    yield Given(path=path, option="store")
    for ending in _STORED:
        yield Given(path=path.with_name(path.name + ending), what="which belongs to the store")


_HANDED_IN = "which was handed in"


def _any(_: str) -> bool:
    return True


def _is_code(name: str) -> bool:
    """Also of a copy, as `wordcount.py.txt`."""
    return ".py" in name.lower() or archive.is_archive(name)
