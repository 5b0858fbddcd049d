"""The JSON report: version 1 of the contract, and the schema that ships with it."""

import copy
import json
import math
from dataclasses import replace
from importlib import resources
from typing import Any

import pytest
from builders import a_case, a_difference, a_report, a_result, a_wrong_case, both_runs
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker, ValidationError  # type: ignore[import-untyped]  # has no types

from grader.model import Audience, Example, GradeReport, RunRecord, Span, Verdict, Visibility
from grader.reports import to_json

SCHEMA = json.loads(resources.files("grader").joinpath("report.schema.json").read_text(encoding="utf-8"))


def rendered(report: GradeReport) -> Any:
    """The report as a strict reader gets it, checked against the schema on its way."""
    document = json.loads("".join(to_json.render(report)), parse_constant=pytest.fail)
    validate(document)
    return document


def validate(document: Any) -> None:
    """Raise `ValidationError` unless the shipped schema accepts the document."""
    Draft202012Validator(SCHEMA, format_checker=FormatChecker()).validate(document)


def test_the_report_is_the_contract_word_for_word() -> None:
    """Key for key, in the contract's order, a line for each result."""
    run = RunRecord(
        engine="parallel",
        workers=2,
        order="scramble:7",
        wall=0.0123456789,
        cpu=0.02,
        phases={"map": 0.01, "total": 0.0123456789},
        spans=(Span(worker=1, phase="map", start=0.001, end=0.0110000004),),
    )
    case = replace(a_wrong_case(), runs=(run,))
    result = a_result(case, a_case("zipf", max_score=6), withheld=("tail",))
    text = "".join(to_json.render(a_report(result, a_result(submission="student-02"), skipped=("join: no dataset",))))
    assert text == (
        """\
{"version": 1,
 "pymapr": "0.1.0",
 "started": "2026-03-01T12:00:00+00:00",
 "audience": "instructor",
 "sandbox": {"level": 2, "layers": ["landlock", "seccomp"], "missing": ["scopes"]},
 "skipped": ["join: no dataset"],
 "results": [
  {"assignment": "wordcount", "submission": "student-01", "students": [], "group": "", "submitted": "", """
        """"verdict": "wrong-answer", "score": 6, "max_score": 10, "late": null, "override": null, "mark": 6, """
        """"remarks": [], "withheld": ["tail"], """
        """"datasets": [{"name": "books", "visibility": "public", "concealed": false, """
        """"verdict": "wrong-answer", "score": 0, "max_score": 4, "message": "the output is not what was expected", """
        """"hint": "compare with the reference's output on a few lines of the data", """
        """"reproduce": "pymapr run wordcount.py data/books.json --engine serial", """
        """"remarks": ["it printed 3 lines"], "difference": {"missing": 1, "unexpected": 1, "examples": """
        """[{"expected": "[\\"the\\", 9]", "got": "[\\"the\\", 8]", "where": "at $[1]: expected 9, got 8"}]}, """
        """"runs": [{"engine": "parallel", "workers": 2, "order": "scramble:7", "wall": 0.012346, "cpu": 0.02, """
        """"phases": {"startup": 0.0, "read": 0.0, "map": 0.01, "shuffle": 0.0, "reduce": 0.0, "write": 0.0, """
        """"total": 0.012346}, "spans": [{"worker": 1, "phase": "map", "start": 0.001, "end": 0.011}]}]}, """
        """{"name": "zipf", "visibility": "public", "concealed": false, "verdict": "accepted", "score": 6, """
        """"max_score": 6, "message": "", "hint": "", "reproduce": "", "remarks": [], """
        """"difference": {"missing": 0, "unexpected": 0, "examples": []}, "runs": []}]},
  {"assignment": "wordcount", "submission": "student-02", "students": [], "group": "", "submitted": "", """
        """"verdict": "accepted", "score": 4, "max_score": 4, "late": null, "override": null, "mark": 4, """
        """"remarks": [], "withheld": [], "datasets": [{"name": "books", "visibility": "public", "concealed": false, """
        """"verdict": "accepted", "score": 4, "max_score": 4, "message": "", "hint": "", "reproduce": "", """
        """"remarks": [], "difference": {"missing": 0, "unexpected": 0, "examples": []}, "runs": []}]}
 ]}
"""
    )


