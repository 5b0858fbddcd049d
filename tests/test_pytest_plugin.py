"""`pytest assignments/`: which items there are, and when each passes."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from pytest_kit import LEAKY, RIGHT, SPEC, WRONG, WRONG_ON_TWO, Run, assignment, program, shown, write

from grader import pytest_plugin, spec

FILE = "assignments/count/assignment.yaml"
BOTH = {"student-01": RIGHT, "student-02": RIGHT}
GENERATOR = "def records(seed, size):\n    yield from ([letter] for letter in 'ab')\n"


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """A fresh folder in which pytest can be run, with every warning an error."""
    pytester.makeini("[pytest]\n")
    return Run(pytester)


# ---- which items -----------------------------------------------------------------------------------------------------


def test_an_item_for_each_dataset_of_each_submission_of_each_assignment(run: Run) -> None:
    """And one more for a sample with a declared verdict."""
    assignment(run.assignments / "count", BOTH, "samples: {student-02: accepted}\n")
    assignment(run.assignments / "other", {"student-01": RIGHT})
    assert run.collected("assignments") == [
        f"{FILE}::student-01::small",
        f"{FILE}::student-01::twice",
        f"{FILE}::student-02::small",
        f"{FILE}::student-02::twice",
        f"{FILE}::student-02::verdict",
        "assignments/other/assignment.yaml::student-01::small",
        "assignments/other/assignment.yaml::student-01::twice",
    ]


def test_two_workers_collect_the_same_items_in_the_same_order_and_judge_them(run: Run) -> None:
    """A run under xdist ends where the workers disagree."""
    assignment(run.assignments / "count", {"student-01": RIGHT, "student-02": WRONG, "student-03": WRONG_ON_TWO})
    result = run("assignments", "-n", "2", "-v", "-rf")
    result.assert_outcomes(passed=3, failed=3)
    result.stdout.fnmatch_lines_random([f"FAILED {FILE}::student-0{which} - *" for which in ("2::small", "3::twice")])


@pytest.mark.parametrize(
    ("expression", "chosen"),
    [
        ("student-01 and small", ["count::student-01::small", "other::student-01::small"]),
        ("other and twice", ["other::student-01::twice", "other::student-02::twice"]),
        ("count and student-02 and not small", ["count::student-02::twice"]),
    ],
)
def test_k_chooses_by_assignment_student_and_dataset(run: Run, expression: str, chosen: list[str]) -> None:
    """Each of the three is a word that -k knows."""
    for name in ("count", "other"):
        assignment(run.assignments / name, BOTH)
    ids = [
        each.replace("/assignment.yaml", "").removeprefix("assignments/") for each in run.collected("-k", expression)
    ]
    assert ids == chosen


def test_k_finds_an_assignment_by_name_where_pytest_runs_in_its_folder(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is the spec's, wherever the folder is and whatever it is called."""
    folder = assignment(run.assignments / "folder", spec=SPEC.replace("{name}", "count", 1))
    monkeypatch.chdir(folder)
    assert len(run.collected("-k", "count")) == 2


def test_an_item_can_be_named_by_its_id(run: Run) -> None:
    """So a line of a report can be copied into the next command."""
    assignment(run.assignments / "count", BOTH)
    assert run.collected(f"{FILE}::student-02::twice") == [f"{FILE}::student-02::twice"]
    assert run.collected(f"{FILE}::student-02") == [f"{FILE}::student-02::small", f"{FILE}::student-02::twice"]


def test_names_that_could_break_an_id_or_a_terminal_are_made_harmless_and_stay_apart(run: Run) -> None:
    """Folders of a class are named by a learning platform, or by students."""
    assignment(run.assignments / "count")
    for name in ("a[1]::b\x1b[31m\n", "a(1):b\\x1b(31m\\n"):
        write(run.top / "class" / name / "count.py", RIGHT)
    names = [r"a(1):b\x1b(31m\n", r"a(1):b\x1b(31m\n~2"]
    assert run.collected("assignments", "--submissions=class", "-k", "small") == [
        f"{FILE}::{name}::small" for name in names
    ]
    run(f"{FILE}::{names[1]}::small", "--submissions=class").assert_outcomes(passed=1)


