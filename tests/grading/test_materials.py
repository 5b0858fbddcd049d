"""Materials: data and expected output, made once, in the sandbox, and kept where nobody else looks."""

from __future__ import annotations

import gzip
import json
import shutil
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from grader.errors import InfrastructureError, SpecError
from grader.materials import Materials, cache_folder
from grading.conftest import FIXTURES

if TYPE_CHECKING:
    from pathlib import Path

    from grader.materials import Material
    from grader.model import Spec
    from grader.sandbox.runner import Sandbox
    from grading.conftest import Assignments

GENERATOR = """\
import random
from words import WORDS

def texts(seed, size):
    chance = random.Random(seed)
    for number in range(size):
        yield [f"text {number}", " ".join(chance.choices(WORDS, k=3))]

def broken(seed, size):
    yield ["fine", "so far"]
    raise ValueError("no more words")

def unsayable(seed, size):
    yield {"a", "set"}
"""


@pytest.fixture
def spec(assignments: Assignments) -> Spec:
    """Word count with a reference, over generated texts."""
    return with_generator(assignments)


def with_generator(assignments: Assignments, function: str = "texts", **changes: object) -> Spec:
    """The reference is the plain fixture; the generator has a module beside it."""
    folder = assignments.folder / "wordcount"
    for path, text in {
        "data/generate.py": GENERATOR,
        "data/words.py": "WORDS = ['rain', 'snow', 'go']\n",
        "solution/wordcount.py": (FIXTURES / "wordcount" / "plain.py").read_text(),
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    datasets = [{"name": "texts", "generate": {"by": f"data/generate.py:{function}", "seed": 7, "size": 5}}]
    keys = {"module": "wordcount.py", "reference": "solution/wordcount.py", "datasets": datasets, **changes}
    return assignments.write("wordcount", **keys)


class Workshop:
    """Makes materials with a cache."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.cache, self.work = sandbox, folder / "cache", folder / "work"
        self.work.mkdir()

    def __call__(self, spec: Spec) -> Material:
        """The material of the first dataset."""
        """The material of the first dataset."""
        return Materials(self.work, self.cache).prepare(spec, spec.datasets[0], self.sandbox)


@pytest.fixture
def prepare(sandbox: Sandbox, tmp_path: Path) -> Workshop:
    """Makes the material of a spec's first dataset."""
    return Workshop(sandbox, tmp_path)


def test_generated_data_and_the_reference_s_output_are_made(spec: Spec, prepare: Workshop) -> None:
    """A generator may import what lies beside it."""
    material = prepare(spec)
    records = [json.loads(line) for line in material.data.read_text().splitlines()]
    answer = dict(map(json.loads, material.expected_lines))
    assert [name for name, _ in records] == [f"text {number}" for number in range(5)]
    assert sum(answer.values()) == 15


def test_what_was_made_once_is_kept(spec: Spec, prepare: Workshop) -> None:
    """Nothing is run for the second time; a command may name the data."""
    first = prepare(spec)
    stamps = [path.stat().st_mtime_ns for path in (first.data, first.expected)]
    second = prepare(spec)
    assert first == second
    assert first.lasting == first.data
    assert [path.stat().st_mtime_ns for path in (second.data, second.expected)] == stamps


@pytest.mark.parametrize("changed", ["data/words.py", "data/generate.py", "solution/wordcount.py"])
def test_what_depends_on_a_changed_file_is_made_anew(changed: str, spec: Spec, prepare: Workshop) -> None:
    """Code, and whatever lies beside it."""
    before = prepare(spec)
    with (spec.folder / changed).open("a") as file:
        file.write("\n# changed\n")
    assert prepare(spec) != before


@pytest.mark.parametrize("cache", ["a file", None])
def test_without_a_cache_it_is_made_for_this_once(cache: str | None, spec: Spec, prepare: Workshop) -> None:
    """No cache is no reason not to grade; but then no command may name the data, which will be gone."""
    prepare.cache.write_text(cache or "")
    kept = prepare.cache if cache else None
    material = Materials(prepare.work, kept).prepare(spec, spec.datasets[0], prepare.sandbox)
    assert (material.lasting, material.data.parent) == (None, prepare.work)


def test_the_cache_is_its_owner_s_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It holds hidden data and answers."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    (tmp_path / "caches" / "pymapr").mkdir(parents=True, mode=0o755)
    folder = cache_folder()
    assert folder == tmp_path / "caches" / "pymapr"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_where_no_cache_can_be_there_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As on a machine without a home."""
    (tmp_path / "caches").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert cache_folder() is None


def test_packed_data_is_unpacked_and_named_as_it_lies(assignments: Assignments, prepare: Workshop) -> None:
    """The command that repeats a judgement reads .gz, too."""
    spec = assignments.wordcount()
    packed = spec.folder / "data" / "books.json.gz"
    packed.write_bytes(gzip.compress((spec.folder / "data" / "books.json").read_bytes()))
    dataset = {"name": "books", "file": "data/books.json.gz", "expected": "expected/books.json"}
    material = prepare(assignments.wordcount(datasets=[dataset]))
    assert material.data.read_bytes() == (spec.folder / "data" / "books.json").read_bytes()
    assert (material.lasting, material.data.parent) == (packed, prepare.work)


def test_a_reference_in_the_assignment_s_own_folder_brings_python_files_alone(
    assignments: Assignments, prepare: Workshop
) -> None:
    """Not the submissions of a whole class, whose number would be too great, and whose change would change it."""
    spec = with_generator(assignments)
    shutil.copy(spec.folder / "solution" / "wordcount.py", spec.folder / "reference.py")
    spec = with_generator(assignments, reference="reference.py")
    before = prepare(spec)
    for number in range(501):
        student = spec.folder / "submissions" / f"student-{number}"
        student.mkdir(parents=True)
        (student / "wordcount.py").touch()
    assert prepare(spec) == before


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("broken", r"the generator of dataset texts \(data/generate.py:broken\) failed: ValueError: no more words"),
        ("unsayable", r"the generator of dataset texts \(data/generate.py:unsayable\) failed: .*set"),
        ("missing", r"the generator of dataset texts \(data/generate.py:missing\) failed: AttributeError"),
    ],
)
def test_a_generator_that_fails_is_the_instructor_s_to_mend(
    function: str, message: str, assignments: Assignments, prepare: Workshop
) -> None:
    """The message begins with the spec's file."""
    spec = with_generator(assignments, function)
    with pytest.raises(SpecError, match=message) as caught:
        prepare(spec)
    assert str(caught.value).startswith(str(spec.folder / "assignment.yaml"))


def test_a_reference_that_fails_is_the_instructor_s_to_mend(spec: Spec, prepare: Workshop) -> None:
    """It says which, on what."""
    (spec.folder / "solution" / "wordcount.py").write_text("def mapper(record): pass\n")
    with pytest.raises(
        SpecError, match=r"the reference solution/wordcount\.py on dataset texts failed: .*no reducer"
    ) as caught:
        prepare(spec)
    assert caught.value.hint == "define a function reducer(key, values)"


def test_a_folder_of_code_that_is_too_large_is_refused(spec: Spec, prepare: Workshop) -> None:
    """It would be copied for each run."""
    for number in range(501):
        (spec.folder / "solution" / f"notes-{number}").touch()
    with pytest.raises(SpecError, match="solution: too large to be put in place") as caught:
        prepare(spec)
    assert caught.value.hint == "keep only code and its small files there"


def test_too_many_modules_beside_the_spec_are_refused(spec: Spec, prepare: Workshop) -> None:
    """A reference may lie there; all that could be imported goes with it."""
    for number in range(501):
        (spec.folder / f"module_{number}.py").touch()
    (spec.folder / "wordcount.py").write_text((spec.folder / "solution" / "wordcount.py").read_text())
    with pytest.raises(SpecError, match="too large to be put in place: more than 500 Python files"):
        prepare(replace(spec, reference="wordcount.py"))


def test_a_work_folder_that_is_gone_is_ours(spec: Spec, prepare: Workshop) -> None:
    """Not a fault of the assignment's."""
    prepare.work.rmdir()
    prepare.work.touch()
    with pytest.raises(InfrastructureError, match="wordcount: dataset texts could not be made ready"):
        Materials(prepare.work, None).prepare(spec, spec.datasets[0], prepare.sandbox)
