"""The report one reads: who got what, how fast, what is wrong and what to do about it; for a class or for one student.

Whatever came from a submission passes through `plain.visible` on its way here: it can neither steer the terminal nor
pass for a line of ours.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from grader.audience import FAILED, for_audience, shown_verdict
from grader.model import (
    CaseResult,
    Difference,
    Example,
    GradeReport,
    SandboxReport,
    SubmissionResult,
    Verdict,
)
from grader.reports import plain, standing
from grader.reports.findings import Finding, Remark, Sight, counts, findings, remarks
from grader.reports.page import Page
from grader.reports.speed import speed
from grader.reports.table import WITHHELD, Row, Table, badge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_EXAMPLES = 3
_EXPLAINED = 60
_RECORD_CHARACTERS = 160
_MESSAGE_LINES = 12
_LINE_CHARACTERS = 400


def render(report: GradeReport, *, width: int = 100, colour: bool = False) -> Iterator[str]:
    """The report in lines of at most `width` columns, commands excepted; in ANSI colours if `colour`.

    One student's report (a self-check) goes through the datasets; a class's has a row for each submission.
    """
    report = for_audience(report, report.audience)
    page = Page(width=width, colour=colour)
    one = len({result.submission for result in report.results}) == 1
    yield from (_self_check if one else _class)(page, report)
    yield from _closing(page, report)


# ---- the two forms ---------------------------------------------------------------------------------------------------


def _self_check(page: Page, report: GradeReport) -> Iterator[str]:
    rows = {id(result): _dataset_rows(result) for result in report.results}
    table = Table(page, "dataset", [row for group in rows.values() for row in group])
    for result in report.results:
        yield from page.lines((_title(result), "bold"))
        yield from table.header()
        for row in rows[id(result)]:
            yield from table.row(row)
        yield "\n"
        if found := [*_explanations(page, result)]:
            yield from (*found, "\n")
    yield from _legend(table)


def _class(page: Page, report: GradeReport) -> Iterator[str]:
    if not report.results:
        yield from ("Nothing was graded.\n", "\n")
        return
    table = Table(page, "submission", [_submission_row(result) for result in report.results])
    yield from table.header()
    for assignment, results in _by_assignment(report.results).items():
        yield from page.lines((plain.visible(assignment), "bold"))
        for result in results:
            yield from table.row(_submission_row(result))
    yield "\n"
    yield from _legend(table)
    explained = _explained(report.results)
    for result in explained:
        if found := [*_explanations(page, result)]:
            yield from page.lines((_title(result), "bold"), f"  {_marked(result)} points", hang=2)
            yield from (*found, "\n")
    if more := sum(map(_wants_a_word, report.results)) - len(explained):
        where = "--html F shows them, --feedback DIR writes a page for each student"
        yield from page.lines(f"… and {plain.count(more, 'submission')} more with something to say: {where}")
        yield "\n"


def _explained(results: Iterable[SubmissionResult]) -> list[SubmissionResult]:
    """Those that are explained: of a large class no more than one might read, but all that could not be judged."""
    wanting = [result for result in results if _wants_a_word(result)]
    ours = [result for result in wanting if result.verdict is Verdict.GRADER_ERROR]
    others = [result for result in wanting if result.verdict is not Verdict.GRADER_ERROR]
    chosen = {id(result) for result in (*ours, *others[: max(0, _EXPLAINED - len(ours))])}
    return [result for result in wanting if id(result) in chosen]


def _wants_a_word(result: SubmissionResult) -> bool:
    if result.verdict is not Verdict.ACCEPTED or result.group or result.late or result.override or result.remarks:
        return True
    return any(case.remarks for case in result.datasets)


def _by_assignment(results: Iterable[SubmissionResult]) -> Mapping[str, list[SubmissionResult]]:
    groups: dict[str, list[SubmissionResult]] = {}
    for result in results:
        groups.setdefault(result.assignment, []).append(result)
    return groups


def _title(result: SubmissionResult) -> str:
    return f"{plain.visible(result.assignment)} · {standing.title(result)}"


# ---- rows ------------------------------------------------------------------------------------------------------------


def _submission_row(result: SubmissionResult) -> Row:
    return Row(
        name=plain.visible(result.submission),
        verdict=shown_verdict(result),
        points=_marked(result),
        note=_note(result),
        speed=speed(result.datasets),
    )


def _dataset_rows(result: SubmissionResult) -> list[Row]:
    judged = [
        Row(name=plain.visible(case.name), verdict=shown_verdict(case), points=_points(case), speed=speed([case]))
        for case in result.datasets
    ]
    withheld = [Row(name=plain.visible(name), verdict=WITHHELD, points="") for name in result.withheld]
    total = replace(_submission_row(result), name="total")
    return [*judged, *withheld, total] if len(judged) > 1 or total.note else [*judged, *withheld]


def _points(case: CaseResult) -> str:
    return f"{plain.points(case.score)}/{plain.points(case.max_score)}"


def _marked(result: SubmissionResult) -> str:
    """What goes into a gradebook, and not what was computed; the explanation has both."""
    return f"{plain.points(result.mark)}/{plain.points(result.max_score)}"


def _note(result: SubmissionResult) -> str:
    """Why a mark may be another than the score."""
    if result.override:
        return "set"
    return "late" if result.late and result.late.days else ""


def _legend(table: Table) -> Iterator[str]:
    if legend := [*table.legend()]:
        yield from (*legend, "\n")


# ---- lateness, overrides, what is wrong, and what to do about it -----------------------------------------------------


def _explanations(page: Page, result: SubmissionResult) -> Iterator[str]:
    for label, text in standing.facts(result):
        yield from page.lines((f"{label}: ", "bold"), text, indent=2, hang=2)
    for finding in findings(result):
        yield from _finding(page, finding)
    for remark in remarks(result):
        yield from _remark(page, remark)


def _finding(page: Page, finding: Finding) -> Iterator[str]:
    yield from page.lines(badge(finding.verdict), indent=2)
    for sight in finding.sights:
        yield from _sight(page, sight)
    if finding.hint:
        yield from page.lines(("hint: ", "bold"), plain.visible(finding.hint), indent=4, hang=6)
    if finding.reproduce:
        yield page.whole(("reproduce: ", "bold"), plain.visible(finding.reproduce), indent=4)


def _sight(page: Page, sight: Sight) -> Iterator[str]:
    yield from _quoted(page, _names(sight.datasets), sight.message, indent=4)
    if sight.difference:
        if counted := counts(sight.difference, sight.message):
            yield from page.lines(counted, indent=6)
        yield from _difference(page, sight.difference)


def _remark(page: Page, remark: Remark) -> Iterator[str]:
    yield from _quoted(page, f"remark on {_names(remark.datasets)}", remark.text, indent=2)


def _quoted(page: Page, opening: str, text: str, *, indent: int) -> Iterator[str]:
    """The opening and the text's first line; further lines behind a bar, so that none can pass for ours."""
    first, *more = [plain.clipped(line, _LINE_CHARACTERS) for line in plain.visible_lines(text, _MESSAGE_LINES)]
    yield from page.lines(f"{opening}: {first}" if first else opening, indent=indent, hang=2)
    for line in more:
        yield from page.lines(line, indent=indent + 2, gutter="│ ")


