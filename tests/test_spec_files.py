"""Assignments on disk: loading one with the files that it names, finding them all, and the file of a students' kit."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import SpecError, UsageError
from grader.model import (
    Check,
    Checks,
    CompareRules,
    DatasetSpec,
    Generate,
    Limits,
    Runs,
    Spec,
    Verdict,
    Visibility,
)
from grader.spec import find, load, parse, release_text

TEXT = """\
name: wordcount
module: wordcount.py
reference: solution/wordcount.py
datasets:
  - name: books
    file: data/books.json
    expected: expected/books.json
  - name: zipf
    generate: {by: data/generate.py:zipf, seed: 17, size: 20}
"""
FILES = ("solution/wordcount.py", "data/books.json", "data/generate.py", "expected/books.json")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An assignment with every file that it names, all empty."""
    folder = tmp_path / "wordcount"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    (folder / "assignment.yaml").write_text(TEXT)
    return folder


def refused(path: Path) -> tuple[str, str]:
    """Message and hint with which a path is refused; places are given without the folder above the assignment."""
    with pytest.raises(SpecError) as caught:
        load(path)
    return str(caught.value).replace(f"{path.parent}{os.sep}", ""), caught.value.hint


class TestLoad:
    """One assignment, whole or not at all."""

    def test_a_folder_and_its_file_are_the_same_assignment(self, folder: Path) -> None:
        """Either may be named."""
        assert load(folder) == load(folder / "assignment.yaml") == parse(TEXT, where=folder / "assignment.yaml")
        assert load(folder).folder == folder

    @pytest.mark.parametrize(
        ("file", "message"),
        [
            (FILES[0], "3:12: reference: no file 'solution/wordcount.py' in the assignment's folder"),
            (FILES[1], "6:11: datasets[0].file: no file 'data/books.json' in the assignment's folder"),
            (FILES[2], "9:20: datasets[1].generate.by: no file 'data/generate.py' in the assignment's folder"),
            (FILES[3], "7:15: datasets[0].expected: no file 'expected/books.json' in the assignment's folder"),
        ],
    )
    def test_every_file_that_it_names_must_be_there(self, folder: Path, file: str, message: str) -> None:
        """And the hint names the nearest that is."""
        (folder / file).rename((folder / file).with_suffix(".old"))
        assert refused(folder) == (
            f"wordcount/assignment.yaml:{message}",
            f"did you mean '{Path(file).with_suffix('.old').as_posix()}'?",
        )

    def test_a_file_of_that_name_is_suggested_wherever_it_lies(self, folder: Path) -> None:
        """A common slip: a folder is forgotten, or was moved."""
        deep = folder / "material" / "of" / "the" / "course" / "of" / "last" / "year"
        deep.mkdir(parents=True)
        (folder / "data/generate.py").rename(deep / "generate.py")
        assert refused(folder)[1] == "did you mean 'material/of/the/course/of/last/year/generate.py'?"

    def test_where_nothing_is_near_the_hint_says_from_where_paths_count(self, folder: Path) -> None:
        """No suggestion is better than a silly one; hidden folders and submissions are never suggested."""
        for hiding in (".git", "submissions"):
            (folder / hiding).mkdir()
            (folder / hiding / "wordcount.py").touch()
        (folder / "solution/wordcount.py").unlink()
        assert refused(folder)[1] == "paths count from the folder of assignment.yaml"

    def test_a_folder_is_not_a_file(self, folder: Path) -> None:
        """It exists, and that is not enough."""
        (folder / "data/books.json").unlink()
        (folder / "data/books.json").mkdir()
        assert refused(folder)[0].endswith("datasets[0].file: 'data/books.json' is a folder, not a file")

    def test_a_link_must_not_lead_out_of_the_folder(self, folder: Path) -> None:
        """A released or copied assignment would miss the file, or leak it."""
        (folder.parent / "secret.json").touch()
        (folder / "data/books.json").unlink()
        (folder / "data/books.json").symlink_to(folder.parent / "secret.json")
        message, hint = refused(folder)
        assert message.startswith("wordcount/assignment.yaml:6:11: datasets[0].file: ")
        assert message.endswith("'data/books.json' is a link that leads out of the assignment's folder")
        assert hint == "copy the file into the folder"

    def test_a_link_inside_the_folder_is_a_file_like_any_other(self, folder: Path) -> None:
        """Also where the whole assignment is reached through a link."""
        (folder / "expected/books.json").unlink()
        (folder / "expected/books.json").symlink_to("../data/books.json")
        (folder.parent / "link").symlink_to(folder)
        assert load(folder.parent / "link").datasets == load(folder).datasets

    def test_a_ring_of_links_and_an_endless_name_are_files_that_are_not_there(self, folder: Path) -> None:
        """Whatever the file system answers, it becomes a problem with a place."""
        (folder / "data/books.json").unlink()
        (folder / "data/books.json").symlink_to("books.json")
        (folder / "assignment.yaml").write_text(TEXT.replace("expected/books.json", "x" * 300))
        message, _ = refused(folder)
        assert "datasets[0].file: no file 'data/books.json' in" in message
        assert "datasets[0].expected: no file 'xxxx" in message

    def test_files_are_missed_together_with_other_problems(self, folder: Path) -> None:
        """One run shows all there is to mend."""
        (folder / "data/books.json").unlink()
        (folder / "assignment.yaml").write_text(TEXT.replace("seed: 17", "seed: x"))
        assert refused(folder)[0].count("\n  hint: ") == 2

    def test_parse_looks_at_no_file(self) -> None:
        """It is pure: the same text is the same Spec, wherever it is read."""
        assert parse(TEXT, where=Path("nowhere/assignment.yaml")).folder == Path("nowhere")

    def test_a_folder_without_assignment_names_the_file_that_may_be_meant(self, folder: Path) -> None:
        """`assignment.yml` is near, and is not it."""
        (folder / "assignment.yaml").rename(folder / "assignment.yml")
        assert refused(folder) == ("wordcount/assignment.yaml: no such file", "did you mean 'assignment.yml'?")

    def test_a_path_that_leads_nowhere_is_refused(self, tmp_path: Path) -> None:
        """With what an assignment is, for who never saw one."""
        assert refused(tmp_path / "a" / "b") == ("b: no such file", "an assignment is a folder with an assignment.yaml")

    def test_what_is_no_utf_8_is_refused_with_its_place(self, folder: Path) -> None:
        """Bytes count as the text does."""
        (folder / "assignment.yaml").write_bytes(b"name: wordcount\ntitle: Z\xe4hlen\n")
        assert refused(folder) == (
            "wordcount/assignment.yaml:2:9: not UTF-8: byte 0xe4 cannot stand here",
            "save the file as UTF-8",
        )

    def test_a_huge_file_is_refused_unread(self, folder: Path) -> None:
        """Only a megabyte and one byte are looked at."""
        with (folder / "assignment.yaml").open("r+b") as file:
            file.truncate(2**40)
        assert refused(folder)[0] == "wordcount/assignment.yaml:1:1: larger than 1 MB"

    def test_a_file_that_cannot_be_read_says_why(self) -> None:
        """The operating system's reason, in its words."""
        unreadable = Path("/proc/self/mem")
        if not unreadable.is_file():
            pytest.skip("needs Linux's /proc")
        assert refused(unreadable) == ("mem: cannot be read: Input/output error", "check the file's permissions")


