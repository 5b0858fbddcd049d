"""What `mr.execute` does in a plain script: run in parallel, print the output, tell the progress on stderr.

Steered by PYMAPR_WORKERS, PYMAPR_ORDER and PYMAPR_PROGRESS. A failure ends the script with a message and an exit code, not a traceback.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

from pymapr.backend import Data
from pymapr.engine import backend, make_options
from pymapr.errors import MaprError, UsageError
from pymapr.inputs import Input
from pymapr.job import Job
from pymapr.messages import INTERRUPTED, show, write_stdout


def execute(job: Job, data: Iterable[Any], workers: int | None) -> bytes:
    """Run the job and print its output; returns the output too. Ends the script (SystemExit) when the run fails."""
    try:
        output = _run(job, data, workers)
    except MaprError as error:
        show(error)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        sys.stderr.write("pymapr: interrupted\n")
        raise SystemExit(INTERRUPTED) from None
    write_stdout(output)
    return output


def _run(job: Job, data: Iterable[Any], workers: int | None) -> bytes:
    progress = os.environ.get("PYMAPR_PROGRESS", "auto")
    if progress not in ("auto", "plain", "none"):
        raise UsageError(f"PYMAPR_PROGRESS: expected auto, plain or none, got {progress!r}")
    options = make_options(workers or _workers(), os.environ.get("PYMAPR_ORDER", "stable"))
    kept: list[bytes] = []
    found = _data(data)
    try:
        result = backend("parallel", progress).run(job, found, options, kept.append)
    finally:
        for source in found.inputs:
            os.close(source.descriptor)
    if progress != "none":
        for remark in result.remarks:
            sys.stderr.write(f"pymapr: remark: {remark}\n")
    return b"".join(kept)


def _workers() -> int | None:
    text = os.environ.get("PYMAPR_WORKERS", "")
    if not text:
        return None
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise UsageError(f"PYMAPR_WORKERS: expected a whole number of at least 1, got {text!r}")


def _data(data: Iterable[Any]) -> Data:
    """An open file from which nothing was read can be read in pieces by the workers; everything else line by line, here."""
    name = getattr(data, "name", None)
    if isinstance(name, str) and os.path.isfile(name):  # noqa: PTH113 - pathlib costs milliseconds at start-up
        source = Input(name, os.open(name, os.O_RDONLY), name)
        if source.holds(data):
            return Data([source])
        os.close(source.descriptor)
    return Data(lines=data)
