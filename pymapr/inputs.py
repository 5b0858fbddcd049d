"""The data of a run as plain files that any worker can read a piece of: opened once, unpacked if compressed, cut at line ends.

What cannot be read in pieces (`.gz`, `-`, a pipe) is first copied into an unnamed file. It refuses nothing but what is not there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import IO, Any

from pymapr.errors import InputError
from pymapr.spill import SpillFile, read_at

_COPY = 2**20


class Input:
    """One file of JSON lines, open for reading at any place.

    name: what messages call it. size: bytes. path: what a script can open to read it from the start.
    """

    def __init__(self, name: str, descriptor: int, path: str) -> None:
        self.name, self.descriptor, self.path = name, descriptor, path
        self.size = os.fstat(descriptor).st_size

    def lines(self, start: int, end: int) -> list[bytes]:
        """The lines that begin at offsets start <= offset < end (a line belongs to the piece that it begins in)."""
        start = self._line_start(start)
        end = self._line_start(end)
        return read_at(self.descriptor, start, end - start).splitlines() if start < end else []

    def line_number(self, start: int, index: int) -> int:
        """The number, from 1, of line `index` of the piece at `start`: counted only when a message needs it."""
        before = read_at(self.descriptor, 0, self._line_start(start))
        return len(before.splitlines()) + index + 1

    def holds(self, stream: Any) -> bool:
        """Whether `stream` is an open file on this very input, from which nothing has been read yet."""
        try:
            text = getattr(stream, "encoding", "utf-8").lower().replace("_", "-") in ("utf-8", "utf8", "ascii")
            strict = getattr(stream, "errors", "strict") == "strict"
            same = os.path.samestat(os.fstat(stream.fileno()), os.fstat(self.descriptor))
            return bool(text and strict and same and isinstance(stream.tell(), int) and stream.tell() == 0)
        except (AttributeError, OSError, ValueError, TypeError):
            return False

    def _line_start(self, offset: int) -> int:
        """The first line start at or after `offset`."""
        if offset <= 0:
            return 0
        at = offset - 1
        while at < self.size:
            piece = os.pread(self.descriptor, 2**16, at)
            if not piece:
                break
            newline = piece.find(b"\n")
            if newline >= 0:
                return at + newline + 1
            at += len(piece)
        return self.size


def open_input(path: str) -> Input:
    """Open one DATA argument: a file of JSON lines, `.gz` too, or `-` for standard input. Raises InputError."""
    try:
        if path == "-":
            return _spooled("standard input", sys.stdin.buffer)
        if path.endswith(".gz"):
            import gzip

            with gzip.open(path) as unpacked:
                return _spooled(path, unpacked)
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        if not os.path.isfile(path):  # noqa: PTH113 - pathlib costs milliseconds at start-up
            with os.fdopen(descriptor, "rb") as stream:
                return _spooled(path, stream)
        return Input(path, descriptor, os.path.abspath(path))  # noqa: PTH100
    except FileNotFoundError:
        raise InputError(f"{path}: no such file", _nearest(path)) from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder", "name the files in it, as in data/*.json") from None
    except (OSError, EOFError) as error:  # gzip's own errors are among these
        raise InputError(f"{path}: {error.strerror or error}" if isinstance(error, OSError) else f"{path}: {error}") from None


def pieces(size: int, workers: int, most: int) -> Iterator[tuple[int, int]]:
    """Cut `size` bytes into (start, end): at least one a worker, none above `most`, several a worker where it pays."""
    step = max(min(most, size // (workers * 8)), min(2**16, -(-size // workers)), 1)
    for start in range(0, size, step):
        yield start, min(start + step, size)


def _spooled(name: str, stream: IO[bytes] | Any) -> Input:
    spool = SpillFile.create()
    while chunk := stream.read(_COPY):
        spool.append(chunk)
    return Input(name, spool.descriptor, f"/dev/fd/{spool.descriptor}")


def _nearest(path: str) -> str:
    from difflib import get_close_matches

    folder, name = os.path.split(path)
    try:
        close = get_close_matches(name, os.listdir(folder or "."), n=1)  # noqa: PTH208
    except OSError:
        return f"there is no folder {folder} either"
    return f"did you mean {os.path.join(folder, close[0])}?" if close else "is the path right, seen from this folder?"  # noqa: PTH118
