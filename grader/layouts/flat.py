"""One flat folder in which each file is named after a student and the module: `ada_wordcount.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.layouts.found import Asked, Found, Listing, Upload

if TYPE_CHECKING:
    from collections.abc import Collection

NAME = "flat"
TITLE = "files named after student and module"
EXAMPLE = "ada_wordcount.py or ada-wordcount.py"


def claims(there: Listing, asked: Asked) -> Collection[str]:
    """Every file that ends in the name of a module."""
    modules = _longest_first(asked)
    return {name for name in there.files if _student(name, modules)}


def read(there: Listing, asked: Asked) -> list[Found]:
    """The students; what comes before the module's name is theirs."""
    uploads: dict[str, list[Upload]] = {}
    modules = _longest_first(asked)
    for name in there.files:
        if student := _student(name, modules):
            called = name[len(student) + 1 :]
            uploads.setdefault(student, []).append(Upload(path=there.folder / name, name=called))
    return [Found(key=key, uploads=tuple(uploads[key]), called=(key,)) for key in sorted(uploads)]


def _longest_first(asked: Asked) -> list[str]:
    """So that `ada_word_count.py` is Ada's word_count.py where there is a count.py as well."""
    return sorted(asked.files, key=lambda module: (-len(module), module))


def _student(name: str, modules: list[str]) -> str:
    """Whose file it is; in whatever case the module's name is written; empty where it ends in no module's name."""
    for module in modules:
        head = name[: -len(module) - 1]
        if head and name[len(head)] in "_-" and name[len(head) + 1 :].lower() == module.lower():
            return head
    return ""
