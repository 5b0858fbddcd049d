"""What a judgement hangs on: each change shows in the part that it belongs to, and in no other."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from grader import spec as specs
from grader.keys import Keys
from grader.model import Checks, CompareRules, LatePolicy, Limits, Runs, Spec, Student, Verdict, Visibility
from grader.store import UNKNOWN
from grader.submission import Submission, single

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grader.store import Key

SPEC = """\
name: count
module: count.py
reference: solution/count.py
datasets:
  - {name: books, file: data/books.json}
  - {name: zipf, generate: {by: data/generate.py:zipf, seed: 1, size: 2}}
  - {name: gold, file: data/gold.json.gz, expected: expected/gold.json, visibility: hidden}
"""
FILES: dict[str, str | bytes] = {
    "assignment.yaml": SPEC,
    "solution/count.py": "mapper = reducer = print\n",
    "data/books.json": "[1]\n",
    "data/generate.py": "def zipf(seed, size):\n    return [[seed]] * size\n",
    "data/gold.json.gz": gzip.compress(b"[2]\n", mtime=0),
    "expected/gold.json": "[3]\n",
    "ada/count.py": "import helper\n",
    "ada/helper.py": "x = 1\n",
    "ada/sub/deep.txt": "deep\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An assignment, and Ada's submission."""
    for name, content in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return tmp_path


def loaded(folder: Path) -> tuple[Spec, Submission]:
    """As it lies there now."""
    spec = specs.load(folder)
    [submission] = single(folder / "ada", [spec])
    return spec, submission


def key(spec: Spec, submission: Submission, dataset: str = "books", level: int = 3) -> Key:
    """The key, computed afresh."""
    [chosen] = [one for one in spec.datasets if one.name == dataset]
    return Keys(level).of(spec, chosen, submission)


