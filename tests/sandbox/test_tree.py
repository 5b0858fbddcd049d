"""Folders in which anything may have happened: how much is in them is told, and they go."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.sandbox import tree
from sandbox.rig import as_user, interpreter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty one; taken away by somebody else in the end, as pytest cannot take away all that is made here."""
    made = tmp_path / "folder"
    made.mkdir()
    yield made
    subprocess.run(["rm", "-rf", made], check=True)


def used(folder: Path, most: int = 1000, apart: tuple[tuple[int, int], ...] = ()) -> tree.Usage:
    """What lies in it."""
    return tree.usage([str(folder)], most=most, apart=apart)


def test_files_and_folders_count_and_files_have_a_size(folder: Path) -> None:
    """Size is what they take on disk."""
    (folder / "inner").mkdir()
    (folder / "inner" / "file").write_bytes(b"x" * 100_000)
    found = used(folder)
    assert (found.entries, found.locked) == (2, 0)
    assert 100_000 <= found.size < 200_000


def test_a_sparse_file_takes_no_room(folder: Path) -> None:
    """However long it says it is."""
    with (folder / "sparse").open("wb") as file:
        file.truncate(2**40)
    assert used(folder).size < 2**20


def test_a_file_with_two_names_counts_once_and_counts(folder: Path) -> None:
    """A second name must not hide it."""
    (folder / "one").write_bytes(b"x" * 100_000)
    before = used(folder).size
    os.link(folder / "one", folder / "two")
    assert used(folder).size == before


def test_what_is_set_apart_does_not_count(folder: Path) -> None:
    """The dataset is nobody's doing."""
    path = folder / "data"
    path.write_bytes(b"x" * 100_000)
    state = path.stat()
    assert used(folder, apart=((state.st_dev, state.st_ino),)).size < 100_000


def test_looking_ends_when_there_is_too_much(folder: Path) -> None:
    """One more than the most is known, and no more is looked at."""
    for number in range(50):
        (folder / str(number)).touch()
    assert used(folder, most=10).entries == 11


def test_a_link_is_not_followed(folder: Path) -> None:
    """Neither when looking nor when taking away."""
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "kept").write_text("x")
    (folder / "link").symlink_to(outside)
    (folder / "nowhere").symlink_to("nowhere")
    assert used(folder).entries == 2
    tree.remove(folder)
    assert (outside / "kept").exists()
    assert not folder.exists()


def test_a_folder_that_vanishes_while_one_looks_is_no_trouble(folder: Path) -> None:
    """The run goes on meanwhile."""
    assert used(folder / "gone") == tree.Usage()


def nested(folder: Path, depth: int, name: str = "d" * 100) -> None:
    """Folders inside folders, deeper than any path can say."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=here)
        inner = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)


def test_what_no_path_can_name_is_told_and_taken_away(folder: Path) -> None:
    """Deeper than a path may be long, and than a program may recurse."""
    nested(folder, 1100)
    assert used(folder, most=2000).locked == 1
    tree.remove(folder)
    assert not folder.exists()


LOCKED = """\
import sys
from pathlib import Path

from grader.sandbox import tree

folder = Path(sys.argv[1], "locked")
for mode in (0o000, 0o300, 0o500):
    locked = folder / f"{mode:o}"
    (locked / "inner" / "deeper").mkdir(parents=True)
    (locked / "file").touch()
    (locked / "inner").chmod(mode)
    locked.chmod(mode)
print(tree.usage([str(folder)], most=100).locked)
tree.remove(folder)
print(folder.exists())
"""


def test_locked_folders_are_told_and_taken_away(public_folder: Path) -> None:
    """By somebody who is not root, and cannot list all that is theirs."""
    python, library = interpreter(public_folder / "lib")
    home = public_folder / "home-of-nobody"
    home.mkdir()
    home.chmod(0o777)
    done = subprocess.run(
        [python, "-c", LOCKED, str(home)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": library, "PYTHONDONTWRITEBYTECODE": "1"},
        **as_user(61001),
    )
    assert done.stdout.split() == ["2", "False"]


def test_taking_away_what_is_not_there_is_no_trouble(folder: Path) -> None:
    """As when a slot is closed twice."""
    tree.remove(folder)
    tree.remove(folder)


SHAPES = st.recursive(st.just(None), lambda inner: st.lists(inner, max_size=4), max_leaves=30)


@settings(max_examples=40, deadline=None)
@given(shape=SHAPES)
def test_whatever_the_shape_nothing_is_left(tmp_path_factory: pytest.TempPathFactory, shape: object) -> None:
    """Files are leaves, lists are folders; as many are counted as were made."""
    folder = tmp_path_factory.mktemp("shape")
    made = grow(folder, shape)
    assert used(folder).entries == made
    tree.remove(folder)
    assert not folder.exists()


def grow(folder: Path, shape: object) -> int:
    """Make it on disk; how many entries that were."""
    if not isinstance(shape, list):
        (folder / "leaf").touch()
        return 1
    count = 0
    for number, inner in enumerate(shape):
        (folder / str(number)).mkdir()
        count += 1 + grow(folder / str(number), inner)
    return count
