"""What goes over the wire between master and workers, and what a hostile worker might send instead."""

from __future__ import annotations

import json
import os
from itertools import pairwise
from typing import Any, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymapr.errors import JobLoadError, MaprError, ProtocolError, UserCodeFailed
from pymapr.parallel import store
from pymapr.parallel.channel import Channel, Link
from pymapr.parallel.crew import failure, how
from pymapr.parallel.frames import Frames, encode
from pymapr.parallel.ordering import Entries, Part, by_rank, pack_entries
from pymapr.parallel.protocol import INLINE, KINDS, Failed, Mapped, Output, Ready, Stop, from_frame, to_bytes
from pymapr.parallel.shuffle import gather
from pymapr.spill import SpillFile

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(), lambda inner: st.lists(inner, max_size=3)
)
headers = st.dictionaries(st.text(max_size=5), json_values, max_size=4)


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    """The stream in pieces, cut at these places."""
    bounds = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[start:end] for start, end in pairwise(bounds)]


# ---- frames ----------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(headers, st.binary(max_size=40)), max_size=6), st.lists(st.integers(0, 10_000), max_size=12))
def test_any_cut_of_the_stream_gives_the_same_frames(sent: list[tuple[Any, bytes]], places: list[int]) -> None:
    """However the bytes come, and whatever they hold."""
    frames = Frames()
    pieces = cut(b"".join(encode(*frame) for frame in sent), places)
    assert [tuple(frame) for piece in pieces for frame in frames.feed(piece)] == sent
    assert frames.held == 0


@given(headers, st.binary(max_size=40), st.integers(1, 60))
def test_half_a_frame_is_not_there_yet(header: Any, payload: bytes, missing: int) -> None:
    """It is kept, and complete as soon as the rest comes."""
    stream = encode(header, payload)
    at = max(0, len(stream) - missing)
    frames = Frames()
    assert list(frames.feed(stream[:at])) == []
    assert frames.held == at
    assert [tuple(frame) for frame in frames.feed(stream[at:])] == [(header, payload)]


@given(st.binary(max_size=200), st.lists(st.integers(0, 10_000), max_size=3))
def test_garbage_is_a_protocol_error_or_not_there_yet(garbage: bytes, places: list[int]) -> None:
    """Nothing else is ever raised, and nothing is ever run."""
    frames = Frames(most_header=1000, most_payload=1000)
    try:
        for piece in cut(garbage, places):
            for frame in frames.feed(piece):
                from_frame(frame)
    except ProtocolError:
        pass


@pytest.mark.parametrize(
    ("stream", "says"),
    [
        (b"\xff" * 12, "a frame of 4294967295 + 18446744073709551615 bytes was announced, more than is allowed"),
        (b"\2\0\0\0" + bytes(8) + b"{]", "a frame's header is not JSON"),
        (b"\1\0\0\0" + bytes(8) + b"\xff", "a frame's header is not JSON"),
        (b"\0\0\4\0" + bytes(8) + b"[" * 2**18, "a frame's header is not JSON"),
        (b"\2\0\0\0" + bytes(8) + b"[]", "a frame's header is not an object"),
    ],
    ids=["too large", "broken", "not UTF-8", "nested without end", "a list"],
)
def test_what_is_no_frame_is_told(stream: bytes, says: str) -> None:
    """In a sentence that names no content."""
    with pytest.raises(ProtocolError) as caught:
        list(Frames().feed(stream))
    assert caught.value.message == says


def test_a_large_payload_in_small_pieces_is_copied_once() -> None:
    """The bytes that wait are not joined again with each piece: a hundred thousand of them are no work."""
    stream = encode({}, bytes(10**7))
    frames = Frames()
    found = [frame for at in range(0, len(stream), 100) for frame in frames.feed(stream[at : at + 100])]
    assert [len(frame.payload) for frame in found] == [10**7]


# ---- messages --------------------------------------------------------------------------------------------------------


def field(wanted: Any) -> st.SearchStrategy[Any]:
    """Values of a field's type, as its annotation says."""
    if get_origin(wanted) is list:
        return st.lists(field(get_args(wanted)[0]), max_size=3)
    if get_origin(wanted) is dict:
        return headers
    plain: dict[Any, st.SearchStrategy[Any]] = {
        int: st.integers(-1, 2**62 - 1),
        float: st.floats(-(2.0**50), 2.0**50),
        str: st.text(),
        bool: st.booleans(),
        bytes: st.binary(max_size=20),
    }
    return plain[wanted]


