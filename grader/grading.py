"""The command itself: finds what is to be graded, has it judged and reported, and tells how it ends."""

from __future__ import annotations

import os
import sys
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from grader.arguments import EXPORTED, Exit
from grader.errors import NothingToGrade, SpecError, UsageError
from grader.late import opened
from grader.merging import Gradebooks
from grader.model import Audience, GradeReport, Spec, SubmissionResult, Verdict
from grader.notices import say
from grader.outputs import Given, refuse_loss
from grader.publish import FORMATS, Wanted, publish
from grader.reports import plain

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

    from grader.batch import Heard
    from grader.model import CaseResult
    from grader.store import Store
    from grader.submission import Submission


def grade(args: argparse.Namespace) -> Exit:
    """Grade as the command line says."""
    from grader import given, tidy
    from grader.sandbox import levels, tree

    audience, started = Audience(args.audience), datetime.now(UTC)
    reports, books = _reports(args), _gradebooks(args)
    written = [*_written(reports, books)]
    refuse_loss(_read(args), written)
    _require_store(args)
    reports.check()
    levels.require(args.require_sandbox)
    specs = load_specs(args.paths)
    if args.store is not None:
        written.append(("store", args.store))
    refuse_loss((each for spec in specs for each in given.of_assignment(spec)), written)
    books.check(_report((), started, audience, ()), specs)
    if notice := levels.notice():
        say(notice)
    tidy.sweep(tree.remove)
    with tidy.work_folder() as work:
        wanted, skipped = _wanted(specs, args, work)
        refuse_loss(_handed_in(args, wanted), written)
        with _store(args) as store:
            results = _judge(specs, wanted, args, store)
    policies = {spec.name: spec.late for spec in specs}
    results = [opened(result, policies[result.assignment], started) for result in results]
    report = _report(results, started, audience, skipped)
    _publish(report, replace(reports, sources=_sources(wanted)), books, specs)
    return _exit(results, args.fail_under)


def _publish(report: GradeReport, reports: Wanted, books: Gradebooks, specs: Sequence[Spec]) -> None:
    """All reports and gradebooks; none is left out because another cannot be made, or nobody reads the tables."""
    try:
        for line in publish(report, reports):
            say(line)
    except BrokenPipeError:
        nobody_reads()
    finally:
        for line in books.merge(report, specs):
            say(line)


def _read(args: argparse.Namespace) -> Iterator[Given]:
    """Files and folders that options name, not to be written over."""
    from grader import given

    if args.store is not None:
        yield from given.of_store(args.store)
    for name in ("roster", "submissions", "submission"):
        if (path := getattr(args, name)) is not None:
            yield Given(path=path, option=name)
    yield from (Given(path=pair[0], option=name) for name in EXPORTED if (pair := getattr(args, name)) is not None)


def _handed_in(args: argparse.Namespace, wanted: Sequence[Submission]) -> Iterator[Given]:
    from grader import given

    if args.submissions is not None and args.submissions.is_dir():
        yield from given.of_class(args.submissions, wanted)
    elif args.submission is not None:
        yield given.of_student(args.submission)


def _written(reports: Wanted, books: Gradebooks) -> Iterator[tuple[str, Path]]:
    yield from reports.files.items()
    yield from ((name, out) for name, (_, out) in books.pairs.items())


def _reports(args: argparse.Namespace) -> Wanted:
    files = {name: path for name in FORMATS if (path := getattr(args, name)) is not None}
    return Wanted(files=files, feedback=args.feedback, github=args.github)


def _gradebooks(args: argparse.Namespace) -> Gradebooks:
    pairs = {name: tuple(pair) for name in EXPORTED if (pair := getattr(args, name)) is not None}
    return Gradebooks(pairs=pairs, columns=dict(args.column))


def _judge(
    specs: Sequence[Spec], wanted: Sequence[Submission], args: argparse.Namespace, store: Store | None
) -> list[SubmissionResult]:
    from grader import batch, materials, progress
    from pymapr.cores import usable_cores

    audience = Audience(args.audience)
    shown = progress.Progress(sys.stderr, tally=audience is Audience.INSTRUCTOR)
    kept = _Kept(args, shown.heard)
    with _as_told_to(audience), kept.told_if_interrupted(), shown:
        results = batch.grade(
            specs,
            wanted,
            at_once=args.at_once or usable_cores(),
            cache=materials.cache_folder(),
            heard=kept.heard,
            store=store,
            regrade=args.regrade,
            resumed=kept.resumed,
        )
    if store is not None and args.submissions and (lost := _lost(store, results)):
        say(f"overrides in {args.store} of nobody here: {', '.join(lost)}")
    return results


class _Kept:
    """What an interrupt leaves of the judgements made so far, and how to go on."""

    def __init__(self, args: argparse.Namespace, heard: Heard) -> None:
        self._store, self._regrade, self._heard = args.store, args.regrade, heard
        self._done = self._total = 0

    def resumed(self, taken: int, total: int) -> None:
        """So many were in the store."""
        say(f"{taken} of {total} judgements taken from {self._store}")
        self._done, self._total = taken, total

    def heard(self, done: int, total: int, case: CaseResult | None) -> None:
        """So many are made; `case` is the last, and None while datasets are made ready."""
        if case is not None:
            self._done, self._total = done, total
        self._heard(done, total, case)

    @contextmanager
    def told_if_interrupted(self) -> Iterator[None]:
        """A KeyboardInterrupt inside leaves with these words."""
        try:
            yield
        except KeyboardInterrupt:
            raise KeyboardInterrupt(self._told()) from None

    def _told(self) -> str:
        if self._store is None:
            return "nothing was kept: --store FILE keeps results, and the same command then goes on"
        are = "were made anew and are" if self._regrade else "are"
        again = "the same command without --regrade" if self._regrade else "the same command"
        return f"{self._done} of {self._total} judgements {are} in {self._store}; {again} goes on"


