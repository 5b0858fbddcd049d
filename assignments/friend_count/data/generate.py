"""The hidden datasets: each function yields `[person, friend]` records, the same ones for the same seed and size."""

from collections.abc import Iterator
from random import Random

NAMES = ("Zoe", "Zoë", "Zoe\u0308", "zoe", "Zoe ", "Ⅻ", "Łukasz", "Иван", "小明", "🙂", "", "1", "None")


def network(seed: int, size: int) -> Iterator[list[str]]:
    """Yield `size` friendships, repeated ones among them; a few people name thousands of friends, most name a few."""
    rng = Random(seed)
    for _ in range(size):
        yield [f"p{int(4_000 ** rng.random())}", f"p{int(rng.random() * 5_000)}"]


def edges(seed: int, size: int) -> Iterator[list[str]]:
    """Yield `size` friendships between names that are easily confused: repeated, mutual, and with oneself."""
    rng = Random(seed)
    yield ["Narcissus", "Narcissus"]
    yield ["Echo", "Narcissus"]
    yield ["Echo", "Narcissus"]
    for _ in range(size):
        yield [_pick(rng, NAMES), _pick(rng, NAMES)]


def _pick(rng: Random, choices: tuple[str, ...]) -> str:
    """Draw one. Only `random()` is promised to stay the same from one Python to the next."""
    return choices[int(rng.random() * len(choices))]
