"""What every engine looks like from outside: one method. The serial run is the specification of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from pymapr.inputs import Input
    from pymapr.job import Job
    from pymapr.model import Options, RunResult

Write = Callable[[bytes], None]
"""Takes the output: JSON lines, in chunks of bytes that need not end at line ends."""


class JobFile(NamedTuple):
    """A job that lies in a file; every process that needs it executes the file for itself."""

    path: str


class Data(NamedTuple):
    """What a job runs on: open files, or (where there are none) an iterable of JSON lines in this process."""

    inputs: Sequence[Input] = ()
    lines: Iterable[Any] | None = None


class Backend(Protocol):
    """An engine."""

    def run(self, job: Job | JobFile, data: Data, options: Options, write: Write) -> RunResult:
        """Run the job and hand its output to `write`. Raises MaprError; leaves no process and no file."""
