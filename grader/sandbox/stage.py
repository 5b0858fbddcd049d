"""A private folder for each process that runs student code: the submission's files, and the dataset by all its names.

Only regular files are taken, in bounded number, size and depth; links, devices and compiled leftovers are not. Nothing
of a student's is read as anything but bytes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from grader.errors import InfrastructureError, SubmissionError
from grader.sandbox import tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MOST_FILES = 500
MOST_BYTES = 64 * 2**20
MOST_DEPTH = 20
_MOST_ENTRIES = 20 * MOST_FILES
"""Files, folders and links, what is left out included: looking through a submission has an end."""

_KEPT = 2**20
"""Bytes of a submission that are kept in memory while it is judged."""

MOST_MADE = 2000
"""Files and folders that a run's processes may make, all together."""

_LEFT_OUT = {"__pycache__", ".git", ".venv", "venv", "node_modules", ".ipynb_checkpoints"}
_TOO_MUCH = (
    f"the submission is larger than {MOST_FILES} files, {MOST_BYTES // 2**20} MB or {MOST_DEPTH} folders in one another"
)
_LEAVE_OUT = "hand in the module and what it imports, and leave data and environments out"


class Stage:
    """Makes the folders of one judgement, below `root`, and takes them away again.

    files: what to copy, as (name inside the folder, where it lies). data: the dataset, a plain file. names: what it is
    called inside, its own name first; where a name of a file and one of the dataset collide, the dataset has it.
    """

    def __init__(
        self, root: Path, files: Sequence[tuple[str, Path]], data: Path | None = None, names: Sequence[str] = ()
    ) -> None:
        self._data = data
        self._layout = _laid_out(names if data else (), files)
        self._small: dict[Path, bytes] = {}
        self._copy: Path | None = None
        self._as_copied: os.stat_result | None = None
        self._made = 0
        for name in (*names, *(name for name, _ in files)):
            _refuse_outside(name)
        try:
            self._home = Path(tempfile.mkdtemp(prefix="stage-", dir=root))
        except OSError as error:
            raise InfrastructureError(f"no folder could be made for a submission: {error}") from None

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        _remove(self._home)

    def folder(self, user: int = 0) -> Path:
        """One more folder with everything in it, which belongs to `user` (a uid; 0: to whoever grades).

        Raises InfrastructureError, on a full disk for instance.
        """
        self._made += 1
        folder = self._home / f"run-{self._made}"
        try:
            self._lay_out(str(folder))
            if user:
                self._give(folder, user)
        except OSError as error:
            raise InfrastructureError(f"a submission could not be put in place: {error}") from None
        return folder

    def _lay_out(self, folder: str) -> None:
        os.mkdir(folder, 0o700)
        for name in self._layout.folders:
            os.mkdir(f"{folder}/{name}")
        for name in self._layout.links:
            with contextlib.suppress(FileExistsError):  # on a system that takes two names for one
                os.link(self._untouched(), f"{folder}/{name}")
        for name, source in self._layout.copies:
            with contextlib.suppress(FileExistsError):
                _write(f"{folder}/{name}", self._content(source))

    def _content(self, source: Path) -> bytes:
        """The bytes of a file; those of small ones are kept, as every process of every run gets them."""
        content = self._small.get(source)
        if content is None:
            content = source.read_bytes()
            if sum(map(len, self._small.values())) + len(content) <= _KEPT:
                self._small[source] = content
        return content

    def usage(self) -> tree.Usage:
        """What lies in all folders, but for the dataset; entries are counted up to MOST_MADE and one more."""
        data = [(found.st_dev, found.st_ino)] if (found := self._as_copied) else []
        return tree.usage(str(self._home), most=MOST_MADE, apart=data)

    def clear(self) -> None:
        """Take away the folders that were made so far."""
        for name in os.listdir(self._home):
            if name.startswith("run-"):
                _remove(self._home / name)

    def _untouched(self) -> Path:
        """A copy of the dataset on the same disk, to be linked into the folders; made anew if a run has changed it."""
        assert self._data is not None, "asked only where there is data"
        if self._copy and self._as_copied and _is_as_before(self._copy, self._as_copied):
            return self._copy
        self._copy = self._home / f"data-{self._made}-{os.urandom(4).hex()}"
        shutil.copyfile(self._data, self._copy)
        self._copy.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
        self._as_copied = self._copy.stat()
        return self._copy

    def _give(self, folder: Path, user: int) -> None:
        """Make a folder somebody's, with all that is in it but the dataset: everybody's to read, nobody's to change."""
        self._home.chmod(0o711)  # so that they find their way to it
        os.chown(folder, user, user)
        for path, folders, names in os.walk(folder):
            for name in (*folders, *names):
                inside = os.path.join(path, name)
                if not (self._as_copied and os.path.samestat(os.lstat(inside), self._as_copied)):
                    os.chown(inside, user, user, follow_symlinks=False)


