"""Which files a command may write, and how: refuses a place where something would be lost that the command was given.

A file is written whole or not at all.
"""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import UsageError
from pymapr.destination import descriptor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TextIO


@dataclass(frozen=True, kw_only=True)
class Given:
    """A file that must not be lost, or a folder. what: how an error calls it. option: which names it.

    names: which files that are in the folder must not be lost either, by their names; none of them if None.
    """

    path: Path
    what: str = ""
    option: str = ""
    names: Callable[[str], bool] | None = None

    def holds(self, path: Path) -> bool:
        """Whether it is this file, by whatever name, or one that is there in this folder."""
        if _same(self.path, path):
            return True
        real = Path(os.path.realpath(path))
        if self.names is None or not self.names(real.name) or not real.exists():
            return False
        return Path(os.path.realpath(self.path)) in real.parents


def refuse_loss(given: Iterable[Given], written: Iterable[tuple[str, Path]]) -> None:
    """Refuse what would be written over something that was given, or over something else that is written.

    written: options, by name, and the file that each names. What keeps nothing, such as a terminal, may be named
    twice. Raises UsageError.
    """
    kept = list(given)
    for option, path in written:
        if _is_stream(path):
            continue
        for each in kept:
            if each.holds(path):
                raise _loss(option, path, each)
        kept.append(Given(path=path, option=option))


def _loss(option: str, path: Path, lost: Given) -> UsageError:
    if lost.option == option:
        hint = "name another to write: what was exported is all there is of the marks in it"
        return UsageError(f"--{option} would write over the file that it reads, {path}", hint)
    if lost.option:
        return UsageError(f"--{lost.option} and --{option} name the same file, {path}", "give each a file of its own")
    hint = "name another file to write: what lies there would be lost"
    return UsageError(f"--{option} would write over {path}, {lost.what}", hint)


def _same(one: Path, other: Path) -> bool:
    with suppress(OSError):
        if one.samefile(other):
            return True
    return os.path.realpath(one) == os.path.realpath(other)


# ---- writing ---------------------------------------------------------------------------------------------------------


def require_place(path: Path) -> None:
    """Refuse what cannot be written before anything is graded, not an hour later. Raises UsageError."""
    place = path if _is_stream(path) else path.parent
    if path.is_dir() or not os.access(place, os.W_OK):
        raise UsageError(f"{path} cannot be written", "name a file in a folder that exists, where you may write")


def write_whole(path: Path, pieces: Iterable[str], *, private: bool = False) -> None:
    """Write a file, so that there is a whole one or none; raises UsageError.

    private: a new file is for its owner alone, and one that is there stays for whom it was.
    """
    try:
        if _is_stream(path):
            with suppress(BrokenPipeError), _stream(path) as stream:  # whoever read it has enough
                stream.writelines(pieces)
        else:
            _replace(path, pieces, _mode(path) if private else None)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", "is there room where it goes?") from None


def _replace(path: Path, pieces: Iterable[str], mode: int | None) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.unlink(missing_ok=True)
    try:
        number = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else 0o600)
        with _text(number) as file:
            file.writelines(pieces)
            if mode is not None:
                os.fchmod(number, mode)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return 0o600


def _is_stream(path: Path) -> bool:
    """Whether it keeps nothing that could be written over: a pipe, a terminal, what the shell has opened."""
    if descriptor(str(path)) is not None:
        return True
    with suppress(OSError):
        mode = path.stat().st_mode
        return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
    return False


def _stream(path: Path) -> TextIO:
    """What is open already is written to as it is: opened anew, a file would be written from its beginning."""
    sys.stdout.flush()
    number = descriptor(str(path))
    return path.open("w", encoding="utf-8", newline="") if number is None else _text(os.dup(number))


def _text(number: int) -> TextIO:
    """An open descriptor to write text to; a format's line ends are its own affair."""
    return os.fdopen(number, "w", encoding="utf-8", newline="")