def _lost(store: Store, results: Iterable[SubmissionResult]) -> list[str]:
    """Whose overrides change no mark: with another roster, say, students have other names."""
    graded = {(one.submission, one.assignment) for one in results}
    assignments = {assignment for _, assignment in graded}
    lost = sorted(whose for whose in store.overrides().keys() - graded if whose[1] in assignments)
    return [plain.visible(f"{student} ({assignment})") for student, assignment in lost]


def _require_store(args: argparse.Namespace) -> None:
    if args.store is None and (args.regrade or args.resume):
        raise UsageError(f"--{'regrade' if args.regrade else 'resume'} needs a store", "name one with --store FILE")


@contextmanager
def _store(args: argparse.Namespace) -> Iterator[Store | None]:
    from grader.store import open_store

    if args.store is None:
        yield None
        return
    with closing(open_store(args.store)) as store:
        yield store


def _sources(wanted: Iterable[Submission]) -> dict[str, str]:
    """For each assignment with one submission its file, as a path below the working folder."""
    found: dict[str, list[Path | None]] = {one.assignment: [] for one in wanted}
    for one in wanted:
        found[one.assignment].append(one.module)
    here = Path.cwd()
    alone = {name: module.resolve() for name, [module, *more] in found.items() if module is not None and not more}
    return {name: path.relative_to(here).as_posix() for name, path in alone.items() if path.is_relative_to(here)}


def nobody_reads() -> None:
    """Whoever read our report has enough, as `| head` does: that changes nothing about what was judged."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


def load_specs(paths: Iterable[Path]) -> list[Spec]:
    """Every assignment below the paths; raises SpecError, NothingToGrade, and for two of one name."""
    from grader import spec

    paths = list(paths)
    specs = [spec.load(path) for path in spec.find(paths)]
    if not specs:
        below = ", ".join(map(str, paths))
        raise NothingToGrade(f"no {spec.FILE_NAME} below {below}", "an assignment is a folder with that file")
    by_name: dict[str, Spec] = {}
    for one in specs:
        other = by_name.setdefault(one.name, one)
        if other is not one:
            message = f"{one.folder / spec.FILE_NAME}: name: {one.name!r} is also the name of {other.folder}"
            raise SpecError(message, "each assignment needs its own name")
    return specs


def _wanted(specs: Sequence[Spec], args: argparse.Namespace, work: Path) -> tuple[list[Submission], list[str]]:
    """What is to be graded, and what is not, and why. Raises NothingToGrade where nothing is."""
    from grader import batch, intake, submission

    here = [spec for spec in specs if batch.judged(spec)]
    skipped = [f"{spec.name}: all its datasets are withheld" for spec in specs if spec not in here]
    if not here:
        raise NothingToGrade("; ".join(skipped), "this is a students' kit; only the instructor's folder has the data")
    if args.submissions:
        handed_in = intake.handed_in(args.submissions, here, layout=args.layout, roster=args.roster, work=work)
        for line in handed_in.said:
            say(line)
        found = handed_in.submissions
    elif args.roster or args.layout != "auto":
        raise UsageError(f"--{'roster' if args.roster else 'layout'} needs --submissions", "name the class's folder")
    elif args.submission:
        found = intake.one(args.submission, here, work=work)
    else:
        by_spec = {spec.name: submission.own(spec) for spec in here}
        found = [one for each in by_spec.values() for one in each]
        skipped += [f"{name}: no submission" for name, each in by_spec.items() if not each]
    if not found:
        hint = "name one with --submission FILE (the reference will do), or a class with --submissions DIR"
        raise NothingToGrade("there is no submission", hint)
    return found, skipped


@contextmanager
def _as_told_to(audience: Audience) -> Iterator[None]:
    """An assignment that cannot be made ready: the reason as `audience` may know it."""
    from grader.judgements import as_told

    try:
        yield
    except SpecError as error:
        raise as_told(error, audience) from None


def _report(
    results: Sequence[SubmissionResult], started: datetime, audience: Audience, skipped: Iterable[str]
) -> GradeReport:
    import pymapr
    from grader.audience import for_audience
    from grader.sandbox import levels

    report = GradeReport(
        pymapr=pymapr.__version__,
        started=started.isoformat(timespec="seconds"),
        audience=audience,
        sandbox=levels.report(),
        results=tuple(results),
        skipped=tuple(skipped),
    )
    return for_audience(report, audience)


def _exit(results: Sequence[SubmissionResult], fail_under: float | None) -> Exit:
    if any(result.verdict is Verdict.GRADER_ERROR for result in results):
        return Exit.NOT_JUDGED
    if fail_under is not None and any(_percentage(result) < fail_under - 1e-9 for result in results):
        return Exit.FAIL_UNDER
    return Exit.GRADED


def _percentage(result: SubmissionResult) -> float:
    """Of the points that could be earned; all of them where there were none."""
    return 100 * (result.score or 0) / result.max_score if result.max_score else 100
