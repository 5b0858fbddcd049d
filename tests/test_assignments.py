"""The seven assignments keep their word: statements, data, references and samples agree with plain computations."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from grader import spec as specs
from grader.model import DatasetSpec, Spec, Verdict, Visibility

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Record = list[Any]

HERE = Path(__file__).parents[1] / "assignments"
SEVEN = ("wordcount", "inverted_index", "join", "friend_count", "asymmetric_friendships", "unique_trims", "multiply")
SPECS = {name: specs.load(HERE / name) for name in SEVEN}
DATASETS = [
    pytest.param(spec, dataset, id=f"{name}-{dataset.name}")
    for name, spec in SPECS.items()
    for dataset in spec.datasets
]
SAMPLES = [
    pytest.param(spec, student, id=f"{name}-{student}") for name, spec in SPECS.items() for student in spec.samples
]

each_assignment = pytest.mark.parametrize("name", SEVEN)
each_dataset = pytest.mark.parametrize(("spec", "dataset"), DATASETS)
each_sample = pytest.mark.parametrize(("spec", "student"), SAMPLES)


# ---- the answers, by brute force -------------------------------------------------------------------------------------


def count_words(records: list[Record]) -> Iterable[Any]:
    """How often each word occurs: [word, count]."""
    return map(list, Counter(word for _, text in records for word in text.split()).items())


def index_documents(records: list[Record]) -> Iterable[Any]:
    """Where each word occurs: [word, [document, ...]]."""
    documents: dict[str, set[str]] = defaultdict(set)
    for document, text in records:
        for word in text.split():
            documents[word].add(document)
    return ([word, sorted(names)] for word, names in documents.items())


def join_tables(records: list[Record]) -> Iterable[Any]:
    """Each line item behind its order, if there is one."""
    orders = {row[1]: row for row in records if row[0] == "order"}
    return (orders[row[1]] + row for row in records if row[0] == "line_item" and row[1] in orders)


def count_friends(records: list[Record]) -> Iterable[Any]:
    """How many records each person leads: [person, count]."""
    return map(list, Counter(person for person, _ in records).items())


def one_sided(records: list[Record]) -> Iterable[Any]:
    """Friendships without their reverse, both ways round."""
    listed = {tuple(record) for record in records}
    lonely = {(person, friend) for person, friend in listed if (friend, person) not in listed}
    return map(list, lonely | {(friend, person) for person, friend in lonely})


def trim(records: list[Record]) -> Iterable[Any]:
    """Every strand without its last ten nucleotides, once."""
    return {strand[: max(0, len(strand) - 10)] for _, strand in records}


def multiply_matrices(records: list[Record]) -> Iterable[Any]:
    """The product as in a textbook: [i, j, value] where it is not zero."""
    entries = {(name, i, j): value for name, i, j, value in records}
    size = range(32)
    for i in size:
        for j in size:
            total = sum(entries.get(("a", i, k), 0) * entries.get(("b", k, j), 0) for k in size)
            if total:
                yield [i, j, total]


ANSWERS: dict[str, Callable[[list[Record]], Iterable[Any]]] = {
    "wordcount": count_words,
    "inverted_index": index_documents,
    "join": join_tables,
    "friend_count": count_friends,
    "asymmetric_friendships": one_sided,
    "unique_trims": trim,
    "multiply": multiply_matrices,
}


# ---- helpers ---------------------------------------------------------------------------------------------------------


def parsed(text: str) -> list[Any]:
    """JSON lines, parsed."""
    return [json.loads(line) for line in text.splitlines()]


def generated(spec: Spec, dataset: DatasetSpec) -> list[Record]:
    """What the generator of a dataset yields."""
    assert dataset.generate is not None
    namespace = runpy.run_path(str(spec.folder / dataset.generate.file))
    function = namespace[dataset.generate.function]
    return list(function(seed=dataset.generate.seed, size=dataset.generate.size))


def records_of(spec: Spec, dataset: DatasetSpec) -> list[Record]:
    """The records of a dataset, read or generated."""
    if dataset.file is None:
        return generated(spec, dataset)
    return parsed((spec.folder / dataset.file).read_text(encoding="utf-8"))


def named(name: str, dataset: str) -> list[Record]:
    """The records of the dataset of that name."""
    spec = SPECS[name]
    return next(records_of(spec, each) for each in spec.datasets if each.name == dataset)


def golden_of(name: str) -> list[Any]:
    """The outputs in an assignment's only golden file."""
    (path,) = (HERE / name / "expected").iterdir()
    return parsed(path.read_text(encoding="utf-8"))


