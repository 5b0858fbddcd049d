"""Kits for students: they work, and nothing can be had from them that is not for students."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from grader import spec as specs
from grader.errors import SpecError, UsageError
from grader.release import examples, release

if TYPE_CHECKING:
    from grading.conftest import Command

ASSIGNMENTS = Path(__file__).parents[2] / "assignments"


@pytest.fixture
def kit(command: Command) -> Path:
    """Word count, as students get it."""
    done = command("release", ASSIGNMENTS / "wordcount", "kit")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "wordcount: public data: books; withheld: empty, one, edges, prose, zipf\n"
    return command.folder / "kit"


def files(folder: Path) -> set[str]:
    """What lies below a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_kit_holds_what_is_for_students_and_nothing_else(kit: Path) -> None:
    """No reference, samples, generators, hidden data."""
    assert files(kit) == {
        "README.md",
        "assignment.yaml",
        "data/books.json",
        "expected/books.json",
        "starter/wordcount.py",
    }


def test_a_kit_s_spec_tells_nothing_of_what_is_withheld(kit: Path) -> None:
    """Only that it exists, and its points."""
    text = (kit / "assignment.yaml").read_text()
    for word in ("solution", "reference", "generate", "zipf(", "seed", "samples", "student-", "submissions"):
        assert word not in text
    spec = specs.load(kit)
    assert [dataset.name for dataset in spec.datasets if dataset.withheld] == ["empty", "one", "edges", "prose", "zipf"]
    assert spec.points == 10


def test_work_in_a_kit_goes_as_its_statement_says(kit: Path, command: Command) -> None:
    """Copy the starter, fill it in, check it: withheld datasets are skipped, aloud."""
    check = ("kit", "--submission", "kit/wordcount.py", "--audience", "student", "--json", "check.json")
    shutil.copy(kit / "starter" / "wordcount.py", kit / "wordcount.py")
    assert "wrong-answer" in command(*check).stdout
    shutil.copy(ASSIGNMENTS / "wordcount" / "solution" / "wordcount.py", kit / "wordcount.py")
    done = command(*check)
    assert done.returncode == 0, done.stderr
    assert "accepted" in done.stdout
    assert "skipped: wordcount: empty, one, edges, prose, zipf (withheld, so not judged)" in done.stdout
    [result] = json.loads((command.folder / "check.json").read_text())["results"]
    assert (result["verdict"], result["score"], result["max_score"]) == ("accepted", 3, 3)
    assert result["withheld"] == ["empty", "one", "edges", "prose", "zipf"]


def test_a_kit_can_be_graded_as_it_lies(kit: Path, command: Command) -> None:
    """The module beside the spec is the submission; before it is there, there is none."""
    done = command("kit")
    assert (done.returncode, "there is no submission" in done.stderr) == (5, True)
    shutil.copy(ASSIGNMENTS / "wordcount" / "solution" / "wordcount.py", kit / "wordcount.py")
    assert command("kit").returncode == 0


def test_a_kit_of_a_kit_is_the_same(kit: Path, command: Command) -> None:
    """What is withheld stays so."""
    assert command("release", "kit", "again").returncode == 0
    again = command.folder / "again"
    assert {name: (kit / name).read_text() for name in files(kit)} == {
        name: (again / name).read_text() for name in files(again)
    }


def test_several_assignments_get_a_folder_each(tmp_path: Path) -> None:
    """Named after them."""
    loaded = [specs.load(ASSIGNMENTS / name) for name in ("join", "friend_count")]
    assert release(loaded, tmp_path / "a" / "kits", None) == [
        "join: public data: records; withheld: empty, one, edges, shop",
        "friend_count: public data: friends; withheld: empty, one, edges, network",
    ]
    assert sorted(path.name for path in (tmp_path / "a" / "kits").iterdir()) == ["friend_count", "join"]


def test_public_data_that_is_generated_becomes_a_file(tmp_path: Path) -> None:
    """Students have no generator: its other data is hidden."""
    source = tmp_path / "wordcount"
    shutil.copytree(ASSIGNMENTS / "wordcount", source, ignore=shutil.ignore_patterns("submissions"))
    text = (source / "assignment.yaml").read_text()
    start, end = text.index("  - name: prose"), text.index("samples:")
    (source / "assignment.yaml").write_text(
        text[:start].replace("points: 10", "points: 8")
        + "  - name: tiny\n    generate: {by: data/generate.py:zipf, seed: 9, size: 3}\n    points: 1\n"
        + text[end:].partition("samples:")[0]
    )
    [line] = release([specs.load(source)], tmp_path / "kit", None)
    assert line == "wordcount: public data: books, tiny; withheld: empty, one, edges"
    assert len((tmp_path / "kit" / "data" / "tiny.json").read_text().splitlines()) == 3
    assert "data/generate.py" not in files(tmp_path / "kit")
    assert specs.load(tmp_path / "kit").datasets[-1].file == "data/tiny.json"


@pytest.mark.parametrize("make", [lambda out: release([specs.load(ASSIGNMENTS / "join")], out, None), examples])
def test_nothing_is_written_over(make: object, tmp_path: Path) -> None:
    """Neither a folder with something in it, nor a file."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    for out in (tmp_path / "full", tmp_path / "full" / "mine"):
        with pytest.raises(UsageError, match="is there already, and not empty") as caught:
            make(out)  # type: ignore[operator]  # either of two functions
        assert caught.value.hint == "name a new folder: nothing is written over"


def test_a_kit_that_cannot_be_finished_is_not_begun(tmp_path: Path) -> None:
    """A reference that fails on public data leaves no half kit."""
    source = tmp_path / "join"
    shutil.copytree(ASSIGNMENTS / "join", source)
    (source / "solution" / "join.py").write_text("mapper = None\n")
    text = (source / "assignment.yaml").read_text().replace("    expected: expected/records.json\n", "")
    (source / "assignment.yaml").write_text(text)
    with pytest.raises(SpecError, match=r"the reference solution/join\.py on dataset records failed"):
        release([specs.load(source)], tmp_path / "kit", None)
    assert [path.name for path in tmp_path.iterdir()] == ["join"]


def test_a_place_where_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    """As a folder inside a file."""
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be written: ") as caught:
        examples(tmp_path / "file" / "out")
    assert caught.value.hint == "is there room, and may you write there?"


def test_the_shipped_assignments_can_be_had(command: Command) -> None:
    """All seven, as they are; into an empty folder, too."""
    (command.folder / "mine").mkdir()
    done = command("examples", "mine")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("7 assignments written to mine: asymmetric_friendships, friend_count, ")
    assert done.stdout.endswith("grade them with: pymapr-grade mine\n")
    assert files(command.folder / "mine" / "join") == {
        name for name in files(ASSIGNMENTS / "join") if "__pycache__" not in name
    }
