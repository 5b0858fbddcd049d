"""Neighbouring tasks are grouped together, and what a worker will reduce itself stays with it: nobody can tell from the
output, whoever dies, and however little memory there is.
"""

from __future__ import annotations

import os
import signal
from itertools import groupby
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.strategies import classic, everything, files, in_place
from pymapr import run
from pymapr.codecs import unpack_group
from pymapr.engine import make_options
from pymapr.errors import CannotTravel, EngineError, ProtocolError
from pymapr.inputs import Input
from pymapr.job import from_namespace
from pymapr.model import Options
from pymapr.parallel import launch, memory
from pymapr.parallel.account import Account
from pymapr.parallel.dealing import Shares, by_range, describe
from pymapr.parallel.mapping import Mapping
from pymapr.parallel.master import Master
from pymapr.parallel.memory import MergeGuard, Outgrown
from pymapr.parallel.ordering import Part
from pymapr.parallel.progress import Progress
from pymapr.parallel.protocol import INLINE, KEPT, Begin, Mapped, MapTask, Ready, ReduceTask
from pymapr.parallel.reduce_phase import ReducePhase
from pymapr.parallel.reducing import Reducing
from pymapr.parallel.run import Run
from pymapr.parallel.store import Store, fetch, reader
from pymapr.spill import SpillFile
from pymapr.timings import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pymapr.codecs import Group
    from pymapr.parallel.channel import Channel, WorkerSpec
    from pymapr.parallel.crew import Crew

pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

LINES = [b'{"pairs": [[8, %d], [%d, 0], [6, 1]], "emits": [%d]}\n' % (n, n % 5 + 9, n) for n in range(8)]


# ---- dealing ---------------------------------------------------------------------------------------------------------


def dealt(sizes: list[int], asking: Iterator[int]) -> list[list[MapTask]]:
    """What each worker is told, when they ask in this order, and at last each until there is nothing more."""
    numbers = iter(range(sum(sizes)))
    shares = Shares(
        [[MapTask(next(numbers), "range", open=True) for _ in range(size)] for size in sizes],
        [[worker] for worker in range(len(sizes))],
    )
    told: list[list[MapTask]] = [[] for _ in sizes]
    for worker in (*asking, *range(len(sizes))):
        while (task := shares.next(worker % len(sizes))) is not None:
            told[worker % len(sizes)].append(task)
            if len(told[worker % len(sizes)]) % 3:
                break
    for worker in range(len(sizes)):
        while (task := shares.next(worker)) is not None:
            told[worker].append(task)
    return told


@given(st.lists(st.integers(0, 9), min_size=1, max_size=4), st.lists(st.integers(0, 3), max_size=40))
def test_every_task_is_dealt_once_and_closed_where_its_neighbour_is_not_next(
    sizes: list[int], asking: list[int]
) -> None:
    """Whoever asks how often: what lies between two tasks that close is a run of neighbours."""
    told = dealt(sizes, iter(asking))
    assert sorted(task.task for tasks in told for task in tasks if task.kind == "range") == list(range(sum(sizes)))
    for worker, tasks in enumerate(told):
        runs = [list(some) for closes, some in groupby(tasks, lambda task: task.kind == "close") if not closes]
        closing = [task for task in tasks if task.kind == "close"]
        assert len(runs) == len(closing)
        assert all(task.keeps == [worker] and not task.open for task in closing)
        for some, closes in zip(runs, closing, strict=True):
            numbers = [task.task for task in some]
            assert numbers == list(range(numbers[0], closes.task + 1))


def test_whoever_is_done_takes_the_second_half_of_the_largest_share() -> None:
    """So that it has neighbours too."""
    shares = Shares([[], [MapTask(number, "range", open=True) for number in range(6)]], [[], []])
    assert [getattr(shares.next(0), "task", None) for _ in range(3)] == [3, 4, 5]
    assert [getattr(shares.next(1), "task", None) for _ in range(3)] == [0, 1, 2]


@given(st.integers(1, 8), st.integers(1, 200))
def test_a_partition_has_one_keeper_or_is_for_anybody(workers: int, partitions: int) -> None:
    """Those for anybody level out workers that are not equally quick, so there are some."""
    options = make_options(workers)
    facts: dict[str, Any] = {"shared": True, "watch": None, "tick": None, "relay": 0, "keeps": True}
    run = Run(options, [], None, Account(0), Progress(), partitions=partitions, **facts)
    kept = [partition for worker in range(workers) for partition in run.kept_by(worker)]
    assert len(kept) == len(set(kept)) < partitions
    assert all(0 <= partition < partitions for partition in kept)