@st.composite
def messages(draw: st.DrawFn) -> Any:
    """Any message."""
    kind = draw(st.sampled_from(sorted(KINDS.values(), key=lambda kind: str(kind.__name__))))
    return kind(**{name: draw(field(wanted)) for name, wanted in kind.__annotations__.items()})


@given(messages())
def test_every_message_arrives_as_it_was_sent(message: Any) -> None:
    """Of every kind, whatever is in its fields."""
    [frame] = Frames().feed(to_bytes(message))
    assert from_frame(frame) == message


@given(messages(), st.data())
def test_a_message_with_one_wrong_field_is_a_protocol_error(message: Any, data: st.DataObject) -> None:
    """Of another type, missing, or too many."""
    [frame] = Frames().feed(to_bytes(message))
    header = dict(frame.header)
    name = data.draw(st.sampled_from([*header, "more"]))
    header[name] = data.draw(st.sampled_from([{}, [["x"]], None, 2**63, -2, 1e300]) if name in header else json_values)
    try:
        again = from_frame(frame._replace(header=header))
    except ProtocolError:
        return
    assert type(again) in KINDS.values()
    for field_name, wanted in type(again).__annotations__.items():
        assert wanted not in (int, str, float) or isinstance(getattr(again, field_name), wanted | int)


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ({"type": "Rumour"}, "a message of unknown kind arrived"),
        ({}, "a message of unknown kind arrived"),
        ({"type": ["Stop"]}, "a message of unknown kind arrived"),
        ({"type": "Stop", "now": 1}, "a Stop message with other fields than it has arrived"),
        ({"type": "RunSerial"}, "a RunSerial message with other fields than it has arrived"),
        ({"type": "RunSerial", "permute": "1"}, "RunSerial.permute: expected int, got '1'"),
        ({"type": "RunSerial", "permute": True}, "RunSerial.permute: expected int, got True"),
        ({"type": "RunSerial", "permute": 2**64}, "RunSerial.permute: expected int, got 18446744073709551616"),
    ],
)
def test_what_is_no_message_is_told(header: dict[str, Any], says: str) -> None:
    """Kind, field, what was expected and what came."""
    [frame] = Frames().feed(encode(header))
    with pytest.raises(ProtocolError) as caught:
        from_frame(frame)
    assert caught.value.message == says


def test_a_deeply_nested_field_is_no_trap() -> None:
    """Showing it would exceed the recursion limit; the error stays a ProtocolError."""
    text = b'{"type":"RunSerial","permute":' + b"[" * 900 + b"]" * 900 + b"}"
    stream = len(text).to_bytes(4, "little") + bytes(8) + text
    with pytest.raises(ProtocolError, match=r"RunSerial\.permute: expected int"):
        [from_frame(frame) for frame in Frames().feed(stream)]


@pytest.mark.parametrize("kind", [JobLoadError, UserCodeFailed])
def test_an_error_survives_the_wire(kind: type[MaprError]) -> None:
    """Class, message, mend, phase, place, frames and cause."""
    error = kind("what", "mend", "map", "d.json:3", ("  File", "    line"), "ValueError")
    back = failure(Failed(kind.__name__, "what", "mend", "map", "d.json:3", ["  File", "    line"], "ValueError"))
    assert type(back) is kind
    assert back.args == error.args
    assert str(back) == "what (in map, d.json:3)\n  File\n    line"


def test_only_errors_of_workers_may_come_from_workers() -> None:
    """A worker cannot claim that it died, or that the caller made a mistake."""
    for name in ("WorkerDied", "UsageError", "SystemExit", "x" * 99):
        with pytest.raises(ProtocolError, match="which is no error of a worker"):
            failure(Failed(name, "", "", "", "", [], ""))


@pytest.mark.parametrize(
    ("code", "words"), [(0, "exit code 0"), (3, "exit code 3"), (-9, "SIGKILL"), (-99, "signal 99")]
)
def test_an_exit_code_is_told_in_words(code: int, words: str) -> None:
    """Signals by their names."""
    assert how(code) == words


# ---- channel ---------------------------------------------------------------------------------------------------------