def test_a_concealed_failure_is_a_bare_failed() -> None:
    """All keys are there, and say nothing."""
    hidden = a_wrong_case("zipf", Visibility.HIDDEN)
    (result,) = rendered(a_report(a_result(a_case(), hidden), audience=Audience.STUDENT))["results"]
    assert (result["verdict"], result["score"], result["max_score"]) == ("failed", 4, 8)
    assert result["datasets"][1] == {
        "name": "zipf",
        "visibility": "hidden",
        "concealed": True,
        "verdict": "failed",
        "score": 0,
        "max_score": 4,
        "message": "",
        "hint": "",
        "reproduce": "",
        "remarks": [],
        "difference": None,
        "runs": [],
    }


def test_a_concealed_pass_is_a_bare_accepted() -> None:
    """Not even how fast it was, nor that nothing differed."""
    passed = a_case("zipf", visibility=Visibility.HIDDEN, runs=both_runs())
    (result,) = rendered(a_report(a_result(passed), audience=Audience.STUDENT))["results"]
    assert result["verdict"] == result["datasets"][0]["verdict"] == "accepted"
    assert result["datasets"][0]["difference"] is None
    assert result["datasets"][0]["runs"] == []


def test_where_nothing_was_compared_the_difference_is_null_not_zero() -> None:
    """Zeros would claim that the output was right."""
    (result,) = rendered(a_report(a_result(a_case(verdict=Verdict.RUNTIME_ERROR))))["results"]
    assert result["datasets"][0]["difference"] is None


def test_a_record_that_lacks_is_told_from_the_record_null() -> None:
    """Records are JSON text for that reason."""
    difference = a_difference(1, 1, Example(expected="null", got=None), Example(expected=None, got="1"))
    case = a_case(verdict=Verdict.WRONG_ANSWER, difference=difference)
    (result,) = rendered(a_report(a_result(case)))["results"]
    assert result["datasets"][0]["difference"]["examples"] == [
        {"expected": "null", "got": None, "where": ""},
        {"expected": None, "got": "1", "where": ""},
    ]


def test_what_could_not_be_judged_has_no_score_rather_than_zero() -> None:
    """Nor has the submission, as long as one dataset lacks its own."""
    (result,) = rendered(a_report(a_result(a_case(), a_case("zipf", Verdict.GRADER_ERROR))))["results"]
    assert (result["verdict"], result["score"], result["max_score"]) == ("grader-error", None, 8)


def test_fractional_points_carry_no_dust_of_binary_fractions() -> None:
    """Three tenths are 0.3."""
    thirds = [a_case(str(number), max_score=0.1) for number in range(3)]
    (result,) = rendered(a_report(a_result(*thirds)))["results"]
    assert result["score"] == 0.3


def test_a_duration_that_is_no_number_becomes_null_and_ends_no_report() -> None:
    """Durations come from students' processes: claims, which may be anything."""
    run = RunRecord(engine="serial", workers=1, order="stable", wall=math.nan, cpu=math.inf, phases={"map": -math.inf})
    (result,) = rendered(a_report(a_result(a_case(runs=(run,)))))["results"]
    shown = result["datasets"][0]["runs"][0]
    assert (shown["wall"], shown["cpu"], shown["phases"]["map"]) == (None, None, None)


def test_a_name_that_is_no_unicode_is_spelt_out() -> None:
    """Folders are named in bytes; a lone surrogate would make strict readers refuse the whole document."""
    (result,) = rendered(a_report(a_result(submission="caf\udce9 ☕")))["results"]
    assert result["submission"] == "caf\\udce9 ☕"


def test_a_report_without_results_is_one_too() -> None:
    """The list is there, and empty."""
    assert rendered(a_report())["results"] == []


