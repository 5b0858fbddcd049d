"""What one student handed in, as one tree of files, and each assignment's module in it. Opens nothing but archives.

Newer files hide older ones of the same name. Archives are unpacked into the caller's folder, one level deep.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from grader import archive, naming
from grader.errors import InfrastructureError, SubmissionError
from grader.submission import NOT_WRITTEN, SEARCHED, Submission, is_linked, is_plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from grader.layouts.found import Asked, Found, Upload

UNPACKED = "class"
"""The folder, in the one for what is unpacked, of a whole class's archive."""
_ARCHIVES = 8
"""So many of one student's archives are unpacked; each may fill its share of the disk."""
_STEPS = 5
"""So many sole folders in one another are stepped into."""


@dataclass
class _Tree:
    """Files by their path inside. folder: where all of them lie as they were handed in, if they lie in one place."""

    folder: Path | None = None
    files: dict[str, Path] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    broken: list[SubmissionError] = field(default_factory=list)
    unreadable: str = ""


def submissions(found: Found, asked: Asked, work: Path) -> list[Submission]:
    """The student's submission for each assignment that it may be for, missing ones too. work: a folder to be made."""
    wanted = [(name, module) for name, module in asked.modules if found.only in ("", name)]
    tree = _tree(found.uploads, wanted, asked, work)
    meant = naming.meant(wanted, tree.files) if tree.files else {}
    return [_submission(found, tree, name, module, meant, asked, work) for name, module in wanted]


# ---- the tree --------------------------------------------------------------------------------------------------------


def _tree(uploads: Sequence[Upload], wanted: Sequence[tuple[str, str]], asked: Asked, work: Path) -> _Tree:
    tree = _Tree()
    try:
        if len(uploads) == 1 and not uploads[0].name:
            tree.folder = uploads[0].path
            if all(_exact(tree, name, module) for name, module in wanted):
                return tree  # the usual case: nothing needs to be searched
        for number, upload in enumerate(_few(tree, sorted(uploads, key=lambda upload: upload.order))):
            _add(tree, upload, asked, work / str(number))
    except InfrastructureError as error:
        tree.unreadable = error.message
    except OSError as error:  # whatever lies there, it is not the student's fault that we may not see it
        tree.folder, tree.unreadable = None, f"{error.filename}: {error.strerror}"
    return tree


def _few(tree: _Tree, uploads: Sequence[Upload]) -> Sequence[Upload]:
    """The uploads, without archives if they are too many: some of them would be another submission."""
    packed = [upload for upload in uploads if archive.is_archive(upload.name)]
    return [upload for upload in uploads if upload not in packed] if _too_many(tree, packed) else uploads


def _too_many(tree: _Tree, packed: Sequence[object]) -> bool:
    if len(packed) <= _ARCHIVES:
        return False
    message = f"{len(packed)} archives were handed in, of which none is unpacked: more than {_ARCHIVES} are too many"
    tree.broken.append(SubmissionError(message, "hand in the files themselves, or one zip"))
    return True


def _add(tree: _Tree, upload: Upload, asked: Asked, work: Path) -> None:
    """Lay an upload over what is there. Archives in a folder come first: what lies beside them unpacked is newer."""
    if archive.is_archive(upload.name):
        _unpacked(tree, upload.path, asked, work)
    elif archive.is_foreign(upload.name):
        tree.broken.append(_foreign(upload.name))
    elif upload.name:
        _put(tree, upload.name, upload.path, asked)
    else:
        names = list(islice(walk(upload.path), SEARCHED))
        packed = [name for name in names if "/" not in name and archive.is_archive(name)]
        for number, name in enumerate([] if _too_many(tree, packed) else packed):
            tree.folder = None
            _unpacked(tree, upload.path / name, asked, work / f"in-{number}")
        tree.broken += [_foreign(name) for name in names if archive.is_foreign(name)]
        for name in names:
            if name not in packed:
                _put(tree, name, upload.path / name, asked)


def _foreign(name: str) -> SubmissionError:
    return SubmissionError(f"{name} is an archive of a kind that is not unpacked", "hand in the file itself, or a zip")


def _unpacked(tree: _Tree, path: Path, asked: Asked, work: Path) -> None:
    try:
        tree.remarks += archive.unpack(path, work)
    except SubmissionError as error:
        tree.broken.append(error)
        return
    top = inside(work, set(asked.names))
    for name in islice(walk(top), SEARCHED):
        _put(tree, name, top / name, asked)


