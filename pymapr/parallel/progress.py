"""Says on stderr how a run goes: who started, what was fed, what came back. This base class says nothing at all."""

from __future__ import annotations

import sys
from time import perf_counter
from typing import TYPE_CHECKING, Any, TextIO

from pymapr.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymapr.model import Options, RunTimings
    from pymapr.parallel.account import Account
    from pymapr.parallel.channel import WorkerSpec
    from pymapr.parallel.protocol import Mapped, MapTask, Reduced

KINDS = ("auto", "plain", "none")

_EVERY = 2.0
"""Seconds between two lines about the same phase, once each worker was heard of."""


class Progress:
    """What a master tells; silent."""

    def began(self, options: Options, inputs: Sequence[tuple[str, int]]) -> None:
        """A run begins on these files (name, bytes)."""

    def started(self, spec: WorkerSpec, pid: int) -> None:
        """A worker was started."""

    def fed(self, worker: int, task: MapTask, /) -> None:
        """A worker was given a map task."""

    def mapped(self, worker: int, message: Mapped) -> None:
        """A map task is done."""

    def shuffled(self, account: Account, /) -> None:
        """The map phase is over."""

    def reduced(self, worker: int, message: Reduced) -> None:
        """A reduce task is done."""

    def finished(self) -> None:
        """No worker is left, however the run ended."""

    def summary(self, timings: RunTimings) -> None:
        """The run succeeded."""


class PlainProgress(Progress):
    """Lines of text; about each worker first, then now and then."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._fed: set[int] = set()
        self._heard = 0.0
        self._counts: dict[int, list[int]] = {}
        self._sizes = 0
        self._done = 0

    def _say(self, who: str, text: str) -> None:
        self._stream.write(f"pymapr: {who}: {text}\n")

    def began(self, options: Options, inputs: Sequence[tuple[str, int]]) -> None:
        """One line: the data, the workers, the order."""
        what = ", ".join(f"{name} ({in_bytes(size)})" for name, size in inputs[:3]) or "data from the script"
        more = f" and {len(inputs) - 3} more" if len(inputs) > 3 else ""
        self._sizes = sum(size for _, size in inputs)
        self._fed, self._counts, self._done = set(), {}, 0
        self._say("master", f"{what}{more}; {options.workers} workers, order {options.order}")

    def started(self, spec: WorkerSpec, pid: int) -> None:
        """One line a worker."""
        self._say(f"worker {spec.number}", f"started, process {pid}")

    def fed(self, worker: int, task: MapTask, /) -> None:
        """One line for the first task of each worker, then one every two seconds."""
        self._done += task.end - task.start
        if worker in self._fed and perf_counter() - self._heard < _EVERY:
            return
        self._fed.add(worker)
        self._heard = perf_counter()
        share = f", {self._done * 100 // self._sizes} % of the input" if self._sizes and task.kind == "range" else ""
        what = f"bytes {task.start} to {task.end}" if task.kind == "range" else f"records from number {task.first}"
        self._say("master", f"fed worker {worker}: task {task.task}, {what}{share}")

    def mapped(self, worker: int, message: Mapped) -> None:
        """Counted; told when the phase is over."""
        counts = self._counts.setdefault(worker, [0, 0, 0])
        for place, number in enumerate((message.records, message.pairs, message.keys)):
            counts[place] += number

    def shuffled(self, account: Account, /) -> None:
        """One line a worker: what it mapped; one on the shuffle."""
        for worker, (records, pairs, keys) in sorted(self._counts.items()):
            self._say(f"worker {worker}", f"mapped {records} records to {pairs} pairs under {keys} keys")
        self._counts = {}
        self._say("master", f"map phase over: {account.records} records, {in_bytes(account.shuffled)} to shuffle")

    def reduced(self, worker: int, message: Reduced) -> None:
        """Counted; told at the end."""
        self._counts.setdefault(worker, [0])[0] += message.keys

    def finished(self) -> None:
        """One line a worker: what it reduced."""
        for worker, counts in sorted(self._counts.items()):
            if len(counts) == 1:
                self._say(f"worker {worker}", f"reduced {counts[0]} keys")

    def summary(self, timings: RunTimings) -> None:
        """One line: the whole, and its parts."""
        self._say("master", f"done in {seconds(timings.wall)}: {phases(timings)}")


class BarProgress(PlainProgress):
    """A bar for a terminal, which appears only when a run takes longer than a moment, and leaves one line behind."""

    _PATIENCE = 0.5

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream)
        self._began = perf_counter()
        self._bar: Any = None
        self._task: Any = None

    def _say(self, who: str, text: str) -> None:
        if text.startswith("done"):
            super()._say(who, text)

    def began(self, options: Options, inputs: Sequence[tuple[str, int]]) -> None:
        """Nothing is drawn yet."""
        super().began(options, inputs)
        self._bar = None

    def fed(self, _worker: int, task: MapTask, /) -> None:
        """Draw the bar forward."""
        self._done += task.end - task.start
        if self._bar is None and self._sizes and perf_counter() - self._began > self._PATIENCE:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f}%"),
                TimeRemainingColumn(),
            )
            self._bar = Progress(*columns, console=Console(file=self._stream), transient=True)
            self._bar.start()
            self._task = self._bar.add_task("map", total=self._sizes)
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done)

    def shuffled(self, _account: Account, /) -> None:
        """From here on the end is near, and its distance unknown."""
        if self._bar is not None:
            self._bar.update(self._task, description="reduce", completed=self._sizes)

    def finished(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()


def choose(kind: str, stream: TextIO | None = None) -> Progress:
    """A kind -> the Progress to use; `auto` is a bar on a terminal, lines elsewhere. Raises UsageError."""
    if kind not in KINDS:
        raise UsageError(f"progress: expected {', '.join(KINDS[:-1])} or {KINDS[-1]}, got {kind!r}")
    stream = stream or sys.stderr
    if kind == "none":
        return Progress()
    return BarProgress(stream) if kind == "auto" and stream.isatty() else PlainProgress(stream)


def phases(timings: RunTimings) -> str:
    """The phases and their seconds, in one line."""
    parts = ", ".join(f"{name} {seconds(taken)}" for name, taken in timings.phases.items())
    return f"{parts}; CPU {seconds(timings.cpu)}, balance {timings.balance:.2f}"


def seconds(value: float) -> str:
    """Seconds as people write them."""
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


def in_bytes(size: float) -> str:
    """A number of bytes as people write it."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
