"""Moodle's bulk download: `Ada Lovelace_101_assignsubmission_file_/`, or all files in one folder with that before them.

The number is the participant's in this one assignment. Text typed into the page comes as `assignsubmission_onlinetext`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from grader.layouts.found import Asked, Found, Listing, Upload
from grader.model import Student

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

NAME = "moodle"
TITLE = "Moodle download"
EXAMPLE = "Ada Lovelace_101_assignsubmission_file/wordcount.py"

_ENTRY = re.compile(
    r"(?P<name>.+?)_(?P<participant>\d+)_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<file>.*))?", re.DOTALL
)
"""The first number is Moodle's: what comes behind it the student chose, perhaps as Moodle names another's file."""


def claims(there: Listing, asked: Asked) -> Collection[str]:
    """Every file and folder that is named as Moodle names them."""
    return {name for name in (*there.folders, *there.files) if _ENTRY.fullmatch(name)}


def read(there: Listing, asked: Asked) -> list[Found]:
    """A student for each participant's number."""
    by_participant: dict[tuple[str, str], list[re.Match[str]]] = defaultdict(list)
    for name in (*there.folders, *there.files):
        if match := _ENTRY.fullmatch(name):
            by_participant[match["name"], match["participant"]].append(match)
    folders = set(there.folders)
    return [_student(there, *who, by_participant[who], folders) for who in sorted(by_participant)]


def _student(
    there: Listing, name: str, participant: str, matches: Sequence[re.Match[str]], folders: Collection[str]
) -> Found:
    key = f"{name}_{participant}"
    uploads = [
        Upload(path=there.folder / match.string, name="" if match.string in folders else match["file"] or match.string)
        for match in matches
        if match["kind"] == "file"
    ]
    return Found(
        key=key,
        students=(Student(key=key, name=name, ids={"moodle": participant}),),
        uploads=tuple(uploads),
        called=(name,),
    )
