"""The contract of the engines: what a run yields, for any job, any data and any number of workers."""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.strategies import Reducer, classic, datasets, everything, files, forms, in_place, job, reducers
from MapReduce_original import MapReduce as Original
from pymapr import run
from pymapr.errors import CannotPartition, MaprError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FEW = settings(max_examples=25)


def lines(data: list[Any]) -> list[str]:
    """Records as JSON lines."""
    return [json.dumps(record) for record in data]


def serially(form: str, reducer: Reducer, data: Any) -> bytes:
    """The reference output."""
    return run(job(form, reducer), data, engine="serial").output


@contextlib.contextmanager
def on_disk(data: bytes) -> Iterator[str]:
    """A file with this content; its path."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(data)
        file.flush()
        yield file.name


# ---- serial is the original ------------------------------------------------------------------------------------------


@given(datasets, reducers)
def test_a_serial_run_is_what_the_original_framework_prints(data: list[Any], reducer: Reducer) -> None:
    """To the byte, order included."""
    names, printed = classic(reducer, Original), io.StringIO()
    with contextlib.redirect_stdout(printed):
        names["mr"].execute(lines(data), names["mapper"], names["reducer"])
    assert run(classic(reducer), lines(data), engine="serial").output.decode() == printed.getvalue()


def test_the_serial_engine_keeps_what_students_read() -> None:
    """`mr.intermediate` in the reducer, `mr.result` afterwards: as in the original."""
    names = classic(everything)
    seen = []

    def reducer(key: Any, values: list[Any]) -> None:
        seen.append(dict(names["mr"].intermediate))
        names["mr"].emit(values)

    run(names | {"reducer": reducer}, ['{"pairs": [[8, 1], [8, 2]], "emits": [0]}'], engine="serial")
    assert seen == [{"a": [1, 2]}]
    assert names["mr"].result == [0, [1, 2]]


# ---- stable ----------------------------------------------------------------------------------------------------------


@FEW
@given(datasets, forms, reducers)
@example([], "classic", everything)
@example([{"pairs": [[0, 1]], "emits": [2]}], "classic", everything)
def test_stable_is_the_serial_output_to_the_byte(data: list[Any], form: str, reducer: Reducer) -> None:
    """For 1, 2, 3 and 8 workers, the records being lines in the caller's process."""
    expected = serially(form, reducer, lines(data))
    for workers in (1, 2, 3, 8):
        assert run(job(form, reducer), lines(data), workers=workers).output == expected


@FEW
@given(files(), forms, reducers)
def test_stable_is_the_serial_output_for_files_too(data: bytes, form: str, reducer: Reducer) -> None:
    """The workers then read byte ranges for themselves, whatever the lines end with."""
    with on_disk(data) as path:
        expected = serially(form, reducer, path)
        for workers in (1, 2, 3, 8):
            assert run(job(form, reducer), path, workers=workers).output == expected


@FEW
@given(datasets, forms)
def test_isolated_is_stable_too(data: list[Any], form: str) -> None:
    """Static dealing and separate processes for the phases change nothing."""
    assert run(job(form, everything), lines(data), workers=3, isolated=True).output == serially(
        form, everything, lines(data)
    )


def test_several_files_are_one_input(tmp_path: Path) -> None:
    """Their lines in order, as if they were one file; line numbers are each file's own."""
    for number in (1, 2, 3):
        (tmp_path / f"{number}.json").write_text(f'{{"pairs": [[8, {number}]], "emits": []}}\n' * number)
    paths = sorted(tmp_path.iterdir())
    for engine in ("serial", "parallel"):
        assert run(classic(everything), paths, engine=engine).values == [["'a'", [1, 2, 2, 3, 3, 3]]]


def test_many_records_are_many_tasks(tmp_path: Path) -> None:
    """A file large enough for several tasks a worker, with each key in all of them, still comes out in serial order."""
    path = tmp_path / "many.json"
    record = {"pairs": [[8, "x" * 300], [6, 2], [16, 3]], "emits": []}
    with path.open("w") as file:
        for number in range(20_000):
            record["pairs"][0][0] = number % 30  # type: ignore[index]  # a list, as written above
            file.write(json.dumps(record) + "\n")
    result = run(classic(in_place), path, workers=3)
    assert result.output == serially("classic", in_place, path)
    assert result.timings.bytes_spilled > 0


