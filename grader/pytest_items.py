"""An assignment as pytest sees it: folder, file, submission, an item for each judgement; judges only what is run."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from grader import spec as specs
from grader import submission as submissions
from grader.audience import shown_verdict
from grader.errors import GraderError, NothingToGrade, SpecError
from grader.judgements import Judgements, as_seen, as_told
from grader.model import Audience, SubmissionResult, Verdict
from grader.reports import plain, to_text
from grader.sandbox import levels

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from grader.model import CaseResult, DatasetSpec, Spec
    from grader.submission import Submission

_NAME = "pymapr_items"
_WHOLE = "verdict"
"""The name of the item for a declared sample as a whole."""
_JUDGEMENTS = pytest.StashKey[Judgements]()
_UNASKED = pytest.StashKey[list[str]]()


def check_options(config: pytest.Config) -> None:
    """Raise pytest.UsageError for options that cannot be met, before anything is collected."""
    option = config.option
    if option.submission and option.submissions:
        raise pytest.UsageError("--submission and --submissions: one of the two, not both")
    try:
        levels.require(option.require_sandbox)
        with contextlib.suppress(NothingToGrade):  # no assignment is known yet: that is for `collect` to say
            _chosen(config, [])
    except GraderError as error:
        raise pytest.UsageError("\n".join(to_text.error(error))) from None


def node_name(text: str) -> str:
    """`text` as part of an id: on one line, harmless, and without what pytest takes ids apart by."""
    return plain.visible(text).replace("::", ":").replace("[", "(").replace("]", ")")


def assignment_file(parent: pytest.Collector, path: Path) -> AssignmentFile:
    """The node of an assignment.yaml; its id is the path below the root folder, or all of it elsewhere."""
    plugins = parent.config.pluginmanager
    if not plugins.has_plugin(_NAME):
        plugins.register(_Hooks(), _NAME)
    if path.is_relative_to(parent.config.rootpath):
        return AssignmentFile.from_parent(parent, path=path)
    return AssignmentFile.from_parent(parent, path=path, nodeid=path.as_posix())


# ---- collectors ------------------------------------------------------------------------------------------------------


class AssignmentFolder(pytest.Directory):
    """A folder with an assignment.yaml, of which pytest gets to see nothing else."""

    def collect(self) -> Iterator[pytest.Collector]:
        """The one file."""
        yield assignment_file(self, self.path / specs.FILE_NAME)


class AssignmentFile(pytest.File):
    """An assignment.yaml; raises CollectError, in the words of the problem's own message, where it cannot be graded."""

    def collect(self) -> Iterator[pytest.Collector]:
        """A node for each submission."""
        try:
            spec = specs.load(self.path)
            chosen = _chosen(self.config, [spec])
            found = _own(spec) if chosen is None else chosen
        except NothingToGrade as nothing:
            self.config.stash.setdefault(_UNASKED, []).append("; ".join(to_text.error(nothing)))
            return
        except GraderError as error:
            raise self.CollectError("\n".join(to_text.error(error))) from None
        for name, one in _named(found):
            declared = spec.samples.get(one.name) if chosen is None else None
            yield SubmissionNode.from_parent(self, name=name, spec=spec, submission=one, declared=declared)


