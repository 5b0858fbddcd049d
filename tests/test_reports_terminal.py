"""The terminal report, word for word: a class, a self-check, what is wrong, and the last lines."""

from __future__ import annotations

import re

import pytest
from builders import a_case, a_difference, a_report, a_result, a_run, a_wrong_case, both_runs
from terminal_pages import (
    CLASS_AT_60,
    CLASS_AT_80,
    CLASS_AT_100,
    CLASS_FOR_STUDENTS,
    SELF_CHECK,
    SELF_CHECK_OF_ONE,
    a_class,
    explanation,
    rendered,
)

from grader.model import Audience, Example, GradeReport, SandboxReport, Verdict, Visibility
from grader.reports import to_terminal


def test_a_class_at_a_hundred_columns() -> None:
    """The width that is assumed where stdout is no terminal."""
    assert rendered(a_class()) == CLASS_AT_100


def test_a_class_at_eighty_columns() -> None:
    """Where a row has no room for its times, they stand below it."""
    assert rendered(a_class(), 80) == CLASS_AT_80


def test_a_class_at_sixty_columns() -> None:
    """Half a laptop's screen: everything is wrapped but the command, which one wants to copy."""
    assert rendered(a_class(), 60) == CLASS_AT_60


def test_a_class_as_its_students_see_it() -> None:
    """Of the hidden dataset nothing shows: neither the crash, nor its time, nor, in the tally, its verdict."""
    text = "".join(to_terminal.render(to_students(a_class())))
    assert text == CLASS_FOR_STUDENTS


def to_students(report: GradeReport) -> GradeReport:
    """The same report for the other audience."""
    return GradeReport(
        pymapr=report.pymapr,
        started=report.started,
        audience=Audience.STUDENT,
        sandbox=report.sandbox,
        results=report.results,
        skipped=report.skipped,
    )


def test_a_self_check_goes_through_the_datasets() -> None:
    """One student's report has a row for each dataset, also for those that the students' kit withholds."""
    result = a_result(a_case(runs=both_runs()), a_wrong_case("edge"), withheld=("zipf",))
    assert rendered(a_report(result, audience=Audience.STUDENT), 80) == SELF_CHECK


def test_a_self_check_of_one_dataset_needs_no_total() -> None:
    """Nor an explanation, nor a legend, where all is well and nothing was timed."""
    assert rendered(a_report(a_result()), 80) == SELF_CHECK_OF_ONE


def test_an_arrow_is_explained_only_where_there_is_one() -> None:
    """A program that failed alone has run in one way only."""
    alone = a_case(verdict=Verdict.WRONG_ANSWER, runs=(a_run("serial", 0.5),))
    assert "a→b" not in rendered(a_report(a_result(alone)))
    assert "a→b" in rendered(a_report(a_result(alone, a_case("edge", runs=both_runs()))))


def test_of_a_large_class_a_part_is_explained_and_all_that_could_not_be_judged() -> None:
    """Nobody reads a thousand explanations on a terminal; but what is our own fault must be seen."""
    wrong = [a_result(a_wrong_case(), submission=f"student-{number}") for number in range(70)]
    ours = a_result(a_case(verdict=Verdict.GRADER_ERROR, message="no room left"), submission="zoe")
    text = rendered(a_report(*wrong, a_result(submission="fine"), ours))
    assert "student-58  " in text
    assert "wordcount · student-58  " in text
    assert "wordcount · student-59  " not in text
    assert "wordcount · zoe  " in text
    assert "… and 11 submissions more with something to say: --html F shows them" in text


def test_no_result_at_all_is_said_too() -> None:
    """An empty table would look like a success."""
    assert rendered(a_report()) == (
        "Nothing was graded.\n\n0 submissions: none\nsandbox level 2 (landlock, seccomp), without scopes\n"
    )


# ---- what is wrong ---------------------------------------------------------------------------------------------------


def test_identical_explanations_are_given_once() -> None:
    """Five datasets that fail alike are one problem, with one command to see it."""
    found = explanation(a_result(*(a_wrong_case(name) for name in ("books", "edge", "zipf"))))
    assert "    books, edge, zipf: the output is not what was expected\n" in found
    assert found.count("hint:") == found.count("reproduce:") == found.count("remark") == 1


def test_different_sights_of_one_problem_share_its_hint() -> None:
    """The same verdict and mend, seen in two ways."""
    cases = [
        a_case(name, Verdict.WRONG_ANSWER, message=f"{name} differs", hint="count again", reproduce=f"see {name}")
        for name in ("books", "zipf")
    ]
    assert explanation(a_result(*cases)) == (
        """\
wordcount · student-01  0/8 points
  ✗ wrong-answer
    books: books differs
    zipf: zipf differs
    hint: count again
    reproduce: see books"""
    )


def test_different_problems_are_told_apart() -> None:
    """Two verdicts, two mends."""
    cases = (
        a_case("books", Verdict.TIME_LIMIT, hint="be quick"),
        a_case("zipf", Verdict.WRONG_ANSWER, hint="be right"),
    )
    assert explanation(a_result(*cases)) == (
        """\
wordcount · student-01  0/8 points
  ✗ time-limit
    books
    hint: be quick
  ✗ wrong-answer
    zipf
    hint: be right"""
    )


def test_a_remark_is_made_on_accepted_work_too() -> None:
    """What a check set to `warn` has to say, or what was printed, costs no points and is still shown."""
    found = explanation(a_result(a_case(remarks=("it printed:\n3 lines",)), a_case("zipf", remarks=("slow",))))
    assert found == (
        """\
wordcount · student-01  8/8 points
  remark on books: it printed:
    │ 3 lines
  remark on zipf: slow"""
    )