texts = st.text()


@example("\x7f", "\x1b\u202e", "", [], "\ud800", Verdict.WRONG_ANSWER, Audience.INSTRUCTOR)
@given(
    texts, texts, texts, st.lists(texts, max_size=2), texts, st.sampled_from(list(Verdict)), st.sampled_from(Audience)
)
def test_any_text_comes_through_a_strict_reader_in_printable_ascii(
    name: str, message: str, where: str, remarks: list[str], record: str, verdict: Verdict, whose: Audience
) -> None:
    """So it may be shown on a terminal as it stands, and read back unchanged."""
    difference = a_difference(1, 1, Example(expected=record, got=None, where=where))
    case = a_case(name, verdict, message=message, remarks=tuple(remarks), difference=difference, runs=both_runs())
    report = a_report(a_result(case, a_wrong_case("zipf", Visibility.HIDDEN), submission=name), audience=whose)
    text = "".join(to_json.render(report))
    assert text.isascii()
    assert all(character.isprintable() or character == "\n" for character in text)
    assert rendered(report)["results"][0]["datasets"][0]["message"] == message


# ---- the schema ------------------------------------------------------------------------------------------------------


def test_the_schema_is_a_schema() -> None:
    """Of the dialect that it names."""
    Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_knows_every_verdict_and_visibility_and_audience() -> None:
    """A new member must not make valid reports invalid."""
    assert SCHEMA["$defs"]["verdict"]["enum"] == [*(verdict.value for verdict in Verdict), "failed"]
    assert SCHEMA["$defs"]["dataset"]["properties"]["visibility"]["enum"] == [*Visibility]
    assert set(SCHEMA["properties"]["audience"]["enum"]) == {*Audience}


def objects(node: Any) -> list[dict[str, Any]]:
    """Every object within a JSON value."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [*([node] if isinstance(node, dict) else []), *(found for child in children for found in objects(child))]


def whole_document() -> Any:
    """A document in which every kind of object of the contract occurs."""
    run = replace(both_runs()[1], spans=(Span(worker=0, phase="map", start=0.0, end=1.0),))
    return rendered(a_report(a_result(replace(a_wrong_case(), runs=(run,)))))


def test_the_schema_misses_every_key_that_is_taken_away() -> None:
    """So a reader may rely on every key of the contract being there."""
    for number, place in enumerate(objects(whole_document())):
        for key in place:
            document = whole_document()
            del objects(document)[number][key]
            with pytest.raises(ValidationError):
                validate(document)


def test_the_schema_allows_keys_that_are_yet_to_come() -> None:
    """The contract says that there may be more."""
    for number, place in enumerate(objects(whole_document())):
        if "startup" in place:
            continue  # the phases: a new one is a number of seconds, as the others are
        document = whole_document()
        objects(document)[number]["later"] = "anything"
        validate(document)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("verdict", "wrong-answer"),
        ("message", "8 instead of 9"),
        ("hint", "count again"),
        ("reproduce", "pymapr run wordcount.py"),
        ("remarks", ["it printed 3 lines"]),
        ("difference", {"missing": 1, "unexpected": 0, "examples": []}),
        ("runs", [{}]),
    ],
)
def test_the_schema_refuses_a_concealed_dataset_that_tells_more(key: str, value: object) -> None:
    """A second lock on the same door."""
    hidden = a_case("zipf", Verdict.WRONG_ANSWER, visibility=Visibility.HIDDEN)
    document = rendered(a_report(a_result(hidden), audience=Audience.STUDENT))
    leaky = copy.deepcopy(document)
    leaky["results"][0]["datasets"][0][key] = value
    with pytest.raises(ValidationError):
        validate(leaky)


def test_the_schema_refuses_an_open_dataset_that_hides_its_verdict() -> None:
    """`failed` is for what is concealed."""
    document = whole_document()
    document["results"][0]["datasets"][0]["verdict"] = "failed"
    with pytest.raises(ValidationError):
        validate(document)
