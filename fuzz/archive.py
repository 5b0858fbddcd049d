"""Fuzzes what students pack: `python fuzz/archive.py [-max_total_time=600]` with atheris installed. Not part of CI.

The bytes are an archive; or they choose the entries of one, with any names and kinds. Whatever it is, it is unpacked or
refused, in bounded size, nothing lies outside the folder or is anything but a plain file, and nothing is left of what
was refused.
"""

from __future__ import annotations

import io
import shutil
import stat
import sys
import tarfile
import tempfile
import warnings
import zipfile
from pathlib import Path

try:
    import atheris
except ModuleNotFoundError:
    sys.exit("fuzz/archive.py needs atheris: pip install atheris")

sys.path.insert(0, str(Path(__file__).parents[1]))

with atheris.instrument_imports(include=["grader", "zipfile", "tarfile"]):
    from grader.archive import CLASS, STUDENT, Caps, unpack
    from grader.errors import SubmissionError

HOME = Path(tempfile.mkdtemp(prefix="pymapr-fuzz-"))
CAPS = (
    Caps(size=4000, entries=20, depth=4, strict=STUDENT.strict),
    Caps(size=4000, entries=20, depth=4, strict=CLASS.strict),
)
NAMES = ("a.zip", "a.tar.gz", "a.tar")


def one_input(data: bytes) -> None:
    """Unpack it once as a student's and once as a class's."""
    choose = atheris.FuzzedDataProvider(data)
    name = NAMES[choose.ConsumeIntInRange(0, 2)]
    content = choose.ConsumeBytes(choose.remaining_bytes()) if choose.ConsumeBool() else built(name, choose)
    path = HOME / name
    path.write_bytes(content)
    for caps in CAPS:
        target = HOME / "out"
        try:
            unpack(path, target, caps)
            look_at(target, caps)
            shutil.rmtree(target)
        except SubmissionError as refused:
            message = refused.message
            assert message.isprintable(), "a message that a terminal would obey"
            assert not target.exists(), "something was left"
        assert {there.name for there in HOME.iterdir()} == {name}, "something lies outside"
    path.unlink()


def look_at(target: Path, caps: Caps) -> None:
    """Plain files and folders, no more of them than may be."""
    there = list(target.rglob("*"))
    assert all(stat.S_ISREG(path.lstat().st_mode) or stat.S_ISDIR(path.lstat().st_mode) for path in there)
    files = [path for path in there if path.is_file()]
    assert len(files) <= caps.entries
    assert sum(path.stat().st_size for path in files) <= caps.size


def built(name: str, choose: atheris.FuzzedDataProvider) -> bytes:
    """An archive of some entries; nothing where the library refuses to write it."""
    made = io.BytesIO()
    try:
        (zipped if name == "a.zip" else tarred)(made, name, choose)
    except (ValueError, IndexError, OverflowError, UnicodeError, tarfile.TarError):
        return b""
    return made.getvalue()


def zipped(made: io.BytesIO, _name: str, choose: atheris.FuzzedDataProvider) -> None:
    """Entries of any name, mode and compression."""
    with zipfile.ZipFile(made, "w") as archive:
        for _ in range(choose.ConsumeIntInRange(0, 25)):
            info = zipfile.ZipInfo(choose.ConsumeUnicode(12))
            info.create_system = choose.PickValueInList([0, 3])
            info.external_attr = choose.ConsumeIntInRange(0, 0xFFFF) << 16
            info.compress_type = choose.PickValueInList([0, 8, 12, 14])
            archive.writestr(info, choose.ConsumeBytes(8) * choose.ConsumeIntInRange(0, 300))


def tarred(made: io.BytesIO, name: str, choose: atheris.FuzzedDataProvider) -> None:
    """Entries of any name and type."""
    with tarfile.open(fileobj=made, mode="w:gz" if name == "a.tar.gz" else "w") as archive:
        for _ in range(choose.ConsumeIntInRange(0, 25)):
            info = tarfile.TarInfo(choose.ConsumeUnicode(12))
            info.type = choose.PickValueInList([b"0", b"1", b"2", b"3", b"5", b"6", b"7", b"L", b"x", b"S"])
            info.linkname = choose.ConsumeUnicode(6)
            content = choose.ConsumeBytes(8) * choose.ConsumeIntInRange(0, 300)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # zipfile's, of names that are there twice: here they are meant
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
