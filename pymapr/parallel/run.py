"""What both phases of one run share: its options, its account, what it tells, and the cap on what passes through it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymapr.errors import ProtocolError, RelayExceeded
from pymapr.parallel.protocol import Ready

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pymapr.inputs import Input
    from pymapr.model import Options
    from pymapr.parallel.account import Account
    from pymapr.parallel.crew import Crew, Seat
    from pymapr.parallel.progress import Progress

AHEAD = 2
"""Tasks a worker holds at once: the one it works on, and the next, so that it never waits for the master."""


class Run:
    """One parallel run.

    inputs: files that all workers read the same; given: lines that only this process has. shared: whether the workers
    inherit the descriptors of inputs and spill files. partitions: how many buckets the keys are dealt into. relay:
    bytes of blocks and output that may pass through the master. keeps: whether workers may keep what they will reduce.
    """

    def __init__(
        self,
        options: Options,
        inputs: Sequence[Input],
        given: Iterable[Any] | None,
        account: Account,
        progress: Progress,
        *,
        shared: bool,
        partitions: int,
        watch: Callable[[], None] | None,
        tick: float | None,
        relay: int,
        keeps: bool,
    ) -> None:
        self.options, self.inputs, self.given = options, inputs, given
        self.account, self.progress = account, progress
        self.shared, self.partitions, self._keeps = shared, partitions, keeps
        self._watch, self._tick, self._relay_left, self._relay = watch, tick, relay, relay
        self.remarks: list[str] = []

    def kept_by(self, worker: int) -> list[int]:
        """The partitions whose groups a worker keeps, as it will reduce them. Seven eighths of all are dealt round, the
        rest is for whoever is done first. None where there are hardly more partitions than workers.
        """
        workers = self.options.workers
        if not self._keeps or self.partitions < 4 * workers:
            return []
        return [*range(worker, self.partitions * 7 // 8, workers)]

    def events(self, crew: Crew) -> Iterator[tuple[Seat, Any]]:
        """What happens next; afterwards whoever watches the run is asked, and may raise."""
        yield from crew.arrivals(self._tick)
        if self._watch is not None:
            self._watch()

    def welcome(self, seat: Seat, message: Any) -> None:
        """A worker is ready; raises ProtocolError if that is not what it said."""
        if not isinstance(message, Ready):
            raise ProtocolError("a worker announced something that it was not asked for")
        self.account.started(seat.spec.number, seat.launched, max(seat.launched, message.at))

    def relay(self, size: int) -> None:
        """So many bytes pass through the master; raises RelayExceeded."""
        self._relay_left -= size
        if self._relay_left < 0:
            raise RelayExceeded(f"more than {self._relay} bytes had to pass between the processes of the run")
