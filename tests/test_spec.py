"""What an `assignment.yaml` may say, and what one reads who said it wrongly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

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
  unordered: ["$[1]", "$", "$[0].tags[*]"]
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
    """The message and hint with which a text is refused; the message without its place."""
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
            compare=CompareRules(order="keep", unordered=("$[1]", "$", "$[0].tags[*]"), rel=1e-6, abs=0.5),
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
        """One run shows all there is to mend, and the error's own hint says where to begin."""
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
                "compare, limits, runs, checks, samples"
            ),
            "wordcount/assignment.yaml:9:13: datasets[0].points: expected a number of at least 0, got 'four'",
            "  hint: write `points: 4`",
            "wordcount/assignment.yaml:20:31: limits.memory: expected a size such as 512MB, got '1TB'",
            "  hint: write `memory: 512MB`; units: B, kB, KB, KiB, MB, MiB, GB, GiB",
        ]
        assert hint.startswith("begin at line 2: did you mean 'title'?")

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


ONE_PROBLEM = [
    # top level
    (small(name=None), "the key 'name' is missing", "add `name: wordcount`"),
    (small(module=None), "the key 'module' is missing", "add `module: wordcount.py`"),
    (
        small(datasets=None),
        "the key 'datasets' is missing",
        "add `datasets: [{name: books, file: data/books.json}]`",
    ),
    ("- a", "expected a mapping, got a list", "keys here: name, title, module, reference, points, datasets, compare, "),
    (
        small(name="Word Count"),
        "name: expected small letters, digits, '_' and '-', no '-' in front, got 'Word Count'",
        "write `name: wordcount`",
    ),
    (
        small(name=2024),
        "name: expected small letters, digits, '_' and '-', no '-' in front, got 2024",
        "write `name: '2024'`",
    ),
    (small(title=7), "title: expected text of one line, got 7", "write `title: '7'`"),
    (f"{small()}title:", "title: expected text of one line, got nothing", "write `title: Word count`"),
    (
        small(module="src/wordcount.py"),
        "module: expected the name of a Python file that can be imported, got 'src/wordcount.py'",
        "write `module: wordcount.py`",
    ),
    (
        small(module="lambda.py"),
        "module: expected the name of a Python file that can be imported, got 'lambda.py'",
        "write `module: wordcount.py`",
    ),
    (
        small(module="MapReduce.py"),
        "module: 'MapReduce.py' is the framework's own name",
        "give the students' file another name",
    ),
    (
        small(reference="solution"),
        "reference: expected a Python file in the assignment's folder, got 'solution'",
        "write `reference: solution/wordcount.py`",
    ),
    (
        small(reference="../wordcount.py"),
        "reference: expected a Python file in the assignment's folder, got '../wordcount.py'",
        "write `reference: solution/wordcount.py`",
    ),
    (small(points=-1), "points: expected a number of at least 0, got -1", "write `points: 4`"),
    (small(points=2e6), "points: expected a number of at most 1000000, got 2000000.0", "write `points: 4`"),
    (small(points=True), "points: expected a number of at least 0, got true", "write `points: 4`"),
    (f"{small()}points: .nan", "points: expected a number of at least 0, got nan", "write `points: 4`"),
    (f"{small()}points: .inf", "points: expected a number of at most 1000000, got inf", "write `points: 4`"),
    (small(points=2), "points: the datasets' points add up to 1, not 2", "write `points: 1`, or leave the key out"),
    # datasets
    (
        small(datasets=[]),
        "datasets: expected a list of at least one, got an empty one",
        "write `datasets: [{name: books, file: data/books.json}]`",
    ),
    (
        small(datasets={"books": {}}),
        "datasets: expected a list, got a mapping",
        "write `datasets: [{name: books, file: data/books.json}]`",
    ),
    (
        small(datasets=["books"]),
        "datasets[0]: expected a mapping, got 'books'",
        "keys here: name, file, generate, points",
    ),
    (small(datasets=[{"file": "a.json"}]), "datasets[0]: the key 'name' is missing", "add `name: books`"),
    (
        small(datasets=[{"name": ".a", "file": "a.json"}]),
        "datasets[0].name: expected letters, digits, '_', '.' and '-', no '.' or '-' in front, got '.a'",
        "write `name: books`",
    ),
    (
        small(datasets=[{"name": "a"}]),
        "datasets[0]: neither 'file' nor 'generate'",
        "say where the records come from: `file: data/books.json` or `generate: {by: ..., seed: ..., size: ...}`",
    ),
    (
        small(datasets=[{"name": "a", "file": "a", "generate": {"by": "g.py:f", "seed": 1, "size": 1}}]),
        "datasets[0]: both 'file' and 'generate'",
        "keep one of the two",
    ),
    (
        small(datasets=[{"name": "a", "file": "/etc/passwd"}]),
        "datasets[0].file: expected a path inside the assignment's folder, got '/etc/passwd'",
        "write `file: data/books.json`",
    ),
    (
        small(datasets=[{"name": "a", "file": "a", "expected": "x/../../y"}]),
        "datasets[0].expected: expected a path inside the assignment's folder, got 'x/../../y'",
        "write `expected: expected/books.json`",
    ),
    (
        small(datasets=[{"name": "a", "file": "a", "visibility": "hiden"}]),
        "datasets[0].visibility: expected one of public, hidden, after-deadline, got 'hiden'",
        "did you mean 'hidden'?",
    ),
    (
        small(datasets=[{"name": "a", "withheld": "yes", "file": "a"}]),
        "datasets[0].withheld: expected true or false, got 'yes'",
        "write `withheld: true`",
    ),
    (
        small(datasets=[{"name": "a", "withheld": True, "file": "a"}]),
        "datasets[0].file: a withheld dataset has none",
        "`withheld` is for students' kits, where the data is not: remove it, or `file`",
    ),
    (
        small(datasets=[{"name": "a", "generate": {"by": "g.py", "seed": 1, "size": 1}}]),
        "datasets[0].generate.by: expected a Python file and a function in it, got 'g.py'",
        "write `by: data/generate.py:zipf`",
    ),
    (
        small(datasets=[{"name": "a", "generate": {"seed": 1, "size": 1}}]),
        "datasets[0].generate: the key 'by' is missing",
        "add `by: data/generate.py:zipf`",
    ),
    (
        small(datasets=[{"name": "a", "generate": {"by": "g.py:f", "size": 1}}]),
        "datasets[0].generate: the key 'seed' is missing",
        "add `seed: 17`",
    ),
    (
        small(datasets=[{"name": "a", "generate": {"by": "g.py:f", "seed": 1.5, "size": 1}}]),
        "datasets[0].generate.seed: expected a whole number, got 1.5",
        "write `seed: 17`",
    ),
    (
        small(datasets=[{"name": "a", "generate": {"by": "g.py:f", "seed": 1, "size": -1}}]),
        "datasets[0].generate.size: expected a whole number of at least 0, got -1",
        "write `size: 20000`",
    ),
    (
        small(datasets=[{"name": "Books", "file": "a"}, {"name": "books", "file": "b"}]),
        "datasets[1].name: datasets[0] has the name 'Books' already",
        "give each dataset a name of its own",
    ),
    (
        small(reference=None),
        "datasets[0]: neither 'expected' nor a reference to compute it",
        "add `expected: expected/books.json` here, or a `reference` to the assignment",
    ),
    (
        small(datasets=[{"name": "a", "file": "d/a.json"}, {"name": "b", "file": "d/a.json.gz"}]),
        "datasets[1].file: 'd/a.json.gz' would lie where datasets[0] ('d/a.json') lies when a submission runs",
        "rename the file",
    ),
    (
        small(datasets=[{"name": "a", "file": "d.gz"}, {"name": "b", "file": "d/a.json"}]),
        "datasets[1].file: 'd/a.json' would lie where datasets[0] ('d.gz') lies when a submission runs",
        "rename the file",
    ),
    (
        small(datasets=[{"name": "a", "file": "wordcount.py"}]),
        "datasets[0].file: 'wordcount.py' would lie where the module 'wordcount.py' lies when a submission runs",
        "rename the file",
    ),
    # the rest
    (f"{small()}compare:", "compare: expected a mapping, got nothing", "keys here: order, unordered, float"),
    (
        small(compare={"order": "kepp"}),
        "compare.order: expected one of ignore, keep, got 'kepp'",
        "did you mean 'keep'?",
    ),
    (small(compare={"unordered": "$"}), "compare.unordered: expected a list, got '$'", 'write `unordered: ["$[1]"]`'),
    (
        small(compare={"unordered": ["$", "$[-1]"]}),
        "compare.unordered[1]: expected a place such as $, $[1], $[*] or $[0].tags, got '$[-1]'",
        'write `"$[1]"`',
    ),
    (
        small(compare={"float": {"rel": 2}}),
        "compare.float.rel: expected a number of at most 1, got 2",
        "write `rel: 1e-9`",
    ),
    (
        small(compare={"float": {"abs": "1e-9 m"}}),
        "compare.float.abs: expected a number of at least 0, got '1e-9 m'",
        "write `abs: 1e-6`",
    ),
    (
        small(limits={"time": "25 seconds"}),
        "limits.time: expected a time such as 10s, got '25 seconds'",
        "write `time: 25s`; units: ms, s, min",
    ),
    (
        small(limits={"time": 0}),
        "limits.time: expected a time of at least 1ms, got 0",
        "write `time: 10s`; units: ms, s, min",
    ),
    (
        small(limits={"time": "2000min"}),
        "limits.time: expected a time of at most 1440min, got '2000min'",
        "write `time: 10s`; units: ms, s, min",
    ),
    (
        small(limits={"memory": 512}),
        "limits.memory: expected a size of at least 1MB, got 512",
        "write `memory: 512MB`; units: B, kB, KB, KiB, MB, MiB, GB, GiB",
    ),
    (
        small(limits={"memory": "256mb"}),
        "limits.memory: expected a size such as 512MB, got '256mb'",
        "write `memory: 256MB`; units: B, kB, KB, KiB, MB, MiB, GB, GiB",
    ),
    (
        small(limits={"output": 2000.5}),
        "limits.output: expected a size such as 16MB, got 2000.5",
        "write `output: 16MB`; units: B, kB, KB, KiB, MB, MiB, GB, GiB",
    ),
    (
        small(runs={"workers": []}),
        "runs.workers: expected a list of at least one, got an empty one",
        "write `workers: [2, 4]`",
    ),
    (small(runs={"workers": 4}), "runs.workers: expected a list, got 4", "write `workers: [2, 4]`"),
    (
        small(runs={"workers": [2, 0]}),
        "runs.workers[1]: expected a whole number of at least 1, got 0",
        "write `4`",
    ),
    (
        small(runs={"scramble": 21}),
        "runs.scramble: expected a whole number of at most 20, got 21",
        "write `scramble: 3`",
    ),
    (
        f"{small()}checks: {{isolation: false}}",
        "checks.isolation: expected fail, warn, off or a number from 0 to 1, got false",
        "write `isolation: off`",
    ),
    (
        small(checks={"order": "wran"}),
        "checks.order: expected fail, warn, off or a number from 0 to 1, got 'wran'",
        "did you mean 'warn'?",
    ),
    (
        small(checks={"determinism": 1.5}),
        "checks.determinism: expected fail, warn, off or a number from 0 to 1, got 1.5",
        "write `determinism: fail`",
    ),
    (
        small(samples=["student-03"]),
        "samples: expected a mapping from submission to verdict, got a list",
        "write `samples: {student-03: wrong-answer}`",
    ),
    (
        small(samples={"student-03": "wrong-anwser"}),
        "samples.student-03: expected a verdict, got 'wrong-anwser'",
        (
            "did you mean 'wrong-answer'? allowed here: missing, invalid-submission, runtime-error, time-limit, "
            "memory-limit, output-limit, nondeterministic, wrong-answer, not-parallel-safe, order-dependent, accepted"
        ),
    ),
    (
        small(samples={"a/b": "accepted"}),
        "samples: 'a/b' cannot be the name of a submission",
        "name a folder or file of `submissions/`",
    ),
]


@pytest.mark.parametrize(("text", "message", "hint"), ONE_PROBLEM, ids=[case[1][:70] for case in ONE_PROBLEM])
def test_each_problem_is_named_and_mended(text: str, message: str, hint: str) -> None:
    """Word for word: what is wrong, and what to write instead."""
    what, mend = said(text)
    assert what == message
    assert mend == hint or (mend.startswith(hint) and hint.startswith("keys here:"))


@pytest.mark.parametrize(
    "path", ["", ".", "./a", "a/.", "a//b", "a/", "a\\b", "C:/a", "a\n", "a\0", "../a", "a/../b", "/a"]
)
def test_no_path_leads_out_of_the_folder_or_has_two_spellings(path: str) -> None:
    """The same file has one name on every system."""
    assert said(small(datasets=[{"name": "a", "file": path}]))[0].startswith("datasets[0].file: expected a path inside")


@pytest.mark.parametrize("path", ["a", "a/b.json.gz", "..a", "a..", ".hidden/a b", "größe/…"])
def test_every_plain_relative_path_is_one(path: str) -> None:
    """Blanks, letters of any script and leading points are fine."""
    assert read(small(datasets=[{"name": "a", "file": path}])).datasets[0].file == path