class Ends:
    """A handle on no process at all: the wires of a worker that this test plays itself."""

    pid = 0

    def __init__(self) -> None:
        self.worker_feed, self.feed = os.pipe()
        self.results, self.worker_results = os.pipe()
        self.sentinel, self.life = os.pipe()
        os.set_blocking(self.feed, False)
        os.set_blocking(self.results, False)

    def kill(self) -> None:
        """There is nobody."""

    def reap(self) -> int:
        """Nobody ended well."""
        return 0

    def close(self) -> None:
        """All ends."""
        for end in (self.worker_feed, self.feed, self.results, self.worker_results, self.sentinel, self.life):
            os.close(end)


def test_a_full_pipe_never_blocks_the_master() -> None:
    """What does not fit waits here, and goes on its way as the worker reads."""
    ends = Ends()
    link, worker = Link(ends), Channel(ends.worker_feed, ends.worker_results)
    sent = [Output(bytes([number]) * 10**6) for number in range(3)]
    for message in sent:
        link.feed(message)
    assert link.waiting
    received: list[Any] = []
    while len(received) < 3:
        os.set_blocking(ends.worker_feed, False)
        try:
            received.append(worker.receive())
        except BlockingIOError:
            link.flush()
    assert received == sent
    link.flush()
    ends.close()


def test_a_worker_whose_master_is_gone_receives_nothing() -> None:
    """End of file, not an exception."""
    ends = Ends()
    os.close(ends.feed)
    ends.feed = os.open(os.devnull, os.O_WRONLY)
    assert Channel(ends.worker_feed, ends.worker_results).receive() is None
    ends.close()


def test_a_worker_that_no_longer_reads_is_not_the_wires_concern() -> None:
    """Its sentinel tells; what was to be fed is dropped."""
    ends = Ends()
    os.close(ends.worker_feed)
    ends.worker_feed = os.open(os.devnull, os.O_RDONLY)
    link = Link(ends)
    link.feed(Stop())
    assert not link.waiting
    ends.close()


def test_messages_that_came_before_the_end_are_heard() -> None:
    """What a worker said before it left is there, and half of what it wanted to say is not."""
    ends = Ends()
    link = Link(ends)
    whole, half = to_bytes(Ready("inputs", "d", False, 0.5)), to_bytes(Output(b"x" * 99))[:50]
    os.write(ends.worker_results, whole + half)
    os.close(ends.worker_results)
    ends.worker_results = os.open(os.devnull, os.O_WRONLY)
    assert list(link.arrivals()) == [Ready("inputs", "d", False, 0.5)]
    assert link.ended
    ends.close()


def test_a_word_that_comes_at_the_last_moment_is_heard_before_the_funeral() -> None:
    """Written after the kernel was asked who has something to say, by one who was dead by then."""
    talks, dies = Ends(), Ends()
    links = [Link(talks), Link(dies)]
    os.write(talks.worker_results, to_bytes(Ready("inputs", "d", False, 0.0)))
    os.close(dies.life)
    heard = []
    for link, message in gather(links):
        heard.append((links.index(link), type(message)))
        if link is links[0]:
            os.write(dies.worker_results, to_bytes(Ready("inputs", "d", False, 0.0)))
    assert heard == [(0, Ready), (1, Ready), (1, type(None))]
    dies.life = os.open(os.devnull, os.O_RDONLY)
    for ends in (talks, dies):
        ends.close()


# ---- places ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "shared", "says"),
    [
        ([INLINE, 0, 11], True, "a worker announced bytes that are not where it says"),
        ([INLINE, -1, 3], True, "a worker announced bytes that are not where it says"),
        ([INLINE, 3], True, "a worker announced bytes that are not where it says"),
        ([5, 0, -1], True, "a worker announced bytes that are not where it says"),
        ([5, 0, 1], False, "a worker announced bytes in a file that it cannot have"),
        ([0, 0, 0], False, "a worker announced bytes in a file that it cannot have"),
    ],
)
def test_a_place_where_nothing_can_be_is_refused(place: list[int], shared: bool, says: str) -> None:
    """Outside the payload, or in a file where workers share none."""
    with pytest.raises(ProtocolError) as caught:
        store.check([place], bytes(10), shared)
    assert caught.value.message == says


@given(st.lists(st.lists(st.binary(max_size=9), min_size=1, max_size=4), max_size=4))
def test_blocks_put_together_are_the_blocks(messages: list[list[bytes]]) -> None:
    """Several payloads in one, nothing opened."""
    found = []
    for task, pieces in enumerate(messages):
        places, payload = store.Store(None).put(pieces)
        found += [(task, place, payload) for place in places]
    references, payload = store.gather(found)
    together = [(task, store.fetch(place, payload)) for task, *place in references]
    assert together == [(task, piece) for task, pieces in enumerate(messages) for piece in pieces]


