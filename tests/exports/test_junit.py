"""JUnit XML as its readers take it: a grammar, an independent parser, and pytest's own output by the same measure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from builders import a_case, a_report, a_result, a_wrong_case, both_runs
from hypothesis import given
from junitparser import JUnitXml, TestCase

from exports.hostile import UNTIMED, reports
from grader.audience import for_audience
from grader.model import Audience, GradeReport, Lateness, Student, SubmissionResult, Verdict, Visibility
from grader.reports import plain, to_junit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROBLEM = (frozenset[str](), frozenset({"type", "message"}), frozenset[str]())
# What Jenkins' schema (xunit plugin, junit-10) allows and asks for: element -> children, attributes, required ones.
# The one addition is `properties` in a testcase, which pytest writes too.
GRAMMAR = {
    "testsuites": ({"testsuite"}, {"name", "time", "tests", "failures", "errors"}, set[str]()),
    "testsuite": (
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
        {"name", "tests", "failures", "errors", "time", "skipped", "timestamp", "hostname"},
        {"name", "tests", "failures", "errors"},
    ),
    "testcase": (
        {"skipped", "error", "failure", "system-out", "system-err", "properties"},
        {"name", "time", "classname"},
        {"name"},
    ),
    "properties": ({"property"}, set[str](), set[str]()),
    "property": (set[str](), {"name", "value"}, {"name", "value"}),
    "failure": PROBLEM,
    "error": PROBLEM,
    "skipped": PROBLEM,
    "system-out": (set[str](), set[str](), set[str]()),
}


def problems(element: ElementTree.Element) -> Iterator[str]:
    """Where an element, or one within it, departs from the grammar."""
    children, attributes, required = GRAMMAR[element.tag]
    found = {child.tag for child in element}
    if found - children or set(element.attrib) - attributes or required - set(element.attrib):
        yield f"{element.tag} {element.attrib}: {found - children}"
    if element.tag == "testsuite":
        counted = {kind: len(element.findall(f"testcase/{kind}")) for kind in ("failure", "error", "skipped")}
        stated = {kind: int(element.get(f"{kind}s", element.get(kind, -1))) for kind in counted}
        if counted != stated or int(element.get("tests", -1)) != len(element.findall("testcase")):
            yield f"{stated} were stated, {counted} found"
    for child in element:
        yield from problems(child)


def rendered(report: GradeReport) -> ElementTree.Element:
    """The report as an XML parser sees it, checked against the grammar on its way."""
    root = ElementTree.fromstring("".join(to_junit.render(report)))
    assert [*problems(root)] == []
    return root


def properties(element: ElementTree.Element) -> dict[str, str]:
    """The properties of a suite or a case."""
    return {entry.attrib["name"]: entry.attrib["value"] for entry in element.findall("properties/property")}


def test_a_suite_for_each_submission_and_a_case_for_each_dataset() -> None:
    """With the points as properties, in a form that is compared to the letter."""
    wrong = replace(a_wrong_case(), difference=None, hint="", reproduce="", remarks=())
    student = Student(key="01", name="Zoë <zo@e.org>")
    result = replace(a_result(wrong, a_case("zipf", max_score=2.5), withheld=("tail",)), students=(student,))
    text = "".join(to_junit.render(a_report(result, skipped=("join: no dataset",))))
    assert text == EXPECTED
    rendered(a_report(result))


EXPECTED = """\
<?xml version="1.0" encoding="utf-8"?>
<testsuites name="pymapr">
<testsuite name="wordcount: student-01" tests="3" failures="1" errors="0" skipped="1" time="1.600" \
timestamp="2026-03-01T12:00:00+00:00"><properties><property name="verdict" value="wrong-answer"/>
<property name="score" value="2.5"/>
<property name="max_score" value="6.5"/>
<property name="mark" value="2.5"/>
<property name="students" value="Zo&#235; &lt;zo@e.org&gt;"/>
</properties>
<testcase classname="wordcount: student-01" name="books" time="1.600"><properties><property name="points" value="0"/>
<property name="max_points" value="4"/>
<property name="verdict" value="wrong-answer"/>
<property name="visibility" value="public"/>
</properties>
<failure type="wrong-answer" message="the output is not what was expected">\
wrong-answer: the output is not what was expected
points: 0 of 4</failure>
</testcase>
<testcase classname="wordcount: student-01" name="zipf" time="0.000"><properties><property name="points" value="2.5"/>
<property name="max_points" value="2.5"/>
<property name="verdict" value="accepted"/>
<property name="visibility" value="public"/>
</properties>
</testcase>
<testcase classname="wordcount: student-01" name="tail" time="0"><skipped type="not-judged" message="withheld"/>
</testcase>
</testsuite>
<testsuite name="not judged" tests="1" failures="0" errors="0" skipped="1">\
<testcase classname="not judged" name="join: no dataset" time="0">\
<skipped type="not-judged" message="join: no dataset"/>
</testcase>
</testsuite>
</testsuites>
"""


@pytest.mark.parametrize("verdict", list(Verdict))
def test_what_is_not_accepted_is_a_failure_and_only_our_own_fault_an_error(verdict: Verdict) -> None:
    """Whoever reads only the counts must not take our error for a student's."""
    root = rendered(a_report(a_result(a_case(verdict=verdict, message="so it was"))))
    tags = [child.tag for child in root.iterfind("testsuite/testcase/*")][1:]
    expected = {Verdict.ACCEPTED: [], Verdict.GRADER_ERROR: ["error"]}
    assert tags == expected.get(verdict, ["failure"])