class TestFind:
    """Every assignment below some paths."""

    def test_every_assignment_below_is_found_once_in_order(self, tmp_path: Path) -> None:
        """However often and by whatever path it is named."""
        for name in ("b", "a/deep", "c"):
            (tmp_path / name).mkdir(parents=True)
            (tmp_path / name / "assignment.yaml").touch()
        expected = [tmp_path / name / "assignment.yaml" for name in ("a/deep", "b", "c")]
        assert find([tmp_path]) == expected
        assert find([tmp_path / "b" / ".." / "c", tmp_path, tmp_path / "b" / "assignment.yaml"]) == expected

    def test_what_students_hand_in_is_not_searched(self, tmp_path: Path) -> None:
        """Nor hidden folders, nor what lies below an assignment."""
        for name in ("submissions/x", ".git/x", "a", "a/b", "a/submissions/student/a"):
            (tmp_path / name).mkdir(parents=True, exist_ok=True)
            (tmp_path / name / "assignment.yaml").touch()
        assert find([tmp_path]) == [tmp_path / "a" / "assignment.yaml"]

    def test_a_folder_that_is_named_is_searched_whatever_it_is_called(self, tmp_path: Path) -> None:
        """`find` skips what it comes across, not what it is told."""
        (tmp_path / "submissions").mkdir()
        (tmp_path / "submissions" / "assignment.yaml").touch()
        assert len(find([tmp_path / "submissions"])) == 1

    def test_a_folder_without_assignments_has_none(self, tmp_path: Path) -> None:
        """That there is nothing to grade is for the caller to say."""
        assert find([tmp_path]) == []
        assert find([]) == []

    def test_a_mistyped_path_is_not_passed_over(self, tmp_path: Path) -> None:
        """Else the class would lack a whole assignment, in silence."""
        (tmp_path / "wordcount").mkdir()
        with pytest.raises(UsageError) as caught:
            find([tmp_path / "wordcuont"])
        assert str(caught.value) == f"{tmp_path / 'wordcuont'}: no such file or folder"
        assert caught.value.hint == "did you mean 'wordcount'?"

    def test_a_file_of_another_name_is_no_assignment(self, tmp_path: Path) -> None:
        """The module that someone meant to pass as a submission, say."""
        (tmp_path / "wordcount.py").touch()
        with pytest.raises(UsageError) as caught:
            find([tmp_path / "wordcount.py"])
        assert str(caught.value) == f"{tmp_path / 'wordcount.py'}: not an assignment"
        assert caught.value.hint == "name a folder, or an assignment.yaml"


