"""The procedure: which checks are made, what each costs, which verdict goes before which, what is said and repeated."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from grader.errors import InfrastructureError
from grader.model import Verdict, Visibility
from grader.submission import Submission
from grading.conftest import BOOKS, counted

if TYPE_CHECKING:
    from grading.conftest import Assignments, Bench, Command

NOTHING = {"isolation": "off", "order": "off", "determinism": "off"}

WORDCOUNT = """\
import MapReduce
import sys

mr = MapReduce.MapReduce()

def mapper(record):
    for word in record[1].split():
        mr.emit_intermediate(word, 1)

def reducer(key, list_of_values):
    {extra}
    mr.emit((key, sum(list_of_values)))

if __name__ == '__main__':
    mr.execute(open(sys.argv[1]), mapper, reducer)
"""


def under_hash_seed_one(text: str) -> int:
    """What hash() answers in the first of the two serial runs."""
    command = [sys.executable, "-c", f"print(hash({text!r}))"]
    return int(subprocess.check_output(command, env={**os.environ, "PYTHONHASHSEED": "1"}))


@pytest.fixture
def right_at_first() -> str:
    """A program that answers rightly under the first hash seed, and otherwise under any other."""
    return WORDCOUNT.format(extra=f"if hash('go') != {under_hash_seed_one('go')} and key == 'go': mr.emit('extra')")


# ---- which runs are made ---------------------------------------------------------------------------------------------


def test_a_submission_is_run_alone_twice_isolated_permuted_and_scrambled(
    bench: Bench, assignments: Assignments
) -> None:
    """As the spec says: twice serially, once for each worker count, then permuted, and scrambled with the fewest."""
    case = bench.judge("plain", assignments.wordcount(runs={"workers": [2, 3], "scramble": 3}))
    assert [(run.engine, run.workers, run.order) for run in case.runs] == [
        ("serial", 1, "stable"),
        ("serial", 1, "stable"),
        ("parallel", 2, "stable"),
        ("parallel", 3, "stable"),
        ("serial", 1, "scramble:0"),
        ("serial", 1, "scramble:1"),
        ("parallel", 2, "scramble:1"),
        ("parallel", 2, "scramble:2"),
        ("parallel", 2, "scramble:3"),
    ]
    assert all(run.wall > 0 and run.cpu > 0 and run.phases["total"] == run.wall for run in case.runs)


def test_a_check_that_is_off_is_not_run(bench: Bench, assignments: Assignments) -> None:
    """What is left is the comparison."""
    case = bench.judge("plain", assignments.wordcount(checks=NOTHING))
    assert [run.engine for run in case.runs] == ["serial"]
    assert case.verdict is Verdict.ACCEPTED


def test_where_nothing_is_scrambled_one_more_order_of_the_values_is_tried(
    bench: Bench, assignments: Assignments
) -> None:
    """As scrambles try orders too."""
    case = bench.judge("plain", assignments.wordcount(checks={"isolation": "off"}, runs={"scramble": 2}))
    assert [run.order for run in case.runs] == ["stable", "stable", "scramble:0", "scramble:1"]


def test_without_scrambles_the_values_are_permuted_still(bench: Bench, assignments: Assignments) -> None:
    """Turned round, once: that costs little, and finds most."""
    case = bench.judge("first_is_the_order", assignments.join(runs={"workers": [2], "scramble": 0}))
    assert (case.verdict, case.reproduce.split()[-1]) == (Verdict.ORDER_DEPENDENT, "scramble:0")


# ---- what a check costs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "check", "cost", "verdict", "score"),
    [
        ("mapper_to_reducer", "isolation", "fail", Verdict.NOT_PARALLEL_SAFE, 0),
        ("mapper_to_reducer", "isolation", 0.25, Verdict.NOT_PARALLEL_SAFE, 2.25),
        ("mapper_to_reducer", "isolation", "warn", Verdict.ACCEPTED, 3),
        ("mapper_to_reducer", "isolation", "off", Verdict.ACCEPTED, 3),
        ("hash_keys", "isolation", "off", Verdict.ACCEPTED, 3),
    ],
)
def test_a_leak_costs_what_the_spec_says(
    name: str, check: str, cost: Any, verdict: Verdict, score: float, bench: Bench, assignments: Assignments
) -> None:
    """All, a share, a remark, or nothing at all."""
    case = bench.judge(name, assignments.wordcount(checks={check: cost}))
    assert (case.verdict, case.score) == (verdict, score)
    assert any(remark.startswith("not-parallel-safe: ") for remark in case.remarks) == (cost == "warn")


@pytest.mark.parametrize(
    ("cost", "verdict", "score"),
    [
        ("fail", Verdict.ORDER_DEPENDENT, 0),
        (0.5, Verdict.ORDER_DEPENDENT, 5),
        ("warn", Verdict.ACCEPTED, 10),
        ("off", Verdict.ACCEPTED, 10),
    ],
)
def test_relying_on_the_order_of_values_costs_what_the_spec_says(
    cost: Any, verdict: Verdict, score: float, bench: Bench, assignments: Assignments
) -> None:
    """Where it is off, a scramble that fails for that reason alone is no leak."""
    case = bench.judge("first_is_the_order", assignments.join(checks={"order": cost}))
    assert (case.verdict, case.score) == (verdict, score)
    assert any(remark.startswith("order-dependent: ") for remark in case.remarks) == (cost == "warn")


def test_a_share_of_the_points_is_accounted_for(bench: Bench, assignments: Assignments) -> None:
    """The verdict alone would not tell why some points are left."""
    case = bench.judge("first_is_the_order", assignments.join(checks={"order": 0.5}))
    assert case.remarks == ("being order-dependent costs 50% of this dataset's points",)


@pytest.mark.parametrize(("cost", "score"), [("fail", 0), (0.5, 1.5), ("warn", 3), ("off", 3)])
def test_nondeterminism_costs_what_the_spec_says(
    cost: Any, score: float, right_at_first: str, bench: Bench, assignments: Assignments
) -> None:
    """Here of a program whose first answer is right."""
    spec = assignments.wordcount(checks={"determinism": cost, "isolation": "off"})
    case = bench.judge(right_at_first, spec)
    assert case.score == score
    assert (case.verdict is Verdict.ACCEPTED) == (cost in ("warn", "off"))


@pytest.mark.parametrize("cost", [0.5, "warn", "off"])
def test_nondeterminism_that_is_forgiven_hides_no_wrong_answer(
    cost: Any, bench: Bench, assignments: Assignments
) -> None:
    """Each check is judged by itself."""
    case = bench.judge("by_chance", assignments.wordcount(checks={"determinism": cost}))
    assert case.score == 0
    assert case.verdict is (Verdict.NONDETERMINISTIC if cost == 0.5 else Verdict.WRONG_ANSWER)


# ---- what goes before what -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("checks", "verdict", "score", "remark"),
    [
        ({}, Verdict.NOT_PARALLEL_SAFE, 0, "order-dependent: "),
        ({"isolation": "warn"}, Verdict.ORDER_DEPENDENT, 0, "not-parallel-safe: "),
        ({"isolation": 0.5, "order": 0.25}, Verdict.NOT_PARALLEL_SAFE, 2.5, "order-dependent: "),
        ({"isolation": "warn", "order": "warn"}, Verdict.ACCEPTED, 10, "order-dependent: "),
    ],
)
def test_what_leaks_and_relies_on_order_is_told_both(
    checks: Any, verdict: Verdict, score: float, remark: str, bench: Bench, assignments: Assignments
) -> None:
    """The graver is the verdict, the other a remark; the costs add up."""
    case = bench.judge("leaks_and_first", assignments.join(checks=checks))
    assert (case.verdict, case.score) == (verdict, score)
    assert any(each.startswith(remark) for each in case.remarks)


# ---- comparison ------------------------------------------------------------------------------------------------------

SORTED_WORDS = WORDCOUNT.format(extra="pass").replace("in record[1].split()", "in sorted(record[1].split())")


def test_order_of_records_counts_where_the_spec_says_so(bench: Bench, assignments: Assignments) -> None:
    """The difference is told as one of order."""
    spec = assignments.wordcount(compare={"order": "keep"})
    assert bench.judge("plain", spec).verdict is Verdict.ACCEPTED
    case = bench.judge(SORTED_WORDS, spec)
    assert case.verdict is Verdict.WRONG_ANSWER
    assert case.message == "the records are right, but not in the order that is asked for"
    assert "keys in the order of their first appearance" in case.hint


def test_order_of_records_does_not_count_otherwise(bench: Bench, assignments: Assignments) -> None:
    """Nor does a scramble, which answers in any order, fail where it counts."""
    assert bench.judge(SORTED_WORDS, assignments.wordcount()).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize(
    ("reducer", "message", "hint"),
    [
        ("if key == 'go': return", "1 record missing", "does every record reach emit?"),
        ("mr.emit('more')", "6 records should not be there", "is something emitted twice"),
        ("list_of_values.append(1)", "6 records missing and 6 records should not be there", "follow it by hand"),
    ],
)
def test_a_wrong_answer_says_how_and_where_to_look(
    reducer: str, message: str, hint: str, bench: Bench, assignments: Assignments
) -> None:
    """With the difference as evidence."""
    case = bench.judge(WORDCOUNT.format(extra=reducer), assignments.wordcount())
    assert (case.verdict, case.message) == (Verdict.WRONG_ANSWER, message)
    assert hint in case.hint
    assert case.difference


def test_a_golden_file_goes_before_the_reference(bench: Bench, assignments: Assignments) -> None:
    """Which need not even agree with it."""
    spec = assignments.wordcount()
    (spec.folder / "expected" / "books.json").write_text('["go", 3]\n')
    assert bench.judge("plain", spec).verdict is Verdict.WRONG_ANSWER
    assert bench.judge(WORDCOUNT.format(extra="if key != 'go': return"), spec).verdict is Verdict.ACCEPTED


# ---- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "limits", "verdict", "message"),
    [
        ("endless", {"time": "500ms"}, Verdict.TIME_LIMIT, "used more than 0.5 s of CPU time"),
        ("hoards", {"memory": "64MB"}, Verdict.MEMORY_LIMIT, "more than the 64 MB of memory"),
        ("chatters", {"output": "16kB"}, Verdict.OUTPUT_LIMIT, "emitted more than 16 kB of output"),
        pytest.param("sleeps", {"time": "200ms"}, Verdict.TIME_LIMIT, "took more than 5.6 s", marks=pytest.mark.slow),
    ],
)
def test_a_limit_that_is_met_alone_is_the_verdict(
    name: str, limits: dict[str, str], verdict: Verdict, message: str, bench: Bench, assignments: Assignments
) -> None:
    """Each limit has its own; who waits is told apart from who works."""
    case = bench.judge(name, assignments.wordcount(limits=limits))
    assert (case.verdict, case.score) == (verdict, 0), case
    assert message in case.message


def test_a_limit_that_only_a_parallel_run_meets_is_a_remark(bench: Bench, assignments: Assignments) -> None:
    """Each process loads the file anew, and all their time is summed: no fault of the student's."""
    spec = assignments.wordcount(limits={"time": "1s"}, runs={"workers": [4], "scramble": 0})
    case = bench.judge("slow_to_load", spec)
    assert (case.verdict, case.score) == (Verdict.ACCEPTED, 3), case
    assert [remark for remark in case.remarks if remark.endswith("because alone it stayed within the limit")]