# ---- arrival and scramble --------------------------------------------------------------------------------------------


def bag(output: bytes) -> Counter[bytes]:
    """The lines and how often each occurs."""
    return Counter(output.splitlines())


def in_any_order(_key: Any, values: list[Any]) -> Iterator[Any]:
    """Right whatever a cluster does: neither the values' order nor which of equal keys it sees counts."""
    yield sorted(map(repr, values))


@FEW
@given(datasets, forms, st.integers(0, 50))
def test_arrival_and_scramble_give_the_same_bag(data: list[Any], form: str, seed: int) -> None:
    """A correct job's outputs are the same, in some order."""
    expected = bag(serially(form, in_any_order, lines(data)))
    for order in ("arrival", f"scramble:{seed}"):
        assert bag(run(job(form, in_any_order), lines(data), workers=3, order=order).output) == expected


@FEW
@given(datasets, forms, st.integers(0, 50))
def test_one_seed_is_one_run(data: list[Any], form: str, seed: int) -> None:
    """The same order of everything, twice: what the reducers see shows it."""
    first, second = (
        run(job(form, everything), lines(data), workers=3, order=f"scramble:{seed}").output for _ in range(2)
    )
    assert first == second


def test_a_scramble_permutes_records_values_and_keys() -> None:
    """All that it is allowed to, for some seed among the first few."""
    data = lines([{"pairs": [[8, number], [9, number], [10, number]], "emits": []} for number in range(6)])
    outputs = [run(classic(everything), data, workers=2, order=f"scramble:{seed}").values for seed in range(6)]
    assert len({tuple(key for key, _ in output) for output in outputs}) > 1, "keys"
    assert len({str(dict(output)["'a'"]) for output in outputs}) > 3, "records"
    data = lines([{"pairs": [[8, number] for number in range(6)], "emits": []}])
    outputs = [run(classic(everything), data, workers=2, order=f"scramble:{seed}").values for seed in range(6)]
    assert len({str(output) for output in outputs}) > 3, "values"


def test_a_scramble_may_leave_the_combiner_out() -> None:
    """As a cluster may: of two tasks with values 1, 1 and 1, 1 some come summed and some do not."""
    names = classic(everything)

    def combiner(key: Any, values: list[Any]) -> None:
        names["mr"].emit_intermediate(key, sum(values))

    data = lines([{"pairs": [[8, 1], [8, 1]], "emits": []} for _ in range(8)])
    seen = {
        tuple(sorted(run({**names, "combiner": combiner}, data, workers=2, order=f"scramble:{seed}").values[0][1]))
        for seed in range(5)
    }
    assert len(seen) > 1
    assert {sum(values) for values in seen} == {16}


# ---- isolation -------------------------------------------------------------------------------------------------------


def reporting() -> dict[str, Any]:
    """A job that tells which processes ran it, and never needs a second record to do so."""
    from pymapr import MapReduce

    mr = MapReduce()

    def mapper(record: Any) -> None:
        mr.emit_intermediate(record, os.getpid())

    def reducer(key: Any, values: list[Any]) -> None:
        mr.emit([key, values, os.getpid()])

    return {"mr": mr, "mapper": mapper, "reducer": reducer}


@pytest.mark.parametrize("how", [{"isolated": True}, {"order": "scramble:3"}], ids=["isolated", "scramble"])
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_no_process_sees_both_phases(workers: int, how: dict[str, Any]) -> None:
    """And none of them is the caller's."""
    result = run(reporting(), list(map(str, range(20))), workers=workers, **how)
    mappers = {pid for _, pids, _ in result.values for pid in pids}
    reducers = {pid for _, _, pid in result.values}
    assert len(mappers) == workers
    assert len(reducers) == workers
    assert not mappers & reducers
    assert os.getpid() not in mappers | reducers


@pytest.mark.parametrize("records", [0, 1, 2])
def test_there_are_two_tasks_a_phase_however_small_the_input(records: int) -> None:
    """Each of two workers is busy in both phases: it reports figures even where it had no record."""
    timings = run(reporting(), list(map(str, range(records))), workers=2, isolated=True).timings
    for phase in ("read", "shuffle"):
        assert {span.worker for span in timings.spans if span.phase == phase} == {0, 1}


