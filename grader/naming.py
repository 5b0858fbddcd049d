"""Which of a student's files is meant for which assignment, when none has the right name: certain, or not at all."""

from __future__ import annotations

import re
from difflib import SequenceMatcher, get_close_matches
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

FRAMEWORK = {"mapreduce.py", "mapreduce_original.py"}
_NO_MODULE = re.compile(r"(test_.*|.*_test|conftest|setup|__init__|__main__)\.py", re.IGNORECASE)
_PYTHON = re.compile(r"(?P<stem>.+)\.pyw?(?:\.txt)?", re.IGNORECASE)
_COPY = re.compile(r"^(copy of )|(\(\d+\)|[-_ ](\d+|copy))$", re.IGNORECASE)
"""What file managers and platforms add to a name that is taken."""
_ALIKE = 0.8


def meant(asked: Sequence[tuple[str, str]], names: Iterable[str]) -> dict[str, str]:
    """For each assignment whose file is not there by its name, the one that must be meant; as a path in the folder.

    asked: assignments and their modules, all that the student is asked for. names: paths of the student's files. In
    this order: the right name in another folder; the right name but for case, separators and copies' numbers; a name
    that is close, and to no other module closer; the only Python file left, if only one assignment is. What two files
    may claim, or a file may be for two assignments, is not decided here.
    """
    left = [name for name in names if _is_candidate(name)]
    exact = {place for assignment, module in asked for place in (f"{assignment}/{module}", module) if place in left}
    pending = dict(one for one in asked if not {f"{one[0]}/{one[1]}", one[1]} & exact)
    left = [name for name in left if name not in exact]
    found: dict[str, str] = {}
    modules = [module for _, module in asked]
    for fits in (_same_name, _same_but_for_copies, lambda module, name: _closest(module, name, modules)):
        found |= _certain(pending, left, fits)
        pending = {assignment: module for assignment, module in pending.items() if assignment not in found}
        left = [name for name in left if name not in found.values() and not _is_for_another(name, modules)]
    if len(pending) == 1 and len(left) == 1:
        found |= {one: left[0] for one, module in pending.items() if _same_numbers(module, left[0])}
    return found


def nearest(module: str, names: Iterable[str], others: Collection[str]) -> str:
    """What comes nearest to a module: a file of a like name, or the only Python file that nobody else asks for."""
    taken = FRAMEWORK | {other.lower() for other in others if other != module}
    files = [path for path in map(PurePosixPath, names) if path.name.lower() not in taken]
    python = [path for path in files if path.suffix == ".py"]
    by_stem = {path.stem.lower(): path for path in (*reversed(files), *reversed(python))}  # the last of a stem stays
    alike = get_close_matches(PurePosixPath(module).stem.lower(), by_stem, n=1)
    found = [by_stem[stem] for stem in alike] or (python if len(python) == 1 else [])
    return str(found[0]) if found else ""


def _is_candidate(name: str) -> bool:
    last = PurePosixPath(name).name
    return bool(_PYTHON.fullmatch(last)) and last.lower() not in FRAMEWORK and not _NO_MODULE.fullmatch(last)


def _is_for_another(name: str, modules: Sequence[str]) -> bool:
    """Whether it has the very name of a module: what it is for is known, whether or not it is needed."""
    return PurePosixPath(name).name in modules


def _certain(pending: dict[str, str], names: Sequence[str], fits: Callable[[str, str], bool]) -> dict[str, str]:
    """The pairs in which the file fits no other assignment, and the assignment no other file."""
    files = {assignment: [name for name in names if fits(module, name)] for assignment, module in pending.items()}
    claims = [name for fitting in files.values() for name in fitting]
    return {
        assignment: fitting[0]
        for assignment, fitting in files.items()
        if len(fitting) == 1 and claims.count(fitting[0]) == 1
    }


def _same_name(module: str, name: str) -> bool:
    return PurePosixPath(name).name == module


def _same_but_for_copies(module: str, name: str) -> bool:
    stem = _stem(name)
    return _letters(_stem(module)) in {_letters(stem), _letters(_COPY.sub("", stem))}


def _closest(module: str, name: str, modules: Iterable[str]) -> bool:
    likeness = _likeness(module, name)
    return (
        likeness >= _ALIKE
        and _same_numbers(module, name)
        and all(likeness > _likeness(other, name) for other in modules if other != module)
    )


def _likeness(module: str, name: str) -> float:
    return SequenceMatcher(None, _letters(_stem(module)), _letters(_stem(name))).ratio()


def _same_numbers(module: str, name: str) -> bool:
    """`part1.py` is never meant by `part2.py`, however close it comes."""
    wanted, there = (re.findall(r"\d+", _stem(each)) for each in (module, name))
    return not wanted or not there or wanted == there


def _stem(name: str) -> str:
    last = PurePosixPath(name).name
    found = _PYTHON.fullmatch(last)
    return found["stem"] if found else last


def _letters(stem: str) -> str:
    return re.sub(r"[\W_]", "", stem).lower()