def test_what_was_emitted_before_execute_goes_before_the_first_share(tmp_path: Path) -> None:
    """As if the first record had emitted it; and tasks are numbered in the order of the data."""
    path = tmp_path / "d"
    path.write_bytes(b"1\n" * 8)
    source = Input("d", os.open(path, os.O_RDONLY), "d")
    first, second = by_range([source, source], 2, 2**30, carried=True)
    assert [(task.task, task.kind, task.input, task.start, task.end) for task in (*first, *second)] == [
        (0, "carried", 0, 0, 0),
        (1, "range", 0, 0, 16),
        (2, "range", 1, 0, 16),
    ]
    source.close()


# ---- a worker's side -------------------------------------------------------------------------------------------------


class Side:
    """A mapper's side over LINES, of which each is a task; two partitions."""

    def __init__(self, budget: int = 0, **extras: Any) -> None:
        self.spill, self.source = SpillFile.create(), SpillFile.create()
        self.source.append(b"".join(LINES))
        self.store = Store(self.spill)
        data = Input("d", self.source.descriptor, "")
        self._job, self._begin = from_namespace(classic(everything) | extras), Begin(2, "stable", 0, budget)
        self._mapping = Mapping(self._job, self._begin, self.store, [data], None, "d")

    def map(self, number: int, *, opened: bool = True) -> Mapped:
        """Map this line."""
        start = sum(map(len, LINES[:number]))
        return self.run(MapTask(number, "range", 0, start, start + len(LINES[number]), open=opened))

    def run(self, task: MapTask) -> Mapped:
        """Do this task."""
        return self._mapping.run(task, Stopwatch())

    def reduce(self, partition: int, firsts: list[int]) -> bytes:
        """The lines of this partition, of which groups were kept since the map tasks of these numbers."""
        task = ReduceTask(partition, 1, [[first, KEPT, first, 0] for first in firsts])
        reduced = Reducing(self._job, self._begin, self.store).run(task, Stopwatch())
        return b"".join(Part(reduced.outputs[2], reader(reduced.outputs, reduced.payload)).chunks())

    def groups(self, mapped: Mapped) -> dict[int, Group]:
        """The blocks announced, opened, by partition."""
        return {part: unpack_group(fetch(place, mapped.payload)) for part, *place in mapped.blocks if place[0] != KEPT}

    def close(self) -> None:
        """Give the files back."""
        self.spill.close()
        self.source.close()


@pytest.fixture
def side() -> Iterator[Callable[..., Side]]:
    """Makes sides."""
    made: list[Side] = []

    def make(budget: int = 0, **extras: Any) -> Side:
        made.append(Side(budget, **extras))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_neighbouring_tasks_leave_the_blocks_of_one(side: Callable[..., Side]) -> None:
    """The places of keys counted on, values in the order of the records; and nothing before the task that closes."""
    many, one = side(), side()
    answers = [many.map(number) for number in range(8)]
    assert [(answer.closed, answer.blocks, answer.pairs, answer.records) for answer in answers] == [
        (False, [], 0, 1)
    ] * 8
    together = many.run(MapTask(7, "close"))
    whole = one.run(MapTask(0, "range", 0, 0, sum(map(len, LINES))))
    assert together.closed
    assert many.groups(together) == one.groups(whole)
    assert (together.pairs, together.keys, together.records) == (whole.pairs, whole.keys, 0)


def test_what_mappers_emit_as_output_does_not_wait(side: Callable[..., Side]) -> None:
    """Each task announces its own."""
    one = side()
    answers = [one.map(number) for number in range(3)]
    assert [fetch(answer.outputs, answer.payload) for answer in answers] == [b"0\n", b"1\n", b"2\n"]


def test_what_a_worker_will_reduce_it_keeps(side: Callable[..., Side]) -> None:
    """Announced by the number of the first task; the rest leaves as ever."""
    one, plain = side(), side()
    for each in (one, plain):
        each.map(3)
        each.map(4)
    mapped, expected = one.run(MapTask(4, "close", keeps=[1])), plain.groups(plain.run(MapTask(4, "close")))
    assert [block for block in mapped.blocks if block[1] == KEPT] == [[1, KEPT, 3, 0]]
    assert one.groups(mapped) == {0: expected[0]}
    assert one.store.kept(1, 3) == expected[1]


