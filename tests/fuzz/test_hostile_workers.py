"""Whatever workers say, the master is not impressed: an error of the engine's or an output, never a traceback."""

from __future__ import annotations

import contextlib
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.hostile_workers import hear_alone, hear_together, speeches
from pymapr.errors import ProtocolError
from pymapr.model import Order
from pymapr.parallel.frames import Frames
from pymapr.parallel.protocol import from_frame

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = {"output", "ProtocolError", "WorkerDied", "RelayExceeded"}
"""What a run may come to that nobody reported as failed."""

REPORTED = {"EngineError", "SpillFailed", "UserCodeFailed", "InputError", "JobLoadError", "CannotEncode"}
"""What workers may say of themselves."""

thorough = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of four records."""
    path = tmp_path_factory.mktemp("data") / "data.json"
    path.write_text("1\n2\n3\n4\n")
    return path


@thorough
@given(said=speeches())
def test_a_serial_run_hears_anything(said: bytes) -> None:
    """From one worker, which then is dead."""
    assert hear_alone(said) in KNOWN | REPORTED


@thorough
@given(said=st.lists(speeches(), max_size=6), order=st.sampled_from([Order(), Order("scramble", 1)]))
def test_a_parallel_run_hears_anything(data: Path, said: list[bytes], order: Order) -> None:
    """From workers who die one after another, and are replaced."""
    assert hear_together(data, said, order) in KNOWN | REPORTED


@thorough
@given(stream=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=5))
def test_any_bytes_are_frames_or_a_protocol_error(stream: bytes, cuts: list[int]) -> None:
    """However they are cut."""
    frames = Frames(most_header=200, most_payload=200)
    edges = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
    try:
        for start, end in pairwise(edges):
            for frame in frames.feed(stream[start:end]):
                from_frame(frame)
    except ProtocolError:
        pass
    assert frames.held <= len(stream)


@thorough
@given(header=st.binary(max_size=120), payload=st.binary(max_size=40))
def test_any_header_is_a_message_or_a_protocol_error(header: bytes, payload: bytes) -> None:
    """In a frame whose lengths are right."""
    stream = len(header).to_bytes(4, "little") + len(payload).to_bytes(8, "little") + header + payload
    with contextlib.suppress(ProtocolError):
        for frame in Frames().feed(stream):
            from_frame(frame)