def test_the_usual_run_uses_every_worker() -> None:
    """Even two records are shared out among two."""
    result = run(reporting(), ["1", "2"], workers=2)
    assert len({pid for _, pids, _ in result.values for pid in pids}) == 2
    assert len({pid for _, _, pid in run(reporting(), list(map(str, range(20))), workers=2).values}) == 2


# ---- forms, combiner, partitioner ------------------------------------------------------------------------------------


def test_a_combiner_shortens_what_travels_and_is_left_out_serially() -> None:
    """Its job is done in the map phase; the sum is the same."""
    names = classic(everything)

    def combiner(key: Any, values: list[Any]) -> None:
        names["mr"].emit_intermediate(key, sum(values))

    data = lines([{"pairs": [[8, 1], [8, 1]], "emits": []} for _ in range(8)])
    with_combiner = run({**names, "combiner": combiner}, data, workers=2)
    assert with_combiner.values == [["'a'", [8, 8]]]
    assert run({**classic(everything), "combiner": combiner}, data, engine="serial").values == [["'a'", [1] * 16]]


def test_a_partitioner_decides_who_reduces_what() -> None:
    """All keys that it sends to one bucket are reduced by one process."""
    names = {**reporting(), "partitioner": lambda key, n: key % 2 % n}
    output = run(names, list(map(str, range(20))), workers=2, isolated=True).values
    assert len({pid for key, _, pid in output if key % 2}) == 1
    assert len({pid for _, _, pid in output}) == 2


@pytest.mark.parametrize("bucket", [-1, 2, "0", None, 0.0])
def test_a_partitioner_that_names_no_bucket_is_told(bucket: Any) -> None:
    """With the key, what it gave, and what it may give; and the record."""
    names = {**reporting(), "partitioner": lambda key, n: bucket}
    with pytest.raises(CannotPartition) as caught:
        run(names, ["7", "8"], workers=2)
    told = f"the partitioner gave {bucket!r} for key 7 and n=2"
    assert caught.value.message in (told, told.replace("7", "8")), "whichever worker was first"
    assert caught.value.hint == "it must return a whole number from 0 to n - 1"
    assert caught.value.phase == "partition"
    assert caught.value.where in ("data:1, key 7", "data:2, key 8")


@pytest.mark.parametrize(
    ("answer", "pairs"),
    [
        (None, []),
        (("a", 1), [["a", 1]]),
        ([("a", 1), ["b", 2]], [["a", 1], ["b", 2]]),
        (iter([("a", 1)]), [["a", 1]]),
        ({"a": 1}.items(), [["a", 1]]),
    ],
    ids=["nothing", "one pair", "a list", "an iterator", "items"],
)
def test_a_functional_mapper_answers_as_it_likes(answer: Any, pairs: list[Any]) -> None:
    """Nothing, one pair, or several in any iterable."""
    names = {"mapper": lambda _: answer, "reducer": lambda key, values: [key, values[0]]}
    assert run(names, ["0"], workers=1).values == pairs


@pytest.mark.parametrize(("answer", "shown"), [(5, "5"), ("ab", "'ab'"), ((1, 2, 3), "(1, 2, 3)"), ([7], "7")])
@pytest.mark.parametrize("engine", ["serial", "parallel"])
def test_a_functional_mapper_that_answers_no_pair_is_told(answer: Any, shown: str, engine: str) -> None:
    """What it gave, where, and what it should give."""
    names = {"mapper": lambda _: answer, "reducer": lambda key, values: None}
    with pytest.raises(MaprError) as caught:
        run(names, ["0"], engine=engine, workers=1)
    assert caught.value.message == f"the mapper gave {shown}, which is no (key, value) pair"
    assert caught.value.hint == "a mapper yields `key, value`, or returns a list of such pairs"
    assert caught.value.where == "data:1"


def test_values_keep_their_types_between_the_phases() -> None:
    """A tuple stays a tuple, a set a set; only the output is JSON."""
    mapper = [("k", (1, 2)), ("k", {3}), ("k", b"4"), ("k", 5j)]
    names = {"mapper": lambda _: mapper, "reducer": lambda key, values: [type(value).__name__ for value in values]}
    assert run(names, ["0"], workers=2).values == [["tuple", "set", "bytes", "complex"]]
