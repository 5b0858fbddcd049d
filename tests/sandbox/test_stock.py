"""What a slot keeps from run to run tells a run nothing of those before it."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from grader.errors import InfrastructureError
from grader.sandbox import layers, levels, traces
from grader.sandbox.layers import Wanted
from grader.sandbox.stage import Stage
from grader.sandbox.stock import Stock

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def stock(tmp_path: Path) -> Stock:
    """An empty one."""
    root = tmp_path / "root"
    root.mkdir()
    return Stock(root)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file to copy."""
    path = tmp_path / "books.json"
    path.write_text("[1]\n")
    return path


def test_a_folder_is_lent_again_empty_and_with_times_of_its_own(stock: Stock) -> None:
    """Whatever was left in it."""
    folder = Path(stock.folder(0))
    (folder / "inner" / "deeper").mkdir(parents=True)
    (folder / "inner" / "file").write_text("a message to the next run")
    os.utime(folder, (1, 2))
    stock.take_back(str(folder))
    again = Path(stock.folder(0))
    assert again == folder
    assert list(again.iterdir()) == []
    assert again.stat().st_mtime > 2
    assert again.stat().st_atime > 2


@pytest.mark.parametrize(
    "mark",
    [
        pytest.param(lambda folder: folder.chmod(0o750), id="mode"),
        pytest.param(lambda folder: [(folder / f"{n:0200}").touch() for n in range(300)], id="size"),
    ],
)
def test_a_folder_that_carries_a_mark_is_not_lent_again(stock: Stock, mark: object) -> None:
    """Such a mark would stay when it is emptied: the rights, and the size of a folder that once was full."""
    folder = Path(stock.folder(0))
    size = folder.stat().st_size
    assert callable(mark)
    mark(folder)
    for path in folder.iterdir():
        path.unlink()
    kept = folder.stat().st_size == size and folder.stat().st_mode & 0o777 == 0o700
    stock.take_back(str(folder))
    assert (Path(stock.folder(0)) == folder) is kept


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_folder_goes_to_its_user_only(stock: Stock) -> None:
    """Another could not work in it."""
    first = stock.folder(61234)
    stock.take_back(first)
    assert stock.folder(61235) != first
    assert stock.folder(61234) == first


def test_no_folder_is_lent_from_one_judgement_to_another(stock: Stock, source: Path) -> None:
    """Whatever could be marked on it, and nobody has thought of yet, ends with the judgement."""
    lent = []
    for _ in range(2):
        with Stage(stock, [], source, ["books.json"]) as made:
            lent.append(made.folder())
        assert list(stock.root.glob("run-*")) == []
    assert lent[0] != lent[1]


@pytest.mark.parametrize("place", ["the disk", "memory"])
def test_a_folder_that_is_lent_again_lists_its_files_where_a_new_one_does(tmp_path: Path, place: str) -> None:
    """A file system that counts the names made in a folder would tell how many runs there were before."""
    if place == "memory" and not os.access(MEMORY, os.W_OK):
        pytest.skip(f"there is no {MEMORY}")
    with tempfile.TemporaryDirectory(dir=MEMORY if place == "memory" else tmp_path) as root:
        stock, seen = Stock(Path(root)), []
        for run in range(3):
            folder = stock.folder(0)
            (Path(folder) / "file").touch()
            seen.append(traces.places(folder))
            for number in range(20 * run):
                (Path(folder) / f"{number}").touch()
            stock.take_back(folder)
    assert len(seen[0]) == 3
    assert seen[1:] == seen[:1] * 2


MEMORY = "/dev/shm"
"""Where Linux has one that every user may write to."""