@pytest.mark.parametrize(
    ("example", "shown"),
    [
        pytest.param(Example(expected='["a", 1]', got=None), 'missing ["a", 1]', id="lacks"),
        pytest.param(Example(expected=None, got='["a", 1]'), 'unexpected ["a", 1]', id="too many"),
        pytest.param(
            Example(expected='["a", 1]', got='["a", 2]', where="at $[1]: expected 1, got 2"),
            'expected ["a", 1], got ["a", 2]',
            id="a short pair speaks for itself",
        ),
        pytest.param(
            Example(expected=f'["{"a" * 60}", 1]', got=f'["{"a" * 60}", 2]', where="at $[1]: expected 1, got 2"),
            f'expected ["{"a" * 60}", 1]\n             got ["{"a" * 60}", 2]\n          at $[1]: expected 1, got 2',
            id="a long one is told where to look",
        ),
        pytest.param(
            Example(expected="1" * 39, got="2" * 39),
            f"expected {'1' * 39}\n             got {'2' * 39}",
            id="two halves of a line are too long for one",
        ),
        pytest.param(
            Example(expected="1" * 39, got="2" * 38),
            f"expected {'1' * 39}, got {'2' * 38}",
            id="a column less, and they fit",
        ),
        pytest.param(
            Example(expected=None, got="A" * 200),
            f"unexpected\n          {'A' * 90}\n          {'A' * 70}… (40 more\n          characters)",
            id="a very long one is cut",
        ),
    ],
)
def test_an_example_of_a_difference(example: Example, shown: str) -> None:
    """Each shape of an example, as it is worded."""
    case = a_case(verdict=Verdict.WRONG_ANSWER, difference=a_difference(1, 0, example))
    assert explanation(a_result(case)).split("      1 record missing\n        ", 1)[1].startswith(shown)


def test_what_the_message_counts_is_not_counted_again() -> None:
    """As a wrong answer's does; one that says something else besides, too."""
    message = "nothing was emitted: 3 records missing"
    lost = a_difference(3, 0, Example(expected="1", got=None))
    case = a_case(verdict=Verdict.WRONG_ANSWER, message=message, difference=lost)
    assert explanation(a_result(case)).count("missing") == 2
    assert f"books: {message}\n        missing 1\n        … and 2 records more" in explanation(a_result(case))


def test_a_handful_of_examples_is_enough() -> None:
    """The rest is counted: each pair stands for a missing and an unexpected record."""
    examples = [Example(expected=str(number), got=str(number + 1)) for number in range(5)]
    case = a_case(verdict=Verdict.WRONG_ANSWER, difference=a_difference(1000, 7, *examples))
    assert explanation(a_result(case)).endswith(
        """\
      1,000 records missing and 7 records unexpected
        expected 0, got 1
        expected 1, got 2
        expected 2, got 3
        … and 1,001 records more"""
    )


def test_a_long_message_is_cut_and_says_so() -> None:
    """A recursion's traceback must not fill the screen."""
    case = a_case(verdict=Verdict.RUNTIME_ERROR, message="\n".join(["x" * 500] * 14))
    found = explanation(a_result(case), 500)
    assert found.endswith("│ … 2 more lines")
    assert found.count(f"{'x' * 400}… (100 more characters)") == 12


def test_a_command_is_never_wrapped() -> None:
    """A line end in the middle would make it two commands, and neither the right one."""
    command = "pymapr run wordcount.py data/books.json --engine parallel --workers 4 --order scramble:7"
    case = a_case(verdict=Verdict.NOT_PARALLEL_SAFE, reproduce=command)
    assert f"    reproduce: {command}\n" in rendered(a_report(a_result(case)), 60)


# ---- the last lines --------------------------------------------------------------------------------------------------


def test_the_tally_ends_with_what_is_our_own_fault() -> None:
    """The good news first, then the failures from the mildest, then what could not be judged."""
    verdicts = [Verdict.GRADER_ERROR, Verdict.MISSING, Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.ACCEPTED]
    results = [a_result(a_case(verdict=verdict), submission=verdict.value) for verdict in verdicts]
    assert "4 students, 4 submissions: 2 accepted, 1 wrong-answer, 1 missing, 1 grader-error\n" in rendered(
        a_report(*results)
    )


def test_every_verdict_is_tallied() -> None:
    """None is forgotten in the order above, nor `failed`, which is what students see of a concealed one."""
    results = [a_result(a_case(verdict=verdict), submission=verdict.value) for verdict in Verdict]
    concealed = a_result(a_case(verdict=Verdict.MISSING, visibility=Visibility.HIDDEN), submission="concealed")
    report = a_report(*results, concealed, audience=Audience.STUDENT)
    last = rendered(report, 400).splitlines()[-2]
    assert sorted(re.findall(r"1 ([a-z-]+)", last)) == sorted([*Verdict, "failed"])


@pytest.mark.parametrize(
    ("sandbox", "line"),
    [
        (SandboxReport(level=3, layers=("landlock", "seccomp")), "sandbox level 3 (landlock, seccomp)"),
        (SandboxReport(level=0, missing=("landlock",)), "sandbox level 0, without landlock"),
    ],
)
def test_the_last_line_says_how_far_student_code_was_kept_apart(sandbox: SandboxReport, line: str) -> None:
    """In every report, also where nothing was."""
    assert rendered(a_report(a_result(), sandbox=sandbox)).splitlines()[-1] == line


def test_what_was_withheld_is_said_once_for_a_class() -> None:
    """Not once for each student."""
    results = [a_result(submission=name, withheld=("zipf", "tail")) for name in ("ada", "grace")]
    assert rendered(a_report(*results)).count("skipped: wordcount: zipf, tail (withheld, so not judged)\n") == 1
