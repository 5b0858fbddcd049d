"""Workers that say anything at all: what a master hears is made up beforehand, and then they are dead."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from grader.model import Limits
from grader.sandbox import claims
from grader.sandbox.converse import converse
from pymapr.errors import MaprError
from pymapr.inputs import open_input
from pymapr.model import Options, Order
from pymapr.parallel import protocol
from pymapr.parallel.channel import WorkerSpec
from pymapr.parallel.frames import encode
from pymapr.parallel.master import Master
from pymapr.parallel.protocol import RunSerial

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MOST = 2**20
"""Bytes of output, and of blocks, that these runs may have."""


class Dead:
    """A worker that has said all that it ever will."""

    pid = 2**22 + 1

    def __init__(self, said: bytes) -> None:
        self.results, writing = os.pipe()
        self.sentinel, ended = os.pipe()
        self._feed_end, self.feed = os.pipe()
        os.set_blocking(self.results, False)
        os.set_blocking(self.feed, False)
        self._speaking = threading.Thread(target=_say, args=(writing, said, ended))
        self._speaking.start()

    def kill(self) -> None:
        """It is dead."""

    def reap(self) -> int:
        """It has ended well."""
        return 0

    def close(self) -> None:
        """Give everything back."""
        for descriptor in (self.results, self.sentinel, self.feed, self._feed_end):
            os.close(descriptor)
        self._speaking.join()


def _say(writing: int, said: bytes, ended: int) -> None:
    view = memoryview(said)
    try:
        while view:
            view = view[os.write(writing, view) :]
    except BrokenPipeError:
        pass
    os.close(writing)
    os.close(ended)


class Launcher:
    """Launches workers that say these, one after another, and then such as say nothing."""

    shares_files = False
    varies_hash_seed = True

    def __init__(self, *said: bytes) -> None:
        self._said = list(said)

    def launch(self, _: WorkerSpec) -> Dead:
        """See pymapr.parallel.channel.Launcher."""
        return Dead(self._said.pop(0) if self._said else b"")


def hear_alone(said: bytes) -> str:
    """What a serial run comes to: `output`, or the class of the error. Whatever is no MaprError is raised."""
    launcher, spec = Launcher(said), WorkerSpec(0, "serial")
    try:
        _, timings, remarks = converse(
            launcher, spec, RunSerial(-1), most_output=MOST, watch=_nothing, count_output=lambda _: None
        )
    except MaprError as error:
        claims.words(str(error))
        return type(error).__name__
    claims.record(timings, "stable", 1.0, 1.0)
    claims.remarks(remarks)
    return "output"


def hear_together(data: Path, said: Sequence[bytes], order: Order) -> str:
    """What a parallel run over `data` comes to, as above."""
    source = open_input(str(data))
    options = Options(workers=2, order=order, memory=2**40, isolated=True)
    master = Master(Launcher(*said), options, inputs=[source], watch=_nothing, tick=0.02, relay=Limits().memory)
    try:
        timings = master.run(lambda _: None)
    except MaprError as error:
        claims.words(str(error))
        return type(error).__name__
    finally:
        os.close(source.descriptor)
    claims.record(timings, "stable", 1.0, 1.0)
    claims.remarks(master.remarks)
    return "output"


def _nothing() -> None:
    """Nobody watches."""


# ---- what they may say -----------------------------------------------------------------------------------------------

NUMBERS = st.sampled_from([0, 1, 2, 3, -1, 7, 100, 2**31, 2**61, -2, 2**64])
FLOATS = st.sampled_from([0.0, 1.0, -1.0, 1e17, 1e300, float("nan"), float("inf")])
WORDS = st.sampled_from(
    ["", "inputs", "given", "map", "KeyError", "UserCodeFailed", "EngineError", "\x1b[2J", "\ud800", "x" * 999]
)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | FLOATS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
SECONDS = st.dictionaries(st.sampled_from(["map", "read", "other"]), FLOATS | JSON, max_size=2)
SPANS = st.lists(st.tuples(WORDS, FLOATS, FLOATS) | JSON, max_size=3)
STATS = st.fixed_dictionaries({"wall": SECONDS, "cpu": SECONDS, "spans": SPANS, "peak": NUMBERS | JSON}) | st.just(
    {"wall": {}, "cpu": {}, "spans": [], "peak": 0}
)
PAYLOADS = st.binary(max_size=40) | st.sampled_from(
    [b'["a", 1]\n', bytes(8), (1).to_bytes(8, "little") + bytes(12), (2**62).to_bytes(8, "little") + bytes(20)]
)

FIELDS: dict[Any, st.SearchStrategy[Any]] = {
    int: NUMBERS,
    float: FLOATS,
    bool: st.booleans(),
    str: WORDS,
    bytes: PAYLOADS,
    list[int]: st.lists(NUMBERS, min_size=0, max_size=4),
    list[list[int]]: st.lists(st.lists(NUMBERS, min_size=3, max_size=5), max_size=3),
    list[str]: st.lists(WORDS, max_size=3),
    dict[str, Any]: STATS,
}


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """A message of a worker's with any fields; sometimes with one of another type, sometimes no message at all."""
    kind = draw(st.sampled_from([protocol.KINDS[name] for name in KINDS]))
    fields = {name: draw(FIELDS[wanted]) for name, wanted in kind.__annotations__.items()}
    payload = fields.pop("payload", b"")
    if draw(st.integers(0, 9)) == 0:
        fields[draw(st.sampled_from(sorted(fields) or ["x"]))] = draw(JSON)
    return encode({**fields, "type": kind.__name__}, payload)


@st.composite
def plausible(draw: st.DrawFn) -> bytes:
    """A message as an honest worker would send it at that point, or nearly: what it tells of is in its payload."""
    payload = draw(PAYLOADS)
    inside = st.integers(0, len(payload)).flatmap(
        lambda start: st.tuples(
            st.sampled_from([protocol.INLINE, protocol.INLINE, protocol.KEPT]),
            st.just(start),
            st.integers(0, len(payload) - start),
        )
    )
    task, stats, closed = draw(st.integers(0, 3)), draw(STATS), draw(st.booleans())
    outputs = list(draw(inside | st.just((protocol.INLINE, 0, len(payload)))))
    blocks = [[draw(st.integers(0, 1)), *place] for place in draw(st.lists(inside, max_size=2))]
    return draw(
        st.sampled_from(
            [
                protocol.to_bytes(protocol.Mapped(task, 1, 0, 1, 1, blocks, outputs, stats, closed, payload)),
                protocol.to_bytes(protocol.Reduced(task, 1, outputs, stats, payload)),
                protocol.to_bytes(protocol.Output(payload)),
                protocol.to_bytes(protocol.Finished(payload.count(b"\n"), 1, 0, 1, 1, stats)),
                protocol.to_bytes(protocol.Batch(1, draw(st.booleans()), payload)),
            ]
        )
    )


KINDS = ("Ready", "Batch", "Mapped", "Reduced", "Output", "Finished", "Failed", "Stop")


@st.composite
def speeches(draw: st.DrawFn) -> bytes:
    """What a worker says in its life: nearly always that it is ready, then anything."""
    first = encode({"type": "Ready", **draw(READY_FIELDS)}) if draw(st.integers(0, 9)) else b""
    said = first + b"".join(draw(st.lists(plausible() | frames(), max_size=5)))
    return said[: draw(st.integers(0, len(said)))] if draw(st.integers(0, 9)) == 0 else said


READY_FIELDS = st.fixed_dictionaries(
    {"source": st.sampled_from(["inputs", "given"]), "name": WORDS, "carries": st.booleans(), "at": FLOATS}
)
