"""Killed at any moment of any phase, a worker changes nothing: the result is the serial one, or the run says who died.

Each worker is given, by a seed, a moment at which the kernel ends it: between two lines of Python, in the middle of a
write, in C code. Nothing counts twice, nothing is lost, and (see `nothing_left`) nothing stays behind.
"""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import pytest

from pymapr import run
from pymapr.errors import WorkerDied
from pymapr.parallel import launch
from pymapr.parallel.channel import Channel, WorkerSpec
from pymapr.parallel.crew import Crew
from pymapr.parallel.protocol import KEPT, Begin, Ready
from pymapr.parallel.store import Shelf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pymapr.model import RunResult

WORDS = 40
RECORDS = 400


def mapper(record: list[Any]) -> Iterator[tuple[str, Any]]:
    """Each word with the record's number: enough to see what is missing, double, or out of order."""
    number, words = record
    for word in words:
        yield word, number


def reducer(key: str, values: list[int]) -> Iterator[list[Any]]:
    """All of it, so that the output says everything."""
    yield [key, len(values), values]


JOB = {"mapper": mapper, "reducer": reducer}


class Way(NamedTuple):
    """A way to run. on_disk: blocks lie in files, and partitions are divided. kept: as with much data, tasks are many,
    and workers keep groups of one for the next, and at last for reducing them.
    """

    workers: int = 2
    order: str = "stable"
    isolated: bool = False
    on_disk: bool = False
    kept: bool = False

    def run(self, source: Path) -> RunResult:
        """Once."""
        memory = 2**20 if self.on_disk else 2**30
        return run(JOB, str(source), workers=self.workers, order=self.order, isolated=self.isolated, memory=memory)


WAYS = {
    "in memory": Way(),
    "by arrival": Way(3, "arrival"),
    "on disk": Way(on_disk=True),
    "kept": Way(kept=True),
    "kept by three": Way(3, "arrival", kept=True),
    "isolated": Way(isolated=True),
    "scrambled": Way(order="scramble:3"),
}


class Killing(launch.ForkLauncher):
    """Starts workers whose end is near: `moments` are seconds after each one's start, in order of starting.

    An alarm that nobody handles ends a process wherever it is, as SIGKILL would, and needs nobody to send it in time.
    """

    moments: Iterator[float] = iter(())

    def _child(self, spec: WorkerSpec, wires: Any) -> Any:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, self._moment)
        super()._child(spec, wires)

    def launch(self, spec: WorkerSpec) -> launch.Process:
        """As ever, with a moment drawn before the fork: 0 is never."""
        self._moment = next(self.moments, 0.0)
        return super().launch(spec)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Some 100 kB of records: several tasks for each worker where memory is short."""
    chance, path = Random(5), tmp_path / "data.json"
    records = ([number, [f"w{chance.randrange(900)}" for _ in range(WORDS)]] for number in range(RECORDS))
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def as_it_should_be(result: RunResult, expected: bytes, way: Way) -> bool:
    """To the byte, or for a bag line by line with each line's numbers in any order; and every record counted once."""
    counted = result.timings.records == RECORDS and result.timings.pairs == RECORDS * WORDS
    if way.order == "stable":
        return counted and result.output == expected
    return counted and bag(result.output) == bag(expected)


def bag(output: bytes) -> Counter[str]:
    """Lines without the order that nobody promised."""
    lines = map(json.loads, output.splitlines())
    return Counter(json.dumps([key, count, sorted(values)]) for key, count, values in lines)


def kill_at_random(source: Path, way: Way, seeds: range, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Run once a seed; returns how often it was right undisturbed, right with replacements, or ended with the error."""
    monkeypatch.setattr("pymapr.backends.local.ForkLauncher", Killing)
    if way.on_disk:  # little data is as good as much, if no block is small enough for a message
        monkeypatch.setattr("pymapr.parallel.store._INLINE_MOST", -1)
        monkeypatch.setattr("pymapr.parallel.reduce_phase.EXPANSION", 64)
    expected = run(JOB, str(source), engine="serial").output
    Killing.moments = iter(())
    kept = kept_groups(monkeypatch)
    if way.kept:
        monkeypatch.setattr("pymapr.parallel.master._SMALL", 0)
        monkeypatch.setattr("pymapr.inputs._LEAST_PIECE", 2**12)
    undisturbed = way.run(source).timings
    assert (undisturbed.bytes_spilled > 0) == way.on_disk
    assert any(kept) == way.kept
    whole = undisturbed.wall
    found: Counter[str] = Counter()
    for seed in seeds:
        chance = Random(seed)
        first = [chance.uniform(1e-4, whole * 1.2) for _ in range(way.workers)]
        again = [chance.choice([0.0, chance.uniform(1e-4, whole)]) for _ in range(2 * way.workers)]
        Killing.moments = iter(first + again)
        try:
            result = way.run(source)
        except WorkerDied as error:
            found["ended" if "died (SIGALRM) while it" in error.message else "badly told"] += 1
            continue
        assert as_it_should_be(result, expected, way), f"seed {seed}"
        found["mended" if any("replaced" in remark for remark in result.remarks) else "undisturbed"] += 1
    return found


def kept_groups(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each block that is announced from now on, whether it is a group that its worker kept."""
    found: list[bool] = []
    add = Shelf.add

    def spy(self: Shelf, task: int, place: list[int], payload: bytes) -> None:
        found.append(place[0] == KEPT)
        add(self, task, place, payload)

    monkeypatch.setattr(Shelf, "add", spy)
    return found


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_few_kills(source: Path, way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each kind."""
    found = kill_at_random(source, way, range(8), monkeypatch)
    assert found.total() == 8
    assert not found["badly told"]


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_many_kills(source: Path, way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred over all ways; PYMAPR_KILLS=60 makes it three hundred."""
    found = kill_at_random(source, way, range(100, 100 + int(os.environ.get("PYMAPR_KILLS", "20"))), monkeypatch)
    assert not found["badly told"]
    assert found["mended"] + found["ended"], "somebody was killed in time"


def test_a_worker_that_dies_with_nothing_to_do_is_replaced_once(tmp_path: Path) -> None:
    """Whoever takes processes may take an idle one: that is no reason to lose the work of the others."""
    lives = tmp_path / "lives"
    lives.write_text("12")

    def serve(channel: Channel, spec: WorkerSpec) -> NoReturn:
        channel.send(Ready("inputs", "data", False, 0.0))
        left = lives.read_text()
        lives.write_text(left[1:])
        os._exit(int(left[0]))

    crew = Crew(launch.ForkLauncher(serve), Begin(1, "stable", 0, 0), lambda _: "", 2**20)
    crew.start(WorkerSpec(0, "both"))
    heard: list[Any] = []
    with pytest.raises(WorkerDied, match=r"^worker 0 died \(exit code 2\) while it had nothing to do$"):
        while True:
            heard += crew.arrivals()
    assert len(heard) == 2
    assert crew.retries == 1
