"""One worker that does everything: start it, tell it what to do, gather its output until it says it is done."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from pymapr.errors import ProtocolError
from pymapr.model import Options, RunTimings
from pymapr.parallel.account import Account
from pymapr.parallel.crew import Crew
from pymapr.parallel.protocol import Begin, Finished, Output, Ready, RunSerial

if TYPE_CHECKING:
    from collections.abc import Callable

    from pymapr.parallel.channel import Launcher, WorkerSpec

TICK = 0.02
"""Seconds between two looks of the watch: a process was seen to overshoot a memory limit of 256 MB by 24 MB."""

Result = tuple[bytes, RunTimings, tuple[str, ...]]
"""Output in whole lines, the account, remarks."""


def converse(
    launcher: Launcher,
    spec: WorkerSpec,
    start: RunSerial | None,
    *,
    most_output: int,
    watch: Callable[[], None],
    count_output: Callable[[int], None],
) -> Result:
    """Launch a worker and hear it out; start: what it is to do once it is ready, None if it begins by itself.

    watch: called at least every TICK seconds; count_output: told of every chunk's size; both may raise, which ends the
    run. Raises MaprError. The worker is gone when this returns or raises.
    """
    account = Account(perf_counter())
    begin = Begin(1, "stable", 0, 0)
    crew = Crew(launcher, begin, lambda _: "before the run was complete", most_output + 2**20, lives=1)
    try:
        output, finished, loading = _hear_out(crew, spec, start, account, watch, count_output)
    finally:
        crew.kill()
    if output.count(b"\n") != finished.lines:
        raise ProtocolError("a worker sent another number of lines than it said")
    account.records, account.pairs, account.keys = finished.records, finished.pairs, finished.keys
    account.add(0, finished.stats, records=finished.records, pairs=finished.pairs, keys=finished.keys)
    remarks = (f"{finished.blank} blank line(s) in the data were skipped",) if finished.blank else ()
    return output, account.close("serial", Options(workers=1), perf_counter(), 0.0), (*loading, *remarks)


def _hear_out(
    crew: Crew,
    spec: WorkerSpec,
    start: RunSerial | None,
    account: Account,
    watch: Callable[[], None],
    count_output: Callable[[int], None],
) -> tuple[bytes, Finished, list[str]]:
    """What it puts out, what it says at the end, and its remarks on loading; nothing is heard after the end."""
    launched = perf_counter()
    loading: list[str] = []
    seat = crew.start(spec)
    if start is not None:  # it waits in the pipe, so that the worker need not
        crew.give(seat, start)
    output = bytearray()
    while True:
        for _, message in crew.arrivals(TICK):
            watch()
            match message:
                case Ready():
                    loading = message.remarks
                    account.started(0, launched, max(launched, message.at))
                case Output():
                    count_output(len(message.payload))
                    output += message.payload
                case Finished():
                    return bytes(output), message, loading
                case _:
                    raise ProtocolError("a worker answered what it was not asked")
        watch()
