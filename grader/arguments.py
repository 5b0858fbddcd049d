"""What `pymapr-grade` may be asked, and how it ends: its options and exit codes. Does nothing of what is asked."""

from __future__ import annotations

import argparse
import math
import sys
from enum import IntEnum
from pathlib import Path
from typing import NoReturn

from grader.model import Audience
from grader.publish import FORMATS

_DESCRIPTION = """Grade MapReduce programs: every assignment below PATH, each submission on each dataset, alone and in
parallel.

Without --submission or --submissions an assignment's own folder submissions/ is graded, or else the module beside its
assignment.yaml."""

EXPORTED = {
    "canvas": "the gradebook that Canvas exported",
    "moodle": "an assignment's grading worksheet from Moodle",
}
"""The gradebooks that marks are merged into, by platform."""

LAYOUTS = ("auto", "folders", "flat", "canvas", "moodle", "github", "gradescope")
"""How a class may be laid out (`grader.layouts.NAMES`, which costs the import of what reads them)."""

_EPILOG = """commands:
  pymapr-grade history STUDENT --store F            what was ever graded
  pymapr-grade override STUDENT ASSIGNMENT SCORE    an instructor's own mark, kept apart from the computed one
  pymapr-grade release PATH OUT    write the kit that students get
  pymapr-grade examples DIR        write the shipped assignments to DIR
A folder of such a name is graded as ./release.

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


class Parser(argparse.ArgumentParser):
    """argparse, but a wrong command line has our exit code, and what is wrong with it is not lost below the usage."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and end the command."""
        sys.stderr.write(f"{self.prog}: error: {message}\n\nhint: {self.prog} --help says what there is\n")
        raise SystemExit(Exit.USAGE)


def grading() -> Parser:
    """The parser of the command itself."""
    import pymapr

    parser = Parser(
        prog="pymapr-grade",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"pymapr {pymapr.__version__}")
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="an assignment, or a folder of assignments")
    _add_whose(parser)
    _add_reports(parser)
    _add_store(parser)
    _add_how(parser)
    return parser


def _add_whose(parser: Parser) -> None:
    group = parser.add_argument_group("whose work")
    whose = group.add_mutually_exclusive_group()
    whose.add_argument(
        "--submissions",
        metavar="DIR|ZIP",
        type=Path,
        help="a class: one folder or archive per student, or what an LMS gives to download",
    )
    whose.add_argument(
        "--submission",
        metavar="FILE|DIR",
        type=Path,
        help="one student's work: a self-check; a FILE only for the assignments whose module it is named after",
    )
    group.add_argument(
        "--layout",
        choices=LAYOUTS,
        default="auto",
        help="how --submissions is laid out; default: what its names look like",
    )
    group.add_argument("--roster", metavar="CSV", type=Path, help="who is in the class: names who handed in nothing")


def _add_reports(parser: Parser) -> None:
    group = parser.add_argument_group("reports, any number of them, besides the tables on the terminal")
    for name, about in FORMATS.items():
        group.add_argument(f"--{name}", metavar="F", type=Path, help=about)
    group.add_argument("--feedback", metavar="DIR", type=Path, help="a page for each student, to hand back")
    group.add_argument("--github", action="store_true", help="annotations and the summary of a GitHub Actions step")
    for name, whose in EXPORTED.items():
        about = f"write {whose} to OUT, with the marks filled in"
        group.add_argument(f"--{name}", nargs=2, metavar=("EXPORTED", "OUT"), type=Path, help=about)
    group.add_argument(
        "--column",
        metavar="NAME=HEADER",
        type=_column,
        action="append",
        default=[],
        help="what the LMS calls a column: NAME is an assignment (Canvas), or identifier, grade, feedback... (Moodle)",
    )
    group.add_argument(
        "--audience",
        choices=[each.value for each in Audience],
        default=Audience.INSTRUCTOR.value,
        help="for whom the reports are: students see of hidden datasets only pass or fail; default: instructor",
    )


def _add_store(parser: Parser) -> None:
    group = parser.add_argument_group("keeping results")
    group.add_argument("--store", metavar="F.sqlite", type=Path, help="keep results there, and take from there what is")
    again = group.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="judge only what is new or has changed: the default")
    again.add_argument("--regrade", action="store_true", help="judge everything again; what was before is kept")


def _add_how(parser: Parser) -> None:
    group = parser.add_argument_group("how")
    group.add_argument("-n", metavar="N", type=_count, dest="at_once", help="judgements at once; default: the cores")
    group.add_argument(
        "--require-sandbox",
        metavar="N",
        type=_level,
        default=0,
        help="refuse to run student code below isolation level N",
    )
    group.add_argument("--fail-under", metavar="PCT", type=_percent, help="exit 1 if a submission scores less")


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")


def _column(text: str) -> tuple[str, str]:
    name, sign, header = text.partition("=")
    if name and sign and header:
        return name, header
    raise argparse.ArgumentTypeError(f"expected NAME=HEADER, got {text!r}")


def _level(text: str) -> int:
    if text in {"0", "1", "2", "3"}:
        return int(text)
    raise argparse.ArgumentTypeError(f"expected a level from 0 to 3, got {text!r}")


def _percent(text: str) -> float:
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = -1.0
    if 0 <= value <= 100:
        return value
    raise argparse.ArgumentTypeError(f"expected a number from 0 to 100, got {text!r}")


def releasing() -> Parser:
    """The parser of `pymapr-grade release`."""
    about = "Write the kit that students get: statement, starter, spec, and public data with its expected output."
    parser = Parser(prog="pymapr-grade release", description=about)
    parser.add_argument("path", metavar="PATH", type=Path, help="an assignment, or a folder of assignments")
    parser.add_argument("out", metavar="OUT", type=Path, help="a new folder; one in it for each of several assignments")
    return parser


def copying_examples() -> Parser:
    """The parser of `pymapr-grade examples`."""
    parser = Parser(prog="pymapr-grade examples", description="Write the shipped assignments to a new folder.")
    parser.add_argument("out", metavar="DIR", type=Path, help="a new folder")
    return parser


def asking_history() -> Parser:
    """The parser of `pymapr-grade history`."""
    about = "Show everything that a store knows of a student: each grading, why it was made, and each override."
    parser = Parser(prog="pymapr-grade history", description=about, allow_abbrev=False)
    parser.add_argument("student", metavar="STUDENT", nargs="?", help="the submission's name; without it, all names")
    parser.add_argument("--store", metavar="F.sqlite", type=Path, required=True, help="where results are kept")
    return parser


def overriding() -> Parser:
    """The parser of `pymapr-grade override`."""
    about = "Give a submission a mark of your own, or let the computed one count again. Reports show both."
    parser = Parser(prog="pymapr-grade override", description=about, allow_abbrev=False)
    parser.add_argument("student", metavar="STUDENT", help="the submission's name")
    parser.add_argument("assignment", metavar="ASSIGNMENT", help="the assignment's name")
    mark = parser.add_mutually_exclusive_group(required=True)
    mark.add_argument("score", metavar="SCORE", nargs="?", type=_points, help="points, in place of the computed ones")
    mark.add_argument("--withdraw", action="store_true", help="let the computed mark count again")
    parser.add_argument("--reason", metavar="TEXT", required=True, help="why; it stands beside the mark")
    parser.add_argument("--store", metavar="F.sqlite", type=Path, required=True, help="where results are kept")
    return parser


def _points(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if 0 <= value < math.inf:
        return value
    raise argparse.ArgumentTypeError(f"expected points, got {text!r}")
