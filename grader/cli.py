"""The command `pymapr-grade`: parses, calls, and turns what came of it into reports and an exit code; decides nothing else."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import NoReturn

from grader.errors import GraderError, NothingToGrade, SpecError, UsageError
from grader.model import Audience, GradeReport, Spec, SubmissionResult, Verdict

_DESCRIPTION = """Grade MapReduce programs: every assignment below PATH, each submission on each dataset, alone and in parallel.

Without --submission or --submissions an assignment's own folder submissions/ is graded, or else the module beside its assignment.yaml."""

_EPILOG = """commands:
  pymapr-grade release PATH OUT    write the kit that students get
  pymapr-grade examples DIR        write the shipped assignments to DIR

exit code, gravest first: 4 usage or spec error, 2 interrupted, 3 something could not be judged, 5 nothing to grade,
1 --fail-under not met, 0 graded, whatever the marks"""


class Exit(IntEnum):
    """Exit codes; scripts rely on them."""

    GRADED = 0
    """Everything was judged, whatever the marks."""
    FAIL_UNDER = 1
    """A submission scored less than --fail-under."""
    INTERRUPTED = 2
    """Ctrl-C."""
    NOT_JUDGED = 3
    """Something could not be judged, and not by the student's fault."""
    USAGE = 4
    """The command line or an assignment is wrong; nothing was judged."""
    NOTHING = 5
    """There was nothing to grade."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if arguments and arguments[0] in _COMMANDS:
            return _COMMANDS[arguments[0]](arguments[1:])
        return _grade(_parser().parse_args(arguments))
    except GraderError as error:
        _show(error)
        return Exit.NOTHING if isinstance(error, NothingToGrade) else _exit_of(error)
    except KeyboardInterrupt:
        sys.stderr.write("pymapr-grade: interrupted; nothing is left running\n")
        return Exit.INTERRUPTED
    except BrokenPipeError:  # whoever read our report has enough, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return Exit.GRADED


def _exit_of(error: GraderError) -> Exit:
    return Exit.USAGE if isinstance(error, SpecError | UsageError) else Exit.NOT_JUDGED


def _show(error: GraderError) -> None:
    sys.stderr.write(f"pymapr-grade: error: {error}\n")
    if error.hint:
        sys.stderr.write(f"\nhint: {error.hint}\n")


class _Parser(argparse.ArgumentParser):
    """argparse, but for the exit code of a wrong command line."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        sys.stderr.write(f"{self.prog}: error: {message}\n\nhint: {self.prog} --help\n")
        raise SystemExit(Exit.USAGE)


def _parser() -> argparse.ArgumentParser:
    import pymapr

    parser = _Parser(
        prog="pymapr-grade", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"pymapr {pymapr.__version__}")
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="an assignment, or a folder of assignments")
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument("--submissions", metavar="DIR", type=Path, help="a class: one folder per student")
    whose.add_argument("--submission", metavar="FILE|DIR", type=Path, help="one student's work: a self-check")
    parser.add_argument("--json", metavar="F", type=Path, help="write the report as JSON")
    parser.add_argument(
        "--audience", choices=[each.value for each in Audience], default=Audience.INSTRUCTOR.value,
        help="for whom the reports are; students see of hidden datasets only pass or fail; default: instructor",
    )
    parser.add_argument("-n", metavar="N", type=_count, dest="at_once", help="judgements at once; default: one per core")
    parser.add_argument("--require-sandbox", metavar="N", type=int, default=0, help="refuse to run student code below that level")
    parser.add_argument("--fail-under", metavar="PCT", type=_percent, help="exit 1 if a submission scores less")
    return parser


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")


def _percent(text: str) -> float:
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = -1.0
    if 0 <= value <= 100:
        return value
    raise argparse.ArgumentTypeError(f"expected a number from 0 to 100, got {text!r}")


