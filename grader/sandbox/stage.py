"""A private folder for each process that runs student code: the submission's files, and the dataset under every name it may go by.

Only regular files are taken, in bounded number and size; links, devices and compiled leftovers are not. Nothing of a student's is read as
anything but bytes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from grader.errors import InfrastructureError, SubmissionError

MOST_FILES = 500
MOST_BYTES = 64 * 2**20
_LEFT_OUT = {"__pycache__", ".git", ".venv", "venv", "node_modules", ".ipynb_checkpoints"}


class Stage:
    """Makes the folders of one judgement, below `root`, and takes them away again.

    files: what to copy, as (name inside the folder, where it lies). data: the dataset, a plain file. names: what it is called inside.
    """

    def __init__(self, root: Path, files: Sequence[tuple[str, Path]], data: Path | None = None, names: Sequence[str] = ()) -> None:
        self._files, self._data, self._names = files, data, names
        try:
            self._home = Path(tempfile.mkdtemp(prefix="stage-", dir=root))
            self._home.chmod(0o711)
            self._copy: Path | None = None
            self._made = 0
        except OSError as error:
            raise InfrastructureError(f"no folder could be made for a submission: {error}") from None

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        remove(self._home)

    def folder(self, user: int = 0) -> Path:
        """One more folder with everything in it, which belongs to `user` (a uid; 0: to whoever grades).

        Raises InfrastructureError, on a full disk for instance.
        """
        self._made += 1
        folder = self._home / f"run-{self._made}"
        try:
            folder.mkdir()
            for name, source in self._files:
                self._place(folder / name, source)
            self._place_data(folder)
            if user:
                _give(folder, user)
        except OSError as error:
            raise InfrastructureError(f"a submission could not be put in place: {error}") from None
        return folder

    def usage(self) -> tuple[int, int]:
        """Bytes and files in all folders, but for the dataset."""
        size = files = 0
        for path, _, names in os.walk(self._home):
            for name in names:
                with contextlib.suppress(OSError):
                    found = os.lstat(os.path.join(path, name))  # noqa: PTH116, PTH118 - looked at several times a second
                    size, files = size + (found.st_blocks * 512 if found.st_nlink == 1 else 0), files + 1
        return size, files

    def clear(self) -> None:
        """Take away the folders that were made so far."""
        for folder in self._home.glob("run-*"):
            remove(folder)

    def _place(self, target: Path, source: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target, follow_symlinks=False)

    def _place_data(self, folder: Path) -> None:
        if self._data is None:
            return
        for name in self._names:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                os.link(self._untouched(), target)

    def _untouched(self) -> Path:
        """A copy of the dataset on the same disk, to be linked into the folders; made anew if a run has changed it."""
        assert self._data is not None, "asked only where there is data"
        if self._copy is not None and _seen(self._copy) == self._as_copied:
            return self._copy
        self._copy = self._home / f"data-{self._made}-{os.urandom(4).hex()}"
        shutil.copyfile(self._data, self._copy)
        self._copy.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
        self._as_copied = _seen(self._copy)
        return self._copy


def _give(folder: Path, user: int) -> None:
    """Make a folder somebody's, with all that is in it but the dataset, whose bytes are everybody's to read and nobody's to change."""
    os.chown(folder, user, user)
    folder.chmod(0o700)
    for path, folders, names in os.walk(folder):
        for name in (*folders, *names):
            inside = os.path.join(path, name)  # noqa: PTH118
            if os.lstat(inside).st_nlink == 1 or name in folders:  # noqa: PTH116
                os.chown(inside, user, user, follow_symlinks=False)


def _seen(path: Path) -> tuple[int, int]:
    """What changes when a file's bytes do (a run could set the time back, but then it has only itself to blame)."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """The regular files of a submission, as (name inside it, where it lies), sorted; raises SubmissionError beyond the caps."""
    count = size = 0
    for path in _walk(folder):
        count, size = count + 1, size + path.lstat().st_size
        if count > MOST_FILES or size > MOST_BYTES:
            raise SubmissionError(
                f"the submission is larger than {MOST_FILES} files or {MOST_BYTES // 2**20} MB",
                "hand in the module and what it imports, and leave data and environments out",
            )
        yield str(path.relative_to(folder)), path


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode) and path.name not in _LEFT_OUT:
            yield from _walk(path)
        elif stat.S_ISREG(mode) and path.suffix not in {".pyc", ".pyo"}:
            yield path


def remove(folder: Path) -> None:
    """Take a folder away, whatever rights a run has taken from what is in it."""

    def make_writable_and_retry(function: object, path: str, _: object) -> None:
        parent = Path(path).parent
        for place in (parent, Path(path)):
            if place.is_dir() and not place.is_symlink():
                place.chmod(0o700)
        if Path(path).is_dir() and not Path(path).is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            Path(path).unlink(missing_ok=True)

    shutil.rmtree(folder, onerror=make_writable_and_retry)
