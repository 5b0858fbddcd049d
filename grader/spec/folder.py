"""The files that an assignment names: do they exist, inside its folder? Reads names only, never content."""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from grader.spec.problems import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEGMENT = r"(?!\.{1,2}(?:/|\Z))[^/\\:\x00-\x1f\x7f-\x9f]+"
_RELATIVE = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")
_SEARCHED = 2000
"""How many file names are looked at for a suggestion: enough for any assignment, and an end in a home folder."""


def is_relative(path: str) -> bool:
    """Whether `path` is one of ours: relative, with `/` between its parts, none of which is `.`, `..` or empty."""
    return _RELATIVE.fullmatch(path) is not None


def trouble(folder: Path, path: str) -> tuple[str, str] | None:
    """What is wrong with `path` as a file below `folder`, and the mend; None where it is there.

    A link may point wherever it likes inside the folder. One that leads out is refused: the folder is what gets copied,
    cached and released, and what lies outside would be missing there, or leak.
    """
    root, real = os.path.realpath(folder), os.path.realpath(folder / path)
    if os.path.commonpath([root, real]) != root:
        return f"{quoted(path)} is a link that leads out of the assignment's folder", "copy the file into the folder"
    if os.path.isdir(real):
        return f"{quoted(path)} is a folder, not a file", _nearest_hint(folder, path)
    if not os.path.isfile(real):
        return f"no file {quoted(path)} in the assignment's folder", _nearest_hint(folder, path)
    return None


def _nearest_hint(folder: Path, path: str) -> str:
    there = list(islice(_files(folder), _SEARCHED))
    same_name = [file for file in there if Path(file).name == Path(path).name]
    near = get_close_matches(path, there, n=1) or same_name
    return f"did you mean {quoted(near[0])}?" if near else "paths count from the folder of assignment.yaml"


def _files(folder: Path) -> Iterator[str]:
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(visible(folders))
        for name in sorted(files):
            yield Path(where, name).relative_to(folder).as_posix()


def visible(folders: list[str]) -> list[str]:
    """The folders worth descending into: no hidden ones, none that hold what students wrote."""
    return [name for name in folders if not name.startswith(".") and name != "submissions"]
