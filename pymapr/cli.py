"""The command `pymapr`: parses, calls, and turns errors into messages and exit codes; decides nothing else."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from pymapr.errors import MaprError, UsageError
from pymapr.messages import (
    DONE,
    INTERRUPTED,
    leave,
    nobody_reads,
    show,
    show_interrupted,
    show_remarks,
    show_silence,
    write_stdout,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from pymapr.model import RunResult

_RUN = """Run a MapReduce job on every core.

JOB.py is a file as students write it: a global mr = MapReduce.MapReduce() with mapper and reducer, or just a mapper and
a reducer that yield. The output goes to stdout, everything else to stderr."""

_DOCTOR = """Say what this machine offers a job: cores, memory, processes, engines. With FILE, say instead what in that
job file would surprise its author when it runs on many processes, or is graded."""

_EPILOG = "exit code: 0 done, 1 the job's code failed, 2 interrupted, 3 the engine failed, 4 usage"
_STEERED = ". `python JOB.py DATA` takes no options: PYMAPR_WORKERS, PYMAPR_ORDER and PYMAPR_PROGRESS steer it"
_FINDINGS = "exit code: 0 told, whatever was found; 4 usage, or FILE cannot be read"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code. Without arguments it is this process's own command, and may end it."""
    if arguments is None:
        gc.disable()  # starting up makes no garbage worth looking for, and a master lives on what it reads
    args = _parser().parse_args(arguments)
    code = _answer(args)
    if arguments is None and not _runs_here(args):
        leave(code)
    return code


def _answer(args: argparse.Namespace) -> int:
    try:
        answer: int = args.command(args)
        return answer
    except MaprError as error:
        show(error)
        return error.exit_code
    except KeyboardInterrupt:
        show_interrupted()
        return INTERRUPTED


def _runs_here(args: argparse.Namespace) -> bool:
    """Whether a job's own code runs in this process, and makes garbage, and may have something to do at its end."""
    return getattr(args, "engine", "") == "serial"


# ---- the commands ----------------------------------------------------------------------------------------------------


def _run(args: argparse.Namespace) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends us: leave no half-written file
    _check(args)
    try:
        result = _run_into(args)
    except BrokenPipeError:  # whoever reads our output has had enough, as `| head` has: no failure
        nobody_reads()
        return DONE
    show_remarks(result.remarks, args.progress)
    return DONE


def _check(args: argparse.Namespace) -> None:
    from pymapr.destination import refuse_loss

    if args.data.count("-") > 1:
        raise UsageError("standard input (-) can be read only once")
    refuse_loss(args.job, args.data, args.output, args.timings)


def _run_into(args: argparse.Namespace) -> RunResult:
    from contextlib import ExitStack

    from pymapr.backend import Data, JobFile
    from pymapr.destination import Destination, prints_apart
    from pymapr.engine import backend, make_options
    from pymapr.inputs import open_inputs

    options = make_options(args.workers, args.order, args.memory, isolated=args.isolated)
    chosen = backend(args.engine, args.progress)
    with ExitStack() as stack:
        inputs = open_inputs(args.data)
        account = stack.enter_context(Destination(args.timings)) if args.timings else None
        output = stack.enter_context(Destination(args.output))
        if _runs_here(args):
            gc.enable()
        with prints_apart():
            result = chosen.run(JobFile(args.job), Data(inputs), options, output.write)
        if account is not None:
            account.write(_as_json(result))
    show_silence(result.timings.records, result.timings.pairs + output.written, args.progress)
    return result


def _as_json(result: RunResult) -> bytes:
    import json

    return json.dumps(result.timings.as_json(), indent=1).encode() + b"\n"


