"""Clones of GitHub Classroom and Classroom 50: `wordcount-ada/`, a git repository for each student.

What comes before the login is the assignment's, and common to all clones of it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from grader.layouts.found import Asked, Found, Listing, Upload
from grader.model import Student

if TYPE_CHECKING:
    from collections.abc import Collection

NAME = "github"
TITLE = "GitHub clones"
EXAMPLE = "wordcount-ada/ with a .git in it"


def claims(there: Listing, asked: Asked) -> Collection[str]:
    """Every clone, if most folders are clones; and every folder that begins as all of them do, though it be empty."""
    clones = _clones(there)
    if len(clones) * 2 <= len(there.folders):
        return set()
    prefix = _prefix(there, clones, asked)
    return {name for name in there.folders if name.startswith(prefix)}


def read(there: Listing, asked: Asked) -> list[Found]:
    """A student for each login; where clones of several assignments lie here, each is for its own."""
    names = sorted(claims(there, asked))
    prefix = _prefix(there, _clones(there), asked)
    split = [(assignment, name, name[len(assignment) + 1 :]) for name in names if (assignment := _for(name, asked))]
    if len(split) != len(names) or len({assignment for assignment, _, _ in split}) < 2:
        split = [("", name, name.removeprefix(prefix)) for name in names]
    return sorted((_student(there, *one) for one in split), key=lambda one: (one.key, one.only))


def _clones(there: Listing) -> list[str]:
    return [name for name in there.folders if there.holds(name, ".git")]


def _student(there: Listing, assignment: str, name: str, login: str) -> Found:
    folder = there.folder / name
    student = Student(key=login, login=login, ids={"github": login})
    upload = Upload(path=folder)
    return Found(key=login, students=(student,), uploads=(upload,), called=(login,), only=assignment, clone=folder)


def _for(name: str, asked: Asked) -> str:
    """The assignment that a clone's name begins with."""
    return next((one for one in asked.names if name.startswith(f"{one}-") and len(name) > len(one) + 1), "")


def _prefix(there: Listing, clones: Collection[str], asked: Asked) -> str:
    """What comes before each login, with its hyphen: the folder's own name tells it, or an assignment's, or the clones.

    The clones tell it last: of `hw1-ada-x` and `hw1-ada-y` they would say that the students are x and y.
    """
    told = [there.folder.name.removesuffix("-submissions"), *asked.names]
    for prefix in (f"{name}-" for name in told if name):
        if clones and all(name.startswith(prefix) and name != prefix for name in clones):
            return prefix
    if len(clones) < 2:
        return ""
    common = os.path.commonprefix(list(clones))  # noqa: RUF071 - letter by letter is what is meant
    return common[: common.rfind("-") + 1]
