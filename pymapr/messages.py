"""How a command or script of ours ends: what it says, and with which exit code. stdout carries data only."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from pymapr.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NoReturn

    from pymapr.errors import MaprError

DONE, INTERRUPTED = 0, 2
FULL = "is there room for the output where it goes?"


def show(error: MaprError) -> None:
    """Tell an error on stderr: what happened and where, then, apart, the mend."""
    sys.stderr.write(f"pymapr: error: {error}\n")
    if error.hint:
        sys.stderr.write(f"\nhint: {error.hint}\n")


def show_interrupted() -> None:
    """Tell that the user ended the run."""
    sys.stderr.write("pymapr: interrupted\n")


def show_remarks(remarks: Iterable[str], progress: str) -> None:
    """Tell what is worth knowing about a run, unless progress is `none`."""
    if progress != "none":
        for remark in remarks:
            sys.stderr.write(f"pymapr: remark: {remark}\n")


def show_silence(records: int, emitted: int, progress: str) -> None:
    """Warn, unless progress is `none`, of a run that read records and emitted neither a pair nor output (counts)."""
    if records and not emitted and progress != "none":
        sys.stderr.write(f"pymapr: warning: the mapper emitted nothing, from {records} record{'s' * (records != 1)}\n")
        sys.stderr.write(f"\nhint: {_EMIT}\n")


_EMIT = (
    "with a global mr, call mr.emit_intermediate(key, value): what the mapper yields or returns does not count;"
    " without an mr, yield key, value"
)


def write_stdout(data: bytes) -> None:
    """Write to stdout, whatever stands in its place; a reader that has left (`| head`) ends the matter quietly."""
    try:
        sys.stdout.flush()
        stream = getattr(sys.stdout, "buffer", None)
        if stream is None:
            sys.stdout.write(data.decode())
        else:
            stream.write(data)
            stream.flush()
    except BrokenPipeError:
        nobody_reads()
    except OSError as error:
        nobody_reads()
        raise EngineError(f"stdout: {error.strerror}", FULL) from None


def nobody_reads() -> None:
    """Lead fd 1 away, so that the interpreter's own flush at the end does not fail."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


def leave(code: int) -> NoReturn:
    """End this process at once: to take apart what it is made of would take longer than a small run."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):  # closed, or nobody reads
            stream.flush()
    os._exit(code)
