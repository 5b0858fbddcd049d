"""The store's file: whatever is wrong with it is told with its name and a mend, and it is left as it is."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from builders import a_case

from grader.errors import InfrastructureError, UsageError
from grader.store import Store, open_store
from grader.store.file import APPLICATION, VERSION
from store.results import ADA, KEY, changed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


BESIDE = "its folder must be there, and writable: SQLite puts files beside it while it is in use"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store is, or will be."""
    return tmp_path / "grades.sqlite"


def pragma(path: Path, name: str) -> object:
    """What the file says of itself."""
    with sqlite3.connect(path) as connection:
        found = connection.execute(f"PRAGMA {name}").fetchone()[0]
    connection.close()
    return found


def run_sql(path: Path, *statements: str) -> None:
    """Do something to the file with another tool."""
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def test_the_file_says_whose_it_is_and_of_which_version(path: Path) -> None:
    """And is written ahead, for its owner alone."""
    with open_store(path):
        assert pragma(path, "journal_mode") == "wal"
    assert (pragma(path, "application_id"), pragma(path, "user_version")) == (APPLICATION, VERSION)
    assert path.stat().st_mode & 0o777 == 0o600


def test_nothing_but_the_one_file_is_left_when_it_is_closed(path: Path) -> None:
    """It can be copied as it is."""
    with open_store(path) as store:
        store.record(ADA, KEY, a_case())
    assert list(path.parent.iterdir()) == [path]


def test_an_empty_file_becomes_a_store(path: Path) -> None:
    """As of a program that was killed when it had just begun."""
    path.touch()
    with open_store(path) as store:
        assert store.students() == []


@pytest.mark.parametrize("content", [b"name,score\nada,10\n" * 100, b"x", b"SQLite format 3\0", b"\0" * 5000])
def test_a_file_that_is_no_database_is_refused_and_left(content: bytes, path: Path) -> None:
    """It may be the gradebook itself, typed in the wrong place."""
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"grades\.sqlite is not a store of pymapr's; it was left as it is") as caught:
        open_store(path)
    assert caught.value.hint == "name another file"
    assert path.read_bytes() == content


def test_somebody_elses_database_is_refused_and_left(path: Path) -> None:
    """Even if it has tables of the same names."""
    run_sql(path, "CREATE TABLE judgement (id)")
    before = path.read_bytes()
    with pytest.raises(UsageError, match="is not a store of pymapr's; it was left as it is"):
        open_store(path)
    assert path.read_bytes() == before


def test_a_store_of_a_later_pymapr_is_refused_and_left(path: Path) -> None:
    """It may hold what we would overlook."""
    open_store(path).close()
    run_sql(path, f"PRAGMA user_version = {VERSION + 1}")
    before = path.read_bytes()
    what = r"was written by a newer pymapr \(its tables have version 2, this one knows 1\)"
    with pytest.raises(UsageError, match=what) as caught:
        open_store(path)
    assert caught.value.hint == "upgrade pymapr, or name another file"
    assert path.read_bytes() == before


def test_a_result_that_cannot_be_read_is_told(path: Path) -> None:
    """Some other tool wrote it."""
    with open_store(path) as store:
        store.record(ADA, KEY, a_case())
    run_sql(path, "DROP TRIGGER judgement_keeps_update", "UPDATE judgement SET result = CAST('{}' AS BLOB)")
    with open_store(path) as store, pytest.raises(UsageError, match="is damaged: a result cannot be read") as caught:
        store.recall(ADA, KEY)
    assert caught.value.hint == "go back to a copy, or name another file"


def test_a_damaged_file_is_told(path: Path) -> None:
    """Its header is sound, the rest is not."""
    with open_store(path) as store:
        for number in range(50):
            store.record(ADA, changed(submission=str(number)), a_case(message="long " * 1000))
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"grades\.sqlite is damaged: ") as caught, open_store(path) as store:
        store.students()
    assert caught.value.hint == "try `sqlite3 grades.sqlite .recover`, or go back to a copy"


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    """Nor is one made in it."""
    with pytest.raises(UsageError, match="is a folder, not a store") as caught:
        open_store(tmp_path)
    assert caught.value.hint == "name a file, such as grades.sqlite"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Most often a letter."""
    with pytest.raises(UsageError, match=r"grades\.sqlite cannot be opened: unable to open") as caught:
        open_store(tmp_path / "nowhere" / "grades.sqlite")
    assert caught.value.hint == BESIDE


def test_who_only_reads_makes_no_file(path: Path) -> None:
    """A history of nothing is a mistake in the file's name."""
    with pytest.raises(UsageError, match=r"grades\.sqlite: there is no such store") as caught:
        open_store(path, create=False)
    assert caught.value.hint == "grading with `--store` makes one"
    assert not path.exists()


