"""Named inputs: what a dataset's file is called inside a run, how to unpack it, a checksum that says when it changed.

Reads the instructor's files only. Running a generator or a reference is not its business (see grader.materials).
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from grader.errors import InfrastructureError, SpecError
from grader.model import DatasetSpec, Spec, Visibility

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CHUNK = 2**20


def staged_name(dataset: DatasetSpec) -> str:
    """What a run finds in `sys.argv[1]`: the path of the dataset's file without `.gz`, or one for generated data."""
    if dataset.file is None:
        return f"data/{dataset.name}.json"
    return dataset.file.removesuffix(".gz")


def staged_names(spec: Spec, dataset: DatasetSpec) -> list[str]:
    """All names that lead to the dataset in a run: its own and each public dataset's, as students hard-code them."""
    public = [other for other in spec.datasets if other.visibility is Visibility.PUBLIC]
    paths = [staged_name(one) for one in (dataset, *public)]
    return list(dict.fromkeys([*paths, *(PurePosixPath(path).name for path in paths)]))


def out_of_the_way(files: Iterable[tuple[str, Path]], names: Iterable[str]) -> list[tuple[str, Path]]:
    """The files that leave the dataset its names: a copy of the data that a student handed in must not be read instead.

    files: (name inside the run's folder, where it lies).
    """
    taken = list(names)
    return [(name, path) for name, path in files if not any(_collide(name, other) for other in taken)]


def _collide(one: str, other: str) -> bool:
    """Whether two paths cannot both be files, as `data` and `data/books.json` cannot."""
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def unpack(source: Path, target: Path) -> None:
    """Decompress a dataset's file; raises SpecError when it is no gzip after all, InfrastructureError without room."""
    try:
        with target.open("wb") as plain:
            for chunk in _unpacked(source):
                plain.write(chunk)
    except OSError as error:
        with contextlib.suppress(OSError):
            target.unlink()  # half a dataset is of no use, and others need the room
        what = f"{source.name} could not be unpacked into {target.parent}: {error.strerror}"
        raise InfrastructureError(what) from None


def _unpacked(source: Path) -> Iterator[bytes]:
    try:
        with gzip.open(source) as packed:
            while chunk := packed.read(_CHUNK):
                yield chunk
    except (OSError, EOFError, zlib.error) as error:
        hint = "is it complete, and really compressed with gzip?"
        raise SpecError(f"{source}: cannot be read: {error}", hint) from None


class Lines:
    """The non-blank lines of a file of JSON lines, as often as one wants to go through them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            for line in file:
                if stripped := line.strip():
                    yield stripped


def checksum(parts: Iterable[str | bytes | Path]) -> str:
    """SHA-256 over texts, bytes, files and whole folders (each file with its path), as hex."""
    digest = hashlib.sha256()
    for part in parts:
        for piece in _pieces(part):
            digest.update(len(piece).to_bytes(8, "little"))
            digest.update(piece)
    return digest.hexdigest()


def _pieces(part: str | bytes | Path) -> Iterator[bytes]:
    if isinstance(part, str):
        yield part.encode()
    elif isinstance(part, bytes):
        yield part
    elif part.is_dir():
        for path in sorted(path for path in part.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
            yield path.relative_to(part).as_posix().encode()
            yield path.read_bytes()
    else:
        yield part.read_bytes()
