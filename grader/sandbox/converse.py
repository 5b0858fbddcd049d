"""One worker that does everything: wait until it is ready, start it, gather its output until it says that it has finished."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from pymapr.errors import ProtocolError
from pymapr.model import Options, RunTimings
from pymapr.parallel.account import Account
from pymapr.parallel.channel import Launcher, WorkerSpec
from pymapr.parallel.crew import Crew
from pymapr.parallel.protocol import Begin, Finished, Output, Ready, RunSerial

TICK = 0.02
"""Seconds between two looks of the watch: at this rate a process was seen to overshoot a memory limit of 256 MB by 24 MB."""

Result = tuple[list[bytes], RunTimings, tuple[str, ...]]
"""Output in chunks of whole lines, the account, remarks."""


def converse(
    launcher: Launcher,
    spec: WorkerSpec,
    start: RunSerial | None,
    *,
    most_output: int,
    watch: Callable[[], None],
    count_output: Callable[[int], None],
) -> Result:
    """Launch a worker and hear it out; start: what to tell it once it is ready, None if it begins by itself.

    watch: called at least every TICK seconds; count_output: told of every chunk's size; both may raise, which ends the run. Raises MaprError.
    The worker is gone when this returns or raises.
    """
    account = Account(perf_counter())
    crew = Crew(launcher, Begin(1, "stable", 0, 0), lambda _: "before the run was complete", most_output + 2**20, lives=1)
    chunks: list[bytes] = []
    finished: Finished | None = None
    try:
        launched = perf_counter()
        crew.start(spec)
        while finished is None:
            for seat, message in crew.arrivals(TICK):
                watch()
                match message:
                    case Ready():
                        account.started(0, launched, max(launched, message.at))
                        if start is not None:
                            crew.give(seat, start)
                    case Output():
                        count_output(len(message.payload))
                        chunks.append(message.payload)
                    case Finished():
                        finished = message
                    case _:
                        raise ProtocolError("a worker answered what it was not asked")
            watch()
    finally:
        crew.kill()
    if sum(chunk.count(b"\n") for chunk in chunks) != finished.lines:
        raise ProtocolError("a worker sent another number of lines than it said")
    account.records, account.pairs, account.keys = finished.records, finished.pairs, finished.keys
    account.add(0, finished.stats, records=finished.records, pairs=finished.pairs, keys=finished.keys)
    remarks = (f"{finished.blank} blank line(s) in the data were skipped",) if finished.blank else ()
    return chunks, account.close("serial", Options(workers=1), perf_counter(), 0.0), remarks