# ---- what is put in place --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stray", ["data/books.json", "books.json", "data", "data/books.json/part-1"])
def test_data_that_came_with_a_submission_is_not_read_instead(
    stray: str, bench: Bench, assignments: Assignments
) -> None:
    """The dataset keeps its names, also where the submission has something in their way."""
    spec = assignments.wordcount()
    module = bench.hand_in(WORDCOUNT.format(extra="pass"), "wordcount.py")
    stray_file = module.parent / stray
    stray_file.parent.mkdir(parents=True, exist_ok=True)
    stray_file.write_text('["old", "data from last year"]\n')
    submission = Submission(assignment="wordcount", name="ada", module=module)
    assert bench.judge_submission(submission, spec, "diary").verdict is Verdict.ACCEPTED


def test_modules_beside_a_file_come_with_it_and_nothing_else_does(bench: Bench, assignments: Assignments) -> None:
    """A broken neighbour does no harm."""
    module = bench.hand_in("import helper\n" + WORDCOUNT.format(extra="helper.check()"), "wordcount.py")
    (module.parent / "helper.py").write_text("import os\ndef check():\n    assert not os.path.exists('notes.txt')\n")
    (module.parent / "broken.py").write_text("def (:\n")
    (module.parent / "notes.txt").write_text("private")
    submission = Submission(assignment="wordcount", name="ada", module=module, alone=True)
    assert bench.judge_submission(submission, assignments.wordcount()).verdict is Verdict.ACCEPTED


