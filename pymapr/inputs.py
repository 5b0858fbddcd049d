"""The data of a run as plain files that any worker can read a piece of: opened once, unpacked, cut at line ends.

What cannot be read in pieces (`.gz`, `-`, a pipe) is first copied into an unnamed file. It refuses nothing but what is
not there.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import ExitStack, closing
from typing import IO, TYPE_CHECKING, Any

from pymapr.errors import InputError
from pymapr.spill import SpillFile, read_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_COPY = 2**20
_PIECE = 2**21
_LEAST_PIECE = 2**18
_LOOK = 2**12
"""Bytes in which a line end is looked for first: most lines are shorter."""


class Input:
    """One file of JSON lines, open for reading at any place.

    name: what messages call it. size: bytes. path: what a script can open to read it from the start.
    """

    def __init__(self, name: str, descriptor: int, path: str) -> None:
        self.name, self.descriptor, self.path = name, descriptor, path
        self.size = os.fstat(descriptor).st_size

    def __iter__(self) -> Iterator[bytes]:
        """All lines, a piece of the file at a time."""
        for start in range(0, self.size, _PIECE):
            yield from self.lines(start, min(start + _PIECE, self.size))

    def lines(self, start: int, end: int) -> list[bytes]:
        """The lines that begin at offsets start <= offset < end (a line belongs to the piece that it begins in)."""
        return [line for chunk in self.chunks(start, end, end - start) for line in chunk.splitlines()]

    def chunks(self, start: int, end: int, most: int) -> Iterator[bytes]:
        """The same lines as they lie in the file, in chunks of about `most` bytes that end at line ends."""
        at, end = self._line_start(start), self._line_start(end)
        while at < end:
            stop = min(end, self._line_start(at + most))
            yield read_at(self.descriptor, at, stop - at)
            at = stop

    def line_number(self, start: int, index: int) -> int:
        """The number, from 1, of line `index` of the piece at `start`: counted only when a message needs it."""
        before = range(0, self._line_start(start), _PIECE)
        return sum(len(self.lines(at, min(at + _PIECE, start))) for at in before) + index + 1

    def holds(self, stream: Any) -> bool:
        """Whether `stream` is an open file on this very input, from which nothing has been read yet."""
        try:
            if _unpacks(getattr(stream, "buffer", stream)):
                return False
            text = getattr(stream, "encoding", "utf-8").lower().replace("_", "-") in ("utf-8", "utf8", "ascii")
            strict = getattr(stream, "errors", "strict") == "strict"
            same = os.path.samestat(os.fstat(stream.fileno()), os.fstat(self.descriptor))
            return bool(text and strict and same and isinstance(stream.tell(), int) and stream.tell() == 0)
        except (AttributeError, OSError, ValueError, TypeError):
            return False

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self.descriptor)

    def _line_start(self, offset: int) -> int:
        """The first line start at or after `offset`. Pieces are cut at newlines only, which end every kind of line
        but the old Macintosh's: a file of such is one piece, and right all the same.
        """
        if offset <= 0:
            return 0
        at, look = offset - 1, _LOOK
        while at < self.size:
            piece = os.pread(self.descriptor, look, at)
            if not piece:
                break
            newline = piece.find(b"\n")
            if newline >= 0:
                return at + newline + 1
            at, look = at + len(piece), min(look * 4, _PIECE)
        return self.size


def open_inputs(paths: Iterable[str]) -> list[Input]:
    """Open all of them, or none. Raises InputError."""
    with ExitStack() as if_one_fails:
        opened = [if_one_fails.enter_context(closing(open_input(path))) for path in paths]
        if_one_fails.pop_all()
    return opened


def open_input(path: str) -> Input:
    """Open one DATA argument: a file of JSON lines, `.gz` too, or `-` for standard input. Raises InputError."""
    try:
        return _open(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file", did_you_mean(path)) from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder", "name the files in it, as in data/*.json") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except (ValueError, EOFError) as error:  # a name with a null byte; a .gz that breaks off
        raise InputError(f"{path!r}: {error}") from None


def _open(path: str) -> Input:
    if path == "-":
        if sys.stdin is None:
            raise InputError("standard input is closed", "name a file, or feed the data with <")
        return _spooled("standard input", sys.stdin.buffer)
    if path.endswith(".gz"):
        return _unpacked(path)
    if os.path.isdir(path):
        raise IsADirectoryError
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    if os.path.isfile(path):
        return Input(path, descriptor, os.path.abspath(path))
    with open(descriptor, "rb", closefd=True) as stream:
        return _spooled(path, stream)


def _unpacked(path: str) -> Input:
    import gzip
    import zlib

    try:
        with gzip.open(path) as unpacked:
            return _spooled(path, unpacked)
    except zlib.error as error:
        raise InputError(f"{path}: {error}", "the file is damaged: copy or download it again") from None


def _unpacks(stream: Any) -> bool:
    """Whether a stream gives other bytes than its descriptor, as gzip's do."""
    return isinstance(stream, io.BufferedIOBase) and not isinstance(getattr(stream, "raw", None), io.FileIO)


def _spooled(name: str, stream: IO[bytes] | Any) -> Input:
    spool = SpillFile.create()
    try:
        while chunk := stream.read(_COPY):
            spool.append(chunk)
    except BaseException:
        spool.close()
        raise
    return Input(name, spool.descriptor, f"/dev/fd/{spool.descriptor}")


def pieces(sizes: Sequence[int], workers: int, most: int) -> list[list[tuple[int, int, int]]]:
    """Cut files of so many bytes into pieces (file, start, end), of which each worker gets an equal share in a row.

    No piece is above `most`, and each is a quarter of what is left of its share: the small ones at the end are for
    whoever is done first.
    """
    whole = sum(sizes)
    shares = [list[tuple[int, int, int]]() for _ in range(workers)]
    ends = [-(-whole * (number + 1) // workers) for number in range(workers)]
    share = before = 0
    for file, size in enumerate(sizes):
        start = 0
        while start < size:
            while ends[share] <= before + start:
                share += 1
            left = ends[share] - before - start
            end = min(start + max(1, min(left, most, max(_LEAST_PIECE, left // 4))), size)
            shares[share].append((file, start, end))
            start = end
        before += size
    return shares


def did_you_mean(path: str) -> str:
    """What to say about a path that leads nowhere: the nearest name in its folder."""
    from difflib import get_close_matches

    folder, name = os.path.split(path)
    try:
        close = get_close_matches(name, os.listdir(folder or "."), n=1)
    except OSError:
        return f"there is no folder {folder} either"
    found = os.path.join(folder, close[0]) if close else ""
    return f"did you mean {found}?" if found else "is the path right, seen from this folder?"
