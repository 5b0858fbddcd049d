"""Datasets: what they are called inside a run, how they are unpacked, when they have changed."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from grader.dataset import Lines, checksum, out_of_the_way, staged_name, staged_names, unpack
from grader.errors import InfrastructureError, SpecError
from grader.model import DatasetSpec, Generate, Visibility

if TYPE_CHECKING:
    from pathlib import Path

    from grading.conftest import Assignments


@pytest.mark.parametrize(
    ("dataset", "name"),
    [
        (DatasetSpec(name="books", file="data/books.json"), "data/books.json"),
        (DatasetSpec(name="books", file="data/books.json.gz"), "data/books.json"),
        (DatasetSpec(name="zipf", generate=Generate(file="g.py", function="f", seed=1, size=2)), "data/zipf.json"),
    ],
)
def test_a_run_finds_its_dataset_under_its_own_path(dataset: DatasetSpec, name: str) -> None:
    """Decompressed; what is generated lies where files usually do."""
    assert staged_name(dataset) == name


def test_a_dataset_answers_to_the_names_of_all_public_ones(assignments: Assignments) -> None:
    """Because students hard-code them, with and without the folder; hidden datasets lend no name."""
    spec = assignments.wordcount()
    hidden = spec.datasets[1]
    assert hidden.visibility is Visibility.HIDDEN
    assert staged_names(spec, hidden) == ["data/diary.json", "data/books.json", "diary.json", "books.json"]
    assert staged_names(spec, spec.datasets[0]) == ["data/books.json", "books.json"]


def test_a_submission_s_files_make_way_for_the_dataset(tmp_path: Path) -> None:
    """Whatever is a file where a folder must be, or the other way round; nothing else does."""
    names = ["books.json", "data/books.json", "data", "data/books.json/part", "data/other.json", "books.json.py"]
    left = out_of_the_way([(name, tmp_path) for name in names], ["data/books.json", "books.json"])
    assert [name for name, _ in left] == ["data/other.json", "books.json.py"]


def test_a_dataset_is_unpacked_as_it_was(tmp_path: Path) -> None:
    """To the byte."""
    data = b'["a", 1]\n' * 1000
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(data))
    unpack(tmp_path / "a.json.gz", tmp_path / "a.json")
    assert (tmp_path / "a.json").read_bytes() == data


@pytest.mark.parametrize(
    "broken",
    [b'["a", 1]\n', gzip.compress(b"x" * 1000)[:-9], gzip.compress(b"")[:10] + b"\xff" * 40],
    ids=["no gzip", "cut off", "garbled"],
)
def test_what_is_no_gzip_is_the_instructor_s_to_mend(broken: bytes, tmp_path: Path) -> None:
    """However it is broken."""
    (tmp_path / "a.json.gz").write_bytes(broken)
    with pytest.raises(SpecError, match=r"a\.json\.gz: cannot be read: ") as caught:
        unpack(tmp_path / "a.json.gz", tmp_path / "a.json")
    assert caught.value.hint == "is it complete, and really compressed with gzip?"


def test_no_place_to_unpack_to_is_ours(tmp_path: Path) -> None:
    """Not a fault of the dataset."""
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(b"1\n"))
    with pytest.raises(InfrastructureError, match=r"a\.json\.gz could not be unpacked"):
        unpack(tmp_path / "a.json.gz", tmp_path / "nowhere" / "a.json")


def test_lines_can_be_read_again_and_blank_ones_are_none(tmp_path: Path) -> None:
    """A golden file may end in an empty line, and may have been written on Windows."""
    (tmp_path / "a.json").write_bytes(b'[1]\r\n\n  \n"two"')
    lines = Lines(tmp_path / "a.json")
    assert list(lines) == list(lines) == [b"[1]", b'"two"']


def test_a_checksum_changes_with_any_part(tmp_path: Path) -> None:
    """Content, name, place, and where one part ends and the next begins."""
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a").write_text("x")
    seen = {checksum([tmp_path / "one"]), checksum(["ab", "c"]), checksum(["a", "bc"]), checksum(["ab", b"c", ""])}
    (tmp_path / "one" / "a").rename(tmp_path / "one" / "b")
    seen.add(checksum([tmp_path / "one"]))
    (tmp_path / "one" / "b").write_text("y")
    seen.add(checksum([tmp_path / "one"]))
    assert len(seen) == 6


def test_compiled_leftovers_do_not_change_a_checksum(tmp_path: Path) -> None:
    """Running a generator by hand must not have everything made anew."""
    before = checksum([tmp_path])
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("x")
    assert checksum([tmp_path]) == before