@given(st.lists(st.sampled_from([b"", b"a", b"b" * 30_000, b"c" * 70_000]), max_size=6))
def test_a_block_in_pieces_is_found_as_one(pieces: list[bytes]) -> None:
    """In the message or, where it is large, in the file; behind what lies there already."""
    spill = SpillFile.create()
    spill.append(b"before")
    for holder in (store.Store(spill), store.Store(None)):
        place, payload = holder.put_whole(pieces)
        assert store.fetch(place, payload) == b"".join(pieces)
    spill.close()


# ---- ordering --------------------------------------------------------------------------------------------------------

lines = st.lists(st.text("ab\n", min_size=1, max_size=9), max_size=20)


def part(entries: list[tuple[int, str]]) -> Part:
    """`(rank, lines)` as a reduce task would have packed them."""
    from array import array

    ranks, texts = array("Q", [rank for rank, _ in entries]), [text for _, text in entries]
    packed = b"".join(pack_entries(Entries(ranks, array("I", map(len, texts)), [text.encode() for text in texts])))
    return Part(len(packed), lambda offset, length: packed[offset : offset + length])


@given(lines, st.integers(1, 4), st.randoms(), st.sampled_from([1, 5, 2**18]))
def test_parts_merged_by_rank_are_the_serial_order(texts: list[str], count: int, random: Any, most: int) -> None:
    """However the entries were dealt to the parts, and however few of them may be held at once."""
    dealt: list[list[tuple[int, str]]] = [[] for _ in range(count)]
    for rank, text in enumerate(texts):
        random.choice(dealt).append((rank << 32, text))
    assert b"".join(by_rank([part(entries) for entries in dealt], most)).decode() == "".join(texts)


def test_parts_larger_than_the_window_are_read_piece_by_piece() -> None:
    """Entries beyond a quarter of a megabyte, and many small ones beside them."""
    large, small = [(0, "a" * 10**6), (5, "b" * 10**6)], [(rank, "c\n") for rank in (1, 2, 3, 4, 6)]
    assert b"".join(by_rank([part(large), part(small)])).decode() == "a" * 10**6 + "c\n" * 4 + "b" * 10**6 + "c\n"


@given(st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=9), min_size=2, max_size=4))
def test_ranks_in_no_order_hold_nobody_up(ranks: list[list[int]]) -> None:
    """A worker that nobody trusts packed them: any order will do, but it must come to an end."""
    parts = [part([(rank, f"{rank}\n") for rank in some]) for some in ranks]
    lines = b"".join(by_rank(parts, 3)).decode().split()
    assert sorted(lines) == sorted(str(rank) for some in ranks for rank in some)


@given(st.binary(max_size=60))
def test_garbage_is_no_part(garbage: bytes) -> None:
    """ProtocolError, or entries that are really there."""
    try:
        found = Part(len(garbage), lambda offset, length: garbage[offset : offset + length])
    except ProtocolError:
        return
    assert b"".join(by_rank([found, found])) == b"".join(piece for piece in found.entries() for _ in (1, 2))


def test_hostile_figures_are_refused() -> None:
    """Not numbers, infinite, negative: a worker's claims on its time must at least be times."""
    from pymapr.parallel.account import Account

    good = {"wall": {"map": 1.0}, "cpu": {}, "spans": [["map", 0.0, 1.0]], "peak": 5}
    Account(0.0).add(0, good)
    for wrong in (
        {},
        good | {"wall": {"map": "long"}},
        good | {"cpu": {"map": float("nan")}},
        good | {"cpu": {"map": -1.0}},
        good | {"wall": {"map": 1e300}},
        good | {"wall": [1]},
        good | {"spans": [["map", 0.0]]},
        good | {"spans": 7},
        good | {"spans": [["map", [], {}]]},
        good | {"peak": "much"},
        good | {"peak": float("inf")},
    ):
        with pytest.raises(ProtocolError, match="a worker's figures are no figures"):
            Account(0.0).add(0, json.loads(json.dumps(wrong)))


def test_a_mapped_message_carries_its_blocks() -> None:
    """A guard against a field that is forgotten on the way."""
    sent = Mapped(1, 2, 0, 3, 1, [[0, INLINE, 0, 4]], [INLINE, 4, 0], {"peak": 1}, False, b"1234")
    assert from_frame(next(Frames().feed(to_bytes(sent)))) == sent
