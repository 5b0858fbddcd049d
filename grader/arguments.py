"""What `pymapr-grade` may be asked, and how it ends: its options and exit codes. Does nothing of what is asked."""

from __future__ import annotations

import argparse
import sys
from enum import IntEnum
from pathlib import Path
from typing import NoReturn

from grader.model import Audience

_DESCRIPTION = """Grade MapReduce programs: every assignment below PATH, each submission on each dataset, alone and in
parallel.

Without --submission or --submissions an assignment's own folder submissions/ is graded, or else the module beside its
assignment.yaml."""

_EPILOG = """commands:
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
    """argparse, but for the exit code of a wrong command line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and end the command."""
        self.print_usage(sys.stderr)
        sys.stderr.write(f"{self.prog}: error: {message}\n\nhint: {self.prog} --help\n")
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
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument("--submissions", metavar="DIR", type=Path, help="a class: one folder per student")
    whose.add_argument(
        "--submission",
        metavar="FILE|DIR",
        type=Path,
        help="one student's work: a self-check; a FILE only for the assignments whose module it is named after",
    )
    parser.add_argument("--json", metavar="F", type=Path, help="write the report as JSON")
    parser.add_argument(
        "--audience",
        choices=[each.value for each in Audience],
        default=Audience.INSTRUCTOR.value,
        help="for whom the reports are: students see of hidden datasets only pass or fail; default: instructor",
    )
    parser.add_argument("-n", metavar="N", type=_count, dest="at_once", help="judgements at once; default: the cores")
    parser.add_argument(
        "--require-sandbox",
        metavar="N",
        type=_level,
        default=0,
        help="refuse to run student code below isolation level N",
    )
    parser.add_argument("--fail-under", metavar="PCT", type=_percent, help="exit 1 if a submission scores less")
    return parser


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")


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
