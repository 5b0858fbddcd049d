"""Canvas's bulk download: `lovelaceada_LATE_1001_55501_wordcount-1.py`, a flat folder of files so named.

The first number is the user's, the second the attachment's. Canvas gives later attachments higher numbers, and puts
`-1` and so on behind a file's name when it is handed in again. Anonymous grading hides the name behind `anon`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import PurePath
from typing import TYPE_CHECKING

from grader.archive import is_archive
from grader.late import MARKED
from grader.layouts.found import Asked, Found, Listing, Upload
from grader.model import Student

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

NAME = "canvas"
TITLE = "Canvas download"
EXAMPLE = "lovelaceada_1001_55501_wordcount.py"

_FILE = re.compile(
    r"(?:(?P<name>.+?)_)??(?P<late>LATE_)?(?:(?P<user>\d+)|anon_(?P<anonymous>[A-Za-z0-9]+))"
    r"_(?:(?P<upload>\d+)_(?P<file>.+)|(?P<text>text|link)\.html)",
    re.DOTALL,
)
_AGAIN = re.compile(r"-\d+(?=(\.[A-Za-z]\w*)*$)")
"""The number that Canvas puts behind a name, before whatever endings it has."""


def claims(there: Listing, asked: Asked) -> Collection[str]:
    """Every file that is named as Canvas names them."""
    return {name for name in there.files if _FILE.fullmatch(name)}


def read(there: Listing, asked: Asked) -> list[Found]:
    """A student for each user's number; text typed into the page is no file, but its author has handed in."""
    by_user: dict[str, list[re.Match[str]]] = defaultdict(list)
    for name in there.files:
        if match := _FILE.fullmatch(name):
            by_user[match["user"] or f"anon_{match['anonymous']}"].append(match)
    found = [_student(there, user, matches, asked) for user, matches in by_user.items()]
    return sorted(found, key=lambda one: one.key)


def _student(there: Listing, user: str, matches: Sequence[re.Match[str]], asked: Asked) -> Found:
    name = matches[0]["name"] or ""
    key = f"{name}_{user}" if name else user
    files = {match["file"] for match in matches if match["file"]}
    again = any(file not in asked.files and _AGAIN.sub("", file) in asked.files for file in files)
    uploads = [
        Upload(path=there.folder / match.string, name=_name(file, files, asked, again), order=int(match["upload"]))
        for match in matches
        if (file := match["file"])
    ]
    return Found(
        key=key,
        students=(Student(key=key, ids={} if user.startswith("anon_") else {"canvas": user}),),
        uploads=tuple(uploads),
        called=(name,) if name else (),
        remarks=(MARKED,) if any(match["late"] for match in matches) else (),
    )


def _name(file: str, files: Collection[str], asked: Asked, again: bool) -> str:
    """What the student called a file: without Canvas's number, where that is what it must be.

    again: a module is here with a number, so that everything was handed in again.
    """
    bare = _AGAIN.sub("", file)
    if file in asked.files or PurePath(bare).suffix == "":
        return file
    return bare if again or bare in asked.files or bare in files or is_archive(bare) else file