def _refuse_outside(name: str) -> None:
    """Raise InfrastructureError for a name that leads out of the folder: whoever made it up, it is no student's."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise InfrastructureError(f"{name!r} does not lie inside a submission's folder")


class _Layout(NamedTuple):
    """What a folder holds, in the order in which it is made: folders, names of the dataset, files to copy."""

    folders: list[str]
    links: list[str]
    copies: list[tuple[str, Path]]


def _laid_out(names: Iterable[str], files: Iterable[tuple[str, Path]]) -> _Layout:
    """Who comes first has a name; what would lie where something lies, or below a file, is left out."""
    layout, taken = _Layout([], [], []), {""}
    wanted: list[tuple[str, Path | None]] = [*((name, None) for name in names), *files]
    for name, source in wanted:
        parts = PurePosixPath(name).parts
        *above, whole = ["/".join(parts[: end + 1]) for end in range(len(parts))] or [""]
        if whole in taken or any(each in taken and each not in layout.folders for each in above):
            continue
        layout.folders.extend(each for each in above if each not in taken)
        taken.update((*above, whole))
        if source is None:
            layout.links.append(whole)
        else:
            layout.copies.append((whole, source))
    return layout


def _write(path: str, content: bytes) -> None:
    """Make a file that is not there yet."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
    finally:
        os.close(descriptor)


def _is_as_before(path: Path, before: os.stat_result) -> bool:
    """Whether a file is unchanged; a run that can set its times back as well has only itself to blame."""
    now = path.stat()
    return (now.st_size, now.st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def _remove(folder: Path) -> None:
    try:
        tree.remove(folder)
    except OSError as error:
        raise InfrastructureError(f"a run's folder could not be taken away: {error}") from None


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """The regular files of a submission, as (name inside it, where it lies), sorted.

    Raises SubmissionError beyond the caps, InfrastructureError for what may not be read.
    """
    found = size = 0
    for path, length in sorted(_regular(folder)):
        found, size = found + 1, size + length
        if found > MOST_FILES or size > MOST_BYTES:
            raise SubmissionError(_TOO_MUCH, _LEAVE_OUT)
        yield str(path.relative_to(folder)), path


def _regular(folder: Path) -> Iterator[tuple[Path, int]]:
    """Each regular file that is not left out, and its size in bytes."""
    waiting, entries = [(folder, 0)], 0
    while waiting:
        where, depth = waiting.pop()
        try:
            with os.scandir(where) as inside:
                for entry in inside:
                    entries += 1
                    if depth > MOST_DEPTH or entries > _MOST_ENTRIES:
                        raise SubmissionError(_TOO_MUCH, _LEAVE_OUT)
                    if entry.is_dir(follow_symlinks=False) and entry.name not in _LEFT_OUT:
                        waiting.append((where / entry.name, depth + 1))
                    elif entry.is_file(follow_symlinks=False) and not entry.name.endswith((".pyc", ".pyo")):
                        yield where / entry.name, entry.stat(follow_symlinks=False).st_size
        except OSError as error:
            raise InfrastructureError(f"{error.filename}: cannot be read: {error.strerror}") from None