def test_the_names_of_the_file_that_makes_an_assignment_agree() -> None:
    """The plugin has its own, because the spec's costs an import."""
    assert pytest_plugin.FILE_NAME == spec.FILE_NAME


# ---- whose work ------------------------------------------------------------------------------------------------------


def test_submissions_is_a_class_and_no_declared_sample_of_the_same_name(run: Run) -> None:
    """The declared verdicts are those of the assignment's own samples."""
    assignment(run.assignments / "count", BOTH, "samples: {student-02: wrong-answer}\n")
    write(run.top / "class" / "student-02" / "count.py", RIGHT)
    assert run.collected("assignments", "--submissions", "class") == [
        f"{FILE}::student-02::small",
        f"{FILE}::student-02::twice",
    ]


def test_submission_is_one_students_work_wherever_it_lies(run: Run) -> None:
    """A file is judged by the assignments that ask for its name, a folder by all."""
    assignment(run.assignments / "count", BOTH)
    assignment(run.assignments / "other", BOTH, spec=SPEC.replace("count.py", "other.py"))
    write(run.top / "mine" / "count.py", RIGHT)
    run("assignments", "--submission", "mine/count.py").assert_outcomes(passed=2)
    assert run.collected("assignments/count", "--submission", "mine") == [
        f"{FILE}::mine::small",
        f"{FILE}::mine::twice",
    ]


def test_a_path_inside_an_assignment_says_nothing_about_whose_work_is_judged_where_an_option_does(run: Run) -> None:
    """The student in that path is none of the class."""
    folder = assignment(run.assignments / "count", BOTH)
    write(run.top / "class" / "student-09" / "count.py", RIGHT)
    chosen = [f"{FILE}::student-09::small", f"{FILE}::student-09::twice"]
    assert run.collected(folder / "submissions" / "student-01", "--submissions=class") == chosen
    assert run.collected(folder / "submissions" / "student-01", "--submission=class/student-09") == chosen


def test_a_submission_that_no_assignment_asks_for_is_said_to_be_so(run: Run) -> None:
    """Else `no tests ran` would leave a student to guess."""
    assignment(run.assignments / "count")
    write(run.top / "cuont.py", RIGHT)
    result = run("assignments", "--submission=cuont.py")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(
        ["pymapr: --submission */cuont.py: no assignment asks for a file of that name; hint: asked for: count.py"]
    )


def test_an_assignment_without_any_submission_is_said_to_be_so(run: Run) -> None:
    """A course repository may hold none."""
    assignment(run.assignments / "count", {})
    result = run("assignments")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    hint = "name one with --submission FILE, or a class with --submissions DIR"
    result.stdout.fnmatch_lines([f"pymapr: no submission in *count; hint: {hint}"])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--submission=nobody.py"], "ERROR: --submission */nobody.py: no such file or folder"),
        (["--submissions=nobody"], "ERROR: --submissions */nobody: no such folder"),
        (["--submission=a", "--submissions=b"], "ERROR: --submission and --submissions: one of the two, not both"),
        (["--require-sandbox=9"], "ERROR: --require-sandbox 9: this machine reaches level *"),
        (["--audience=dean"], "*argument --audience: invalid choice: 'dean' (choose from *"),
    ],
)
def test_options_that_cannot_be_met_end_the_run_before_anything_is_collected(
    run: Run, options: list[str], told: str
) -> None:
    """As `pymapr-grade` does, in the same words."""
    assignment(run.assignments / "count")
    result = run("assignments", *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([told])
    assert "Traceback" not in shown(result)


def test_a_bad_spec_is_a_collection_error_in_its_own_words(run: Run) -> None:
    """With place and mend, and without a line of our own code."""
    folder = assignment(run.assignments / "count", more="smaples: {}\n")
    result = run("assignments")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"{folder}/assignment.yaml:8:1: *smaples*", "*samples*"])
    assert "Traceback" not in shown(result)
    assert "pytest_items.py" not in shown(result)


