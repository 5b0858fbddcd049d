"""What of a submission is put in place, and under which names the dataset stands beside it."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import InfrastructureError, SubmissionError
from grader.sandbox import stage
from grader.sandbox.stage import Stage, files_below

if TYPE_CHECKING:
    from pathlib import Path

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def student(tmp_path: Path) -> Path:
    """A student's folder with a module in it."""
    folder = tmp_path / "student"
    folder.mkdir()
    (folder / "job.py").write_text("pass\n")
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A dataset."""
    path = tmp_path / "books.json"
    path.write_text("[1]\n")
    return path


def names(folder: Path) -> list[str]:
    """The names of what would be staged."""
    return [name for name, _ in files_below(folder)]


# ---- what is taken ---------------------------------------------------------------------------------------------------


def test_regular_files_are_taken_with_the_folders_they_lie_in(student: Path) -> None:
    """In alphabetical order."""
    (student / "inner").mkdir()
    (student / "inner" / "helper.py").touch()
    assert names(student) == ["inner/helper.py", "job.py"]


def test_links_pipes_sockets_and_devices_are_left_out(student: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening one could wait for ever, or lead elsewhere."""
    (student / "link").symlink_to("/etc/passwd")
    (student / "folder-link").symlink_to("/etc")
    (student / "loop").symlink_to("loop")
    os.mkfifo(student / "fifo")
    monkeypatch.chdir(student)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket")
    assert names(student) == ["job.py"]


@as_root
def test_a_device_is_left_out(student: Path) -> None:
    """Even root's."""
    try:
        os.mknod(student / "zero", 0o20666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("this root may make no devices")
    assert names(student) == ["job.py"]


@pytest.mark.parametrize("folder", ["__pycache__", ".git", "venv", "node_modules", ".ipynb_checkpoints"])
def test_what_no_student_wrote_is_left_out(student: Path, folder: str) -> None:
    """Caches, histories, environments."""
    (student / folder).mkdir()
    (student / folder / "file.py").touch()
    assert names(student) == ["job.py"]


@pytest.mark.parametrize("name", ["helper.pyc", "helper.pyo"])
def test_compiled_leftovers_are_left_out(student: Path, name: str) -> None:
    """Python would run them without their source."""
    (student / name).touch()
    assert names(student) == ["job.py"]


@pytest.mark.parametrize("name", [b"a\nb", b"\x1b[2J", b"\xff\xfe", b"--help", b"$(x)", b" ", b"x" * 255])
def test_a_name_is_only_a_name(student: Path, data: Path, name: bytes, tmp_path: Path) -> None:
    """Whatever it is made of."""
    (student / os.fsdecode(name)).write_text("x")
    with Stage(tmp_path, list(files_below(student)), data, ["books.json"]) as made:
        assert sorted(os.fsencode(path.name) for path in made.folder().iterdir()) == sorted(
            [name, b"job.py", b"books.json"]
        )


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda folder: [(folder / str(n)).touch() for n in range(stage.MOST_FILES)], id="files"),
        pytest.param(lambda folder: [(folder / str(n)).mkdir() for n in range(10_001)], id="folders"),
        pytest.param(lambda folder: os.truncate(folder / "job.py", stage.MOST_BYTES + 1), id="bytes"),
        pytest.param(lambda folder: (folder / "/".join("d" * 30) / "x").mkdir(parents=True), id="depth"),
        pytest.param(lambda folder: [(folder / str(n)).symlink_to("x") for n in range(10_001)], id="links"),
    ],
)
def test_a_submission_has_its_bounds(student: Path, spoil: object) -> None:
    """In files, folders, links, bytes and depth; the student is told all of them."""
    assert callable(spoil)
    spoil(student)
    with pytest.raises(SubmissionError) as caught:
        names(student)
    assert str(caught.value) == "the submission is larger than 500 files, 64 MB or 20 folders in one another"
    assert "leave data and environments out" in caught.value.hint


def test_what_cannot_be_read_is_nobodys_mark(student: Path) -> None:
    """Who may read a folder is not the student's doing."""
    with pytest.raises(InfrastructureError, match="cannot be read: No such file"):
        names(student / "gone")


# ---- what is made of it ----------------------------------------------------------------------------------------------


def test_the_dataset_stands_under_all_its_names(student: Path, data: Path, tmp_path: Path) -> None:
    """Students hard-code them."""
    with Stage(tmp_path, list(files_below(student)), data, ["data/books.json", "books.json"]) as made:
        folder = made.folder()
        assert (folder / "data" / "books.json").read_text() == (folder / "books.json").read_text() == "[1]\n"


@pytest.mark.parametrize("theirs", ["books.json", "books.json/inner.py", "data", "data/books.json/x"])
def test_the_dataset_wins_over_a_students_file_of_that_name(
    student: Path, data: Path, tmp_path: Path, theirs: str
) -> None:
    """And over one that lies where its folder should be, or in a folder where it should be."""
    path = student / theirs
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[2]\n")
    with Stage(tmp_path, list(files_below(student)), data, ["data/books.json", "books.json"]) as made:
        folder = made.folder()
        assert (folder / "data" / "books.json").read_text() == (folder / "books.json").read_text() == "[1]\n"


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x"])
def test_no_name_leads_outside(data: Path, tmp_path: Path, name: str) -> None:
    """Refused, whoever made it up."""
    with pytest.raises(InfrastructureError, match="does not lie inside"):
        Stage(tmp_path, [], data, [name])
    with pytest.raises(InfrastructureError, match="does not lie inside"):
        Stage(tmp_path, [(name, data)])


