"""The shuffle queue: where everything that the workers announce comes together, on the master's side.

Fed by one pipe a worker, never by a pipe that several write to: a writer that is killed half-way through a message then
spoils nobody else's. Nothing is polled: the kernel says who has written and who has died.
"""

from __future__ import annotations

import select
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pymapr.parallel.channel import Link

_ALL = 2**62


class Arrival(NamedTuple):
    """Something that happened at `link`: a message, or (None) the end of its process."""

    link: Link
    message: Any


def gather(links: Iterable[Link], timeout: float | None = None) -> Iterator[Arrival]:
    """Wait until anything happens, at most `timeout` seconds, and yield it. Messages before funerals.

    A worker that answered and then left has answered: its messages come first, and only when there are no more its end.
    """
    poll, at = select.poll(), {}
    for link in links:
        if not link.ended:
            poll.register(link.handle.results, select.POLLIN)
            at[link.handle.results] = link
        poll.register(link.handle.sentinel, select.POLLIN)
        at[link.handle.sentinel] = link
        if link.waiting:
            poll.register(link.handle.feed, select.POLLOUT)
            at[link.handle.feed] = link
    ready = poll.poll(None if timeout is None else max(0, timeout * 1000))
    for descriptor, _ in ready:
        link = at[descriptor]
        if descriptor == link.handle.feed:
            link.flush()
        elif descriptor == link.handle.results:
            for message in link.arrivals():
                yield Arrival(link, message)
    for descriptor, _ in ready:
        link = at[descriptor]
        if descriptor == link.handle.sentinel:
            yield from (Arrival(link, message) for message in link.arrivals(most=_ALL))
            yield Arrival(link, None)
