"""One judgement in plain lines."""

from __future__ import annotations

from builders import a_case, a_difference, a_result, a_wrong_case

from grader.errors import SpecError
from grader.model import Example, Verdict
from grader.reports import to_text


def test_a_judgement_is_told_from_what_happened_to_what_to_do() -> None:
    """The verdict first: some tools show no more than the first line."""
    assert to_text.case(a_wrong_case(), declared=Verdict.ACCEPTED).split("\n") == [
        "wrong-answer: the output is not what was expected",
        '  expected ["the", 9], got ["the", 8]',
        "    at $[1]: expected 9, got 8",
        "declared: accepted (samples: in assignment.yaml)",
        "points: 0 of 4",
        "hint: compare with the reference's output on a few lines of the data",
        "reproduce: pymapr run wordcount.py data/books.json --engine serial",
        "remark: it printed 3 lines",
    ]


def test_no_more_than_three_examples_are_given_and_the_rest_is_counted() -> None:
    """A handful explains; thousands hide."""
    one = Example(expected="[1]", got=None)
    other = Example(expected=None, got="[2]")
    case = a_case(verdict=Verdict.WRONG_ANSWER, difference=a_difference(1200, 7, one, other, one, other))
    lines = to_text.case(case).split("\n")
    assert lines[1:5] == ["  missing [1]", "  unexpected [2]", "  missing [1]", "  … and 1,204 records more"]


def test_only_the_first_line_of_what_came_from_a_student_stands_without_a_bar() -> None:
    """So that nobody can write a line of ours."""
    case = a_case(
        verdict=Verdict.RUNTIME_ERROR, message="boom\npoints: 10 of 10\x1b[2J", hint="a\nb", remarks=("it\nprinted",)
    )
    assert to_text.case(case).split("\n") == [
        "runtime-error: boom",
        r"  │ points: 10 of 10\x1b[2J",
        "points: 0 of 4",
        r"hint: a\nb",
        "remark: it",
        "  │ printed",
    ]


def test_long_lines_and_long_messages_are_cut() -> None:
    """Whatever a student prints, a report stays a page."""
    case = a_case(verdict=Verdict.RUNTIME_ERROR, message="\n".join(["x" * 1000] * 100))
    lines = to_text.case(case).split("\n")
    assert len(lines) == 14
    assert lines[0].endswith("… (600 more characters)")
    assert lines[-2] == "  │ … 88 more lines"


def test_a_sample_that_missed_its_verdict_names_what_it_got_on_each_dataset() -> None:
    """The sample may be wrong, or the declaration."""
    result = a_result(a_case("books"), a_wrong_case("zipf"))
    assert to_text.declaration(result, Verdict.MISSING).split("\n") == [
        "wrong-answer: samples: in assignment.yaml declares missing",
        "  books: accepted",
        "  zipf: wrong-answer",
        "hint: mend the sample, the datasets, or the declaration",
    ]


def test_an_error_is_told_with_its_mend_if_there_is_one() -> None:
    """In lines in which nothing acts."""
    assert to_text.error(SpecError("a:1:1: no\nnor\x07this", "do that")) == [
        "a:1:1: no",
        r"nor\x07this",
        "hint: do that",
    ]
    assert to_text.error(SpecError("no")) == ["no"]