def test_each_folder_is_a_fresh_copy(student: Path, data: Path, tmp_path: Path) -> None:
    """What one run does to its files, the next does not see."""
    with Stage(tmp_path, list(files_below(student)), data, ["books.json"]) as made:
        first = made.folder()
        (first / "job.py").write_text("spoilt")
        (first / "books.json").unlink()
        second = made.folder()
        assert (second / "job.py").read_text() == "pass\n"
        assert (second / "books.json").read_text() == "[1]\n"


def test_a_dataset_that_a_run_has_changed_is_copied_anew(student: Path, data: Path, tmp_path: Path) -> None:
    """Where nothing keeps a run from it (level 0), the next run must not read what it wrote."""
    with Stage(tmp_path, list(files_below(student)), data, ["books.json"]) as made:
        spoilt = made.folder() / "books.json"
        spoilt.chmod(0o600)
        spoilt.write_text("[2, 3]\n")
        assert (made.folder() / "books.json").read_text() == "[1]\n"
        assert data.read_text() == "[1]\n"


def test_the_dataset_may_be_read_and_not_written(student: Path, data: Path, tmp_path: Path) -> None:
    """By its rights alone."""
    with Stage(tmp_path, [], data, ["books.json"]) as made:
        assert (made.folder() / "books.json").stat().st_mode & 0o777 == 0o444


@as_root
def test_a_slots_user_owns_its_folder_but_not_the_dataset(student: Path, data: Path, tmp_path: Path) -> None:
    """So other slots' users may not look into it, and it may not change what other runs read."""
    (student / "inner").mkdir()
    (student / "inner" / "helper.py").touch()
    (student / "notes.txt").touch()
    with Stage(tmp_path, list(files_below(student)), data, ["books.json"]) as made:
        folder = made.folder(user=61234)
        owners = {path.relative_to(folder).as_posix(): path.stat().st_uid for path in folder.rglob("*")}
        assert owners == {"inner": 61234, "inner/helper.py": 0, "notes.txt": 61234, "job.py": 0, "books.json": 0}
        assert (folder.stat().st_uid, folder.stat().st_mode & 0o777) == (61234, 0o700)


def test_modules_may_be_read_and_what_else_was_handed_in_also_written(student: Path, tmp_path: Path) -> None:
    """A program may write over the results that were handed in with it; its modules all runs of it read."""
    (student / "results.json").touch()
    with Stage(tmp_path, list(files_below(student))) as made:
        rights = {path.name: path.stat().st_mode & 0o222 for path in made.folder().iterdir()}
        assert rights == {"job.py": 0, "results.json": 0o200 | rights["results.json"]}


def test_a_module_that_a_run_has_changed_is_copied_anew(student: Path, tmp_path: Path) -> None:
    """Where nothing keeps a run from it (level 0)."""
    with Stage(tmp_path, list(files_below(student))) as made:
        spoilt = made.folder() / "job.py"
        spoilt.chmod(0o600)
        spoilt.write_text("spoilt\n" * 2)
        assert (made.folder() / "job.py").read_text() == "pass\n"


def test_usage_does_not_count_the_dataset(student: Path, data: Path, tmp_path: Path) -> None:
    """Neither its copy nor its names; what a run writes counts."""
    data.write_bytes(b"[1]\n" * 100_000)
    with Stage(tmp_path, list(files_below(student)), data, ["books.json"]) as made:
        folder = made.folder()
        assert made.usage().size < 50_000
        (folder / "made").write_bytes(b"x" * 200_000)
        assert 200_000 <= made.usage().size < 300_000


def test_nothing_is_left(student: Path, data: Path, tmp_path: Path) -> None:
    """Of runs after `clear`, of anything afterwards; whatever they left behind, and even if something is raised."""
    root = tmp_path / "root"
    root.mkdir()

    def use() -> None:
        with Stage(root, list(files_below(student)), data, ["books.json"]) as made:
            (made.folder() / "inner").mkdir(mode=0)
            made.clear()
            assert list(next(root.iterdir()).glob("run-*/*")) == []
            (made.folder() / "inner" / "deeper").mkdir(parents=True)
            raise KeyError

    with pytest.raises(KeyError):
        use()
    assert list(root.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_nobodys_mark(student: Path, tmp_path: Path) -> None:
    """A full disk, a missing root: ours."""
    with pytest.raises(InfrastructureError, match="no folder could be made"):
        Stage(tmp_path / "gone", [])
    with Stage(tmp_path, [("job.py", student / "gone.py")]) as made, pytest.raises(InfrastructureError) as caught:
        made.folder()
    assert "could not be put in place" in str(caught.value)


NAMES = st.text(st.characters(exclude_characters="/\x00", exclude_categories=["Cs"]), min_size=1, max_size=20)


@settings(max_examples=30, deadline=None)
@given(names=st.sets(NAMES, max_size=8))
def test_whatever_the_names_what_is_found_is_put_in_place(
    tmp_path_factory: pytest.TempPathFactory, names: set[str]
) -> None:
    """And nothing else."""
    root = tmp_path_factory.mktemp("names")
    folder = root / "student"
    folder.mkdir()
    made = {name for name in names - {".", ".."} if _touched(folder / name)}
    kept = {name for name in made if not name.endswith((".pyc", ".pyo"))}
    with Stage(root, list(files_below(folder))) as staged:
        assert {path.name for path in staged.folder().iterdir()} == kept


def _touched(path: Path) -> bool:
    try:
        path.write_text("x")
    except OSError:  # the name is too long in bytes
        return False
    return True
