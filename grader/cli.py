"""The command `pymapr-grade`: calls what does the work, and turns what came of it into reports and an exit code."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from grader.arguments import Exit, copying_examples, grading, releasing
from grader.errors import GraderError, NothingToGrade, SpecError, UsageError
from grader.model import Audience, GradeReport, Spec, SubmissionResult, Verdict

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from grader.submission import Submission


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    _say_whatever_it_is()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends us: nothing is left running
    try:
        command = _COMMANDS.get(arguments[0]) if arguments else None
        return command(arguments[1:]) if command else _grade(grading().parse_args(arguments))
    except GraderError as error:
        _show(error)
        return _exit_of(error)
    except KeyboardInterrupt:
        sys.stderr.write("pymapr-grade: interrupted; nothing is left running\n")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        return _nobody_reads(Exit.GRADED)
    except (
        Exception
    ):  # whatever it is: exit code 1, as the interpreter would have it, says that somebody scored too little
        import traceback

        traceback.print_exc()
        sys.stderr.write("pymapr-grade: error: this is a fault of pymapr; please report it\n")
        return Exit.NOT_JUDGED


def _say_whatever_it_is() -> None:
    """A terminal that knows only ASCII, or a file name that is no text, must not keep a report from being written."""
    for stream in (sys.stdout, sys.stderr):
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors="backslashreplace")


def _exit_of(error: GraderError) -> Exit:
    if isinstance(error, NothingToGrade):
        return Exit.NOTHING
    return Exit.USAGE if isinstance(error, SpecError | UsageError) else Exit.NOT_JUDGED


def _show(error: GraderError) -> None:
    sys.stderr.write(f"pymapr-grade: error: {error}\n")
    if error.hint:
        sys.stderr.write(f"\nhint: {error.hint}\n")


def _nobody_reads(code: Exit) -> Exit:
    """Whoever read our report has enough, as `| head` does: that changes nothing about what was judged."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
    return code


# ---- grading ---------------------------------------------------------------------------------------------------------


def _grade(args: argparse.Namespace) -> int:
    from grader import batch, materials, progress
    from grader.sandbox import levels
    from pymapr.cores import usable_cores

    audience = Audience(args.audience)
    _require_place(args.json)
    levels.require(args.require_sandbox)
    specs = load_specs(args.paths)
    started = datetime.now(UTC)
    wanted, skipped = _wanted(specs, args)
    if notice := levels.notice():
        sys.stderr.write(f"pymapr-grade: {notice}\n")
    at_once, cache = args.at_once or usable_cores(), materials.cache_folder()
    with _as_told_to(audience), progress.Progress(sys.stderr, tally=audience is Audience.INSTRUCTOR) as shown:
        results = batch.grade(specs, wanted, at_once=at_once, cache=cache, heard=shown.heard)
    code = _exit(results, args.fail_under)
    try:
        write(_report(results, started, audience, skipped), args.json)
    except BrokenPipeError:
        return _nobody_reads(code)
    return code


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


# ---- reports ---------------------------------------------------------------------------------------------------------


def write(report: GradeReport, json_file: Path | None) -> None:
    """Write every report that can be written; raises UsageError for one that could not, after the others."""
    from grader.reports import to_json, to_terminal

    trouble: UsageError | None = None
    if json_file:
        try:
            _to_file(json_file, to_json.render(report))
        except UsageError as error:
            trouble = error
    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size((100, 24)).columns if terminal else 100
    colour = terminal and not os.environ.get("NO_COLOR")
    for piece in to_terminal.render(report, width=width, colour=colour):
        sys.stdout.write(piece)
    sys.stdout.flush()
    if trouble is not None:
        raise trouble


def _require_place(path: Path | None) -> None:
    """Refuse a report's file that cannot be written before anything is graded, not an hour later."""
    if path is not None and (path.is_dir() or not os.access(path.parent, os.W_OK)):
        raise UsageError(f"{path} cannot be written", "name a file in a folder that exists, where you may write")


def _to_file(path: Path, pieces: Iterable[str]) -> None:
    """Write a report, so that there is a whole one or none; raises UsageError."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.writelines(pieces)
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", "is there room where it goes?") from None
    finally:
        partial.unlink(missing_ok=True)


# ---- the other commands ----------------------------------------------------------------------------------------------


def _release(arguments: Sequence[str]) -> int:
    from grader import materials, release

    args = releasing().parse_args(arguments)
    return _told(release.release(load_specs([args.path]), args.out, materials.cache_folder()))


def _examples(arguments: Sequence[str]) -> int:
    from grader import release

    return _told(release.examples(copying_examples().parse_args(arguments).out))


def _told(lines: Iterable[str]) -> Exit:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    return Exit.GRADED


_COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {"release": _release, "examples": _examples}
