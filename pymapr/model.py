"""What a run is asked and what it answers: plain facts, no files, no processes.

Named tuples, not dataclasses: these are loaded by every run, and `dataclasses` alone takes a quarter of the time that a
run over ten records may cost.
"""

from __future__ import annotations

import json
from typing import Any, Literal, NamedTuple

from pymapr.errors import UsageError
from pymapr.timings import PHASES

Engine = Literal["serial", "parallel"]
ENGINES: tuple[Engine, ...] = ("serial", "parallel")

LEAST_MEMORY = 2**20


class Order(NamedTuple):
    """In which order a parallel run works and answers: `stable`, `arrival`, or `scramble` with its seed."""

    kind: Literal["stable", "arrival", "scramble"] = "stable"
    seed: int = 0

    @classmethod
    def parse(cls, text: str) -> Order:
        """Read `stable`, `arrival` or `scramble:SEED`; raises UsageError."""
        kind, colon, seed = text.partition(":")
        if kind == "scramble" and seed.isascii() and seed.isdigit() and len(seed) < 19:
            return cls("scramble", int(seed))
        if not colon and kind == "stable":
            return cls("stable")
        if not colon and kind == "arrival":
            return cls("arrival")
        raise UsageError(
            f"order: expected stable, arrival or scramble:SEED, got {text!r}",
            "SEED is a whole number of at most 18 digits, as in scramble:7",
        )

    @property
    def scrambles(self) -> bool:
        """Whether everything is permuted that a cluster may permute."""
        return self.kind == "scramble"

    def __str__(self) -> str:
        return f"scramble:{self.seed}" if self.scrambles else self.kind


STABLE = Order()


class _Options(NamedTuple):
    workers: int
    order: Order
    memory: int
    isolated: bool


class Options(_Options):
    """How to run.

    workers: processes at once. memory: budget in bytes for all workers together. isolated: no process sees both phases,
    at least two tasks a phase, dealt from the data and the worker count alone (a scramble is always isolated). Raises
    UsageError for values that cannot be.
    """

    __slots__ = ()

    def __new__(cls, *, workers: int, order: Order = STABLE, memory: int = 2**30, isolated: bool = False) -> Options:
        """Check and keep."""
        if type(workers) is not int or workers < 1:
            raise UsageError(f"workers: expected a whole number of at least 1, got {workers!r}")
        if memory < LEAST_MEMORY:
            raise UsageError(f"memory: expected at least 1MB, got {memory} bytes", "write `--memory 256MB`")
        return super().__new__(cls, workers, order, memory, isolated)

    @property
    def static(self) -> bool:
        """Whether tasks are dealt in advance, so that a run can be repeated exactly."""
        return self.isolated or self.order.scrambles

    @property
    def memory_each(self) -> int:
        """One worker's share of the budget, in bytes."""
        return self.memory // self.workers

    @property
    def memory_to_merge(self) -> int:
        """What a partition may take, in bytes: half a worker's share, as its output waits beside it."""
        return self.memory_each // 2


class WorkerReport(NamedTuple):
    """What one worker did: seconds per phase (wall and CPU), counts, peak memory in bytes."""

    worker: int
    wall: dict[str, float]
    cpu: dict[str, float]
    records: int = 0
    pairs: int = 0
    keys: int = 0
    peak_memory: int = 0


class Span(NamedTuple):
    """When a worker was in a phase, in seconds since the run began; worker -1 is the master."""

    worker: int
    phase: str
    start: float
    end: float


class RunTimings(NamedTuple):
    """The account of one run.

    phases: seconds of wall during which anyone was in that phase (so none exceeds `wall`; phases that overlap sum to
    more than the whole). cpu_phases: CPU seconds summed over all processes. balance: the busiest worker's share over
    the mean, 1.0 is perfect.
    """

    engine: Engine
    workers: int
    order: str
    wall: float
    cpu: float
    phases: dict[str, float]
    cpu_phases: dict[str, float]
    spans: tuple[Span, ...] = ()
    per_worker: tuple[WorkerReport, ...] = ()
    records: int = 0
    pairs: int = 0
    keys: int = 0
    bytes_shuffled: int = 0
    bytes_spilled: int = 0
    peak_memory: int = 0
    balance: float = 1.0

    def as_json(self) -> dict[str, object]:
        """The run object of the JSON report, with further keys."""
        return {
            **self._asdict(),
            "phases": {name: self.phases.get(name, 0.0) for name in PHASES} | {"total": self.wall},
            "cpu_phases": {name: self.cpu_phases.get(name, 0.0) for name in PHASES} | {"total": self.cpu},
            "spans": [span._asdict() for span in self.spans],
            "per_worker": [report._asdict() for report in self.per_worker],
        }


class RunResult(NamedTuple):
    """What a run yields: its account, remarks worth telling (blank lines skipped, ...), and the output unless it was
    written away.

    output: JSON lines, each with its line end.
    """

    timings: RunTimings
    remarks: tuple[str, ...] = ()
    output: bytes = b""

    @property
    def values(self) -> list[Any]:
        """The output values, as JSON gives them back."""
        return [json.loads(line) for line in self.output.splitlines()]