def test_what_is_kept_can_be_merged_twice(side: Callable[..., Side]) -> None:
    """A merge makes the lists of values longer, and is begun once more where memory gets short."""
    one = side()
    one.map(0)
    one.run(MapTask(0, "close", keeps=[0, 1]))
    before = [[*values] for values in one.store.kept(0, 0).values]
    for values in one.store.kept(0, 0).values:
        values.append("more")
    one.store.restore(0)
    assert one.store.kept(0, 0).values == before
    one.store.drop(0)
    with pytest.raises(EngineError, match="a group is not where it was kept"):
        one.store.kept(0, 0)


def test_a_merge_that_is_begun_once_more_counts_no_value_twice(
    side: Callable[..., Side], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory gets short when kept groups have been merged already: they are divided as they were kept."""
    one, plain = side(), side()
    outputs = []
    for each, short in ((one, True), (plain, False)):
        for number in (0, 1, 5, 6):
            each.map(number)
            if number in (1, 6):
                each.run(MapTask(number, "close", keeps=[0, 1]))
        refusals = iter([False, short])
        monkeypatch.setattr(MergeGuard, "check", refusing(refusals))
        outputs.append(each.reduce(0, [0, 5]))
    assert outputs[0] == outputs[1] != b""


def refusing(refusals: Iterator[bool]) -> Callable[[MergeGuard, object], None]:
    """A check that says in turn whether the merge has outgrown its memory, and at last that it has not."""

    def check(_guard: MergeGuard, _groups: object) -> None:
        if next(refusals, False):
            raise Outgrown

    return check


def test_with_a_quarter_of_its_memory_taken_a_worker_keeps_nothing(
    side: Callable[..., Side], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest is for merging."""
    monkeypatch.setattr(memory, "resident", lambda: 0)
    one = side(2**20)
    one.map(0)
    monkeypatch.setattr(memory, "resident", lambda: 2**22 + 2**18)
    assert {place[1] for place in one.run(MapTask(0, "close", keeps=[0, 1])).blocks} == {INLINE}


def test_a_worker_that_must_let_go_of_groups_closes_with_that_task(
    side: Callable[..., Side], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it announces is then all that there was, so that a process in its place need not guess how far it was."""
    one = side(2**20)
    assert not one.map(0).closed
    grows = iter(range(2**30, 2**40, 2**24))
    monkeypatch.setattr(memory, "resident", lambda: next(grows))
    let_go = one.map(1)
    assert let_go.closed
    keys = [key for block in let_go.blocks for key in unpack_group(fetch(block[1:], let_go.payload)).keys]
    assert len(keys) == let_go.keys >= 4
    closing = one.run(MapTask(1, "close"))
    assert (closing.closed, closing.blocks, closing.pairs) == (True, [], 0)


def test_what_could_not_travel_may_not_stay_either(side: Callable[..., Side]) -> None:
    """Else a job would work until its keys fall otherwise."""
    names = {key: value for key, value in classic(everything).items() if key != "mr"}
    one = side(mr=None, **{**names, "mapper": lambda record: [("a", lambda: record)]})
    one.map(0)
    with pytest.raises(CannotTravel) as caught:
        one.run(MapTask(0, "close", keeps=[0, 1]))
    assert caught.value.where == "d:1, key 'a'"


def test_a_value_is_combined_once_and_before_it_waits_for_the_next_task(side: Callable[..., Side]) -> None:
    """Not once more with what others were combined to: a combiner that counts would count counts. Pairs are counted as
    the mapper emitted them.
    """

    def combiner(key: Any, values: list[Any]) -> Iterator[tuple[Any, Any]]:
        yield key, ["combined", *values]

    names = {key: value for key, value in classic(everything).items() if key != "mr"}
    one = side(combiner=combiner, mr=None, **{**names, "mapper": twice})
    answers = [*(one.map(number) for number in range(3)), one.run(MapTask(2, "close"))]
    assert sum(answer.pairs for answer in answers) == 18
    found = {key: values for group in one.groups(answers[-1]).values() for key, values in zip(*group[1:], strict=True)}
    assert found[8] == [["combined", 0, 0], ["combined", 1, 1], ["combined", 2, 2]]


def twice(record: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """The pairs that a record says, each of them two times."""
    for pair in record["pairs"]:
        yield tuple(pair)
        yield tuple(pair)


# ---- a whole run -----------------------------------------------------------------------------------------------------


@pytest.fixture
def many_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little data is dealt as much would be."""
    monkeypatch.setattr("pymapr.parallel.master._SMALL", 0)
    monkeypatch.setattr("pymapr.inputs._LEAST_PIECE", 24)


@pytest.mark.usefixtures("many_tasks")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=files(), workers=st.sampled_from([1, 2, 3]), reducer=st.sampled_from([everything, in_place]))
def test_the_output_is_the_serial_one_to_the_byte(tmp_path: Path, data: bytes, workers: int, reducer: Any) -> None:
    """Whatever the keys: of equal ones, which is seen is which came first; whatever the reducer does to its values."""
    path = tmp_path / "data.json"
    path.write_bytes(data)
    expected = run(classic(reducer), path, engine="serial").output
    result = run(classic(reducer), path, workers=workers)
    assert result.output == expected


@pytest.mark.usefixtures("many_tasks")
def test_less_is_moved_than_without(tmp_path: Path) -> None:
    """A guard on the test above: much is kept."""
    path = tmp_path / "data.json"
    path.write_bytes(b"".join(LINES) * 50)
    assert run(classic(everything), path, workers=2).timings.bytes_shuffled > 0
    assert run(classic(everything), path, workers=1).timings.bytes_shuffled < 4000


# ---- who cannot be trusted -------------------------------------------------------------------------------------------

STATS: dict[str, Any] = {"wall": {}, "cpu": {}, "spans": [], "peak": 0}


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        pytest.param({"closed": False}, "a worker left open what it was to announce", id="open"),
        pytest.param({"blocks": [[0, KEPT, 0, 0]]}, "a worker kept what it was not asked to keep", id="kept"),
        pytest.param({"blocks": [[0, KEPT]]}, "a worker announced bytes that are not where it says", id="no place"),
    ],
)
def test_a_worker_holds_back_only_what_it_may(answer: dict[str, Any], says: str) -> None:
    """In a sandbox, where no task is left open, nothing at all."""

    def serve(channel: Channel, spec: WorkerSpec) -> NoReturn:
        channel.send(Ready("inputs", "data", False, 0.0))
        while isinstance(task := channel.receive(), Begin | MapTask):
            if isinstance(task, MapTask):
                channel.send(Mapped(task.task, 1, 0, 0, 0, [], [-1, 0, 0], STATS)._replace(**answer))
        os._exit(0)

    with pytest.raises(ProtocolError) as caught:
        Master(launch.ForkLauncher(serve), Options(workers=1), given=["1"]).run(lambda _: None)
    assert caught.value.message == says