points = st.integers(0, 100) | st.sampled_from([0.1, 0.2, 0.25, 2.5])
checks: st.SearchStrategy[Check] = st.sampled_from(["fail", "warn", "off", 0.0, 0.5, 1.0])
dataset_specs = st.builds(
    DatasetSpec,
    name=st.just(""),  # numbered below
    generate=st.builds(
        Generate, file=st.just("g.py"), function=st.just("f"), seed=st.integers(0, 9), size=st.integers(0, 9)
    ),
    points=points,
    visibility=st.sampled_from(Visibility),
    expected=st.sampled_from(["expected/a.json", "off", "1e-9", "#1", "größe.json"]),
)


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    """Any sound assignment."""
    datasets = draw(st.lists(dataset_specs, min_size=1, max_size=4))
    return Spec(
        folder=Path("kit"),
        name=draw(st.sampled_from(["wordcount", "0", "null", "1e3", "off"])),
        title=draw(st.sampled_from(["Word count", "Words: how many?", "no", "1:30", "#1", "Wörter 😀"])),
        module="wordcount.py",
        reference="solution/wordcount.py",
        points=0,
        datasets=tuple(replace(dataset, name=f"d{index}") for index, dataset in enumerate(datasets)),
        compare=CompareRules(
            order=draw(st.sampled_from(["ignore", "keep"])),
            unordered=tuple(draw(st.lists(st.sampled_from(["$", "$[*]", "$.a[*]"]), max_size=2))),
            rel=draw(st.floats(0, 1)),
            abs=draw(st.floats(0, 1)),
        ),
        limits=Limits(
            time=draw(st.floats(0.001, 86400)),
            memory=draw(st.integers(2**20, 2**40) | st.sampled_from([2**30, 3 * 2**20])),
            output=draw(st.integers(2**10, 2**40) | st.just(64 * 2**10)),
        ),
        runs=Runs(
            workers=tuple(draw(st.lists(st.integers(1, 64), min_size=1, max_size=3))), scramble=draw(st.integers(0, 20))
        ),
        checks=Checks(isolation=draw(checks), order=draw(checks), determinism=draw(checks)),
        samples={"student-03": Verdict.WRONG_ANSWER},
    )


class TestRelease:
    """The `assignment.yaml` that students get."""

    @given(specs())
    def test_a_kit_says_the_same_but_for_what_students_must_not_know(self, spec: Spec) -> None:
        """Reading the kit gives the assignment again, without reference and samples, hidden datasets withheld."""
        kit = parse(release_text(spec, spec.datasets), where=Path("kit/assignment.yaml"))
        datasets = tuple(
            dataset
            if dataset.visibility is Visibility.PUBLIC
            else replace(dataset, generate=None, expected=None, withheld=True)
            for dataset in spec.datasets
        )
        assert kit == replace(spec, reference=None, samples={}, datasets=datasets, points=kit.points)
        assert kit.points == pytest.approx(sum(dataset.points for dataset in spec.datasets))

    def test_a_kit_of_defaults_is_short(self) -> None:
        """What is not said is as it was: word for word, so that no key slips in that tells too much."""
        datasets = (
            DatasetSpec(name="books", file="data/books.json", points=4, expected="expected/books.json"),
            DatasetSpec(name="zipf", file="data/zipf.json", points=6, visibility=Visibility.HIDDEN, expected="x.json"),
            DatasetSpec(name="late", file="late.json", visibility=Visibility.AFTER_DEADLINE),
        )
        spec = Spec(
            folder=Path("wordcount"),
            name="wordcount",
            title="Word count",
            module="wordcount.py",
            reference="solution/wordcount.py",
            points=11,
            datasets=datasets,
            limits=Limits(time=2.5, memory=2**30),
            samples={"student-03": Verdict.WRONG_ANSWER},
        )
        assert (
            release_text(spec, spec.datasets)
            == """\
name: wordcount
title: Word count
module: wordcount.py
points: 11
datasets:
- name: books
  file: data/books.json
  points: 4
  visibility: public
  expected: expected/books.json
- name: zipf
  points: 6
  visibility: hidden
  withheld: true
- name: late
  points: 1
  visibility: after-deadline
  withheld: true
limits:
  time: 2.5
  memory: 1GB
"""
        )

    def test_a_public_dataset_needs_its_answer_in_the_kit(self) -> None:
        """A kit has no reference to compute it with; the caller must have written the golden file."""
        spec = parse(TEXT, where=Path("assignment.yaml"))
        with pytest.raises(ValueError, match="dataset 'zipf' has no golden file, and a kit has no reference"):
            release_text(spec, spec.datasets)
