"""The command `pymapr`: parses, calls, and turns errors into messages and exit codes; decides nothing else."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from pymapr.errors import MaprError, UsageError
from pymapr.messages import DONE, INTERRUPTED, show

_RUN = """Run a MapReduce job on every core.

JOB.py is a file as students write it: a global mr = MapReduce.MapReduce() with mapper and reducer, or just a mapper and a reducer that
yield. DATA is JSON lines, .gz too; - is standard input. The output goes to stdout, everything else to stderr."""

_EPILOG = "exit code: 0 done, 1 the job's code failed, 2 interrupted, 3 the engine failed, 4 usage"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = _parser()
    try:
        args = parser.parse_args(arguments)
        answer: int = args.command(args)
        return answer
    except MaprError as error:
        show(error)
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("pymapr: interrupted\n")
        return INTERRUPTED


class _Parser(argparse.ArgumentParser):
    """argparse, but for the exit code of a wrong command line, which is 4 here."""

    def error(self, message: str) -> None:  # type: ignore[override]  # never returns, but for that it must be NoReturn
        self.print_usage(sys.stderr)
        sys.stderr.write(f"pymapr: error: {message}\n\nhint: {self.prog} --help\n")
        raise SystemExit(UsageError.exit_code)


def _parser() -> argparse.ArgumentParser:
    from pymapr import __version__

    parser = _Parser(prog="pymapr", description="MapReduce on every core, for students.", epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"pymapr {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, parser_class=_Parser, metavar="COMMAND")
    run = commands.add_parser("run", help="run a job", description=_RUN, epilog=_EPILOG)
    run.add_argument("job", metavar="JOB.py")
    run.add_argument("data", metavar="DATA", nargs="+")
    run.add_argument("--engine", choices=["serial", "parallel"], default="parallel", help="default: parallel")
    run.add_argument("--workers", type=_count, metavar="N", help="processes at once; default: one per usable core")
    run.add_argument("--order", default="stable", help="stable (default: as a serial run), arrival, or scramble:SEED")
    run.add_argument("--memory", type=_size, metavar="SIZE", help="budget such as 512MB; default: half of what there is")
    run.add_argument("--output", metavar="FILE", help="write the output there, once it is complete")
    run.add_argument("--timings", metavar="FILE.json", help="write where the time went")
    run.add_argument("--progress", choices=["auto", "plain", "none"], default=os.environ.get("PYMAPR_PROGRESS", "auto"))
    run.set_defaults(command=_run)
    doctor = commands.add_parser("doctor", help="what this machine offers, and what would surprise a job file")
    doctor.add_argument("file", metavar="FILE", nargs="?")
    doctor.set_defaults(command=_doctor)
    return parser


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


def _run(args: argparse.Namespace) -> int:
    from pymapr.backend import Data, JobFile
    from pymapr.engine import backend, make_options
    from pymapr.inputs import open_input

    if args.data.count("-") > 1:
        raise UsageError("standard input (-) can be read only once")
    options = make_options(args.workers, args.order, args.memory)
    inputs = [open_input(path) for path in args.data]
    chosen = backend(args.engine, args.progress)
    with _Destination(args.output) as write:
        result = chosen.run(JobFile(args.job), Data(inputs), options, write)
    if args.progress != "none":
        for remark in result.remarks:
            sys.stderr.write(f"pymapr: remark: {remark}\n")
    if args.timings:
        import json

        with _Destination(args.timings) as write:
            write(json.dumps(result.timings.as_json(), indent=1).encode() + b"\n")
    return DONE


def _doctor(args: argparse.Namespace) -> int:
    from pymapr import doctor

    for line in doctor.machine():
        print(line)  # noqa: T201 - what this command answers is its data
    if args.file:
        for line in doctor.render(doctor.surprises(args.file), args.file):
            print(line)  # noqa: T201
    return DONE


class _Destination:
    """Where output goes: a file that appears only when it is complete, or this process's own stdout.

    While it is open, fd 1 leads to stderr, so that what a job prints cannot mix with its output.
    """

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._partial = f"{path}.{os.getpid()}.partial"

    def __enter__(self) -> Callable[[bytes], None]:
        sys.stdout.flush()
        self._stdout = os.dup(1)
        try:
            self._file = open(self._partial, "wb") if self._path else open(os.dup(1), "wb")  # noqa: SIM115, PTH123
        except OSError as error:
            raise UsageError(f"{self._path}: {error.strerror}", "the folder must exist and be writable") from None
        os.dup2(2, 1)
        return self._write

    def _write(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise UsageError(f"{self._path or 'stdout'}: {error.strerror}") from None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        sys.stdout.flush()
        os.dup2(self._stdout, 1)
        os.close(self._stdout)
        quiet = kind is not None and issubclass(kind, BrokenPipeError)
        try:
            self._file.close()
        except BrokenPipeError:  # whoever read our output has enough, as `| head` does
            quiet = True
        if self._path and kind is None:
            os.replace(self._partial, self._path)
        elif self._path:
            os.unlink(self._partial)
        return quiet
