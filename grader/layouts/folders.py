"""A folder or an archive for each student, named after them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.archive import stem
from grader.layouts.found import Asked, Found, Listing, Upload

if TYPE_CHECKING:
    from collections.abc import Collection

NAME = "folders"
TITLE = "a folder or archive per student"
EXAMPLE = "ada/wordcount.py, or ada.zip"


def claims(there: Listing, asked: Asked) -> Collection[str]:
    """Every folder and every archive."""
    return {*there.folders, *there.archives}


def read(there: Listing, asked: Asked) -> list[Found]:
    """One student each; `ada/` and `ada.zip` are one student's, and the folder is newer: somebody unpacked it."""
    uploads: dict[str, list[Upload]] = {}
    for name in there.archives:
        uploads.setdefault(stem(name), []).append(Upload(path=there.folder / name, name=name))
    for name in there.folders:
        uploads.setdefault(name, []).append(Upload(path=there.folder / name, order=1))
    return [Found(key=key, uploads=tuple(uploads[key]), called=(key,)) for key in sorted(uploads)]