def _doctor(args: argparse.Namespace) -> int:
    from pymapr import doctor

    lines = doctor.machine() if args.file is None else doctor.file(args.file)
    write_stdout("".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace"))
    return DONE


# ---- the command line ------------------------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    """argparse, but a wrong command line ends with exit code 4, is told by the command it is for, and gets a mend."""

    _given: Sequence[str] = ()

    # Any: argparse's own signature is a family of overloads, whose namespaces may be of any class.
    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self._given = sys.argv[1:] if args is None else list(args)
        found, unknown = super().parse_known_args(self._given, namespace)
        if unknown:  # left to itself, argparse lets the parser of the whole command line complain
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        sys.stderr.write(f"pymapr: error: {message}\n\nhint: {self._mend()}\n")
        raise SystemExit(UsageError.exit_code)

    def _mend(self) -> str:
        if self.prog != "pymapr" or not self._given or not self._given[0].endswith(".py"):
            return f"{self.prog} --help"
        import shlex

        data = () if self._given[1:] else ("DATA",)
        return shlex.join(["pymapr", "run", *self._given, *data])


class _Formatter(argparse.HelpFormatter):
    """Tells its own width: left to itself, it loads `shutil` for that, for each argument, help wanted or not."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns())


def _columns() -> int:
    try:
        return int(os.environ.get("COLUMNS", "")) or os.get_terminal_size().columns
    except (OSError, ValueError):
        return 100


def _parser() -> argparse.ArgumentParser:
    from pymapr import __version__

    about = "MapReduce on every core, for students."
    parser = _Parser(prog="pymapr", description=about, epilog=_EPILOG, formatter_class=_Formatter)
    parser.add_argument("--version", action="version", version=f"pymapr {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, parser_class=_Parser, metavar="COMMAND")
    run = commands.add_parser(
        "run", help="run a job", description=_RUN, epilog=_EPILOG + _STEERED, formatter_class=_Formatter
    )
    run.set_defaults(command=_run)
    _add_run_arguments(run)
    doctor = commands.add_parser(
        "doctor",
        help="what this machine offers; with FILE, what in that job file would surprise its author",
        description=_DOCTOR,
        epilog=_FINDINGS,
        formatter_class=_Formatter,
    )
    doctor.add_argument("file", metavar="FILE", nargs="?", help="a job file: it is read, never run")
    doctor.set_defaults(command=_doctor)
    return parser


def _add_run_arguments(run: argparse.ArgumentParser) -> None:
    progress = os.environ.get("PYMAPR_PROGRESS", "auto")
    run.add_argument("job", metavar="JOB.py", help="the file with mapper and reducer")
    run.add_argument("data", metavar="DATA", nargs="+", help="JSON lines, .gz too; - is standard input")
    run.add_argument("--engine", choices=["serial", "parallel"], default="parallel", help="default: parallel")
    run.add_argument("--workers", type=_count, metavar="N", help="processes at once; default: one per usable core")
    run.add_argument(
        "--order",
        default="stable",
        help="stable (default: as a serial run), arrival, or scramble:SEED; in a serial run a scramble permutes"
        " each key's values and nothing else",
    )
    run.add_argument(
        "--isolated", action="store_true", help="no process sees both phases, at least two tasks a phase: to find leaks"
    )
    run.add_argument(
        "--memory", type=_size, metavar="SIZE", help="budget such as 512MB; default: half of what is there"
    )
    run.add_argument("--output", metavar="FILE", default="", help="write the output there, once it is complete")
    run.add_argument("--timings", metavar="FILE.json", default="", help="write where the time went")
    run.add_argument("--progress", choices=["auto", "plain", "none"], default=progress, help="default: auto")


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")


_UNITS = {"": 1, "b": 1, "kb": 2**10, "mb": 2**20, "gb": 2**30, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def _size(text: str) -> int:
    number = text.rstrip("bBiIkKmMgG ")
    unit = text[len(number) :].strip().lower()
    try:
        return int(float(number) * _UNITS[unit])
    except (KeyError, ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"expected a size such as 512MB or 2GB, got {text!r}") from None
