"""Who sees what: what students learn of a dataset that is not public, and what they do not."""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

import pytest
from builders import a_case, a_difference, a_report, a_result, a_wrong_case, both_runs
from hypothesis import given
from hypothesis import strategies as st

from grader.audience import FAILED, for_audience, shown_verdict
from grader.model import Audience, CaseResult, GradeReport, Override, SubmissionResult, Verdict, Visibility
from grader.reports import to_json, to_terminal

FAILURES = [verdict for verdict in Verdict if verdict not in (Verdict.ACCEPTED, Verdict.GRADER_ERROR)]
NOT_PUBLIC = [Visibility.HIDDEN, Visibility.AFTER_DEADLINE]


def as_students_see(*cases: CaseResult) -> SubmissionResult:
    """The one submission of a report cut for students."""
    return for_audience(a_report(a_result(*cases)), Audience.STUDENT).results[0]


details = st.fixed_dictionaries(
    {
        "message": st.text(),
        "hint": st.text(),
        "reproduce": st.text(),
        "remarks": st.lists(st.text(), max_size=2).map(tuple),
        "difference": st.none() | st.builds(a_difference, st.integers(0, 9), st.integers(0, 9)),
        "runs": st.just(()) | st.builds(both_runs, st.floats(0.1, 9)),
    }
)


@given(details, details, st.sampled_from(FAILURES), st.sampled_from(FAILURES), st.sampled_from(list(Verdict)))
def test_two_ways_to_fail_a_hidden_dataset_are_one_to_students(
    one: dict[str, Any], other: dict[str, Any], verdict: Verdict, another: Verdict, open_verdict: Verdict
) -> None:
    """Whatever differs between two concealed failures, students get equal reports: so no format can tell them apart."""

    def seen(verdict: Verdict, what: dict[str, Any]) -> GradeReport:
        hidden = replace(a_case("zipf", verdict, visibility=Visibility.HIDDEN), **what)
        return for_audience(a_report(a_result(a_case(verdict=open_verdict), hidden)), Audience.STUDENT)

    assert seen(verdict, one) == seen(another, other)


@pytest.mark.parametrize("visibility", NOT_PUBLIC)
def test_of_a_dataset_that_is_not_public_only_name_points_and_passing_remain(visibility: Visibility) -> None:
    """Every other field, also one that the model may gain, is as if nothing had been said."""
    (case,) = as_students_see(a_wrong_case("zipf", visibility)).datasets
    kept = {"name", "visibility", "verdict", "score", "max_score", "concealed"}
    defaults = a_case()
    assert (case.name, case.score, case.max_score, case.concealed) == ("zipf", 0, 4, True)
    for field in fields(case):
        assert field.name in kept or getattr(case, field.name) == getattr(defaults, field.name), field.name


def test_a_public_dataset_is_shown_to_students_in_full() -> None:
    """That is what it is public for."""
    assert as_students_see(a_wrong_case()).datasets == (a_wrong_case(),)


def test_instructors_see_everything() -> None:
    """Visibility is a matter between them and their students."""
    report = a_report(a_result(a_wrong_case(visibility=Visibility.HIDDEN)), audience=Audience.STUDENT)
    cut = for_audience(report, Audience.INSTRUCTOR)
    assert cut.results == report.results
    assert cut.audience is Audience.INSTRUCTOR


def test_cutting_twice_is_cutting_once() -> None:
    """So every format may cut for itself, whoever did before."""
    once = for_audience(a_report(a_result(a_wrong_case(visibility=Visibility.HIDDEN))), Audience.STUDENT)
    assert for_audience(once, Audience.STUDENT) == once
    assert once.audience is Audience.STUDENT


@pytest.mark.parametrize("verdict", FAILURES)
def test_a_concealed_failure_shows_as_failed(verdict: Verdict) -> None:
    """Which verdict it was would be evidence."""
    result = as_students_see(a_case("books"), a_case("zipf", verdict, visibility=Visibility.HIDDEN))
    assert [shown_verdict(case) for case in result.datasets] == ["accepted", FAILED]
    assert shown_verdict(result) == FAILED


def test_a_concealed_pass_shows_as_accepted() -> None:
    """Pass or fail is what students may know."""
    result = as_students_see(a_case("zipf", visibility=Visibility.HIDDEN))
    assert shown_verdict(result.datasets[0]) == shown_verdict(result) == "accepted"


def test_the_overall_verdict_is_the_gravest_of_those_that_may_be_seen() -> None:
    """A hidden runtime error is graver than the open wrong answer, and must not show through it."""
    hidden = a_case("zipf", Verdict.RUNTIME_ERROR, visibility=Visibility.HIDDEN)
    result = as_students_see(a_case("books", Verdict.WRONG_ANSWER), hidden)
    assert shown_verdict(result) == "wrong-answer"


def test_even_the_mildest_open_failure_outranks_failed() -> None:
    """A verdict that can be acted on says more than one that cannot."""
    hidden = a_case("zipf", Verdict.MISSING, visibility=Visibility.HIDDEN)
    result = as_students_see(a_case("books", Verdict.ORDER_DEPENDENT), hidden)
    assert shown_verdict(result) == "order-dependent"


def test_our_own_error_stays_visible_on_a_concealed_dataset_without_its_message() -> None:
    """It is neither pass nor fail, and no mark."""
    error = a_case("zipf", Verdict.GRADER_ERROR, visibility=Visibility.HIDDEN, message="disk full")
    result = as_students_see(a_case("books", Verdict.WRONG_ANSWER), error)
    assert shown_verdict(result) == shown_verdict(result.datasets[1]) == "grader-error"
    assert result.datasets[1].message == ""
    assert result.score is None


@pytest.mark.parametrize("verdict", list(Verdict))
def test_what_is_not_concealed_shows_its_own_verdict(verdict: Verdict) -> None:
    """For a dataset as for a submission."""
    assert shown_verdict(a_case(verdict=verdict)) == shown_verdict(a_result(a_case(verdict=verdict))) == verdict.value


@pytest.mark.parametrize("render", [to_json.render, to_terminal.render], ids=["json", "terminal"])
def test_a_report_for_students_conceals_even_if_nobody_cut_it_before(
    render: Callable[[GradeReport], Iterator[str]],
) -> None:
    """The audience travels with the report, and every format obeys it by itself."""
    hidden = a_wrong_case("zipf", Visibility.HIDDEN)
    text = "".join(render(a_report(a_result(hidden), audience=Audience.STUDENT)))
    assert FAILED in text
    assert not [
        word for word in ("wrong-answer", "expected", "pymapr run", "printed", "1.2", "not what") if word in text
    ]


def test_students_learn_that_a_mark_was_set_by_hand_and_not_why() -> None:
    """The reason was written for whoever asks in a year, and may speak of others."""
    override = Override(score=3, reason="copied from bob, says the dean", by="prof", at="2026-03-01T12:00:00+00:00")
    report = a_report(replace(a_result(a_case()), override=override))
    for audience, told in [(Audience.STUDENT, False), (Audience.INSTRUCTOR, True)]:
        cut = for_audience(report, audience)
        text = "".join([*to_terminal.render(cut, width=100, colour=False), *to_json.render(cut)])
        assert [word in text for word in ("dean", "prof")] == [told, told]
        assert cut.results[0].mark == 3
