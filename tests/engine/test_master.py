"""The master among workers that nobody trusts: what they may say, and what it answers when they say something else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from engine.strategies import classic, everything
from pymapr.codecs import pack_lines
from pymapr.errors import EngineError, MaprError, ProtocolError, RelayExceeded, WorkerDied
from pymapr.job import from_namespace
from pymapr.model import Options, Order
from pymapr.parallel.channel import WorkerSpec
from pymapr.parallel.crew import Crew
from pymapr.parallel.launch import ForkLauncher
from pymapr.parallel.master import Master
from pymapr.parallel.protocol import (
    Batch,
    Begin,
    Enumerate,
    Finished,
    Mapped,
    MapTask,
    Output,
    Ready,
    Reduced,
    ReduceTask,
    RunSerial,
)
from pymapr.parallel.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from pymapr.parallel.channel import Channel

STATS: dict[str, Any] = {"wall": {}, "cpu": {}, "spans": [], "peak": 0}
READY = Ready("inputs", "data", False, 0.0)
MAPPED = Mapped(0, 1, 0, 0, 0, [], [-1, 0, 0], STATS)
REDUCED = Reduced(0, 0, [-1, 0, 8], STATS, bytes(8))


class Foreign(ForkLauncher):
    """Workers that share no files with the master, as in a sandbox."""

    shares_files = False


def saying(*messages: Any) -> Callable[[Channel, WorkerSpec], Any]:
    """A worker that says these things, whatever it is told, and then listens for ever."""

    def serve(channel: Channel, spec: WorkerSpec) -> Any:
        for message in messages:
            channel.send(message)
        while channel.receive() is not None:
            pass
        os._exit(0)

    return serve


def answering(*answers: Any) -> Callable[[Channel, WorkerSpec], Any]:
    """A worker that is ready, and answers each task with the next of these."""
    return ready_and_answering(READY, *answers)


def ready_and_answering(ready: Ready, *answers: Any) -> Callable[[Channel, WorkerSpec], Any]:
    """The same, for one that says in its own way that it is ready."""

    def serve(channel: Channel, spec: WorkerSpec) -> Any:
        channel.send(ready)
        waiting = list(answers)
        while (message := channel.receive()) is not None:
            if isinstance(message, MapTask | ReduceTask | Enumerate) and waiting:
                channel.send(waiting.pop(0))
        os._exit(0)

    return serve


def mastered(serve: Callable[[Channel, WorkerSpec], Any], **options: Any) -> list[bytes]:
    """One run with one such worker, on two lines."""
    output: list[bytes] = []
    Master(Foreign(serve), Options(workers=1), **{"given": ["1"], "relay": 2**20, **options}).run(output.append)
    return output


LIES = {
    "before it is ready": (saying(MAPPED), "a worker spoke before it was ready"),
    "ready twice": (saying(READY, READY, MAPPED), None),
    "a task it was not given": (answering(MAPPED._replace(task=7)), "a worker announced a task that it was not given"),
    "a task nobody gave": (
        saying(READY, Finished(0, 0, 0, 0, 0, STATS)),
        "a worker announced something that it was not asked for",
    ),
    "lines nobody asked for": (
        answering(Batch(0, True, pack_lines([]))),
        "a worker announced something that it was not asked for",
    ),
    "reduced before mapped": (answering(REDUCED), "a worker announced something that it was not asked for"),
    "a partition that is not there": (
        answering(MAPPED._replace(blocks=[[1, -1, 0, 0]])),
        "a worker announced a block for a partition that is not there",
    ),
    "bytes that are not there": (
        answering(MAPPED._replace(blocks=[[0, -1, 0, 5]], payload=b"1234")),
        "a worker announced bytes that are not where it says",
    ),
    "outputs in a file": (
        answering(MAPPED._replace(outputs=[3, 0, 5])),
        "a worker announced bytes in a file that it cannot have",
    ),
    "outputs not packed": (
        answering(MAPPED._replace(blocks=[[0, -1, 0, 0]]), REDUCED._replace(outputs=[-1, 0, 3], payload=b"123")),
        "a reduce task's output is not packed as it should be",
    ),
    "outputs of another length": (
        answering(MAPPED._replace(blocks=[[0, -1, 0, 0]]), REDUCED._replace(outputs=[-1, 0, 9], payload=bytes(9))),
        "a reduce task's output is longer or shorter than it says",
    ),
    "no figures": (answering(MAPPED._replace(stats={"wall": 3})), "a worker's figures are no figures"),
}


@pytest.mark.parametrize(("serve", "says"), LIES.values(), ids=LIES)
def test_a_worker_that_lies_ends_the_run(serve: Any, says: str | None) -> None:
    """With a ProtocolError in plain words; never with an exception of another kind, never with a result."""
    with pytest.raises(ProtocolError) as caught:
        mastered(serve)
    assert says is None or caught.value.message == says


READ_OUT = {
    "not packed": (Batch(1, True, b"12"), "a worker sent lines that are not packed as they should be"),
    "another number": (Batch(3, True, pack_lines([b"1"])), "a worker sent another number of lines than it said"),
}


@pytest.mark.parametrize(("batch", "says"), READ_OUT.values(), ids=READ_OUT)
def test_lines_read_out_by_a_worker_are_checked(batch: Batch, says: str) -> None:
    """Packed, and as many as it says."""
    with pytest.raises(ProtocolError) as caught:
        mastered(ready_and_answering(Ready("given", "generator", False, 0.0), batch), given=None)
    assert caught.value.message == says


def test_a_worker_that_ends_without_a_word_is_not_taken_for_done() -> None:
    """Exit code 0 or not: only an announcement counts."""

    def serve(channel: Channel, spec: WorkerSpec) -> Any:
        channel.send(READY)
        os._exit(0)

    with pytest.raises(WorkerDied):
        mastered(serve)


# ---- an honest crew without common files -----------------------------------------------------------------------------


def honest(channel: Channel, spec: WorkerSpec) -> Any:
    """What a sandboxed worker does."""
    Worker(channel, from_namespace(classic(everything))).serve()


LINES = [f'{{"pairs": [[8, {number}], [{number}, 0]], "emits": [{number}]}}' for number in range(20)]


@pytest.mark.parametrize("options", [Options(workers=3), Options(workers=3, isolated=True)], ids=str)
def test_blocks_pass_through_the_master_where_files_are_not_shared(options: Options) -> None:
    """Unopened, in the messages; the output is the same."""
    from pymapr import run

    output: list[bytes] = []
    master = Master(Foreign(honest), options, given=LINES)
    timings = master.run(output.append)
    assert b"".join(output) == run(classic(everything), LINES, engine="serial").output
    assert timings.bytes_spilled == 0 < timings.bytes_shuffled


def test_what_passes_through_is_capped() -> None:
    """Whoever sends more ends the run."""
    with pytest.raises(RelayExceeded) as caught:
        Master(Foreign(honest), Options(workers=2), given=LINES, relay=1000).run(lambda _: None)
    assert caught.value.message == "more than 1000 bytes had to pass between the processes of the run"


def test_data_that_a_script_makes_itself_is_capped_as_well() -> None:
    """All of it passes through the master on its way to the workers, though nothing that they make of it does."""

    def reads_out_much(channel: Channel, spec: WorkerSpec) -> Any:
        channel.send(Ready("given", "generator", False, 0.0))
        sent = 0
        while (message := channel.receive()) is not None:
            if isinstance(message, Enumerate):
                sent += 1
                channel.send(Batch(1, sent == 2000, pack_lines([b"1" * 100])))
            elif isinstance(message, MapTask):
                channel.send(MAPPED._replace(task=message.task))
        os._exit(0)

    with pytest.raises(RelayExceeded, match="more than 100000 bytes"):
        mastered(reads_out_much, given=None, relay=100_000)


def test_a_single_message_is_capped_too() -> None:
    """Before it is read into memory."""
    with pytest.raises(ProtocolError, match="more than is allowed"):
        mastered(saying(READY, Output(bytes(2**21))))


def test_whoever_watches_is_asked_and_may_end_the_run() -> None:
    """After what happens, and at every tick when nothing does."""

    def hangs(channel: Channel, spec: WorkerSpec) -> Any:
        while channel.receive() is not None:
            pass
        os._exit(0)

    asked = []

    def watch() -> None:
        asked.append(1)
        if len(asked) == 3:
            raise EngineError("enough")

    with pytest.raises(MaprError, match="enough"):
        Master(Foreign(hangs), Options(workers=1), given=["1"], watch=watch, tick=0.001).run(lambda _: None)
    assert len(asked) == 3


def test_a_scramble_deals_two_hash_seeds_where_the_launcher_can() -> None:
    """In turn; other runs leave it to the launcher."""
    asked = []

    class Varied(Foreign):
        varies_hash_seed = True

        def launch(self, spec: WorkerSpec) -> Any:
            asked.append(spec)
            return super().launch(spec)

    Master(Varied(honest), Options(workers=3, order=Order("scramble", 1)), given=LINES).run(lambda _: None)
    assert [(spec.number, spec.role, spec.hash_seed) for spec in asked] == [
        (number, role, seed) for role in ("map", "reduce") for number, seed in ((0, 1), (1, 2), (2, 1))
    ]
    asked.clear()
    Master(Varied(honest), Options(workers=2), given=LINES).run(lambda _: None)
    assert asked == [WorkerSpec(0, "both"), WorkerSpec(1, "both")]


def test_a_worker_can_run_the_whole_job_serially() -> None:
    """As a grader asks it to: output, then an explicit end that counts it; permuted where wanted."""
    for permute, values in ((-1, [0, 1, 2]), (0, [2, 1, 0])):
        lines = [f'{{"pairs": [[8, {number}]], "emits": []}}' for number in range(3)]

        def serve(channel: Channel, spec: WorkerSpec, lines: list[str] = lines) -> Any:
            Worker(channel, from_namespace(classic(everything)), data=lines).serve()

        crew = Crew(ForkLauncher(serve), Begin(1, "stable", 0, 0), lambda _: "", 2**20, lives=1)
        seat = crew.start(WorkerSpec(0, "serial"))
        heard: list[Any] = []
        while not heard or not isinstance(heard[-1], Finished):
            for _, message in crew.arrivals():
                heard.append(message)
                if isinstance(message, Ready):
                    crew.give(seat, RunSerial(permute))
        crew.kill()
        assert heard[0]._replace(at=0.0) == Ready("given", "data", False, 0.0)
        assert heard[1] == Output(f"[\"'a'\", {values}]\n".encode())
        assert heard[2]._replace(stats={}) == Finished(1, 3, 0, 3, 1, {})