def _grade(args: argparse.Namespace) -> int:
    from grader import batch, materials, progress, submission
    from grader.sandbox import levels
    from pymapr.cores import usable_cores

    levels.require(args.require_sandbox)
    specs = load_specs(args.paths)
    started = datetime.now(UTC)
    if args.submissions:
        wanted = submission.of_class(args.submissions, specs)
    elif args.submission:
        wanted = submission.single(args.submission, specs)
    else:
        wanted = [one for spec in specs for one in submission.own(spec)]
    if not wanted:
        raise NothingToGrade("there is no submission", "name one with --submission FILE, or a class with --submissions DIR")
    at_once = args.at_once or usable_cores()
    with progress.Progress(sys.stderr) as shown:
        results = batch.grade(specs, wanted, at_once=at_once, cache=materials.cache_folder(), heard=shown.heard)
    report = _report(results, started, Audience(args.audience))
    _write(report, args)
    return _exit(results, args.fail_under)


def load_specs(paths: Iterable[Path]) -> list[Spec]:
    """Every assignment below the paths; raises SpecError, NothingToGrade, and for two of one name."""
    from grader import spec

    specs = [spec.load(path) for path in spec.find(paths)]
    if not specs:
        raise NothingToGrade(f"no {spec.FILE_NAME} below {', '.join(map(str, paths))}", "an assignment is a folder with that file")
    by_name: dict[str, Spec] = {}
    for one in specs:
        other = by_name.setdefault(one.name, one)
        if other is not one:
            where = one.folder / spec.FILE_NAME
            raise SpecError(f"{where}: name: {one.name!r} is also the name of {other.folder}", "each assignment needs its own name")
    return specs


def _report(results: Sequence[SubmissionResult], started: datetime, audience: Audience) -> GradeReport:
    import pymapr
    from grader.audience import for_audience
    from grader.sandbox import levels

    withheld = sorted({f"{result.assignment}/{name}" for result in results for name in result.withheld})
    report = GradeReport(
        pymapr=pymapr.__version__,
        started=started.isoformat(timespec="seconds"),
        audience=audience,
        sandbox=levels.report(),
        results=tuple(results),
        skipped=tuple(f"{name} is withheld" for name in withheld),
    )
    return for_audience(report, audience)


def _write(report: GradeReport, args: argparse.Namespace) -> None:
    from grader.reports import to_json, to_terminal

    if args.json:
        _to_file(args.json, to_json.render(report))
    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size((100, 24)).columns if terminal else 100
    colour = terminal and "NO_COLOR" not in os.environ
    for piece in to_terminal.render(report, width=width, colour=colour):
        sys.stdout.write(piece)
    sys.stdout.flush()


def _to_file(path: Path, pieces: Iterable[str]) -> None:
    """Write a report, so that there is a whole one or none; raises UsageError."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.writelines(pieces)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise UsageError(f"{path} cannot be written: {error.strerror}", "the folder must exist and have room") from None


def _exit(results: Sequence[SubmissionResult], fail_under: float | None) -> Exit:
    if any(result.verdict is Verdict.GRADER_ERROR for result in results):
        return Exit.NOT_JUDGED
    if fail_under is not None and any((result.score or 0.0) * 100 < fail_under * result.max_score for result in results):
        return Exit.FAIL_UNDER
    return Exit.GRADED


def _release(arguments: Sequence[str]) -> int:
    from grader import materials, release

    parser = _Parser(prog="pymapr-grade release", description="Write the kit that students get: statement, starter, public data.")
    parser.add_argument("path", metavar="PATH", type=Path, help="an assignment, or a folder of assignments")
    parser.add_argument("out", metavar="OUT", type=Path, help="a new folder")
    args = parser.parse_args(arguments)
    for line in release.release(load_specs([args.path]), args.out, materials.cache_folder()):
        sys.stdout.write(line + "\n")
    return Exit.GRADED


def _examples(arguments: Sequence[str]) -> int:
    from grader import release

    parser = _Parser(prog="pymapr-grade examples", description="Write the shipped assignments to a new folder.")
    parser.add_argument("out", metavar="DIR", type=Path, help="a new folder")
    for line in release.examples(parser.parse_args(arguments).out):
        sys.stdout.write(line + "\n")
    return Exit.GRADED


_COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {"release": _release, "examples": _examples}