def test_what_could_not_be_judged_has_no_points_rather_than_none() -> None:
    """Neither the dataset nor the submission."""
    [suite] = rendered(a_report(a_result(a_case(verdict=Verdict.GRADER_ERROR)))).findall("testsuite")
    assert properties(suite) == {"verdict": "grader-error", "max_score": "4"}
    assert "points" not in properties(suite.findall("testcase")[0])


def test_the_mark_and_how_it_came_about_stand_beside_the_score() -> None:
    """The score stays the sum of the datasets'."""
    result = replace(a_result(), late=Lateness(days=1, penalty=0.25), remarks=("named wc.py",))
    [suite] = rendered(a_report(result)).findall("testsuite")
    assert properties(suite) == {
        "verdict": "accepted",
        "score": "4",
        "max_score": "4",
        "mark": "3",
        "late": "1 day, which costs 25 % of the points",
        "remark": "named wc.py",
    }


def test_remarks_on_accepted_work_are_its_output() -> None:
    """Readers show `system-out` beside a case that passed."""
    [case] = rendered(a_report(a_result(a_case(remarks=("it printed:\nhello",))))).iterfind("testsuite/testcase")
    assert case.findtext("system-out") == "accepted\npoints: 4 of 4\nremark: it printed:\n  │ hello"


def test_a_hidden_dataset_tells_students_nothing_more_than_failed() -> None:
    """Neither its message, nor its time."""
    hidden = a_wrong_case("zipf", Visibility.HIDDEN)
    text = "".join(to_junit.render(a_report(a_result(hidden), audience=Audience.STUDENT)))
    assert 'type="failed"' in text
    assert not [word for word in ("wrong-answer", "expected", "pymapr run", "printed", "1.6") if word in text]


def test_pytest_writes_the_same_grammar(pytester: pytest.Pytester) -> None:
    """What the grammar above refuses, no reader of pytest's reports ever saw."""
    pytester.makepyfile("def test_it(record_property):\n record_property('points', 4)\n assert 0\n")
    path: Path = pytester.path / "report.xml"
    pytester.runpytest_inprocess("-p", "no:cacheprovider", f"--junitxml={path}")
    assert [*problems(ElementTree.parse(path).getroot())] == []


@UNTIMED
@given(reports())
def test_no_text_breaks_the_document_or_changes_a_fact(report: GradeReport) -> None:
    """An independent parser reads back every name, verdict and point, whatever students wrote."""
    text = "".join(to_junit.render(report))
    assert text.isascii()
    root = ElementTree.fromstring(text)
    assert [*problems(root)] == []
    shown = [judgement for result in for_audience(report, report.audience).results for judgement in facts_in(result)]
    suites = [suite for suite in JUnitXml.fromstring(text.encode()) if suite.name != "not judged"]
    assert [facts_of(case) for suite in suites for case in suite] == [fact for *fact, _points in shown]
    cases = [*root.iter("testcase")][: len(shown)]
    assert [properties(case).get("points", "") for case in cases] == [points for *_, points in shown]


def facts_of(case: TestCase) -> list[str]:
    """Name and kind of outcome of a parsed case."""
    return [case.name, *(type(outcome).__name__ for outcome in case.result)]


def facts_in(result: SubmissionResult) -> list[list[str]]:
    """The same of a result, and the points."""
    kinds: dict[Verdict, list[str]] = {Verdict.ACCEPTED: [], Verdict.GRADER_ERROR: ["Error"]}
    judged = [
        [plain.visible(case.name), *kinds.get(case.verdict, ["Failure"]), plain.exact(case.score)]
        for case in result.datasets
    ]
    return [*judged, *([plain.visible(name), "Skipped", ""] for name in result.withheld)]


def test_both_kinds_of_run_add_up_to_the_time() -> None:
    """A claim that is no number of seconds adds nothing, and ends no report."""
    run, other = both_runs(1.25, 0.5)
    case = a_case(runs=(run, other, replace(run, wall=float("nan"))))
    [suite] = rendered(a_report(a_result(case))).findall("testsuite")
    assert suite.get("time") == "1.750"
