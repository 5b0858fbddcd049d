"""Archives: what comes out is plain files inside one folder, or nothing; whatever went in."""

from __future__ import annotations

import gzip
import io
import os
import stat
import struct
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.archive import CLASS, STUDENT, Caps, is_archive, is_foreign, stem, unpack
from grader.errors import InfrastructureError, SubmissionError

if TYPE_CHECKING:
    from pathlib import Path

SMALL = Caps(size=1000, entries=5, depth=3, strict=True)


def zipped(path: Path, *entries: tuple[str, bytes] | tuple[zipfile.ZipInfo, bytes], **how: Any) -> Path:
    """A zip of these entries, written as they are."""
    with zipfile.ZipFile(path, "w", **how) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


def tarred(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    """A tar.gz of these members."""
    with tarfile.open(path, "w:gz") as archive:
        for member, content in members:
            member.size = len(content) if member.isreg() else 0
            archive.addfile(member, io.BytesIO(content))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    """One entry of a tar."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(path: Path, caps: Caps = STUDENT) -> str:
    """Why it is refused; nothing may be left of it."""
    target = path.with_name("out")
    with pytest.raises(SubmissionError) as caught:
        unpack(path, target, caps)
    assert not target.exists()
    assert caught.value.hint
    return caught.value.message


@pytest.mark.parametrize("name", ["hw.zip", "HW.ZIP", "hw.tar.gz", "hw.tgz", "hw.tar"])
def test_an_archive_is_known_by_its_name(name: str) -> None:
    """In any case."""
    assert is_archive(name)
    assert stem(name).lower() == "hw"
    assert not is_foreign(name)


def test_other_archives_are_known_as_such() -> None:
    """So that their authors can be told."""
    assert is_foreign("hw.rar")
    assert is_foreign("hw.7z")
    assert not is_foreign("hw.py")


def test_files_come_out_as_they_went_in(tmp_path: Path) -> None:
    """Folders too; what a Mac has added does not."""
    path = zipped(
        tmp_path / "a.zip", ("a/b.py", b"x = 1"), ("c.py", b""), ("__MACOSX/a/._b.py", b"?"), (".DS_Store", b"?")
    )
    assert unpack(path, tmp_path / "out") == []
    assert contents(tmp_path / "out") == {"a/b.py": b"x = 1", "c.py": b""}


@pytest.mark.parametrize("end", [".tar.gz", ".tar"])
def test_a_tar_is_as_good(end: str, tmp_path: Path) -> None:
    """Compressed or not."""
    path = tarred(tmp_path / "a.tar.gz", (member("a/b.py"), b"x = 1"))
    if end == ".tar":
        path = path.with_name("a.tar")
        path.write_bytes(gzip.decompress((tmp_path / "a.tar.gz").read_bytes()))
    unpack(path, tmp_path / "out")
    assert contents(tmp_path / "out") == {"a/b.py": b"x = 1"}


def test_backslashes_are_what_old_tools_write_for_slashes(tmp_path: Path) -> None:
    """And nothing that could lead outside."""
    unpack(zipped(tmp_path / "a.zip", ("hw\\wordcount.py", b"")), tmp_path / "out")
    assert contents(tmp_path / "out") == {"hw/wordcount.py": b""}


@pytest.mark.parametrize("name", ["", "\0", "\0/x"])
def test_an_entry_without_a_name_is_nothing(name: str, tmp_path: Path) -> None:
    """The library itself stumbles over it; what begins with a zero byte is refused."""
    path = zipped(tmp_path / "a.zip", ("zz.py", b""), ("b.py", b"x"))
    data = path.read_bytes().replace(b"zz.py", name.encode().ljust(5, b"/")) if name else _nameless(path)
    path.write_bytes(data)
    if name:
        assert "is no name for a file" in refused(path)
    else:
        unpack(path, tmp_path / "out")
        assert contents(tmp_path / "out") == {}


def _nameless(path: Path) -> bytes:
    """The archive of one entry without a name; zipfile would not write it."""
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("x")
        info.filename = ""
        with archive.open(info, "w") as file:
            file.write(b"x")
    return path.read_bytes()


def test_names_in_unmarked_utf8_are_read_as_such(tmp_path: Path) -> None:
    """As a Mac writes them."""
    path = zipped(tmp_path / "a.zip", ("aXXb.py", b""))
    path.write_bytes(path.read_bytes().replace(b"aXXb", "aéb".encode()))
    unpack(path, tmp_path / "out")
    assert list(contents(tmp_path / "out")) == ["aéb.py"]


@pytest.mark.parametrize(
    "name", ["../evil.py", "a/../../evil.py", "/evil.py", "C:evil.py", "C:\\evil.py", "..\\evil.py", "\\evil.py"]
)
def test_a_path_that_leads_outside_refuses_the_whole_archive(name: str, tmp_path: Path) -> None:
    """However it is spelt."""
    assert "leads out of it" in refused(zipped(tmp_path / "a.zip", ("good.py", b""), (name, b"evil")))
    assert "leads out of it" in refused(tarred(tmp_path / "a.tgz", (member(name), b"evil")))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tgz", "a.zip"]


@pytest.mark.parametrize(
    "name", ["a\nb.py", "a\x1b[31m.py", "\u202eyp.a", "x" * 300 + ".py", "/".join("y" * 99 for _ in range(15))]
)
def test_a_name_that_no_honest_file_has_refuses_it_too(name: str, tmp_path: Path) -> None:
    """The message shows it without what a terminal would obey."""
    message = refused(zipped(tmp_path / "a.zip", (f"d/{name}", b"")))
    assert "is no name for a file" in message
    assert message.isprintable()
    assert len(message) < 200


def test_a_name_of_bytes_that_are_no_text_is_none_either(tmp_path: Path) -> None:
    """A tar can hold such."""
    path = tarred(tmp_path / "a.tgz", (member("a\udcff.py"), b""))
    assert "is no name for a file" in refused(path)


def test_links_and_devices_are_left_out_aloud(tmp_path: Path) -> None:
    """They could lead to anything that the grader may read."""
    link = zipfile.ZipInfo("link.py")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    path = zipped(tmp_path / "a.zip", (link, b"/etc/passwd"), ("b.py", b""))
    assert unpack(path, tmp_path / "one") == ["a.zip: left out link.py: it is a link or a device"]
    assert contents(tmp_path / "one") == {"b.py": b""}
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE)
    members = [(member(f"{number}", kind, "/etc/passwd"), b"") for number, kind in enumerate(kinds)]
    assert len(unpack(tarred(tmp_path / "b.tgz", *members), tmp_path / "two")) == len(kinds)
    assert list((tmp_path / "two").iterdir()) == []


def test_nothing_is_written_through_a_link_of_the_same_archive(tmp_path: Path) -> None:
    """The link is not there, so its name is a folder like any other."""
    path = tarred(tmp_path / "a.tgz", (member("d", tarfile.SYMTYPE, str(tmp_path)), b""), (member("d/x.py"), b"x"))
    unpack(path, tmp_path / "out")
    assert contents(tmp_path / "out") == {"d/x.py": b"x"}
    assert not (tmp_path / "x.py").exists()


def test_a_password_is_refused(tmp_path: Path) -> None:
    """Nobody is asked for one."""
    path = zipped(tmp_path / "a.zip", ("a.py", b""))
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)
    assert refused(path).endswith("it is protected by a password")


def test_an_unusual_compression_is_refused(tmp_path: Path) -> None:
    """LZMA's dictionary could fill the memory."""
    path = zipped(tmp_path / "a.zip", ("a.py", b"x" * 1000), compression=zipfile.ZIP_LZMA)
    assert refused(path).endswith("it is compressed in an unusual way")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("names", [("a.py", "a.py"), ("a", "a/b.py"), ("a/b.py", "a"), ("a.py", "./a.py")])
def test_what_is_there_twice_is_refused_to_a_student_and_left_out_of_a_class(
    names: tuple[str, str], tmp_path: Path
) -> None:
    """Which of the two counts nobody could tell; but a whole class is not to suffer for it."""
    path = zipped(tmp_path / "a.zip", (names[0], b"first"), (names[1], b"second"))
    assert "is in it twice" in refused(path)
    [said] = unpack(path, tmp_path / "out", CLASS)
    assert "is in it twice: the first counts" in said
    assert list(contents(tmp_path / "out").values()) == [b"first"]


def test_a_class_is_unpacked_but_for_what_leads_outside(tmp_path: Path) -> None:
    """Said aloud; a student's clone keeps its repository there, but not in an archive of her own."""
    path = zipped(tmp_path / "a.zip", ("../evil.py", b""), ("ada/.git/HEAD", b"ref"))
    assert unpack(path, tmp_path / "out", CLASS) == ["a.zip: left out: ../evil.py leads out of it"]
    assert contents(tmp_path / "out") == {"ada/.git/HEAD": b"ref"}
    other = zipped(tmp_path / "b.zip", ("a.py", b""), (".git/HEAD", b"ref"), ("venv/x.py", b""))
    unpack(other, tmp_path / "student")
    assert contents(tmp_path / "student") == {"a.py": b""}


@pytest.mark.parametrize(
    "entries",
    [
        [("a", b"x" * 1001)],
        [("a", b"x" * 600), ("b", b"x" * 600)],
        [(str(number), b"") for number in range(6)],
        [("a/b/c/d", b"")],
    ],
    ids=["size", "sizes", "count", "depth"],
)
def test_caps_are_counted_while_unpacking(entries: list[tuple[str, bytes]], tmp_path: Path) -> None:
    """Of either kind of archive."""
    message = "there is more in it than 5 files, 0 MB or 3 folders in one another"
    assert refused(zipped(tmp_path / "a.zip", *entries), SMALL).endswith(message)
    members = [(member(name), content) for name, content in entries]
    assert refused(tarred(tmp_path / "a.tgz", *members), SMALL).endswith(message)


def test_what_a_header_says_of_a_size_is_not_believed(tmp_path: Path) -> None:
    """A bomb that says it is small does not get further for it."""
    path = zipped(tmp_path / "a.zip", ("a", bytes(100_000)), compression=zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    struct.pack_into("<L", data, 22, 10)
    struct.pack_into("<L", data, data.index(b"PK\x01\x02") + 24, 10)
    path.write_bytes(data)
    refused(path, SMALL)


def test_a_bomb_is_cut_by_its_ratio(tmp_path: Path) -> None:
    """Long before it reaches the cap; a small file of zeros is none."""
    caps = Caps(size=2**30, entries=5, depth=3, strict=True)
    bomb = zipped(tmp_path / "a.zip", ("a", bytes(40 * 2**20)), compression=zipfile.ZIP_DEFLATED)
    assert "there is more in it" in refused(bomb, caps)
    unpack(zipped(tmp_path / "b.zip", ("a", bytes(2**20)), compression=zipfile.ZIP_DEFLATED), tmp_path / "out", caps)


def test_a_directory_of_millions_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """It would fill the memory."""
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK\x01\x02" * 101)
    assert "there is more in it than 5 files" in refused(path, SMALL)


def test_a_tar_whose_header_goes_on_for_ever_is_cut(tmp_path: Path) -> None:
    """Headers are read into memory whole."""
    long = tarfile.TarInfo("././@LongLink")
    long.type, long.size = tarfile.GNUTYPE_LONGNAME, 2**20
    path = tmp_path / "a.tgz"
    path.write_bytes(gzip.compress(long.tobuf() + bytes(2**20)))
    assert "there is more in it" in refused(path, SMALL)


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "a.tar"])
@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06", b"\x1f\x8b\x08"])
def test_what_is_no_archive_says_so(name: str, content: bytes, tmp_path: Path) -> None:
    """Whichever kind it should have been."""
    (tmp_path / name).write_bytes(content)
    assert " cannot be unpacked: it is " in refused(tmp_path / name)


