"""A private folder for each process that runs student code: the submission's files, and the dataset by all its names.

Only regular files are taken, in bounded number, size and depth; links, devices and compiled leftovers are not. Nothing
of a student's is read as anything but bytes.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from grader.errors import InfrastructureError, SubmissionError
from grader.sandbox import tree
from grader.sandbox.stock import Copy, Stock, opened, write_all

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
    """Makes the folders of one judgement, and takes them away again.

    place: a folder to make them in, or a slot's stock to take them from. files: what to put in, as (name inside the
    folder, where it lies). data: the dataset, a plain file. names: what it is called inside, its own name first; where
    a name of a file and one of the dataset collide, the dataset has it.
    """

    def __init__(
        self,
        place: Path | Stock,
        files: Sequence[tuple[str, Path]],
        data: Path | None = None,
        names: Sequence[str] = (),
    ) -> None:
        self._data = data
        self._layout = _laid_out(names if data else (), files)
        self._small: dict[Path, bytes] = {}
        self._copies: dict[Path, Copy] = {}
        self._folders: list[str] = []
        for name in (*names, *(name for name, _ in files)):
            _refuse_outside(name)
        self._own = not isinstance(place, Stock)
        self._stock = place if isinstance(place, Stock) else Stock(_home(place))

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        with _ours("a run's folder could not be taken away"):
            if self._own:
                tree.remove(self._stock.root)
                return
            try:
                self._take_back()
            finally:
                self._stock.tidy()

    def folder(self, user: int = 0) -> Path:
        """One more folder with everything in it, which belongs to `user` (a uid; 0: to whoever grades).

        Raises InfrastructureError, on a full disk for instance.
        """
        with _ours("a submission could not be put in place"):
            folder = self._stock.folder(user)
            self._folders.append(folder)
            self._lay_out(folder, user)
        return Path(folder)

    def _lay_out(self, folder: str, user: int) -> None:
        for name in self._layout.folders:
            os.mkdir(f"{folder}/{name}")
            _give(f"{folder}/{name}", user)
        for name in self._layout.links:
            assert self._data is not None, "without data there are no names of it"
            self._link(self._data, f"{folder}/{name}", follow=True)
        for name, source in self._layout.modules:
            self._link(source, f"{folder}/{name}")
        for name, source in self._layout.copies:
            with contextlib.suppress(FileExistsError):  # on a system that takes two names for one
                _write(f"{folder}/{name}", self._content(source))
                _give(f"{folder}/{name}", user)

    def _link(self, source: Path, path: str, *, follow: bool = False) -> None:
        copy = self._copies.get(source)
        if copy is None or not copy.intact:
            # Once a judgement: what changes meanwhile must not look as if the runs differed.
            copy = self._copies[source] = self._stock.copy(source, follow=follow)
        with contextlib.suppress(FileExistsError):  # on a system that takes two names for one
            os.link(copy.path, path)

    def _content(self, source: Path) -> bytes:
        """The bytes of a file; those of small ones are kept, as every process of every run gets them."""
        content = self._small.get(source)
        if content is None:
            with os.fdopen(opened(source), "rb") as file:
                content = file.read()
            if sum(map(len, self._small.values())) + len(content) <= _KEPT:
                self._small[source] = content
        return content

    def usage(self) -> tree.Usage:
        """What lies in all folders but our copies, whose names count; entries count up to MOST_MADE and one more."""
        copies = [(copy.made.st_dev, copy.made.st_ino) for copy in self._copies.values()]
        return tree.usage(self._folders, most=MOST_MADE, apart=copies)

    def clear(self) -> None:
        """Take away the folders that were made so far."""
        with _ours("a run's folder could not be taken away"):
            self._take_back()

    def _take_back(self) -> None:
        while self._folders:
            self._stock.take_back(self._folders.pop())


def _home(root: Path) -> Path:
    """A folder of this judgement's own."""
    try:
        home = Path(tempfile.mkdtemp(prefix="stage-", dir=root))
    except OSError as error:
        raise InfrastructureError(f"no folder could be made for a submission: {error}") from None
    home.chmod(0o711)  # so that runs under users of their own find their way to their folders
    return home


@contextlib.contextmanager
def _ours(what: str) -> Iterator[None]:
    """Whatever the disk does inside is our fault, and is called `what`."""
    try:
        yield
    except OSError as error:
        raise InfrastructureError(f"{what}: {error}") from None


def _refuse_outside(name: str) -> None:
    """Raise InfrastructureError for a name that leads out of the folder: whoever made it up, it is no student's."""
    if name.startswith("/") or ".." in name.split("/"):
        raise InfrastructureError(f"{name!r} does not lie inside a submission's folder")


class _Layout(NamedTuple):
    """What a folder holds, in the order in which it is made: folders, names of the dataset, modules, other files.

    Modules are read and not written; what else was handed in a program may write to.
    """

    folders: list[str]
    links: list[str]
    modules: list[tuple[str, Path]]
    copies: list[tuple[str, Path]]


def _laid_out(names: Iterable[str], files: Iterable[tuple[str, Path]]) -> _Layout:
    """Who comes first has a name; what would lie where something lies, or below a file, is left out."""
    layout, taken = _Layout([], [], [], []), {""}
    wanted: list[tuple[str, Path | None]] = [*((name, None) for name in names), *files]
    for name, source in wanted:
        parts = [part for part in name.split("/") if part not in ("", ".")]
        *above, whole = ["/".join(parts[: end + 1]) for end in range(len(parts))] or [""]
        if whole in taken or any(each in taken and each not in layout.folders for each in above):
            continue
        layout.folders.extend(each for each in above if each not in taken)
        taken.update((*above, whole))
        if source is None:
            layout.links.append(whole)
        else:
            (layout.modules if whole.endswith(".py") else layout.copies).append((whole, source))
    return layout


def _write(path: str, content: bytes) -> None:
    """Make a file that is not there yet."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        write_all(descriptor, content)
    finally:
        os.close(descriptor)


def _give(path: str, user: int) -> None:
    if user:
        os.chown(path, user, user)


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """The regular files of a submission, as (name inside it, where it lies), sorted.

    Raises SubmissionError beyond the caps, InfrastructureError for what may not be read.
    """
    found = size = 0
    for name, length in sorted(_regular(folder), key=lambda one: one[0].split("/")):
        found, size = found + 1, size + length
        if found > MOST_FILES or size > MOST_BYTES:
            raise SubmissionError(_TOO_MUCH, _LEAVE_OUT)
        yield name, folder / name


def _regular(folder: Path) -> Iterator[tuple[str, int]]:
    """Each regular file that is not left out, by its name inside the folder, and its size in bytes."""
    waiting, entries = [("", 0)], 0
    while waiting:
        above, depth = waiting.pop()
        try:
            with os.scandir(folder / above) as inside:
                for entry in inside:
                    entries += 1
                    if depth > MOST_DEPTH or entries > _MOST_ENTRIES:
                        raise SubmissionError(_TOO_MUCH, _LEAVE_OUT)
                    name = above + entry.name
                    if entry.is_dir(follow_symlinks=False) and entry.name not in _LEFT_OUT:
                        waiting.append((f"{name}/", depth + 1))
                    elif entry.is_file(follow_symlinks=False) and not entry.name.endswith((".pyc", ".pyo")):
                        yield name, entry.stat(follow_symlinks=False).st_size
        except OSError as error:
            raise InfrastructureError(f"{error.filename}: cannot be read: {error.strerror}") from None