# ---- when an item passes ---------------------------------------------------------------------------------------------


def test_a_right_submission_passes_and_a_wrong_one_fails_with_what_its_author_needs_to_know(run: Run) -> None:
    """Verdict, examples, points, what to do, and the command that shows the same."""
    assignment(run.assignments / "count", {"student-01": RIGHT, "student-02": WRONG_ON_TWO})
    result = run("assignments")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ count student-02 twice _*",
            "wrong-answer: 1 record missing and 1 record should not be there",
            '  expected ["a", 2], got ["a", 1]',
            "points: 0 of 3",
            "hint: take one of the examples *",
            "reproduce: pymapr run assignments/count/submissions/student-02/count.py *twice.json --engine serial",
            f"FAILED {FILE}::student-02::twice - Failed: wrong*",
        ],
        consecutive=False,
    )
    assert "Traceback" not in shown(result)


def test_what_is_missing_fails_with_the_nearest_name(run: Run) -> None:
    """One in eight files of real submissions is named otherwise."""
    assignment(run.assignments / "count", {})
    write(run.assignments / "count" / "submissions" / "student-01" / "counts.py", RIGHT)
    result = run("assignments", "-k", "small")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["missing: there is no file named count.py; *counts.py*"])


def test_a_declared_sample_passes_where_it_gets_its_verdict(run: Run) -> None:
    """It need not get it on each dataset: this one is right on `small`."""
    declared = "samples: {student-01: accepted, student-02: wrong-answer, student-03: not-parallel-safe}\n"
    submissions = {"student-01": RIGHT, "student-02": WRONG_ON_TWO, "student-03": LEAKY}
    assignment(run.assignments / "count", submissions, declared)
    run("assignments").assert_outcomes(passed=9)


def test_a_declared_sample_fails_where_it_does_worse_and_as_a_whole_where_it_does_better(run: Run) -> None:
    """A sample that is meant to be wrong and is not holds nothing."""
    declared = "samples: {student-01: wrong-answer, student-02: not-parallel-safe}\n"
    assignment(run.assignments / "count", {"student-01": RIGHT, "student-02": WRONG_ON_TWO}, declared)
    result = run("assignments", "-v")
    result.assert_outcomes(passed=3, failed=3)
    result.stdout.fnmatch_lines(
        [
            "*_ count student-01 verdict _*",
            "accepted: samples: in assignment.yaml declares wrong-answer",
            "  small: accepted",
            "  twice: accepted",
            "hint: mend the sample, the datasets, or the declaration",
            "*_ count student-02 twice _*",
            "wrong-answer: *",
            "declared: not-parallel-safe (samples: in assignment.yaml)",
            "*_ count student-02 verdict _*",
        ]
    )


def test_a_sample_as_a_whole_can_be_judged_alone(run: Run) -> None:
    """It does not rely on the items of its datasets: a worker may get it without them."""
    assignment(run.assignments / "count", {"student-01": WRONG_ON_TWO}, "samples: {student-01: wrong-answer}\n")
    run(f"{FILE}::student-01::verdict").assert_outcomes(passed=1)


def test_a_declared_sample_that_is_not_there_fails(run: Run) -> None:
    """A declaration that nothing tests is a mistake."""
    assignment(run.assignments / "count", BOTH, "samples: {student-07: accepted}\n")
    result = run("assignments", "-k", "student-07")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["missing: there is no file named count.py"])