def bag(name: str, outputs: Iterable[Any]) -> Counter[str]:
    """Outputs with their multiplicity; the documents of an inverted index in one order."""
    if name == "inverted_index":
        outputs = ([word, sorted(documents)] for word, documents in outputs)
    return Counter(json.dumps(output) for output in outputs)


def python(*arguments: str | Path, **environment: str) -> str:
    """What Python prints when started with these arguments, which must end well."""
    quiet = {**os.environ, "PYMAPR_WORKERS": "2", "PYMAPR_PROGRESS": "none", "PYTHONUTF8": "1", **environment}
    done = subprocess.run(
        [sys.executable, "-B", *arguments], env=quiet, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---- the specs -------------------------------------------------------------------------------------------------------


def test_the_seven_of_the_course_are_there_and_no_other() -> None:
    """Every folder with a spec is one of the seven, and the other way round."""
    assert {path.parent.name for path in HERE.glob("*/assignment.yaml")} == set(SEVEN)


@each_assignment
def test_an_assignment_has_edge_cases_and_one_visible_dataset(name: str) -> None:
    """Nothing, a single record, and odd ones are tried in each; what is public has a golden file, as a kit needs it."""
    datasets = SPECS[name].datasets
    assert {"empty", "one", "edges"} < {dataset.name for dataset in datasets}
    assert [dataset.expected is not None for dataset in datasets if dataset.visibility is Visibility.PUBLIC] == [True]
    assert [len(records_of(SPECS[name], dataset)) for dataset in datasets if dataset.name in ("empty", "one")] == [0, 1]


@each_assignment
def test_what_a_student_starts_from_is_complete(name: str) -> None:
    """The starter bears the module's name and compiles; the statement says how to run and how to check."""
    folder = HERE / name
    compile((folder / "starter" / f"{name}.py").read_text(encoding="utf-8"), f"{name}.py", "exec")
    statement = (folder / "README.md").read_text(encoding="utf-8")
    assert f"python {name}.py data/" in statement
    assert f"pymapr-grade . --submission {name}.py --audience student" in statement


def test_no_framework_lies_about_except_where_a_student_edited_it() -> None:
    """`import MapReduce` must find the installed one: a copy beside a reference or starter would hide it."""
    assert [path.parent.parent.name for path in HERE.rglob("MapReduce*.py")] == ["submissions"]


# ---- the data --------------------------------------------------------------------------------------------------------


@each_assignment
def test_generators_give_the_same_records_for_the_same_seed_in_every_process(name: str) -> None:
    """Neither a second call nor another hash seed changes a record."""
    spec = SPECS[name]
    calls = [dataset for dataset in spec.datasets if dataset.generate]
    here = [generated(spec, dataset) for dataset in calls]
    assert here == [generated(spec, dataset) for dataset in calls]
    wanted = [(each.generate.function, each.generate.seed, each.generate.size) for each in calls if each.generate]
    script = (
        "import json, runpy, sys; names = runpy.run_path(sys.argv[1]);"
        "print(json.dumps([list(names[f](seed=s, size=n)) for f, s, n in json.loads(sys.argv[2])]))"
    )
    file = spec.folder / "data" / "generate.py"
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    assert here == json.loads(python("-c", script, file, json.dumps(wanted), PYTHONHASHSEED=seed))


@each_assignment
def test_another_seed_gives_other_data(name: str) -> None:
    """The generators do use their seed."""
    dataset = SPECS[name].datasets[-1]
    assert dataset.generate is not None
    function = runpy.run_path(str(HERE / name / dataset.generate.file))[dataset.generate.function]
    assert list(function(seed=98, size=20)) != list(function(seed=99, size=20))


@each_dataset
def test_data_is_as_the_statement_promises(spec: Spec, dataset: DatasetSpec) -> None:
    """Shapes, and whatever the statement says cannot occur."""
    records = records_of(spec, dataset)
    heads = [(record[0], record[1]) for record in records]
    match spec.name:
        case "join":
            orders = [order for table, order in heads if table == "order"]
            assert len(orders) == len(set(orders))
            assert {table for table, _ in heads} <= {"order", "line_item"}
            assert all(isinstance(column, str) for record in records for column in record)
        case "multiply":
            assert len({(matrix, i, j) for matrix, i, j, _ in records}) == len(records)
            assert {matrix for matrix, _ in heads} <= {"a", "b"}
            assert all(0 <= i <= 31 and 0 <= j <= 31 and value != 0 for _, i, j, value in records)
        case _:
            assert all(len(record) == 2 and isinstance(record[1], str) for record in records)
    if spec.name == "inverted_index":
        assert len({document for document, _ in heads}) == len(records)
    if spec.name == "asymmetric_friendships":
        assert len(set(heads)) == len(records)
        assert all(person != friend for person, friend in heads)
    if spec.name == "unique_trims":
        assert set("".join(strand for _, strand in heads)) <= set("ACGTN")


@pytest.mark.parametrize(("name", "first"), [("join", "order"), ("multiply", "a")])
def test_what_must_not_be_relied_on_holds_in_every_file(name: str, first: str) -> None:
    """Orders come before line items, A before B: so who relies on it is told of order, not of a wrong answer."""
    for dataset in SPECS[name].datasets:
        tags = [record[0] for record in records_of(SPECS[name], dataset)]
        assert tags == sorted(tags, key=lambda tag: tag != first)


def test_edge_cases_are_where_the_statements_name_them() -> None:
    """Each case that a statement settles does occur in a hidden dataset."""
    rows = named("join", "edges")
    orders, items = ({row[1] for row in rows if row[0] == table} for table in ("order", "line_item"))
    assert orders - items
    assert items - orders
    assert max(Counter(map(tuple, rows)).values()) > 1

    friends = [tuple(record) for record in named("friend_count", "edges")]
    assert max(Counter(friends).values()) > 1
    assert any(person == friend for person, friend in friends)
    assert {friend for _, friend in named("friend_count", "network")} - {
        person for person, _ in named("friend_count", "network")
    }

    strands = named("unique_trims", "edges")
    assert {len(strand) for _, strand in strands} == set(range(24))
    assert len({name for name, _ in strands}) < len(strands)

    texts = [text for _, text in named("wordcount", "edges")]
    assert any(not text.split() for text in texts)
    assert any("\u00a0" in text and "\t" in text for text in texts)

    entries = named("multiply", "edges")
    total: dict[tuple[int, int], int] = {}
    for _, i, k, left in (entry for entry in entries if entry[0] == "a"):
        for _, k2, j, right in (entry for entry in entries if entry[0] == "b"):
            if k == k2:
                total[i, j] = total.get((i, j), 0) + left * right
    assert 0 in total.values()
    assert max(total.values()) > 2**64


@pytest.mark.parametrize(
    "name", ["wordcount", "inverted_index", "join", "friend_count", "asymmetric_friendships", "unique_trims"]
)
def test_text_goes_beyond_ascii(name: str) -> None:
    """Every assignment with text meets letters of other alphabets."""
    assert not json.dumps(named(name, "edges"), ensure_ascii=False).isascii()


# ---- the answers -----------------------------------------------------------------------------------------------------


@each_dataset
def test_the_reference_agrees_with_brute_force(spec: Spec, dataset: DatasetSpec, tmp_path: Path) -> None:
    """Run as a student would run it, the reference prints what a plain computation finds."""
    records = records_of(spec, dataset)
    data = tmp_path / "data.json"
    data.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    assert spec.reference is not None
    printed = parsed(python(spec.folder / spec.reference, data))
    assert bag(spec.name, printed) == bag(spec.name, ANSWERS[spec.name](records))


@each_assignment
def test_the_golden_file_is_right(name: str) -> None:
    """What a self-check compares with is what a plain computation finds."""
    spec = SPECS[name]
    (visible,) = (dataset for dataset in spec.datasets if dataset.expected)
    assert visible.expected is not None
    golden = parsed((spec.folder / visible.expected).read_text(encoding="utf-8"))
    assert bag(name, golden) == bag(name, ANSWERS[name](records_of(spec, visible)))


@each_assignment
def test_the_example_in_the_statement_is_true(name: str) -> None:
    """The two blocks under "Example" are an input and its output."""
    statement = (HERE / name / "README.md").read_text(encoding="utf-8")
    _, given, _, wanted, *_ = statement.partition("## Example")[2].split("```")
    assert bag(name, ANSWERS[name](parsed(given.strip()))) == bag(name, parsed(wanted.strip()))


def test_small_answers_by_hand() -> None:
    """The visible answers that one can see at a glance, so that no computation here is its own judge."""
    golden = {name: {json.dumps(each) for each in golden_of(name)} for name in SEVEN}
    assert {'["It", 1]', '["was", 2]', '["the", 8]', '["Tyger", 2]', '["Water", 1]'} <= golden["wordcount"]
    assert '["red", ["burns-rose"]]' in golden["inverted_index"]
    assert len(golden["join"]) == 6  # Ada's ink is ordered twice: seven rows, two of them equal
    assert {'["Lydia", 3]', '["Elizabeth", 3]'} <= golden["friend_count"]
    assert '["Kitty", "Lydia"]' in golden["asymmetric_friendships"]
    assert golden["unique_trims"] == {'"ACGTACGT"', '"ACGTACG"', '"TTNACCGATAGA"', '"TTGACCGATAGA"', '"GGG"'}
    assert golden["multiply"] == {"[0, 0, 21]", "[1, 2, 21]", "[2, 0, -5]", "[2, 1, -6]", "[2, 2, 28]"}


# ---- the sample class ------------------------------------------------------------------------------------------------


def test_the_sample_class_shows_every_verdict() -> None:
    """All but `grader-error`, which no student can earn."""
    declared = {verdict for spec in SPECS.values() for verdict in spec.samples.values()}
    assert declared == set(Verdict) - {Verdict.GRADER_ERROR}


@each_assignment
def test_every_sample_is_declared_and_there(name: str) -> None:
    """Folders and `samples:` agree, so that no sample goes untested."""
    folders = {path.name for path in (HERE / name / "submissions").iterdir() if path.is_dir()}
    assert folders == set(SPECS[name].samples)


@each_sample
def test_a_sample_compiles_unless_declared_invalid(spec: Spec, student: str) -> None:
    """Who is declared invalid is so by syntax; who is declared missing handed in another name."""
    folder, verdict = spec.folder / "submissions" / student, spec.samples[student]
    assert (folder / spec.module).is_file() == (verdict is not Verdict.MISSING)
    for file in folder.glob("*.py"):
        if verdict is Verdict.INVALID_SUBMISSION:
            with pytest.raises(SyntaxError):
                compile(file.read_bytes(), file.name, "exec")
        else:
            compile(file.read_bytes(), file.name, "exec")
