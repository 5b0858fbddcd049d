"""What master and workers say to each other: one type a message, checked field by field on arrival.

    master -> worker   Begin, MapTask, ReduceTask, RunSerial, Enumerate, Stop
    worker -> master   Ready, Batch, Mapped, Reduced, Output, Finished, Failed

A message is a type, never a magic value among the data, so data may be anything. Blocks and lines ride in the payload.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, TypeAlias, get_args, get_origin

from pymapr.codecs import repr_safely, shorten
from pymapr.errors import ProtocolError
from pymapr.parallel.frames import Frame, encode

INLINE = -1
"""In place of a spill file's descriptor: the bytes are in the message's payload, `offset` counts from its start."""

KEPT = -2
"""In place of a spill file's descriptor: a group that never left its worker, which will reduce it; `offset` is the
number of the map task with which the worker began it.
"""

Place = list[int]
"""Where bytes are: [file, offset, length]."""

Test: TypeAlias = Callable[[Any], bool]
"""Whether a value fits a field."""


class Begin(NamedTuple):
    """How this run groups and orders; sent once, before any task. memory: bytes this worker may hold; 0: any number."""

    partitions: int
    order: str
    seed: int
    memory: int


class MapTask(NamedTuple):
    """Map some records: a `range` (bytes start to end of an input), `lines` (in the payload), or what is `carried`
    (emitted before execute). Or map none, and `close` what was left open.

    first: the number of the first line, for messages. shuffled: of how many lines these are some that the run's seed
    has shuffled; 0: they are in order. open: the worker's next task goes on where this one ends, so
    what is emitted may wait for it. keeps: partitions that this worker will reduce, whose groups need not leave it if
    it has memory for them.
    """

    task: int
    kind: str
    input: int = 0
    start: int = 0
    end: int = 0
    first: int = 1
    shuffled: int = 0
    open: bool = False
    keeps: list[int] = []  # noqa: RUF012 - never changed, and a message's fields are what JSON has
    payload: bytes = b""


class ReduceTask(NamedTuple):
    """Reduce the partition of this number, dividing it into so many parts first (1: not at all). blocks: [map task,
    file, offset, length], in the order of the tasks.
    """

    task: int
    parts: int
    blocks: list[list[int]]
    payload: bytes = b""


class RunSerial(NamedTuple):
    """Run the whole job in this one process; permute: -1, or the seed by which each key's values are permuted."""

    permute: int


class Enumerate(NamedTuple):
    """Read on in the data that the script gave to execute, and send about so many bytes of lines (0: all of them)."""

    most: int


class Stop(NamedTuple):
    """There is nothing more to do."""


class Ready(NamedTuple):
    """The job is loaded. source: `inputs` (the run's own) or `given` (what the script passed to execute), name: what it
    is called. carries: something was emitted before execute. at: this worker's clock. remarks: what loading showed.
    """

    source: str
    name: str
    carries: bool
    at: float
    remarks: list[str] = []  # noqa: RUF012 - never changed, and a message's fields are what JSON has


class Batch(NamedTuple):
    """Lines that the script gave to execute, and how many; last: there are no more."""

    lines: int
    last: bool
    payload: bytes = b""


class Mapped(NamedTuple):
    """A map task is done. blocks: [partition, file, offset, length]; outputs: where the lines are that the mapper
    emitted. closed: all that this worker has mapped so far is announced herewith, and only now committed.
    """

    task: int
    records: int
    blank: int
    pairs: int
    keys: int
    blocks: list[list[int]]
    outputs: list[int]
    stats: dict[str, Any]
    closed: bool = True
    payload: bytes = b""


class Reduced(NamedTuple):
    """A reduce task is done. outputs: where its packed entries are (see pymapr.parallel.ordering)."""

    task: int
    keys: int
    outputs: list[int]
    stats: dict[str, Any]
    payload: bytes = b""


class Output(NamedTuple):
    """Some lines of a serial run's output."""

    payload: bytes = b""


class Finished(NamedTuple):
    """A serial run is done, and all its output was sent: `lines` lines."""

    lines: int
    records: int
    blank: int
    pairs: int
    keys: int
    stats: dict[str, Any]


class Failed(NamedTuple):
    """The worker can do no more, and why: the fields of a MaprError, and its class."""

    error: str
    message: str
    hint: str
    phase: str
    where: str
    frames: list[str]
    cause: str


ToWorker = Begin | MapTask | ReduceTask | RunSerial | Enumerate | Stop
ToMaster = Ready | Batch | Mapped | Reduced | Output | Finished | Failed
Message = ToWorker | ToMaster

KINDS: dict[str, Any] = {kind.__name__: kind for kind in (*get_args(ToWorker), *get_args(ToMaster))}


def to_bytes(message: Message) -> bytes:
    """A message as one frame."""
    fields = message._asdict()
    payload = fields.pop("payload", b"")
    return encode({**fields, "type": type(message).__name__}, payload)


def from_frame(frame: Frame) -> Any:
    """A frame as a message; raises ProtocolError for a kind or field that is none of ours."""
    kind = KINDS.get(str(frame.header.pop("type", None)))
    if kind is None:
        raise ProtocolError("a message of unknown kind arrived")
    if frame.payload or "payload" in kind._fields:
        frame.header["payload"] = frame.payload
    try:
        message = kind(**frame.header)
    except TypeError:
        raise ProtocolError(f"a {kind.__name__} message with other fields than it has arrived") from None
    for value, (name, fits) in zip(message, _tests(kind), strict=True):
        if not fits(value):
            wanted = kind.__annotations__[name]
            what = getattr(wanted, "__name__", str(wanted))
            raise ProtocolError(f"{kind.__name__}.{name}: expected {what}, got {shorten(repr_safely(value))}")
    return message


@cache
def _tests(kind: Any) -> list[tuple[str, Test]]:
    """Each field of a message, and whether a value fits it: found out once, as a run of small tasks is all messages."""
    return [(name, _test(kind.__annotations__[name])) for name in kind._fields]


def _test(wanted: Any) -> Test:
    """Whether a value that came as JSON has the annotated type; whole numbers are counts, places, INLINE or KEPT."""
    origin = get_origin(wanted)
    if origin is list:
        fits = _test(get_args(wanted)[0])
        return lambda value: isinstance(value, list) and all(map(fits, value))
    if origin is dict:
        return lambda value: isinstance(value, dict)
    if wanted is int:
        return lambda value: type(value) is int and KEPT <= value < 2**62
    if wanted is float:
        return lambda value: type(value) in (int, float) and -1e18 < value < 1e18
    return lambda value: type(value) is wanted
