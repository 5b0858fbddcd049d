"""The hidden datasets: each function yields `[person, friend]` records, the same ones for the same seed and size.

No record comes twice and nobody is their own friend, as the statement promises.
"""

from collections.abc import Iterator
from random import Random

NAMES = ("Zoe", "Zoë", "Zoe\u0308", "zoe", "Zoe ", "Ⅻ", "Łukasz", "Иван", "小明", "🙂", "", "1", "None", "ab", "a", "b")


def network(seed: int, size: int) -> Iterator[list[str]]:
    """Yield `size` friendships; a few people are known to thousands, and about half of the friendships are mutual."""
    rng = Random(seed)
    listed: set[tuple[str, str]] = set()
    while len(listed) < size:
        person, friend = f"p{int(4_000 ** rng.random())}", f"p{int(rng.random() * 4_000)}"
        yield from _new(listed, person, friend)
        if len(listed) < size and rng.random() < 0.35:
            yield from _new(listed, friend, person)


def edges(seed: int, size: int) -> Iterator[list[str]]:
    """Yield friendships between names that are easily confused: each that there could be, with a chance of `size` %."""
    rng = Random(seed)
    pairs = [[person, friend] for person in NAMES for friend in NAMES if person != friend]
    while pairs:
        pair = pairs.pop(int(rng.random() * len(pairs)))
        if rng.random() * 100 < size:
            yield pair


def _new(listed: set[tuple[str, str]], person: str, friend: str) -> Iterator[list[str]]:
    """Yield the friendship, unless it was listed before or is with oneself."""
    if person != friend and (person, friend) not in listed:
        listed.add((person, friend))
        yield [person, friend]
