"""A disk that fills up under a run: an error that says what, where and how to mend it, and all the space given back.

(That no file is left, the fixture `nothing_left` proves after each of these.)
"""

from __future__ import annotations

import os
import re
import resource
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from engine.villains import data, job
from pymapr import run
from pymapr.errors import MaprError, SpillFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from engine.conftest import Command

# Students do not close their files.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

MENDS = "free some space, or point TMPDIR to a folder that has more"
TELLS = r"\d+ bytes could not be written to a temporary file in {}: {}"
HUGE = "mr.emit_intermediate(record, str(record) * 10**6)"
MANY = "for n in range(600): mr.emit_intermediate((n * 7919 + record) % 5003, (record, str(n) * 20))"


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """No file may grow beyond so many bytes. (Python ignores SIGXFSZ, so writing fails as on a full disk.)"""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files on a file system of a quarter megabyte; all of it must be free again afterwards."""
    small = tmp_path / "small"
    small.mkdir()
    if os.system(f"mount -t tmpfs -o size=256k none {small} 2>/dev/null"):
        pytest.skip("needs leave to mount")
    monkeypatch.setenv("TMPDIR", str(small))
    monkeypatch.setattr("tempfile.tempdir", str(small))
    try:
        before = os.statvfs(small).f_bfree
        yield small
        assert os.statvfs(small).f_bfree == before, "space is still taken"
    finally:
        os.system(f"umount {small}")


def refused(path: Path, source: Path, **options: Any) -> MaprError:
    """The error that the run ends with."""
    with pytest.raises(MaprError) as caught:
        run(path, source, workers=2, **options)
    return caught.value


@pytest.mark.parametrize("order", ["stable", "arrival", "scramble:4"])
def test_a_spill_that_may_not_grow_ends_the_run(tmp_path: Path, order: str) -> None:
    """With what could not be written, where, and the mend."""
    with files_of_at_most(2**20):
        error = refused(job(tmp_path, HUGE), data(tmp_path), order=order)
    assert type(error) is SpillFailed
    assert re.fullmatch(TELLS.format(os.environ["TMPDIR"], "File too large"), error.message)
    assert error.hint == MENDS


def test_a_disk_without_any_room_ends_the_run(tmp_path: Path, small_disk: Path) -> None:
    """A file system that is really full."""
    error = refused(job(tmp_path, HUGE), data(tmp_path))
    assert type(error) is SpillFailed
    assert re.fullmatch(TELLS.format(small_disk, "No space left on device"), error.message)
    assert error.hint == MENDS


def test_wherever_the_disk_fills_up_the_run_is_right_or_says_so(tmp_path: Path) -> None:
    """While blocks are left, while partitions are divided, while output waits: each time there is more room."""
    path, source = job(tmp_path, MANY, "mr.emit([key, len(values), values[0], values[-1]])"), data(tmp_path, 60)
    expected = run(path, source, engine="serial").output
    ends: list[bool | None] = []
    for size in (2**10, 2**16, 2**18, 2**19, 3 * 2**18, 2**20, 2**21, 2**26):
        with files_of_at_most(size):
            try:
                ends.append(run(path, source, workers=2, memory=2**20).output == expected)
            except SpillFailed:
                ends.append(None)
    assert set(ends) == {None, True}
    assert ends == sorted(ends, key=bool), "what fits, fits in more room too"


def test_the_command_says_it_in_two_lines(tmp_path: Path, pymapr: Command) -> None:
    """And ends with 3: it is the machine's fault."""
    path, source = job(tmp_path, HUGE), data(tmp_path)
    with files_of_at_most(2**20):
        done = pymapr("run", path.name, source.name, "--workers", "2", "--progress", "none")
    assert (done.returncode, done.stdout) == (3, "")
    where = re.escape(os.environ["TMPDIR"])
    assert re.fullmatch(
        f"pymapr: error: {TELLS.format(where, 'File too large')}\n\nhint: {re.escape(MENDS)}\n", done.stderr
    )


def test_data_that_cannot_be_unpacked_for_want_of_room_is_told(tmp_path: Path) -> None:
    """Before anything runs."""
    import gzip

    packed = tmp_path / "data.json.gz"
    packed.write_bytes(gzip.compress(b"1234567\n" * 10**6))
    with files_of_at_most(2**20):
        error = refused(job(tmp_path), packed)
    assert type(error) is SpillFailed
    assert error.hint == MENDS