class SubmissionNode(pytest.Collector):
    """One student's work for one assignment. declared: the verdict that it must get, where it is a declared sample."""

    def __init__(self, *, spec: Spec, submission: Submission, declared: Verdict | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.spec, self.submission, self.declared = spec, submission, declared
        self.extra_keyword_matches.add(spec.name)

    def collect(self) -> Iterator[pytest.Item]:
        """An item for each dataset; for a declared sample one more, that the gravest verdict is the declared one."""
        for dataset in self.spec.datasets:
            item = DatasetItem.from_parent(self, name=node_name(dataset.name), of=self, datasets=[dataset])
            if dataset.withheld:
                item.add_marker(pytest.mark.skip(reason=f"dataset {item.name} is withheld: it is judged elsewhere"))
            yield item
        if self.declared is not None:
            judged = [dataset for dataset in self.spec.datasets if not dataset.withheld]
            yield VerdictItem.from_parent(self, name=_WHOLE, of=self, datasets=judged)

    def judged(self, dataset: DatasetSpec) -> CaseResult:
        """The judgement on one dataset, made now unless it was made before; ends the item where there can be none."""
        try:
            return _judgements(self.config).judged(self.spec, dataset, self.submission)
        except SpecError as error:
            told = as_told(error, Audience(self.config.option.audience))
            raise pytest.fail.Exception("\n".join(to_text.error(told)), pytrace=False) from None


def _chosen(config: pytest.Config, of: list[Spec]) -> list[Submission] | None:
    """The submissions that the options name; None where they name none. Raises UsageError and NothingToGrade."""
    if config.option.submissions:
        return submissions.of_class(Path(config.option.submissions), of)
    if config.option.submission:
        return submissions.single(Path(config.option.submission), of)
    return None


def _own(spec: Spec) -> list[Submission]:
    """The assignment's own, declared samples that are not there among them; raises NothingToGrade."""
    found = submissions.own(spec)
    absent = set(spec.samples) - {one.name for one in found}
    found += [submissions.Submission(assignment=spec.name, name=name, module=None) for name in sorted(absent)]
    if not found:
        hint = "name one with --submission FILE, or a class with --submissions DIR"
        raise NothingToGrade(f"no submission in {spec.folder}", hint)
    return found


def _named(found: Iterable[Submission]) -> Iterator[tuple[str, Submission]]:
    """Each submission with its node's name; of two that would get the same, the second gets a number."""
    taken: Counter[str] = Counter()
    for one in found:
        name = node_name(one.name)
        taken[name] += 1
        yield (name if taken[name] == 1 else f"{name}~{taken[name]}"), one


# ---- items -----------------------------------------------------------------------------------------------------------


class _JudgedItem(pytest.Item):
    """What both kinds of item share: judging is the setup, so that a failure to judge is an error, not a failed test.

    `result` is the truth, by which an item passes; `shown` is as much of it as the audience may know.
    """

    def __init__(self, *, of: SubmissionNode, datasets: Iterable[DatasetSpec], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.of, self._datasets = of, tuple(datasets)
        self.result = self.shown = SubmissionResult(assignment=of.spec.name, submission=of.submission.name, datasets=())

    def setup(self) -> None:
        """Judge, and note in the report what came of it; end the item where a judgement could not be made."""
        self.result = replace(self.result, datasets=tuple(self.of.judged(dataset) for dataset in self._datasets))
        self.shown = as_seen(self.result, Audience(self.config.option.audience))
        for case in self.shown.datasets:
            if case.verdict is Verdict.GRADER_ERROR:
                pytest.fail(to_text.case(case), pytrace=False)
        self.user_properties += [
            ("verdict", shown_verdict(self.shown)),
            ("points", plain.points(self.shown.score)),
            ("max_points", plain.points(self.shown.max_score)),
        ]

    @property
    def concealed(self) -> bool:
        """Whether the audience may know no more than pass or fail."""
        return any(case.concealed for case in self.shown.datasets)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The spec's file, and what is judged, as a failure's heading."""
        return self.path, 0, f"{node_name(self.of.spec.name)} {self.of.name} {self.name}"


class DatasetItem(_JudgedItem):
    """One judgement: passes if accepted; of a declared sample, if no graver than declared."""

    def runtest(self) -> None:
        """Compare with what was hoped for."""
        hoped = self.of.declared or Verdict.ACCEPTED
        if self.result.verdict.gravity < hoped.gravity:
            pytest.fail(to_text.case(self.shown.datasets[0], declared=self.of.declared), pytrace=False)


class VerdictItem(_JudgedItem):
    """A declared sample as a whole: passes if the gravest verdict over its datasets is the declared one."""

    def runtest(self) -> None:
        """Compare with the declaration."""
        if self.of.declared is not None and self.result.verdict is not self.of.declared:
            pytest.fail(to_text.declaration(self.shown, self.of.declared), pytrace=False)


# ---- the run ---------------------------------------------------------------------------------------------------------


def _judgements(config: pytest.Config) -> Judgements:
    """The process's own, which end with the run."""
    if _JUDGEMENTS not in config.stash:
        config.stash[_JUDGEMENTS] = judgements = Judgements()
        config.add_cleanup(judgements.close)
    return config.stash[_JUDGEMENTS]


class _Hooks:
    """What is wanted of pytest once there is an assignment."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Take the time out of the report on a dataset of which students may know no more than pass or fail."""
        report = yield
        if isinstance(item, _JudgedItem) and item.concealed:
            report.duration, report.stop = 0.0, report.start
        return report

    def pytest_report_collectionfinish(self, config: pytest.Config, items: list[pytest.Item]) -> list[str]:
        """Say why there is nothing to judge; or, where student code is about to run, how far it is not kept apart."""
        if any(isinstance(item, _JudgedItem) for item in items):
            told = [] if config.option.collectonly else [levels.notice()]
        else:
            told = config.stash.get(_UNASKED, [])
        return [f"pymapr: {line}" for line in dict.fromkeys(told) if line]
