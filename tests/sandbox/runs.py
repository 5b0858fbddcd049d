"""Programs for the sandbox, written where they are needed, and a sandbox to run them in."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

from grader.model import Limits
from grader.sandbox.runner import Outcome, Program, Sandbox
from grader.sandbox.stage import Stage, files_below
from grader.sandbox.zygote import descendants, parent_of
from pymapr.model import Order

RECORDS = [f"record {number}" for number in range(8)]

HEAD = """\
import sys

import MapReduce

mr = MapReduce.MapReduce()
"""
FOOT = """
mr.execute(open(sys.argv[1]), mapper, reducer)
"""
EMIT = "mr.emit_intermediate(record.split()[0], record)"
COUNT = "mr.emit([key, len(values)])"


@dataclass(frozen=True, kw_only=True)
class Quick(Limits):
    """Limits that cut what waits after two seconds."""

    time: float = 1.0

    @property
    def wall(self) -> float:
        """Seconds."""
        return 2.0


def job(mapper: str = EMIT, reducer: str = COUNT, *, before: str = "", foot: str = FOOT) -> str:
    """A job file with these bodies, and what comes before them."""
    bodies = f"\n\ndef mapper(record):\n{_inside(mapper)}\n\n\ndef reducer(key, values):\n{_inside(reducer)}\n"
    return HEAD + textwrap.dedent(before) + bodies + foot


def _inside(body: str) -> str:
    return textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")


class Runs:
    """Runs job files in a sandbox, each in a student's folder below `home`, with what lies in it."""

    def __init__(self, sandbox: Sandbox, home: Path) -> None:
        self.sandbox, self.home = sandbox, home
        self.data = home / "records.json"
        self.data.write_text("".join(f"{json.dumps(record)}\n" for record in RECORDS))
        self.student = home / "student"
        self.student.mkdir()

    def serial(self, source: str, limits: Limits | None = None, **how: int) -> Outcome:
        """In one process."""
        with self.stage(source) as stage:
            return self.sandbox.serial(self.program(stage, limits), **how)

    def parallel(
        self, source: str, limits: Limits | None = None, workers: int = 2, order: Order | None = None
    ) -> Outcome:
        """In several."""
        with self.stage(source) as stage:
            return self.sandbox.parallel(self.program(stage, limits), workers=workers, order=order or Order())

    def stage(self, source: str) -> Stage:
        """The student's folder with this as the job, put in place."""
        (self.student / "job.py").write_text(source)
        return Stage(self.sandbox.stock, list(files_below(self.student)), self.data, ["records.json"])

    def program(self, stage: Stage, limits: Limits | None = None) -> Program:
        """The job as it is staged."""
        return Program(
            stage=stage,
            file="job.py",
            data="records.json",
            hide=["records.json"],
            source=self.data,
            limits=limits or Limits(),
        )


def printed(outcome: Outcome) -> list[str]:
    """What a run printed, which must not have failed."""
    assert outcome.failure is None, outcome.failure
    return outcome.printed.splitlines()


def open_descriptors() -> int:
    """How many descriptors this process has open."""
    return len(list(Path("/dev/fd").iterdir()))


def processes() -> set[int]:
    """The processes below this one, but for those of a browser: other tests may share this process with one.

    All that a sandbox starts is a fork of this Python, or below such a fork.
    """
    own = os.getpid()
    forks = [pid for pid in descendants(own) if parent_of(pid) == own and not _runs_another_program(pid)]
    return {*forks, *(pid for fork in forks for pid in descendants(fork))}


def _runs_another_program(pid: int) -> bool:
    """Whether it is known not to be Python."""
    try:
        return not Path(f"/proc/{pid}/exe").samefile(sys.executable)
    except OSError:  # it ended, or may not be looked at
        return False
