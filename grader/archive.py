"""Unpack what somebody else packed: zip and tar, plain files only, inside one folder, within caps counted on the way.

No header is believed: sizes, counts and ratios are those of what really comes out. A path that leads outside, a
password or a file that is there twice refuses the whole archive; links and devices are left out, aloud.
"""

from __future__ import annotations

import gzip
import re
import shutil
import stat
import tarfile
import zipfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

from grader.errors import InfrastructureError, SubmissionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_KINDS = {".zip": "zip", ".tar.gz": "tar.gz", ".tgz": "tar.gz", ".tar": "tar"}
_UNKNOWN_KINDS = (".rar", ".7z", ".tar.xz", ".tar.bz2", ".txz", ".tbz", ".xz", ".zst", ".gz")
_CHUNK = 2**16
_FREE_OF_RATIO = 16 * 2**20
"""So many bytes may come out of however few: a small file of zeros is no bomb."""
_MOST_RATIO = 200
_LONGEST_NAME = 200
_LONGEST_PATH = 1000
_JUNK = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"}
_NOT_WRITTEN = {".git", ".venv", "venv", "node_modules", "__pycache__", ".ipynb_checkpoints"}
"""What students pack along, and nobody needs."""
_AGAIN = "pack it again, and try to unpack it before handing it in"
_EVIL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True, kw_only=True)
class Caps:
    """What may come out of one archive: bytes, entries, folders in one another. strict: it is one student's.

    Of a student's archive, repositories and environments are left out, and a file that is there twice is refused;
    of a whole class's, the first counts, since nobody else is to suffer.
    """

    size: int
    entries: int
    depth: int
    strict: bool


STUDENT = Caps(size=64 * 2**20, entries=5000, depth=20, strict=True)
CLASS = Caps(size=16 * 2**30, entries=500_000, depth=30, strict=False)


def is_archive(name: str) -> bool:
    """Whether a file of that name can be unpacked."""
    return _kind(name) != ""


def is_foreign(name: str) -> bool:
    """Whether it is an archive by its name, but of a kind that is not unpacked."""
    return not is_archive(name) and name.lower().endswith(_UNKNOWN_KINDS)


def stem(name: str) -> str:
    """An archive's name without what makes it one."""
    return next((name[: -len(end)] for end in _KINDS if name.lower().endswith(end)), name)


def is_junk(name: str) -> bool:
    """Whether a machine has left it there: of no interest to anybody."""
    return name in _JUNK or name.startswith("._")


def unpack(source: Path, target: Path, caps: Caps = STUDENT) -> list[str]:
    """Unpack into `target`, a new folder; returns what was left out, as lines to be said aloud.

    Raises SubmissionError for an archive that is broken, hostile or too large, InfrastructureError where the machine
    does not let us. Either way nothing is left in `target`.
    """
    try:
        target.mkdir(parents=True)
        with source.open("rb") as file:
            writer = _Writer(target, caps, source.name, source.stat().st_size)
            for entry in _entries(source.name, file, caps):
                writer.add(entry)
    except SubmissionError:
        shutil.rmtree(target, ignore_errors=True)
        raise
    except OSError as error:
        shutil.rmtree(target, ignore_errors=True)
        raise InfrastructureError(f"{source.name} could not be unpacked: {error.strerror or error}") from None
    return writer.left_out


def _kind(name: str) -> str:
    return next((kind for end, kind in _KINDS.items() if name.lower().endswith(end)), "")


def _broken(name: str, why: str, hint: str = _AGAIN) -> SubmissionError:
    return SubmissionError(f"{_shown(name)} cannot be unpacked: {why}", hint)


def _shown(name: str) -> str:
    """A name that is fit to be printed, whatever it is made of."""
    text = name if len(name) <= 80 else f"{name[:77]}..."
    return text if text.isprintable() else ascii(text)[1:-1]


# ---- what is in it ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Entry:
    """One thing in an archive; `content` yields its bytes, or is None for a folder. what: of a kind not unpacked."""

    path: str
    content: Iterator[bytes] | None
    what: str = ""


def _entries(name: str, file: IO[bytes], caps: Caps) -> Iterator[_Entry]:
    return _of_zip(name, file, caps) if _kind(name) == "zip" else _of_tar(name, file, caps)


def _of_zip(name: str, file: IO[bytes], caps: Caps) -> Iterator[_Entry]:
    _refuse_flood(name, file, caps)
    try:
        archive = zipfile.ZipFile(file)
    except Exception as error:  # zipfile raises half a dozen kinds for what is no zip, and none of them is ours
        raise _broken(name, _reason(error)) from None
    for info in archive.infolist():
        if info.flag_bits & 0x1:
            raise _broken(name, "it is protected by a password", "pack it without one")
        kind = stat.S_IFMT(info.external_attr >> 16) if info.create_system == 3 else 0  # only Unix says what it is
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            yield _Entry(_path(info), None, "a link or a device")
        elif kind == stat.S_IFDIR or _path(info).endswith(("/", "\\")):
            yield _Entry(_path(info), None)
        else:
            yield _Entry(_path(info), _zipped(name, archive, info))


def _path(info: zipfile.ZipInfo) -> str:
    """An entry's path as it was written: some tools write UTF-8 and do not say so, and zipfile takes it for cp437."""
    if info.flag_bits & 0x800:
        return info.orig_filename
    try:
        return info.orig_filename.encode("cp437").decode()
    except UnicodeError:
        return info.orig_filename