def test_one_that_is_cut_short_is_refused_whole(tmp_path: Path) -> None:
    """Half a submission would be graded as if it were all."""
    path = tarred(tmp_path / "a.tgz", (member("a.py"), b"x = 1"), (member("b.py"), os.urandom(50_000)))
    path.write_bytes(path.read_bytes()[:-20_000])
    refused(path)


def test_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    """What comes out is not what went in."""
    path = zipped(tmp_path / "a.zip", ("a.py", b"x = 1"))
    path.write_bytes(path.read_bytes().replace(b"x = 1", b"x = 2"))
    assert "it is damaged" in refused(path)


def test_what_may_not_be_read_is_no_fault_of_the_archive(tmp_path: Path) -> None:
    """It is the machine's, and no mark."""
    with pytest.raises(InfrastructureError, match=r"gone\.zip could not be unpacked: No such file"):
        unpack(tmp_path / "gone.zip", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(st.sampled_from("./\\:aA~ \x01é"), min_size=1, max_size=8), st.binary(max_size=4)), max_size=5
    )
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_whatever_the_names_nothing_lands_outside(
    tmp_path_factory: pytest.TempPathFactory, entries: list[tuple[str, bytes]]
) -> None:
    """For any names, and for either strictness."""
    home = tmp_path_factory.mktemp("any")
    path = zipped(home / "a.zip", *entries)
    for number, caps in enumerate((STUDENT, CLASS)):
        try:
            unpack(path, home / "in" / "out", caps)
        except SubmissionError:
            assert number == 0, "a class is unpacked whatever is in it"
        inside = list((home / "in" / "out").rglob("*"))
        assert set(home.rglob("*")) - {path, home / "in", home / "in" / "out"} == set(inside)
        for left in sorted(inside, reverse=True):
            left.unlink() if left.is_file() else left.rmdir()
        if (home / "in" / "out").exists():
            (home / "in" / "out").rmdir()