def test_where_traces_remain_no_folder_is_lent_again(stock: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is thrown away after the run."""
    monkeypatch.setattr(traces, "remain", lambda _: True)
    (stock.root / "other").mkdir()
    forgetful = Stock(stock.root / "other")
    first = forgetful.folder(0)
    forgetful.take_back(first)
    assert not Path(first).exists()
    assert forgetful.folder(0) != first


def test_where_nobody_can_look_traces_are_taken_to_remain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a system whose entries we do not know; and looking leaves nothing."""
    traces.remain(str(tmp_path))
    assert traces.places(str(tmp_path / "nowhere")) == []
    monkeypatch.setattr(sys, "platform", "darwin")
    assert traces.remain(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_names_and_times_tell_nothing(stock: Stock, source: Path) -> None:
    """No name can be guessed or counts anything, and every copy was changed at the same time, long ago."""
    (other := source.with_name("other.json")).write_text("[2]\n")
    made = [stock.copy(source), stock.copy(other)]
    folders = [stock.folder(0), stock.folder(0)]
    paths = [*map(Path, folders), *(Path(copy.path) for copy in made), shelf(stock)]
    assert all(re.fullmatch("(run-|copies-|)[0-9a-f]{32}", path.name) for path in paths), paths
    assert len(set(paths)) == len(paths)
    times = [(found.st_mtime, found.st_atime) for found in map(Path.stat, paths[2:4])]
    assert times == [(946_684_800, 2_145_916_800)] * 2


def shelf(stock: Stock) -> Path:
    """Where it has its copies."""
    [found] = stock.root.glob("copies-*")
    return found


def copies(stock: Stock) -> list[str]:
    """What lies on its shelf."""
    return [path.read_text() for path in shelf(stock).iterdir()]


def test_a_file_is_copied_once_and_anew_if_either_has_changed(stock: Stock, source: Path) -> None:
    """What was handed in, or the copy, where nothing kept a run from it (level 0)."""
    first = stock.copy(source)
    assert stock.copy(source) == first
    source.write_text("[1, 2]\n")
    second = Path(stock.copy(source).path)
    assert copies(stock) == ["[1, 2]\n"]
    second.chmod(0o600)
    second.write_text("[]\n")
    stock.copy(source)
    assert copies(stock) == ["[1, 2]\n"]


def test_copies_are_not_kept_for_ever(stock: Stock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slot keeps some, not all that a class has handed in; the oldest go, once no judgement needs them."""
    monkeypatch.setattr("grader.sandbox.stock._MOST_KEPT", 10)
    for name in ("one", "two", "three"):
        (tmp_path / name).write_text(f"[{name}]\n")
        stock.copy(tmp_path / name)
    assert len(copies(stock)) == 3
    stock.tidy()
    assert copies(stock) == ["[three]\n"]


@pytest.mark.parametrize(
    ("wanted", "keeps"),
    [
        (Wanted(), True),
        (Wanted(landlock=0), False),
        (Wanted(landlock=0, user=61500), os.geteuid() == 0),
        (Wanted(seccomp=False), False),
        (Wanted(seccomp=False, user=61500), False),
    ],
)
def test_copies_are_kept_only_behind_a_filter_and_a_wall(wanted: Wanted, keeps: bool) -> None:
    """Rights and times out of reach, and what lies beside the own folder: by Landlock, or as another's."""
    if levels.test(Wanted())[0].number < 2:
        pytest.skip("this machine has no Landlock or no filter")
    assert layers.guards_copies(wanted) is keeps


@pytest.mark.parametrize("name", ["job.py", "notes.txt"])
@pytest.mark.parametrize("put", [lambda path: path.symlink_to("/etc/passwd"), os.mkfifo], ids=["link", "pipe"])
def test_what_has_become_a_link_or_a_pipe_is_not_opened(
    stock: Stock, tmp_path: Path, name: str, put: Callable[[Path], None]
) -> None:
    """Between looking and copying, by somebody who may write there: it would lead elsewhere, or wait for ever."""
    put(tmp_path / name)
    with Stage(stock, [(name, tmp_path / name)]) as made, pytest.raises(InfrastructureError, match="put in place"):
        made.folder()


def test_a_dataset_may_be_a_link(stock: Stock, source: Path) -> None:
    """The instructor put it there."""
    link = source.with_name("link.json")
    link.symlink_to(source)
    with Stage(stock, [], link, ["books.json"]) as made:
        assert (made.folder() / "books.json").read_text() == "[1]\n"


def test_nothing_is_kept_where_nothing_guards_it(tmp_path: Path, source: Path) -> None:
    """Without seccomp (level 0) a run could set rights and times back, and the next student would pay for it."""
    bare = Stock(tmp_path, keeps=False)
    with Stage(bare, [], source, ["books.json"]) as made:
        first = made.folder()
        made.clear()
        assert not first.exists()
        assert copies(bare) == ["[1]\n"]
    assert copies(bare) == []


def test_a_file_that_changes_while_it_is_judged_is_judged_as_it_was(stock: Stock, source: Path) -> None:
    """Else its runs would differ, and it would be called nondeterministic; the next judgement sees the change."""
    with Stage(stock, [], source, ["books.json"]) as made:
        made.folder()
        source.write_text("[1, 2]\n")
        assert (made.folder() / "books.json").read_text() == "[1]\n"
    with Stage(stock, [], source, ["books.json"]) as made:
        assert (made.folder() / "books.json").read_text() == "[1, 2]\n"


def test_nobody_but_the_grader_looks_for_copies(stock: Stock) -> None:
    """Where there is no Landlock, a run under a user of its own must not find what others handed in."""
    assert shelf(stock).stat().st_mode & 0o777 == 0o700


def test_reading_a_copy_leaves_no_mark_on_it(stock: Stock, source: Path) -> None:
    """Its time of access is later than its changes: then Linux (relatime) leaves it as it is."""
    copy, name = Path(stock.copy(source).path), stock.root / "name"
    before = copy.stat()
    assert before.st_atime > before.st_ctime
    name.hardlink_to(copy)
    name.read_text()
    name.unlink()
    after = copy.stat()
    if "strictatime" not in Path("/proc/self/mountinfo").read_text():
        assert after.st_atime_ns == before.st_atime_ns


def test_runs_of_one_judgement_share_folders_and_nothing_in_them(stock: Stock, source: Path) -> None:
    """A stage gives back what it took, and takes away what it put in."""
    for text in ("first", "second"):
        (source.parent / "job.py").write_text(text)
        with Stage(stock, [("job.py", source.parent / "job.py")], source, ["books.json"]) as made:
            folder = made.folder()
            assert sorted(path.name for path in folder.iterdir()) == ["books.json", "job.py"]
            assert (folder / "job.py").read_text() == text
            made.clear()
            assert made.folder() == folder
    assert list(stock.root.glob("run-*")) == []
    assert sorted(copies(stock)) == ["[1]\n", "second"]