def _refuse_flood(name: str, file: IO[bytes], caps: Caps) -> None:
    """A directory of millions of entries fills the memory before the first is seen: count them first."""
    found, before = 0, b""
    while piece := file.read(2**20):
        found += (before + piece).count(b"PK\x01\x02")
        before = piece[-3:]
        if found > 20 * caps.entries:  # archives in the archive have entries of their own
            raise _too_much(name, caps)
    file.seek(0)


def _zipped(name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2):
        raise _broken(name, "it is compressed in an unusual way", "pack it as an ordinary zip")
    try:
        with archive.open(info) as content:
            while piece := content.read(_CHUNK):
                yield piece
    except Exception as error:  # as above: whatever reading raises, the archive is at fault
        raise _broken(name, _reason(error)) from None


def _of_tar(name: str, file: IO[bytes], caps: Caps) -> Iterator[_Entry]:
    plain = gzip.GzipFile(fileobj=file) if _kind(name) == "tar.gz" else file
    # Headers are read into memory whole, however long they say they are: so the stream itself has an end.
    stream = cast("IO[bytes]", _Capped(plain, name, caps))  # all that is asked of a stream is to be read
    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                yield _member(name, archive, member)
    except SubmissionError:
        raise
    except Exception as error:  # tarfile, gzip and zlib each have their own kinds
        raise _broken(name, _reason(error)) from None


def _member(name: str, archive: tarfile.TarFile, member: tarfile.TarInfo) -> _Entry:
    if member.isdir():
        return _Entry(f"{member.name}/", None)
    if not member.isreg() or member.issparse():
        return _Entry(member.name, None, "a link or a device")
    return _Entry(member.name, _tarred(name, archive, member))


def _tarred(name: str, archive: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    try:
        content = archive.extractfile(member)
        while content is not None and (piece := content.read(_CHUNK)):
            yield piece
    except SubmissionError:
        raise
    except Exception as error:  # see _of_tar
        raise _broken(name, _reason(error)) from None


class _Capped:
    """A stream that ends in an error once more has been read from it than may come out of the whole archive."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile, name: str, caps: Caps) -> None:
        self._stream, self._name, self._caps = stream, name, caps
        self._left = caps.size + 1024 * caps.entries

    def read(self, size: int = -1) -> bytes:
        """As of any file."""
        piece = self._stream.read(size)
        self._left -= len(piece)
        if self._left < 0:
            raise _too_much(self._name, self._caps)
        return piece


def _reason(error: Exception) -> str:
    """Why a library could not go on, in one harmless line."""
    if isinstance(error, EOFError):
        return "it is cut short"
    text = " ".join(str(error).split())
    return f"it is damaged ({_shown(text)})" if text else "it is damaged"


def _too_much(name: str, caps: Caps) -> SubmissionError:
    most = f"{caps.entries} files, {caps.size // 2**20} MB or {caps.depth} folders in one another"
    hint = "hand in the module and what it imports, and leave data and environments out"
    return _broken(name, f"there is more in it than {most}", hint)


# ---- what is made of it ----------------------------------------------------------------------------------------------


class _Writer:
    """Puts entries in place, below `target`, and counts what they come to."""

    def __init__(self, target: Path, caps: Caps, name: str, packed: int) -> None:
        self._target, self._caps, self._name = target, caps, name
        self._most = min(caps.size, max(_FREE_OF_RATIO, _MOST_RATIO * packed))
        self._entries = self._size = 0
        self.left_out: list[str] = []

    def add(self, entry: _Entry) -> None:
        """Write one entry, or leave it out; raises SubmissionError and OSError."""
        self._entries += 1
        if self._entries > self._caps.entries:
            raise _too_much(self._name, self._caps)
        try:
            parts = self._parts(entry.path)
        except SubmissionError as error:
            if self._caps.strict:
                raise
            why = error.message.removeprefix(_broken(self._name, "").message)
            self.left_out.append(f"{_shown(self._name)}: left out: {why}")
            return
        if not parts or self._is_unwanted(parts):
            return
        if entry.what:
            self.left_out.append(f"{self._name}: left out {_shown('/'.join(parts))}: it is {entry.what}")
        else:
            self._place(self._target.joinpath(*parts), entry)

    def _parts(self, path: str) -> list[str]:
        """The path, checked; old Windows tools write backslashes, and mean slashes."""
        path = path.replace("\\", "/")
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if path.startswith("/") or ".." in parts or _DRIVE.match(path):
            raise _broken(self._name, f"{_shown(path)} leads out of it")
        if _EVIL.search(path) or len(path) > _LONGEST_PATH or any(len(p.encode()) > _LONGEST_NAME for p in parts):
            raise _broken(
                self._name, f"{_shown(path)} is no name for a file", "use short names, without odd characters"
            )
        if len(parts) > self._caps.depth:
            raise _too_much(self._name, self._caps)
        return parts

    def _is_unwanted(self, parts: list[str]) -> bool:
        return any(is_junk(part) or (self._caps.strict and part in _NOT_WRITTEN) for part in parts)

    def _place(self, path: Path, entry: _Entry) -> None:
        try:
            if entry.content is None:
                path.mkdir(parents=True, exist_ok=True)
                return
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:  # exclusively: what is there already, by whatever spelling, stays
                self._write(file, entry.content)
        except (FileExistsError, NotADirectoryError):
            shown = _shown(str(path.relative_to(self._target)))
            if self._caps.strict:
                raise _broken(self._name, f"{shown} is in it twice", "pack each file once") from None
            self.left_out.append(f"{self._name}: {shown} is in it twice: the first counts")

    def _write(self, file: IO[bytes], content: Iterator[bytes]) -> None:
        for piece in content:
            self._size += len(piece)
            if self._size > self._most:
                raise _too_much(self._name, self._caps)
            file.write(piece)
