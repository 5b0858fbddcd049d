"""The command itself: finds what is to be graded, has it judged and reported, and tells how it ends."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from grader.arguments import Exit
from grader.errors import NothingToGrade, SpecError
from grader.model import Audience, GradeReport, Spec, SubmissionResult, Verdict

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from grader.submission import Submission


def grade(args: argparse.Namespace) -> Exit:
    """Grade as the command line says."""
    from grader import batch, materials, progress, publish
    from grader.sandbox import levels
    from pymapr.cores import usable_cores

    audience = Audience(args.audience)
    reports = publish.targets({name: getattr(args, name) for name in publish.FORMATS})
    levels.require(args.require_sandbox)
    specs = load_specs(args.paths)
    started = datetime.now(UTC)
    wanted, skipped = _wanted(specs, args)
    if notice := levels.notice():
        sys.stderr.write(f"pymapr-grade: {notice}\n")
    at_once, cache = args.at_once or usable_cores(), materials.cache_folder()
    with _as_told_to(audience), progress.Progress(sys.stderr, tally=audience is Audience.INSTRUCTOR) as shown:
        results = batch.grade(specs, wanted, at_once=at_once, cache=cache, heard=shown.heard)
    try:
        publish.publish(_report(results, started, audience, skipped), reports)
    except BrokenPipeError:
        nobody_reads()
    return _exit(results, args.fail_under)


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


def _wanted(specs: Sequence[Spec], args: argparse.Namespace) -> tuple[list[Submission], list[str]]:
    """What is to be graded, and what is not, and why. Raises NothingToGrade where nothing is."""
    from grader import batch, submission

    here = [spec for spec in specs if batch.judged(spec)]
    skipped = [f"{spec.name}: all its datasets are withheld" for spec in specs if spec not in here]
    if not here:
        raise NothingToGrade("; ".join(skipped), "this is a students' kit; only the instructor's folder has the data")
    if args.submissions:
        found = submission.of_class(args.submissions, here)
    elif args.submission:
        found = submission.single(args.submission, here)
    else:
        by_spec = {spec.name: submission.own(spec) for spec in here}
        found = [one for each in by_spec.values() for one in each]
        skipped += [f"{name}: no submission" for name, each in by_spec.items() if not each]
    if not found:
        hint = "name one with --submission FILE, or a class with --submissions DIR"
        raise NothingToGrade("there is no submission", hint)
    return found, skipped


@contextmanager
def _as_told_to(audience: Audience) -> Iterator[None]:
    """An assignment that cannot be made ready: the reason quotes reference and data, which are not for students."""
    try:
        yield
    except SpecError as error:
        if audience is Audience.INSTRUCTOR:
            raise
        what = "an assignment cannot be graded as it stands"
        raise SpecError(what, "tell your instructor: without `--audience student` the reason is shown") from error


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