def test_all_of_a_student_s_folder_comes_with_the_module(bench: Bench, assignments: Assignments) -> None:
    """Packages and data of its own among it."""
    module = bench.hand_in("import tools.helper\n" + WORDCOUNT.format(extra="tools.helper.check()"), "wordcount.py")
    (module.parent / "tools").mkdir()
    (module.parent / "tools" / "helper.py").write_text("def check():\n    open('notes.txt').close()\n")
    (module.parent / "notes.txt").write_text("stop words")
    submission = Submission(assignment="wordcount", name="ada", module=module)
    assert bench.judge_submission(submission, assignments.wordcount()).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize(("alone", "hint"), [(False, "leave data and environments out"), (True, "a folder of its own")])
def test_a_submission_of_too_many_files_is_invalid(
    alone: bool, hint: str, bench: Bench, assignments: Assignments
) -> None:
    """It would cost every run its copy."""
    module = bench.hand_in(WORDCOUNT.format(extra="pass"), "wordcount.py")
    for number in range(501):
        (module.parent / f"module_{number}.py").touch()
    case = bench.judge_submission(
        Submission(assignment="wordcount", name="ada", module=module, alone=alone), assignments.wordcount()
    )
    assert (case.verdict, hint in case.hint) == (Verdict.INVALID_SUBMISSION, True)


