"""Programs as students write them: each gets the verdict that it deserves, with words that help.

The files lie in fixtures/submissions, each named after what is odd about it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grader.model import CaseResult, Verdict

if TYPE_CHECKING:
    from grading.conftest import Assignments, Bench

RIGHT = [
    "plain",
    "from_import",
    "star_import",
    "no_guard",
    "main_driver",
    "own_driver",
    "two_mr",
    "hard_coded_name",
    "hard_coded_path",
    "reads_stdin",
    "waits_on_stdin",
    "waits_first",
    "edited_framework",
    "debug_prints",
    "tuple_keys",
    "int_keys",
    "namedtuple_keys",
    "none_values",
    "dict_values",
    "tuple_values",
    "values_index",
    "values_twice",
    "values_in_place",
    "tabs",
    "crlf",
    "odd_imports",
    "shadowed",
    "functional",
]


@pytest.mark.parametrize("dataset", ["books", "diary"])
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_is_accepted_however_it_is_written(
    name: str, dataset: str, bench: Bench, assignments: Assignments
) -> None:
    """On the public dataset, and on a hidden one, for which hard-coded names of the public one serve as well."""
    case = bench.judge(name, assignments.wordcount(), dataset)
    assert (case.verdict, case.score, case.message) == (Verdict.ACCEPTED, case.max_score, ""), case


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("mixed_tabs", "does not compile: inconsistent use of tabs and spaces", "spaces only"),
        ("python2_print", "Missing parentheses in call to 'print'", "print is a function"),
        ("python2_not_equal", "does not compile", "`<>` is written `!=`"),
        ("no_mapper", "the file has no mapper", "define a function mapper(record)"),
        ("empty", "the file has no mapper", "define a function mapper(record)"),
    ],
)
def test_what_is_no_program_is_an_invalid_submission(
    name: str, message: str, hint: str, bench: Bench, assignments: Assignments
) -> None:
    """It is told where, and what to write instead."""
    case = bench.judge(name, assignments.wordcount())
    check(case, Verdict.INVALID_SUBMISSION, message, hint)


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("guard_indented", "execute was called by a mapper or reducer", "at the end of the file"),
        ("sets_import", "ModuleNotFoundError: No module named 'sets'", "installed"),
        ("pdb_left", "BdbQuit", ""),
        ("raises", "ZeroDivisionError", ""),
        ("exits", "the job called exit", "leave out sys.exit()"),
        ("unhashable_key", "TypeError: unhashable type: 'list'", "make a list a tuple"),
        ("not_json", "set", ""),
        ("nested_too_deep", "nested more than 200 deep", "flatter"),
        ("path_to_execute", "execute was given", "open the file first"),
    ],
)
def test_what_fails_alone_is_a_runtime_error(
    name: str, message: str, hint: str, bench: Bench, assignments: Assignments
) -> None:
    """The exception is named, with what to do about it where that can be told."""
    check(bench.judge(name, assignments.wordcount()), Verdict.RUNTIME_ERROR, message, hint)


@pytest.mark.parametrize("name", ["other_problem", "prints_instead"])
def test_another_answer_is_a_wrong_one(name: str, bench: Bench, assignments: Assignments) -> None:
    """Nothing else is tried with it, and it earns nothing."""
    case = bench.judge(name, assignments.wordcount())
    assert (case.verdict, case.score) == (Verdict.WRONG_ANSWER, 0), case
    assert {run.engine for run in case.runs} == {"serial"}
    assert case.difference


def test_who_prints_instead_of_emitting_hears_that_prints_do_not_count(bench: Bench, assignments: Assignments) -> None:
    """Four of seventy students did so, beside a right answer on the screen."""
    case = bench.judge("prints_instead", assignments.wordcount())
    assert case.message == "nothing was emitted: 6 records missing"
    assert case.hint == "hand each result over with mr.emit(...); what is printed does not count"
    assert case.remarks == ("it prints, and what is printed does not count as output; it begins with \"['rain', 2]\"",)


def test_who_yields_beside_an_mr_hears_what_a_mapper_calls(bench: Bench, assignments: Assignments) -> None:
    """Not what a reducer calls: that never ran."""
    source = "import MapReduce\nmr = MapReduce.MapReduce()\ndef mapper(record):\n    yield record[0], 1\n"
    case = bench.judge(f"{source}def reducer(key, values):\n    mr.emit([key, 1])\n", assignments.wordcount())
    assert case.message == "nothing was emitted: 6 records missing"
    assert case.hint.startswith("the mapper emitted nothing: call mr.emit_intermediate(key, value); beside an mr, what")


def test_prints_beside_a_right_answer_are_a_remark(bench: Bench, assignments: Assignments) -> None:
    """They cost nothing."""
    case = bench.judge("debug_prints", assignments.wordcount())
    assert case.remarks == (
        "it prints, and what is printed does not count as output; it begins with 'reducing rain [1, 1]'",
    )


MIND_THE_BORDER = "mapper and reducer run in different processes and see only their arguments"


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("mapper_to_reducer", "KeyError: ", MIND_THE_BORDER),
        ("mapper_to_mapper", "the output differs from that of a serial run", MIND_THE_BORDER),
        ("reducer_to_reducer", "KeyError: ", MIND_THE_BORDER),
        ("reads_intermediate", "mr.intermediate cannot be used in the reduce phase", "belong to the framework"),
        ("reads_result", "mr.result cannot be used in the reduce phase", "belong to the framework"),
        ("swallows_the_error", "mr.intermediate cannot be used in the reduce phase", "belong to the framework"),
        ("namedtuple_in_mapper", "a key or value cannot travel between processes", "emit plain values"),
        ("lambda_values", "a key or value cannot travel between processes", "emit plain values"),
    ],
)
def test_what_leaks_between_calls_or_cannot_travel_is_not_parallel_safe(
    name: str, message: str, hint: str, bench: Bench, assignments: Assignments
) -> None:
    """It is right in one process, and found out by two, with everything in the same order."""
    case = bench.judge(name, assignments.wordcount())
    check(case, Verdict.NOT_PARALLEL_SAFE, f"run in 2 map and 2 reduce processes, in the same order: {message}", hint)
    assert case.score == 0


def test_keys_that_differ_between_processes_are_not_parallel_safe(bench: Bench, assignments: Assignments) -> None:
    """hash() of a text differs where processes are started afresh: only the scramble, which mixes seeds, finds it."""
    case = bench.judge("hash_keys", assignments.wordcount())
    check(case, Verdict.NOT_PARALLEL_SAFE, "several processes (scramble 1): the output differs", MIND_THE_BORDER)


def test_what_is_loaded_before_the_job_may_be_used_everywhere(bench: Bench, assignments: Assignments) -> None:
    """Each process runs the file, as each machine of a cluster would: broadcast data, allowed, and remarked upon."""
    case = bench.judge("broadcast", assignments.wordcount())
    assert case.verdict is Verdict.ACCEPTED, case
    assert any("counts as broadcast data" in remark for remark in case.remarks), case.remarks


def test_a_script_that_only_hands_its_data_to_execute_gets_no_such_remark(
    bench: Bench, assignments: Assignments
) -> None:
    """It opens the dataset once, and never reads it."""
    case = bench.judge("plain", assignments.wordcount())
    assert not any("broadcast" in remark for remark in case.remarks), case.remarks


@pytest.mark.parametrize("name", ["first_is_the_order", "seen_so_far", "one_field_per_value"])
def test_what_is_right_only_for_values_in_input_order_is_order_dependent(
    name: str, bench: Bench, assignments: Assignments
) -> None:
    """Whether it then fails or answers otherwise."""
    case = bench.judge(name, assignments.join())
    assert (case.verdict, case.score) == (Verdict.ORDER_DEPENDENT, 0), case
    assert "the values of a key come in any order" in case.hint


def test_values_told_apart_by_what_they_are_are_accepted(bench: Bench, assignments: Assignments) -> None:
    """The same join, as it should be written."""
    assert bench.judge("tells_apart", assignments.join()).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize("name", ["by_hash", "by_chance"])
def test_what_differs_from_run_to_run_is_nondeterministic(name: str, bench: Bench, assignments: Assignments) -> None:
    """Whatever the expected output is: there is no telling what it answers."""
    case = bench.judge(name, assignments.wordcount())
    check(case, Verdict.NONDETERMINISTIC, "two runs on the same data gave different output", "order of a set")
    assert (case.score, len(case.runs)) == (0, 2)


def check(case: CaseResult, verdict: Verdict, message: str, hint: str) -> None:
    """The verdict, and what is said."""
    assert case.verdict is verdict, case
    assert message in case.message, case.message
    assert hint in case.hint, case.hint