def _difference(page: Page, difference: Difference) -> Iterator[str]:
    examples = difference.examples[:_EXAMPLES]
    for example in examples:
        yield from _example(page, example)
    told = sum((example.expected is not None) + (example.got is not None) for example in examples)
    if examples and (more := difference.missing + difference.unexpected - told) > 0:
        yield from page.lines((f"… and {plain.count(more, 'record')} more", "dim"), indent=8)


def _example(page: Page, example: Example) -> Iterator[str]:
    expected, got = _record(example.expected), _record(example.got)
    if example.expected is None:
        yield from page.lines(f"unexpected {got}", indent=8, hang=2)
    elif example.got is None:
        yield from page.lines(f"missing {expected}", indent=8, hang=2)
    elif page.cells(pair := f"expected {expected}, got {got}") <= page.width - 8:
        yield from page.lines(pair, indent=8)
    else:
        # Short records speak for themselves; in long ones one wants to know where to look.
        yield from page.lines(f"expected {expected}", indent=8, hang=2)
        yield from page.lines(f"     got {got}", indent=8, hang=2)
        if example.where:
            yield from page.lines(plain.visible(plain.clipped(example.where, _LINE_CHARACTERS)), indent=10, hang=2)


def _record(text: str | None) -> str:
    return plain.visible(plain.clipped(text or "", _RECORD_CHARACTERS))


def _names(names: Iterable[str]) -> str:
    return ", ".join(plain.visible(name) for name in names)


# ---- the end ---------------------------------------------------------------------------------------------------------


def _closing(page: Page, report: GradeReport) -> Iterator[str]:
    for skipped in (*report.skipped, *_withheld(report)):
        yield from page.lines(("skipped: ", "bold"), plain.visible(skipped), hang=2)
    yield from page.packed(_tally(report.results), separator=", ", hang=2)
    yield from page.lines(_sandbox(report.sandbox), hang=2)


def _withheld(report: GradeReport) -> list[str]:
    lines = (
        f"{result.assignment}: {', '.join(result.withheld)} (withheld, so not judged)"
        for result in report.results
        if result.withheld
    )
    return [*dict.fromkeys(lines)]


def _tally(results: Sequence[SubmissionResult]) -> list[str]:
    """How many submissions, and how many of each verdict: the good news first, our own failures last."""
    tally = Counter(shown_verdict(result) for result in results)
    order = (*(verdict.value for verdict in reversed(Verdict) if verdict.gravity), FAILED, Verdict.GRADER_ERROR.value)
    first, *more = [f"{tally[verdict]} {verdict}" for verdict in order if tally[verdict]] or ["none"]
    *students, handed_in = _handed_in(results)
    return [*students, f"{handed_in}: {first}", *more]


def _handed_in(results: Sequence[SubmissionResult]) -> list[str]:
    """How many submissions there are; where some of a class's are missing, of how many students."""
    students = len({result.submission for result in results})
    missing = sum(shown_verdict(result) == Verdict.MISSING for result in results)
    if not missing or students == 1:
        return [plain.count(len(results), "submission")]
    return [plain.count(students, "student"), plain.count(len(results) - missing, "submission")]


def _sandbox(sandbox: SandboxReport) -> str:
    having = f" ({_names(sandbox.layers)})" if sandbox.layers else ""
    lacking = f", without {_names(sandbox.missing)}" if sandbox.missing else ""
    return f"sandbox level {sandbox.level}{having}{lacking}"
