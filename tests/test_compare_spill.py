"""The comparison in bounded memory: what goes to a temporary file, and what becomes of that file."""

from __future__ import annotations

import resource
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from strategies_json import lines

from grader.compare import compare
from grader.compare.buckets import Buckets, Disk, Pile
from grader.errors import InfrastructureError, SubmissionError
from grader.model import CompareRules

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORDS = [[f"word{number % 700}", number / 7] for number in range(3000)]
WRONG = [[f"word{number % 700}", number / 7 + (number % 10 == 0)] for number in range(3000)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of our own for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("memory", [1, 1000, 50_000, 10**6])
@pytest.mark.parametrize("order", ["ignore", "keep"])
def test_any_bound_on_memory_gives_the_same_answer(memory: int, order: str) -> None:
    """Examples included."""
    rules = CompareRules(order="keep" if order == "keep" else "ignore")
    expected, got = lines(RECORDS), lines(reversed(WRONG))
    bounded = compare(expected, got, rules, memory=memory)
    assert bounded == compare(expected, got, rules)
    assert (bounded.missing, bounded.unexpected) == (300, 300)


def test_a_line_that_is_evened_out_in_the_file_counts_once() -> None:
    """Counted twice, 0.01 would make room for both 0.0, and there is room for one."""
    expected, got = lines([0.0, 0.01, 0.0]), lines([0.02, 0.02, 0.01])
    difference = compare(expected, got, CompareRules(abs=0.0101), memory=1)
    assert (difference.missing, difference.unexpected) == (1, 1)


def test_a_small_comparison_writes_no_file(folder: Path) -> None:
    """Files are for what does not fit."""
    folder.chmod(0o500)
    folder.rmdir()
    assert compare(lines(RECORDS), lines(WRONG), CompareRules()).missing == 300


def test_the_temporary_file_has_no_name(folder: Path) -> None:
    """Nobody can read it, and nothing is left of it, however the process ends."""

    class Watched:
        seen: list[Path] = []  # noqa: RUF012  # one object, one test

        def __iter__(self) -> Iterator[bytes]:
            for line in lines(WRONG):
                self.seen += folder.iterdir()
                yield line

    with Disk() as disk:
        disk.write(b"something")
        assert not list(folder.iterdir())
    watched = Watched()
    compare(lines(RECORDS), watched, CompareRules(), memory=1000)
    assert watched.seen == []


def test_no_file_stays_open() -> None:
    """Neither after an answer nor after an error."""
    folder = Path("/proc/self/fd")
    if not folder.exists():
        pytest.skip("this system does not list open files")
    before = len(list(folder.iterdir()))
    compare(lines(RECORDS), lines(WRONG), CompareRules(), memory=1000)
    with pytest.raises(SubmissionError, match="is not JSON"):
        compare(lines(RECORDS), [*lines(WRONG), b"nonsense"], CompareRules(), memory=1000)
    assert len(list(folder.iterdir())) == before


def test_no_room_on_the_disk_is_our_fault_and_says_what_to_do() -> None:
    """The student's mark does not depend on our disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(InfrastructureError) as caught:
            compare(lines(RECORDS), lines(WRONG), CompareRules(), memory=1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(caught.value).startswith("no room to compare in: cannot write ")
    assert str(caught.value).endswith(" bytes to a temporary file: File too large")
    assert caught.value.hint == "free some space, or let TMPDIR name a folder that has it"


def test_an_output_that_changes_while_it_is_compared_is_our_fault() -> None:
    """What was bad a moment ago is not there any more."""

    class Fickle:
        times = 0

        def __iter__(self) -> Iterator[bytes]:
            self.times += 1
            return iter([b"nonsense"] if self.times == 1 else [])

    with pytest.raises(InfrastructureError, match=r"^the output changed while it was being compared$"):
        compare([b"1"], Fickle(), CompareRules())


def test_a_pile_gives_back_what_it_got_in_order_and_again() -> None:
    """Whatever of it is on disk."""
    rows = [("text\ud800", (1, 2.5, 10**30), number, b"line", {"a": [None, True]}) for number in range(100)]
    with Disk() as disk:
        pile = Pile[object](disk, room=500)
        for row in rows:
            pile.append(row, 60)
        assert list(pile) == rows
        assert list(pile) == rows


def test_equal_keys_share_a_bucket_and_nothing_is_lost() -> None:
    """Else records that are equal might never meet."""
    with Disk() as disk:
        buckets = Buckets[tuple[str, int]](disk, room=100, count=8)
        for number in range(200):
            buckets.append(f"key{number % 20}", (f"key{number % 20}", number), 10)
        keys = [{key for key, _ in pile} for pile in buckets]
        assert sorted(number for pile in buckets for _, number in pile) == list(range(200))
    assert len(buckets) == 8
    assert sum(map(len, keys)) == 20
