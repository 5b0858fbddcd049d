"""Nobody waits behind one slow submission: what is dealt next, whatever takes how long."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from grader.dealing import Waiting

if TYPE_CHECKING:
    import random

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
