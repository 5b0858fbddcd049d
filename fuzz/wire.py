"""Fuzzes what the grader hears: `python fuzz/wire.py [-max_total_time=600]` with atheris installed. Not part of CI.

The bytes are what a worker says: whatever they are, they come to an output or to an error of the engine's.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

try:
    import atheris
except ModuleNotFoundError:
    sys.exit("fuzz/wire.py needs atheris: pip install atheris")

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests")]

with atheris.instrument_imports(include=["pymapr", "grader"]):
    from fuzz.hostile_workers import hear_alone

    from pymapr.errors import ProtocolError
    from pymapr.parallel.frames import Frames, encode
    from pymapr.parallel.protocol import Batch, Failed, Finished, Mapped, Output, Reduced, from_frame, to_bytes

READY = encode({"type": "Ready", "source": "inputs", "name": "data", "carries": False, "at": 0.0})


def one_input(data: bytes) -> None:
    """Hear a stream, once as frames alone and once as a run; then hear it as the headers of a run's frames."""
    try:
        for frame in Frames().feed(data):
            from_frame(frame)
    except ProtocolError:
        pass
    hear_alone(READY + data)
    headers = b"".join(framed(line) for line in data.split(b"\n"))
    hear_alone(READY + headers)


def framed(header: bytes) -> bytes:
    """A frame with this header and a payload of one line."""
    payload = b"[1]\n"
    return len(header).to_bytes(4, "little") + len(payload).to_bytes(8, "little") + header + payload


STATS = {"wall": {"map": 0.1}, "cpu": {}, "spans": [["map", 0.0, 0.1]], "peak": 1}
SPEECHES = (
    to_bytes(Output(b"[1]\n")) + to_bytes(Finished(1, 1, 0, 1, 1, STATS)),
    to_bytes(Mapped(0, 1, 0, 1, 1, [[0, -1, 0, 3]], [-1, 0, 4], STATS, True, b"[1]\n")),
    to_bytes(Reduced(0, 1, [-1, 0, 8], STATS, bytes(8))),
    to_bytes(Failed("UserCodeFailed", "message", "hint", "map", "data:1", ["  File"], "KeyError")),
    to_bytes(Batch(1, True, b"\x03\x00\x00\x00[1]")),
)


def main() -> None:
    """Begin with what honest workers say."""
    with tempfile.TemporaryDirectory() as corpus:
        for number, speech in enumerate(SPEECHES):
            Path(corpus, f"frames-{number}").write_bytes(speech)
            Path(corpus, f"header-{number}").write_bytes(speech[12:])
        atheris.Setup([*sys.argv, corpus], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
