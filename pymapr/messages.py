"""How a command or script of ours ends: what it says, and with which exit code. stdout carries data only."""

from __future__ import annotations

import os
import sys

from pymapr.errors import MaprError

DONE, INTERRUPTED = 0, 2


def show(error: MaprError) -> None:
    """Tell an error on stderr: what happened and where, then, apart, the mend."""
    sys.stderr.write(f"pymapr: error: {error}\n")
    if error.hint:
        sys.stderr.write(f"\nhint: {error.hint}\n")


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
        # So that the interpreter's own flush at the end finds a reader.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
