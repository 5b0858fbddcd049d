"""Named inputs: what a dataset's file is called inside a run, how to unpack it, and a checksum that says when it has changed.

Reads the instructor's files only. Running a generator or a reference is not its business (see grader.materials).
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from grader.errors import SpecError
from grader.model import DatasetSpec, Spec, Visibility


def staged_name(dataset: DatasetSpec) -> str:
    """What a run of this dataset finds in `sys.argv[1]`: the file's own path without `.gz`, or a name for generated data."""
    if dataset.file is None:
        return f"data/{dataset.name}.json"
    return dataset.file.removesuffix(".gz")


def staged_names(spec: Spec, dataset: DatasetSpec) -> list[str]:
    """All names that lead to the dataset inside a run: its own and each public dataset's, because students hard-code them."""
    public = [other for other in spec.datasets if other.visibility is Visibility.PUBLIC]
    paths = [staged_name(one) for one in (dataset, *public)]
    return list(dict.fromkeys([*paths, *(PurePosixPath(path).name for path in paths)]))


def unpack(source: Path, target: Path) -> None:
    """Copy a dataset's file to `target`, decompressed; raises SpecError when it is no gzip after all."""
    try:
        with gzip.open(source) if source.suffix == ".gz" else source.open("rb") as packed, target.open("wb") as plain:
            shutil.copyfileobj(packed, plain)
    except (OSError, EOFError) as error:
        raise SpecError(f"{source}: cannot be read: {error}", "is it complete, and really compressed with gzip?") from None


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
            yield str(path.relative_to(part)).encode()
            yield path.read_bytes()
    else:
        yield part.read_bytes()
