"""How classes lie on a disk, one file per layout; which it is, is told from names alone, never from contents."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from grader.errors import NothingToGrade, UsageError
from grader.layouts import canvas, flat, folders, github, gradescope, moodle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.layouts.found import Asked, Layout, Listing

_ALL = cast("Sequence[Layout]", (gradescope, moodle, canvas, github, flat, folders))
"""The most special first: where two would do, the first is meant."""

NAMES: tuple[str, ...] = ("auto", *(layout.NAME for layout in _ALL))
"""What `--layout` takes."""


def chosen(name: str, there: Listing, asked: Asked) -> Layout:
    """The layout of that name, or for `auto` the first that makes sense of most of what lies here.

    Raises UsageError for a name that is none and for a mixture, NothingToGrade where nothing is any student's.
    """
    if name != "auto":
        return _named(name, there, asked)
    claimed = [(layout, set(layout.claims(there, asked))) for layout in _ALL]
    relevant = set[str]().union(*(names for _, names in claimed)) | {n for n in there.files if n.endswith(".py")}
    for layout, names in claimed:
        if names and len(names) * 2 > len(relevant):
            return layout
    if any(names for _, names in claimed):
        counts = ", ".join(f"{layout.NAME} {len(names)}" for layout, names in claimed if names)
        of = f"of {len(relevant)} names: {counts}"
        raise UsageError(f"{there.folder}: no layout makes sense of most of what lies here ({of})", _hint(asked))
    raise NothingToGrade(f"{there.folder}: nothing in it is any student's", _hint(asked))


def _named(name: str, there: Listing, asked: Asked) -> Layout:
    for layout in _ALL:
        if name == layout.NAME:
            if not layout.claims(there, asked):
                message = f"{there.folder}: nothing in it is named as in the layout {name}: {layout.EXAMPLE}"
                raise NothingToGrade(message, _hint(asked))
            return layout
    raise UsageError(f"--layout {name}: no such layout", f"choose among {', '.join(NAMES)}")


def _hint(asked: Asked) -> str:
    """Which layouts there are, with names as they would be here."""
    module = min(asked.files, default="wordcount.py")
    shown = "; ".join(f"{layout.NAME}: {layout.EXAMPLE.replace('wordcount.py', module)}" for layout in _ALL)
    return f"say which with --layout: {shown}"