def _put(tree: _Tree, name: str, path: Path, asked: Asked) -> None:
    if tree.files.get(name, path) != path and PurePosixPath(name).name in asked.files:
        tree.remarks.append(f"{name} was handed in more than once: the newest counts")
    tree.files[name] = path


def inside(folder: Path, names: set[str]) -> Path:
    """The folder, or the one that is all there is in it, unless it is named after an assignment."""
    for _ in range(_STEPS):
        there = [entry for entry in os.scandir(folder) if not archive.is_junk(entry.name)]
        if len(there) != 1 or not there[0].is_dir(follow_symlinks=False) or there[0].name in names:
            break
        folder = Path(there[0].path)
    return folder


def walk(folder: Path) -> Iterator[str]:
    """The paths of the regular files in a folder, those at its top first; raises OSError where we may not look."""
    waiting = [""]
    for above in waiting:
        with os.scandir(folder / above) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                path = f"{above}/{entry.name}" if above else entry.name
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith(".") and entry.name not in NOT_WRITTEN:
                        waiting.append(path)
                elif entry.is_file(follow_symlinks=False) and not archive.is_junk(entry.name):
                    yield path
        if len(waiting) > SEARCHED:
            return


# ---- the modules -----------------------------------------------------------------------------------------------------


def _submission(
    found: Found, tree: _Tree, name: str, module: str, meant: Mapping[str, str], asked: Asked, work: Path
) -> Submission:
    facts: dict[str, Any] = {
        "assignment": name,
        "name": found.key,
        "students": found.students,
        "submitted": found.submitted,
    }
    remarks = (*found.remarks, *tree.remarks)
    if place := _exact(tree, name, module) or meant.get(name, ""):
        remarks += tuple(error.message for error in tree.broken)
        if place == meant.get(name):
            remarks = (f"graded {place} as {module}", *remarks)
        return Submission(**facts, remarks=remarks, **_module(tree, place, module, work))
    if tree.unreadable:
        return Submission(**facts, remarks=remarks, module=None, unreadable=tree.unreadable)
    if tree.broken:
        error = tree.broken[0]
        return Submission(**facts, remarks=remarks, module=None, broken=error.message, mend=error.hint)
    link = _link(tree, name, module)
    nearest = link or naming.nearest(module, [one for one in tree.files if one not in meant.values()], asked.files)
    there = tuple(sorted(tree.files)) or None  # what is in no file, as text in a form, is something too
    return Submission(**facts, remarks=remarks, module=None, nearest=nearest, is_link=bool(link), instead=there)


def _exact(tree: _Tree, name: str, module: str) -> str:
    """Where the module is, by its own name; empty if it is not there. Raises OSError where we may not look."""
    places = (f"{name}/{module}", module)
    if tree.folder is not None:
        return next((place for place in places if is_plain(tree.folder / place, tree.folder)), "")
    return next((place for place in places if place in tree.files), "")


def _link(tree: _Tree, name: str, module: str) -> str:
    if tree.folder is None:
        return ""
    return next((place for place in (f"{name}/{module}", module) if is_linked(tree.folder / place, tree.folder)), "")


def _module(tree: _Tree, place: str, module: str, work: Path) -> dict[str, Any]:
    """The fields of a Submission that say where its module is, and what comes with it."""
    path = tree.folder / place if tree.folder is not None else tree.files[place]
    above, _, _ = place.rpartition("/")
    return {
        "module": path,
        "staged_as": "" if path.name == module else module,
        "files": None if tree.folder is not None else tuple(_beside(tree, f"{above}/" if above else "")),
        "shown": _shown(path, place, work),
    }


def _shown(path: Path, place: str, work: Path) -> str:
    """What a command calls a file that was unpacked: by its place in the class's archive, or in the student's own."""
    if work in path.parents:
        return shlex.quote(place)
    if work.parent not in path.parents:
        return ""
    inside = path.relative_to(work.parent).parts
    return shlex.quote("/".join(inside[inside.index(UNPACKED) + 1 :]))


def _beside(tree: _Tree, above: str) -> Iterator[tuple[str, Path]]:
    """What lies in the module's folder or below, as (name there, where it lies)."""
    for name, path in sorted(tree.files.items()):
        if name.startswith(above) and not name.endswith((".pyc", ".pyo")):
            yield name[len(above) :], path