def edit(folder: Path, name: str, content: str | bytes) -> None:
    """Write a file, and make its folder if it has none."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


# ---- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "dataset", "parts"),
    [
        ("ada/count.py", "import helper #\n", "books", ("submission",)),
        ("ada/helper.py", "x = 2\n", "books", ("submission",)),
        ("ada/new.txt", "", "books", ("submission",)),
        ("ada/sub/deep.txt", "", "books", ("submission",)),
        ("ada/__pycache__/count.pyc", "", "books", ()),
        ("ada/.git/HEAD", "", "books", ()),
        ("solution/count.py", "mapper = 1\n", "books", ("reference",)),
        ("solution/words.txt", "", "books", ("reference",)),
        ("solution/count.py", "mapper = 1\n", "gold", ()),
        ("expected/gold.json", "[4]\n", "gold", ("reference",)),
        ("expected/gold.json", "[4]\n", "books", ()),
        ("data/books.json", "[2]\n", "books", ("data",)),
        ("data/books.json", "[2]\n", "gold", ()),
        ("data/gold.json.gz", gzip.compress(b"[4]\n", mtime=0), "gold", ("data",)),
        ("data/generate.py", "def zipf(seed, size):\n    return []\n", "zipf", ("data",)),
        ("data/generate.py", "def zipf(seed, size):\n    return []\n", "books", ()),
        ("statement.md", "Count!\n", "books", ()),
        ("bob/count.py", "", "books", ()),
    ],
)
def test_a_changed_file_shows_in_its_part(
    name: str, content: str | bytes, dataset: str, parts: tuple[str, ...], folder: Path
) -> None:
    """And a file that no run can see shows nowhere."""
    before = key(*loaded(folder), dataset)
    edit(folder, name, content)
    assert key(*loaded(folder), dataset).changed(before) == parts


def test_a_file_that_changes_its_name_counts_as_changed(folder: Path) -> None:
    """A module is imported by it."""
    before = key(*loaded(folder))
    (folder / "ada" / "helper.py").rename(folder / "ada" / "other.py")
    assert key(*loaded(folder)).changed(before) == ("submission",)


def test_times_and_rights_of_files_do_not_count(folder: Path) -> None:
    """A copy of a class is the same class."""
    before = key(*loaded(folder))
    os.utime(folder / "ada" / "count.py", (0, 0))
    (folder / "ada" / "count.py").chmod(0o755)
    assert key(*loaded(folder)) == before


def test_where_a_submission_lies_does_not_count(folder: Path) -> None:
    """What was handed in twice has one key, though not one result."""
    spec, submission = loaded(folder)
    before = key(spec, submission)
    (folder / "ada").rename(folder / "bob")
    [moved] = single(folder / "bob", [spec])
    assert (moved.name, moved.module) == ("bob", folder / "bob" / "count.py")
    assert key(spec, moved) == before


def test_a_name_that_is_no_text_is_as_good_as_any(folder: Path) -> None:
    """File systems take any bytes."""
    before = key(*loaded(folder))
    (folder / "ada" / os.fsdecode(b"\xff.txt")).write_bytes(b"")
    after = key(*loaded(folder))
    assert after.known
    assert after.changed(before) == ("submission",)


# ---- rules -----------------------------------------------------------------------------------------------------------

LATE = LatePolicy(due=datetime(2026, 11, 1, 23, 59, tzinfo=UTC))


@pytest.mark.parametrize(
    "change",
    [
        {"compare": CompareRules(order="keep")},
        {"compare": CompareRules(rel=1e-6)},
        {"limits": Limits(time=9)},
        {"runs": Runs(scramble=0)},
        {"checks": Checks(order=0.5)},
        {"module": "counting.py"},
    ],
)
def test_a_rule_that_decides_counts(change: dict[str, Any], folder: Path) -> None:
    """Any that may change a verdict or a score."""
    spec, submission = loaded(folder)
    assert key(replace(spec, **change), submission).changed(key(spec, submission)) == ("assignment",)


@pytest.mark.parametrize(
    "change",
    [{"title": "Counting"}, {"late": LATE}, {"samples": {"ada": Verdict.ACCEPTED}}, {"points": 9}],
)
def test_what_decides_nothing_does_not_count(change: dict[str, Any], folder: Path) -> None:
    """Lateness is taken off later, and a title is a title."""
    spec, submission = loaded(folder)
    assert key(replace(spec, **change), submission) == key(spec, submission)


@pytest.mark.parametrize("change", [{"points": 2}, {"visibility": Visibility.HIDDEN}])
def test_points_and_visibility_of_the_dataset_count(change: dict[str, Any], folder: Path) -> None:
    """They stand in the result."""
    spec, submission = loaded(folder)
    books, *others = spec.datasets
    after = replace(spec, datasets=(replace(books, **change), *others))
    assert key(after, submission).changed(key(spec, submission)) == ("assignment",)


def test_another_datasets_points_do_not_count_but_its_name_in_a_run_does(folder: Path) -> None:
    """A run finds the dataset under the names of all public ones."""
    spec, submission = loaded(folder)
    books, zipf, gold = spec.datasets
    pricey, public = replace(gold, points=9), replace(gold, visibility=Visibility.PUBLIC)
    assert key(replace(spec, datasets=(books, zipf, pricey)), submission) == key(spec, submission)
    after = key(replace(spec, datasets=(books, zipf, public)), submission)
    assert after.changed(key(spec, submission)) == ("assignment",)


def test_how_a_generator_is_called_counts_as_data(folder: Path) -> None:
    """Another seed is another dataset."""
    spec, submission = loaded(folder)
    books, zipf, gold = spec.datasets
    assert zipf.generate is not None
    after = replace(spec, datasets=(books, replace(zipf, generate=replace(zipf.generate, seed=2)), gold))
    assert key(after, submission, "zipf").changed(key(spec, submission, "zipf")) == ("data",)


def test_the_sandboxs_level_counts(folder: Path) -> None:
    """It decides what student code may do; the history names it, with all versions."""
    spec, submission = loaded(folder)
    low, high = key(spec, submission, level=0), key(spec, submission)
    assert low.changed(high) == ("pymapr",)
    assert high.pymapr.startswith("pymapr 0.")
    assert ", Python 3." in high.pymapr
    assert high.pymapr.endswith(", sandbox level 3")


# ---- submissions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"students": (Student(key="ada"),)},
        {"group": "team-7"},
        {"submitted": "2026-11-01T23:59:00+01:00"},
        {"remarks": ("found by its name",)},
        {"shown": "count.py"},
    ],
)
def test_who_handed_in_and_when_does_not_count(change: dict[str, Any], folder: Path) -> None:
    """A corrected roster is no reason to judge again."""
    spec, submission = loaded(folder)
    assert key(spec, replace(submission, **change)) == key(spec, submission)


@pytest.mark.parametrize(
    "changed",
    [
        lambda one: replace(one, alone=True),
        lambda one: replace(one, module=None),
        lambda one: replace(one, module=None, nearest="cuont.py"),
        lambda one: replace(one, module=one.module.with_name("helper.py")),
        lambda one: replace(one, staged_as="counted.py"),
        lambda one: replace(one, broken="two files of that name"),
        lambda one: replace(one, files=(("count.py", one.module),)),
    ],
)
def test_what_was_handed_in_and_as_what_counts(changed: Callable[[Submission], Submission], folder: Path) -> None:
    """Which file is the module, what comes with it, what it is called."""
    spec, submission = loaded(folder)
    assert key(spec, changed(submission)).changed(key(spec, submission)) == ("submission",)


def test_files_that_were_handed_in_one_by_one_are_told_by_their_contents(folder: Path) -> None:
    """Wherever an archive was unpacked this time, and whichever of two alike is the module."""
    spec, one = loaded(folder)
    assert one.module is not None
    edit(folder, "else/count.py", FILES["ada/count.py"])
    here = replace(one, files=(("count.py", one.module), ("b.py", one.module.with_name("helper.py"))))
    there = replace(one, module=folder / "else" / "count.py")
    there = replace(there, files=(("count.py", folder / "else" / "count.py"), ("b.py", folder / "ada" / "helper.py")))
    assert key(spec, here) == key(spec, there)
    assert key(spec, replace(here, module=one.module.with_name("helper.py"))) != key(spec, here)


def test_what_cannot_be_read_is_unknown(folder: Path) -> None:
    """Whoever judges will say why; such a result is never used again."""
    spec, submission = loaded(folder)
    assert key(spec, replace(submission, unreadable="locked")).submission == UNKNOWN
    assert submission.module is not None
    gone = replace(submission, files=(("count.py", folder / "gone.py"),))
    assert key(spec, gone).submission == UNKNOWN
    (folder / "data" / "books.json").unlink()
    found = key(spec, submission)
    assert (found.data, found.known) == (UNKNOWN, False)


def test_a_submission_that_is_too_large_has_a_key(folder: Path) -> None:
    """Its verdict does not hang on what is in it."""
    for number in range(501):
        edit(folder, f"ada/{number}.txt", "")
    spec, submission = loaded(folder)
    before = key(spec, submission)
    assert before.known
    edit(folder, "ada/count.py", "more = 1\n")
    assert key(spec, submission) == before


def test_files_are_read_once_and_again_when_asked(folder: Path) -> None:
    """A class of a thousand has seven assignments each; and hours may pass before a submission's turn comes."""
    spec, submission = loaded(folder)
    keys = Keys(3)
    before = keys.of(spec, spec.datasets[0], submission)
    edit(folder, "ada/count.py", "changed = 1\n")
    assert keys.of(spec, spec.datasets[0], submission) == before
    assert keys.of(spec, spec.datasets[0], submission, anew=True).changed(before) == ("submission",)