def test_a_store_that_is_held_by_another_program_is_told(path: Path) -> None:
    """After some patience."""
    open_store(path).close()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    what = r"grades\.sqlite: another program has held it for 0 seconds"
    with pytest.raises(InfrastructureError, match=what) as caught:
        open_store(path, patience=0)
    assert caught.value.hint == "close it there; what was graded so far is kept"
    holder.execute("ROLLBACK")
    holder.close()
    open_store(path, patience=0).close()


# ---- disks -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of a megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if (
        sys.platform != "linux"
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True).returncode
    ):
        pytest.skip("only root can mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def fill(store: Store) -> int:
    """Record until nothing more goes in; returns how many did."""
    recorded = 0
    with pytest.raises(InfrastructureError, match=r"grades\.sqlite could not be written: ") as caught:
        while recorded < 1000:
            store.record(ADA, changed(submission=str(recorded)), a_case(message=os.urandom(4000).hex()))
            recorded += 1
    assert caught.value.hint == "is the disk full? What was graded so far is kept: make room, and run it again"
    return recorded


def test_on_a_full_disk_what_was_graded_is_kept(disk: Path) -> None:
    """The error says what to do, and after that it goes on."""
    path = disk / "grades.sqlite"
    ballast = disk / "ballast"
    ballast.write_bytes(b"x" * 2**19)
    with open_store(path) as store:
        recorded = fill(store)
        assert recorded > 0
        ballast.unlink()
        assert len(store.history("ada")) == recorded
    with open_store(path) as store:
        assert len(store.history("ada")) == recorded
        store.record(ADA, changed(submission="last"), a_case())
        assert len(store.history("ada")) == recorded + 1


def test_a_disk_that_cannot_be_written_is_told_before_anything_is_graded(disk: Path) -> None:
    """Not after the first hour."""
    path = disk / "grades.sqlite"
    with open_store(path) as store:
        store.record(ADA, KEY, a_case())
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    with pytest.raises(UsageError, match=r"grades\.sqlite cannot be opened: ") as caught:
        open_store(path)
    assert caught.value.hint == BESIDE


@pytest.fixture
def locked(path: Path) -> Iterator[Path]:
    """A store that may be read and not written, in a folder that may; for root, that takes a mount."""
    open_store(path).close()
    path.chmod(0o400)
    root = os.geteuid() == 0
    if root and subprocess.run(["mount", "--bind", path, path], capture_output=True).returncode:
        pytest.skip("root may write any file, and mount nothing here")
    try:
        if root:
            subprocess.run(["mount", "-o", "remount,bind,ro", path], check=True)
        yield path
    finally:
        if root:
            subprocess.run(["umount", path], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="root may write any file, and mount works otherwise")
def test_a_file_that_may_not_be_written_is_told_before_anything_is_graded(locked: Path) -> None:
    """Though its folder is ours; its history can be read all the same."""
    with pytest.raises(UsageError, match=r"grades\.sqlite cannot be written: ") as caught:
        open_store(locked)
    assert caught.value.hint == "name a file in a folder where you may write"
    with open_store(locked, create=False) as store:
        assert store.students() == []


def test_many_may_make_the_store_at_once(tmp_path: Path) -> None:
    """One of them does, the others find it made; nobody is told that it is held."""
    line = threading.Barrier(6)

    def opened(path: Path) -> list[str]:
        line.wait()
        with open_store(path) as store:
            return store.students()

    with ThreadPoolExecutor(6) as pool:
        for turn in range(20):
            path = tmp_path / f"{turn}.sqlite"
            assert list(pool.map(opened, [path] * 6)) == [[]] * 6


def test_who_comes_while_another_begins_waits_for_him(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a file is written ahead, SQLite does not wait by itself; here the other ends as soon as we do."""
    open_store(path).close()
    run_sql(path, "PRAGMA journal_mode = DELETE")
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        holder.execute("ROLLBACK")

    monkeypatch.setattr(time, "sleep", wait)
    with open_store(path) as store:
        assert store.students() == []
    assert len(waits) == 1
    holder.close()
