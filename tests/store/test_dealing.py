"""Nobody waits behind one slow submission: what is dealt next, whatever takes how long."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from grading.conftest import FIXTURES, Assignments
from hypothesis import given
from hypothesis import strategies as st

from grader import batch, submission
from grader.dealing import Waiting

if TYPE_CHECKING:
    import random
    from pathlib import Path

    import pytest

Thing = tuple[str, int]


def waiting(*things: Thing) -> Waiting[Thing]:
    """Things that belong to who is named in front."""
    return Waiting(things, whose=lambda thing: thing[0])


def test_things_are_dealt_in_order() -> None:
    """As long as nobody is busy."""
    queue = waiting(("ada", 1), ("ada", 2), ("bob", 1))
    assert [queue.deal(()) for _ in range(3)] == [("ada", 1), ("ada", 2), ("bob", 1)]
    assert not queue


def test_who_has_something_under_way_lets_others_go_first() -> None:
    """However early his things came; nothing of his is lost."""
    queue = waiting(("ada", 1), ("ada", 2), ("bob", 1), ("bob", 2), ("cy", 1))
    assert queue.deal({"ada"}) == ("bob", 1)
    assert queue.deal({"ada", "bob"}) == ("cy", 1)
    assert queue.deal({"bob", "cy"}) == ("ada", 1)
    assert queue.deal({"ada"}) == ("bob", 2)
    assert queue.deal({"bob"}) == ("ada", 2)


def test_who_is_alone_gets_all_there_is() -> None:
    """No slot stays empty for fairness' sake."""
    queue = waiting(("ada", 1), ("ada", 2))
    assert [queue.deal({"ada"}), queue.deal({"ada"})] == [("ada", 1), ("ada", 2)]


def test_whether_anybody_else_waits_is_known_without_dealing() -> None:
    """So that nobody is dealt a second ahead of time."""
    queue = waiting(("ada", 1), ("bob", 1))
    assert queue.anybody_else({"ada"})
    assert not queue.anybody_else({"ada", "bob"})
    assert queue.deal(()) == ("ada", 1)


@given(
    st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 9)), max_size=30),
    st.integers(1, 4),
    st.randoms(use_true_random=False),
)
def test_nobody_has_two_under_way_while_somebody_waits_for_a_first(
    things: list[Thing], slots: int, chance: random.Random
) -> None:
    """In whatever order they are done; each is dealt once, and everybody's own in their order."""
    queue, running, dealt = waiting(*things), list[Thing](), list[Thing]()
    while queue or running:
        while queue and len(running) < slots:
            left = Counter(things) - Counter(dealt)
            one = queue.deal({whose for whose, _ in running})
            busy = {whose for whose, _ in running}
            assert one[0] not in busy or {whose for whose, _ in left} <= busy
            running.append(one)
            dealt.append(one)
        running.pop(chance.randrange(len(running)))
    assert Counter(dealt) == Counter(things)
    for name in "abcde":
        assert [one for one in dealt if one[0] == name] == [one for one in things if one[0] == name]


class Noting(ThreadPoolExecutor):
    """Notes, for each judgement, whose it is and whose others are under way when it begins."""

    seen: list[tuple[str, list[str]]]
    _begun: list[tuple[str, Future[Any]]]

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """As any pool's."""
        future = super().submit(fn, *args, **kwargs)
        if fn is batch.judge_one:
            whose = args[1].submission.name
            self.seen.append((whose, [other for other, one in self._begun if not one.done()]))
            self._begun.append((whose, future))
        return future


def test_a_batch_deals_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three students on two datasets each, nobody has both slots as long as another waits; all slots are used."""
    monkeypatch.setattr(Noting, "seen", [], raising=False)
    monkeypatch.setattr(Noting, "_begun", [], raising=False)
    monkeypatch.setattr(batch, "ThreadPoolExecutor", Noting)
    spec = Assignments(tmp_path).wordcount(runs={"workers": [2], "scramble": 0})
    for student in ("ada", "bob", "cy"):
        home = spec.folder / "submissions" / student
        home.mkdir(parents=True)
        (home / spec.module).write_bytes((FIXTURES / spec.name / "plain.py").read_bytes())
    results = batch.grade([spec], submission.own(spec), at_once=2, cache=None)
    assert [result.score for result in results] == [10, 10, 10]
    assert sorted(whose for whose, _ in Noting.seen) == ["ada", "ada", "bob", "bob", "cy", "cy"]
    assert Noting.seen[:2] == [("ada", []), ("bob", ["ada"])]
    left = Counter(whose for whose, _ in Noting.seen)
    for whose, running in Noting.seen:
        assert whose not in running or not set(+left) - set(running)
        left[whose] -= 1
