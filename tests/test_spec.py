"""What an `assignment.yaml` may say, and what one reads who said it wrongly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from grader.compare.places import parse_places
from grader.errors import SpecError
from grader.model import (
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
from grader.spec import parse

WHERE = Path("wordcount/assignment.yaml")

FULL = """\
name: wordcount
title: Word count
module: wordcount.py
reference: solution/wordcount.py
points: 10
datasets:
  - name: books
    file: data/books.json
    points: 4
    visibility: public
  - name: zipf
    generate: {by: data/generate.py:zipf, seed: 17, size: 20000}
    points: 6
    visibility: hidden
    expected: expected/zipf.json
compare:
  order: keep
  unordered: ["$[1]", "$.größe['a b']", "$[0].tags[*]"]
  float: {rel: 1e-6, abs: 0.5}
limits: {time: 500ms, memory: 1GB, output: 64kB}
runs: {workers: [1, 8], scramble: 0}
checks: {isolation: warn, order: off, determinism: 0.25}
samples: {student-03: wrong-answer}
"""

SMALL: dict[str, Any] = {
    "name": "wordcount",
    "module": "wordcount.py",
    "reference": "solution/wordcount.py",
    "datasets": [{"name": "books", "file": "data/books.json"}],
}


def read(text: str) -> Spec:
    """The Spec of a text."""
    return parse(text, where=WHERE)


def small(**changes: object) -> str:
    """The smallest assignment, with some top-level keys changed; None drops one."""
    document = {key: value for key, value in {**SMALL, **changes}.items() if value is not None}
    return yaml.safe_dump(document, sort_keys=False)


def refused(text: str) -> tuple[str, str]:
    """The message and hint with which a text is refused."""
    with pytest.raises(SpecError) as caught:
        read(text)
    return str(caught.value), caught.value.hint


def said(text: str) -> tuple[str, str]:
    """As `refused`, the message without its place."""
    message, hint = refused(text)
    assert message.startswith(f"{WHERE}:")
    assert "\n" not in message
    return message.split(": ", 1)[1], hint


class TestWhatIsRead:
    """Every key, and what stands in for one that is absent."""

    def test_every_key_of_a_full_assignment_arrives(self) -> None:
        """Nothing that an instructor writes is dropped or bent."""
        assert read(FULL) == Spec(
            folder=Path("wordcount"),
            name="wordcount",
            title="Word count",
            module="wordcount.py",
            reference="solution/wordcount.py",
            points=10,
            datasets=(
                DatasetSpec(name="books", file="data/books.json", points=4),
                DatasetSpec(
                    name="zipf",
                    generate=Generate(file="data/generate.py", function="zipf", seed=17, size=20000),
                    points=6,
                    visibility=Visibility.HIDDEN,
                    expected="expected/zipf.json",
                ),
            ),
            compare=CompareRules(order="keep", unordered=("$[1]", "$.größe['a b']", "$[0].tags[*]"), rel=1e-6, abs=0.5),
            limits=Limits(time=0.5, memory=2**30, output=64 * 2**10),
            runs=Runs(workers=(1, 8), scramble=0),
            checks=Checks(isolation="warn", order="off", determinism=0.25),
            samples={"student-03": Verdict.WRONG_ANSWER},
        )

    def test_absent_keys_have_the_defaults_of_the_model(self) -> None:
        """Four keys are enough; a dataset is public and worth a point; the title is the name."""
        assert read(small()) == Spec(
            folder=Path("wordcount"),
            name="wordcount",
            title="wordcount",
            module="wordcount.py",
            reference="solution/wordcount.py",
            points=1,
            datasets=(DatasetSpec(name="books", file="data/books.json"),),
        )

    def test_points_may_be_fractions_and_their_sum_is_free_of_dust(self) -> None:
        """0.1 + 0.2 is 0.3, to the eye and to the check."""
        datasets = [{"name": name, "file": name, "points": points} for name, points in (("a", 0.1), ("b", 0.2))]
        assert read(small(datasets=datasets, points=0.3)).points == 0.3

    def test_a_reference_may_be_absent_where_every_dataset_has_its_answer(self) -> None:
        """Golden files are answers enough, and withheld datasets need none."""
        datasets = [
            {"name": "books", "file": "data/books.json", "expected": "expected/books.json"},
            {"name": "zipf", "points": 6, "visibility": "hidden", "withheld": True},
        ]
        spec = read(small(reference=None, datasets=datasets))
        assert spec.reference is None
        assert spec.datasets[1] == DatasetSpec(name="zipf", points=6, visibility=Visibility.HIDDEN, withheld=True)

    @pytest.mark.parametrize(
        ("written", "seconds"),
        [("10s", 10), ("500ms", 0.5), ("2min", 120), ("2 min", 120), ("1.5s", 1.5), (3, 3), (0.25, 0.25)],
    )
    def test_time_is_seconds_with_or_without_a_unit(self, written: object, seconds: float) -> None:
        """A plain number is seconds."""
        assert read(small(limits={"time": written})).limits.time == seconds

    @pytest.mark.parametrize(
        ("written", "size"),
        [
            ("512MB", 512 * 2**20),
            ("512MiB", 512 * 2**20),
            ("1.5GB", 3 * 2**29),
            ("2GiB", 2**31),
            ("1024kB", 2**20),
            ("1024KB", 2**20),
            ("2048 KiB", 2**21),
            ("2000000B", 2_000_000),
            (2_000_000, 2_000_000),
        ],
    )
    def test_sizes_are_powers_of_two_with_and_without_an_i(self, written: object, size: int) -> None:
        """`MB` and `MiB` are the same; a plain number is bytes."""
        assert read(small(limits={"memory": written})).limits.memory == size

    @pytest.mark.parametrize(("written", "check"), [("fail", "fail"), ("off", "off"), (0, 0.0), (1, 1.0), (0.5, 0.5)])
    def test_a_check_is_a_word_or_a_share(self, written: object, check: object) -> None:
        """`off` is the word, not the `false` of YAML 1.1."""
        assert read(f"{small()}checks: {{order: {written}}}\n").checks.order == check

    def test_a_whole_number_may_be_written_as_a_float(self) -> None:
        """2e4 records are 20000, and an int."""
        size = read(FULL.replace("20000", "2e4")).datasets[1].generate
        assert size is not None
        assert repr(size.size) == "20000"

    def test_submissions_may_be_called_anything_a_folder_may(self) -> None:
        """Sample names are text, even those that look like something else."""
        samples = read(
            f"{small()}samples: {{42: accepted, null: missing, off: runtime-error, Zoë B.: accepted}}"
        ).samples
        assert list(samples) == ["42", "null", "off", "Zoë B."]


class TestHowItIsRefused:
    """The form of the error."""

    def test_one_problem_is_one_line_with_its_hint_apart(self) -> None:
        """Place, key, what was expected, what was found; then the mend."""
        assert refused(FULL.replace("points: 4", "points: four")) == (
            "wordcount/assignment.yaml:9:13: datasets[0].points: expected a number of at least 0, got 'four'",
            "write `points: 4`",
        )

    def test_an_unknown_key_is_answered_with_the_nearest_and_all(self) -> None:
        """A slip of the pen is mended at once; who guesses sees the choice."""
        assert refused(FULL.replace("visibility: hidden", "visiblity: hidden")) == (
            "wordcount/assignment.yaml:14:5: datasets[1]: unknown key 'visiblity'",
            "did you mean 'visibility'? allowed here: name, file, generate, points, visibility, expected, withheld",
        )

    def test_several_problems_come_in_order_of_place_each_with_its_hint(self) -> None:
        """One run shows all there is to mend, and each mend once."""
        text = (
            FULL.replace("points: 4", "points: four")
            .replace("512", "x")
            .replace("1GB", "1TB")
            .replace("title", "titel")
        )
        message, hint = refused(text)
        assert message.splitlines() == [
            "wordcount/assignment.yaml:2:1: unknown key 'titel'",
            (
                "  hint: did you mean 'title'? allowed here: name, title, module, reference, points, datasets, "
                "compare, limits, runs, checks, late, samples"
            ),
            "wordcount/assignment.yaml:9:13: datasets[0].points: expected a number of at least 0, got 'four'",
            "  hint: write `points: 4`",
            "wordcount/assignment.yaml:20:31: limits.memory: expected a size such as 512MB, got '1TB'",
            "  hint: write `memory: 512MB`; units: B, kB, KB, KiB, MB, MiB, GB, GiB",
        ]
        assert hint == ""

    def test_a_problem_without_hint_has_no_line_for_one(self) -> None:
        """No empty hints, neither below a problem nor on the error."""
        message, hint = refused(f"{small()}compare: {{order: 1}}\nchecks: {{order: never}}\n")
        assert message.splitlines()[0].endswith("compare.order: expected one of ignore, keep, got 1")
        assert "hint" not in message.splitlines()[1]
        assert hint == ""

    def test_long_text_is_cut_and_odd_text_is_escaped(self) -> None:
        """A message stays a line that one can read, and cannot paint the terminal."""
        assert "got 'aaaa" in said(small(module="a" * 500))[0]
        assert len(said(small(module="a" * 500))[0]) < 160
        assert r"got '\x1b[31m'" in said(small(module="\x1b[31m"))[0]


steps = st.lists(st.sampled_from([".a", ".größe", "['a']", '["a b"]', "[0]", "[1]", "[01]", "[*]"]), max_size=3)


@given(st.lists(steps.map(lambda steps: "$" + "".join(steps)), max_size=3))
def test_the_comparison_takes_the_places_that_an_assignment_may_name_and_no_others(places: list[str]) -> None:
    """Two rooms read the same little language, each by itself: what one accepts, the other must."""
    try:
        accepted = read(small(compare={"unordered": places})).compare.unordered == tuple(places)
    except SpecError:
        accepted = False
    try:
        parse_places(places)
    except SpecError:
        assert not accepted
    else:
        assert accepted
