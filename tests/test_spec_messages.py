"""Every message about what a key holds, word for word, with its mend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.errors import SpecError
from grader.spec import parse

WHERE = Path("wordcount/assignment.yaml")

SMALL: dict[str, Any] = {
    "name": "wordcount",
    "module": "wordcount.py",
    "reference": "solution/wordcount.py",
    "datasets": [{"name": "books", "file": "data/books.json"}],
}


def small(**changes: object) -> str:
    """The smallest assignment, with some top-level keys changed; None drops one."""
    document = {key: value for key, value in {**SMALL, **changes}.items() if value is not None}
    return yaml.safe_dump(document, sort_keys=False)


def said(text: str) -> tuple[str, str]:
    """The message, without its place, and hint with which a text is refused for one problem."""
    with pytest.raises(SpecError) as caught:
        parse(text, where=WHERE)
    place, message = str(caught.value).split(": ", 1)
    assert place.startswith(f"{WHERE}:")
    assert "\n" not in message
    return message, caught.value.hint


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
        small(compare={"unordered": ["$.a[*]", "$['a'][3][1]"]}),
        "compare.unordered[1]: \"$['a'][3][1]\" counts where '$.a[*]' says that order does not matter",
        "write [*] for [1]",
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
    assert parse(small(datasets=[{"name": "a", "file": path}]), where=WHERE).datasets[0].file == path


@pytest.mark.parametrize(
    "places", [["$", "$.a[1]"], ["$.a", "$.b[1]"], ["$[1]", "$[2][0]"], ["$.a", "$[*][1]"], ["$", "$[*]"]]
)
def test_an_index_is_fine_where_order_counts(places: list[str]) -> None:
    """Beside an unordered place, or in an array inside one."""
    assert parse(small(compare={"unordered": places}), where=WHERE).compare.unordered == tuple(places)
