"""What is wrong with a submission, said once: merges what its datasets have in common; lays nothing out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.audience import FAILED, shown_verdict
from grader.model import CaseResult, Difference, SubmissionResult, Verdict
from grader.reports import plain

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What was seen in all of `datasets` alike."""

    datasets: tuple[str, ...]
    message: str
    difference: Difference | None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One kind of failure: the verdict as shown, what was seen where, and what to do about it.

    `reproduce` is the command of the first dataset that has one: a student needs one, not five.
    """

    verdict: str
    hint: str
    reproduce: str
    sights: tuple[Sight, ...]


@dataclass(frozen=True, kw_only=True)
class Remark:
    """A remark, and the datasets that it was made on."""

    datasets: tuple[str, ...]
    text: str


def findings(result: SubmissionResult) -> tuple[Finding, ...]:
    """A finding for each verdict and hint among the datasets that did not pass, in the datasets' order."""
    kinds: dict[tuple[str, str], list[CaseResult]] = {}
    for case in result.datasets:
        if case.verdict is not Verdict.ACCEPTED:
            kinds.setdefault((shown_verdict(case), case.hint), []).append(case)
    return tuple(
        Finding(verdict=verdict, hint=hint, reproduce=_first_command(cases), sights=_sights(cases))
        for (verdict, hint), cases in kinds.items()
    )


def remarks(result: SubmissionResult) -> tuple[Remark, ...]:
    """The remarks on all datasets, each once."""
    places: dict[str, dict[str, None]] = {}
    for case in result.datasets:
        for text in case.remarks:
            places.setdefault(text, {})[case.name] = None
    return tuple(Remark(datasets=tuple(names), text=text) for text, names in places.items())


def explained(case: CaseResult) -> str:
    """The case's message, or, where it is concealed, why there is none."""
    if not case.concealed:
        return case.message
    if shown_verdict(case) == FAILED:
        return "this dataset is not public: whether it passes is all that is shown"
    return "this dataset could not be judged; that is the grader's fault, and no mark"


def counts(difference: Difference, message: str) -> str:
    """How many records lack and how many are too many; nothing where the message beside it says so."""
    both = [(difference.missing, "missing"), (difference.unexpected, "unexpected")]
    counted = [(plain.count(number, "record"), what) for number, what in both if number]
    if all(number in message for number, _ in counted):
        return ""
    return " and ".join(f"{number} {what}" for number, what in counted)


def _first_command(cases: Iterable[CaseResult]) -> str:
    return next((case.reproduce for case in cases if case.reproduce), "")


def _sights(cases: Iterable[CaseResult]) -> tuple[Sight, ...]:
    alike: dict[tuple[str, Difference | None], list[str]] = {}
    for case in cases:
        alike.setdefault((explained(case), case.difference), []).append(case.name)
    return tuple(
        Sight(datasets=tuple(names), message=message, difference=difference)
        for (message, difference), names in alike.items()
    )
