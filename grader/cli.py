"""The command `pymapr-grade`: calls what does the work, and turns what goes wrong into words and an exit code."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from grader import arguments as asked
from grader.arguments import Exit
from grader.errors import GraderError, NothingToGrade, SpecError, UsageError
from grader.grading import grade, load_specs, nobody_reads
from grader.tidy import hear_endings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    _say_whatever_it_is()
    hear_endings()
    try:
        command = _command(arguments[0]) if arguments else None
        return command(arguments[1:]) if command else grade(asked.grading().parse_args(arguments))
    except GraderError as error:
        _show(error)
        return _exit_of(error)
    except KeyboardInterrupt as interrupt:
        kept = f"\npymapr-grade: {interrupt}" if str(interrupt) else ""
        _write(f"pymapr-grade: interrupted; nothing is left running{kept}\n")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        nobody_reads()
        return Exit.GRADED
    except Exception as error:  # exit code 1, as the interpreter would have it, says that somebody scored too little
        _show(_fault(error))
        return Exit.NOT_JUDGED


def _command(name: str) -> Callable[[Sequence[str]], int] | None:
    """The command of that name; None for a path, or an option. Raises UsageError for what is nearly a command."""
    from difflib import get_close_matches

    close = get_close_matches(name, _COMMANDS, n=1)
    if close and name not in _COMMANDS and not os.path.lexists(name):
        raise UsageError(f"{name}: no such file or folder", f"did you mean the command {close[0]}?")
    return _COMMANDS.get(name)


def _say_whatever_it_is() -> None:
    """A terminal that knows only ASCII, or a file name that is no text, must not keep a report from being written."""
    for stream in (sys.stdout, sys.stderr):
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors="backslashreplace")


def _exit_of(error: GraderError) -> Exit:
    if isinstance(error, NothingToGrade):
        return Exit.NOTHING
    return Exit.USAGE if isinstance(error, SpecError | UsageError) else Exit.NOT_JUDGED


def _fault(error: Exception) -> GraderError:
    """A mistake of ours, in one line that says where: a traceback is for who asks for it."""
    import traceback

    if os.environ.get("PYMAPR_DEBUG"):
        traceback.print_exception(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(frame.filename).name}:{frame.lineno}"
    message = f"{type(error).__name__} at {where}: {error}"
    return GraderError(message, "this is a fault of pymapr; please report it, with what PYMAPR_DEBUG=1 adds to it")


def _show(error: GraderError) -> None:
    _write(f"pymapr-grade: error: {error}\n" + (f"\nhint: {error.hint}\n" if error.hint else ""))


def _write(text: str) -> None:
    with suppress(OSError):  # the terminal was closed: nobody is there to be told
        sys.stderr.write(text)
        sys.stderr.flush()


# ---- the other commands ----------------------------------------------------------------------------------------------


def _release(arguments: Sequence[str]) -> int:
    from grader import materials, release

    args = asked.releasing().parse_args(arguments)
    return _told(release.release(load_specs([args.path]), args.out, materials.cache_folder()))


def _examples(arguments: Sequence[str]) -> int:
    from grader import release

    return _told(release.examples(asked.copying_examples().parse_args(arguments).out))


def _history(arguments: Sequence[str]) -> int:
    from grader import bookkeeping

    return _told(bookkeeping.history(asked.asking_history().parse_args(arguments)))


def _override(arguments: Sequence[str]) -> int:
    from grader import bookkeeping

    return _told(bookkeeping.override(asked.overriding().parse_args(arguments)))


def _told(lines: Iterable[str]) -> Exit:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    return Exit.GRADED


_COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "release": _release,
    "examples": _examples,
    "history": _history,
    "override": _override,
}