def test_a_withheld_dataset_is_skipped_aloud(run: Run) -> None:
    """As in a students' kit."""
    withheld = SPEC.replace("file: data/twice.json, expected: expected/twice.json", "withheld: true")
    assignment(run.assignments / "count", spec=withheld)
    result = run("assignments", "-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines([f"SKIPPED *{FILE}*: dataset twice is withheld: it is judged elsewhere"])


def test_what_could_not_be_judged_is_an_error_and_no_failure(run: Run) -> None:
    """It is our fault, and no mark: here somebody takes the golden file away."""
    folder = assignment(run.assignments / "count")
    golden = folder / "expected" / "small.json"
    write(run.top / "conftest.py", f"import os\ndef pytest_collection_finish(): os.unlink({str(golden)!r})\n")
    result = run("assignments", "-k", "small", "--junitxml=report.xml")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["grader-error: could not be judged: *", "points: - of 2", "hint: *"])
    (case,) = ET.parse(run.top / "report.xml").iter("testcase")
    assert [part.tag for part in case if part.tag != "properties"] == ["error"]


def test_a_reference_that_fails_is_an_error_in_its_own_words_for_every_submission(run: Run) -> None:
    """It is the instructor's to mend, and no mark."""
    text = SPEC.replace(", expected: expected/twice.json", "").replace(
        "datasets:", "reference: solution/count.py\ndatasets:"
    )
    folder = assignment(run.assignments / "count", BOTH, spec=text)
    write(folder / "solution" / "count.py", program(mapper="raise KeyError('lost')"))
    result = run("assignments")
    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(
        ["*assignment.yaml: the reference solution/count.py on dataset twice failed: KeyError: 'lost'*"]
    )
    assert "During handling" not in shown(result)
    assert "pytest_items.py" not in shown(result)


def test_students_do_not_see_why_a_reference_failed(run: Run) -> None:
    """The reason may quote the reference, or the data."""
    spec = SPEC.replace(", expected: expected/twice.json", "").replace("datasets:", "reference: answer.py\ndatasets:")
    folder = assignment(run.assignments / "count", spec=spec)
    write(folder / "answer.py", program(mapper="raise KeyError('lost')"))
    result = run("assignments", "--audience=student")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "an assignment cannot be graded as it stands",
            "hint: tell your instructor: without `--audience student` the reason is shown",
        ]
    )
    assert "lost" not in shown(result)


def test_datasets_are_generated_and_solved_when_they_are_first_needed_and_kept(run: Run) -> None:
    """Choosing one dataset with -k must not cost the others' generators."""
    made = "generate: {{by: data/generate.py:records, seed: 1, size: 2}}"
    text = SPEC.replace("file: data/small.json, expected: expected/small.json", made)
    text = text.replace("datasets:", "reference: solution/count.py\ndatasets:")
    folder = assignment(run.assignments / "count", spec=text)
    write(folder / "data" / "generate.py", GENERATOR)
    write(folder / "solution" / "count.py", RIGHT)
    kept = Path.home() / ".cache" / "pymapr"
    run("assignments", "-k", "twice").assert_outcomes(passed=1)
    assert not [*kept.rglob("small.json")]
    run("assignments", "-k", "small").assert_outcomes(passed=1)
    assert len([*kept.rglob("small.json")]) == 2


def test_x_stops_at_the_first_failure(run: Run) -> None:
    """Judging happens when an item is run, not when it is collected."""
    assignment(run.assignments / "count", {"student-01": WRONG, "student-02": WRONG})
    run("assignments", "-x").assert_outcomes(failed=1)


def test_lf_runs_what_failed_last(run: Run) -> None:
    """After a change, a student wants to see what was wrong."""
    assignment(run.assignments / "count", {"student-01": RIGHT, "student-02": WRONG_ON_TWO})
    run("assignments").assert_outcomes(passed=3, failed=1)
    assert run.collected("assignments", "--lf") == [f"{FILE}::student-02::twice"]