# ---- deaths ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("many_tasks")
@pytest.mark.parametrize("when", ["map", "reduce"])
def test_a_mapper_that_is_never_the_same_twice_counts_each_record_once(tmp_path: Path, when: str) -> None:
    """What a process that died had announced, and what another made in its place, are not mixed."""
    path, once = tmp_path / "data.json", tmp_path / "once"
    path.write_text("".join(f"{number}\n" for number in range(60)))

    def die(phase: str) -> None:
        if when == phase and not once.exists():
            once.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    def mapper(record: int) -> Iterator[tuple[str, int]]:
        if record in (20, 50):
            die("map")
        yield f"{os.getpid()} {record}", 1

    def reducer(_key: str, values: list[int]) -> Iterator[int]:
        die("reduce")
        yield len(values)

    result = run({"mapper": mapper, "reducer": reducer}, path, workers=2)
    assert sum(result.values) == 60
    assert result.timings.records == 60
    assert [remark for remark in result.remarks if "died" in remark]


def test_a_worker_that_has_reduced_all_that_it_kept_is_missed_by_nobody(
    tmp_path: Path, many_tasks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its death is mended as ever: the run does not begin again."""
    path = tmp_path / "data.json"
    path.write_text("".join(f"{number}\n" for number in range(200)))
    crews: list[Crew] = []
    take = ReducePhase._take

    def spy(self: ReducePhase, seat: Any, message: Any) -> None:
        take(self, seat, message)
        crews.append(self._crew)
        if not seat.keeps and not killed:
            killed.append(seat.link.handle.pid)
            os.kill(killed[0], signal.SIGKILL)

    killed: list[int] = []
    monkeypatch.setattr(ReducePhase, "_take", spy)
    job = {"mapper": lambda record: [(record, 1)], "reducer": lambda key, values: [key, len(values)]}
    result = run(job, path, workers=2)
    assert sorted(result.values) == [[number, 1] for number in range(200)]
    assert killed
    assert len(set(map(id, crews))) == 1


def test_a_death_while_handing_over_names_the_last_line(tmp_path: Path) -> None:
    """So that two such deaths over different lines are two, and somebody can look."""
    path = tmp_path / "d"
    path.write_bytes(b"1\n" * 8)
    source = Input("d", os.open(path, os.O_RDONLY), "d")
    shares = Shares(by_range([source], 1, 2**30), [[]])
    assert shares.next(0) is not None
    assert describe(shares.next(0), [source]) == "while it handed over what it had mapped, up to d, line 8"
    source.close()