def test_a_submission_that_may_not_be_read_is_our_failure(bench: Bench, assignments: Assignments) -> None:
    """Never a zero."""
    locked = Submission(assignment="wordcount", name="ada", module=None, unreadable="ada: Permission denied")
    with pytest.raises(InfrastructureError, match="the submission cannot be read: ada: Permission denied"):
        bench.judge_submission(locked, assignments.wordcount())


# ---- evidence --------------------------------------------------------------------------------------------------------


def repeat(command: Command, line: str) -> list[tuple[int, set[str]]]:
    """Run what a judgement says that one should type: exit code and records of each command."""
    seen = []
    for part in line.split("; "):
        typed = part.replace("pymapr run", f"{sys.executable} -m pymapr run --progress none")
        done = subprocess.run(
            typed, shell=True, cwd=command.folder, env=command.environment, capture_output=True, text=True, timeout=60
        )
        seen.append((done.returncode, set(done.stdout.splitlines())))
    return seen


ANSWER = {json.dumps(record) for record in counted(BOOKS)}


@pytest.mark.parametrize("name", ["raises", "python2_print", "mapper_to_reducer", "reads_result", "lambda_values"])
def test_the_command_for_a_failure_fails_alike(
    name: str, bench: Bench, assignments: Assignments, command: Command
) -> None:
    """Serially, or isolated in as many processes."""
    case = bench.judge(name, assignments.wordcount())
    assert [code for code, _ in repeat(command, case.reproduce)] == [1]


@pytest.mark.parametrize("name", ["mapper_to_mapper", "other_problem"])
def test_the_command_for_a_difference_answers_otherwise(
    name: str, bench: Bench, assignments: Assignments, command: Command
) -> None:
    """A leak that raises nothing shows in the output."""
    case = bench.judge(name, assignments.wordcount())
    [(code, records)] = repeat(command, case.reproduce)
    assert (code, records == ANSWER) == (0, False)


@pytest.mark.parametrize(
    ("name", "limits", "code"),
    [("endless", {"time": "1s"}, 124), ("hoards", {"memory": "64MB"}, 1), ("chatters", {"output": "16kB"}, 0)],
)
def test_the_command_for_a_limit_keeps_that_limit(
    name: str, limits: dict[str, str], code: int, bench: Bench, assignments: Assignments, command: Command
) -> None:
    """`pymapr run` has none: a loop would go on for ever, and a table fill the machine."""
    case = bench.judge(name, assignments.wordcount(limits=limits))
    [(seen, counted)] = repeat(command, case.reproduce)
    assert (seen, case.reproduce.count("timeout ")) == (code, 1), case
    if name == "chatters":
        assert int(counted.pop()) > 16_000


def test_the_commands_for_nondeterminism_answer_differently(
    bench: Bench, assignments: Assignments, command: Command
) -> None:
    """They are two: one for each hash seed."""
    case = bench.judge("by_hash", assignments.wordcount())
    assert case.reproduce.startswith("PYTHONHASHSEED=1 pymapr run ")
    [one, other] = repeat(command, case.reproduce)
    assert one != other


@pytest.mark.parametrize("name", ["first_is_the_order", "one_field_per_value"])
def test_the_command_for_order_dependence_permutes_the_values(
    name: str, bench: Bench, assignments: Assignments, command: Command
) -> None:
    """In one process, as the check did."""
    case = bench.judge(name, assignments.join())
    plain = case.reproduce.partition(" --order")[0]
    assert repeat(command, case.reproduce) != repeat(command, plain)


def test_paths_with_spaces_can_be_typed(bench: Bench, assignments: Assignments) -> None:
    """They are quoted as a shell wants them."""
    assignments.folder = assignments.folder / "winter term"
    case = bench.judge("other_problem", assignments.wordcount())
    assert f"'{assignments.folder}/wordcount/data/books.json'" in case.reproduce


def test_what_is_judged_keeps_the_dataset_s_name_points_and_visibility(bench: Bench, assignments: Assignments) -> None:
    """A report needs nothing else to be read."""
    case = bench.judge("plain", assignments.wordcount(), "diary")
    assert (case.name, case.visibility, case.max_score) == ("diary", Visibility.HIDDEN, 7)


def test_the_files_of_a_run_are_gone_afterwards(bench: Bench, assignments: Assignments) -> None:
    """Nothing of them is left in the sandbox's folder, nor beside the student's file."""
    module = bench.hand_in(WORDCOUNT.format(extra="open('left.txt', 'w').close()"), "wordcount.py")
    submission = Submission(assignment="wordcount", name="ada", module=module)
    assert bench.judge_submission(submission, assignments.wordcount()).verdict is Verdict.ACCEPTED
    assert not list(bench.sandbox.root.glob("run-*"))
    assert list(module.parent.iterdir()) == [module]
