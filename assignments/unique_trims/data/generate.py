"""The hidden datasets: each function yields `[id, nucleotides]` records, the same ones for the same seed and size."""

from collections.abc import Iterator
from itertools import product
from random import Random

SIXES = tuple("".join(letters) for letters in product("ACGT", repeat=6))
IDS = ("x", "X", "é", "e\u0301", "鼠", "мышь", "🧬", "")


def strands(seed: int, size: int) -> Iterator[list[str]]:
    """Yield `size` strands of 20 to 79 nucleotides; a few bodies come very often, each time with another end."""
    rng = Random(seed)
    bodies: list[str] = []
    for number in range(size):
        if not bodies or rng.random() < 0.3:
            bodies.append(_nucleotides(rng, 10 + int(rng.random() * 60)))
        body = bodies[int((len(bodies) + 1) ** rng.random()) - 1]
        yield [f"HS{number:06}", body + _nucleotides(rng, 10)]


def edges(seed: int, size: int) -> Iterator[list[str]]:
    """Yield every length from 0 to 23 `size` times, over two letters so that many become equal, under repeated ids."""
    rng = Random(seed)
    for number in range(24 * size):
        yield [IDS[number % len(IDS)], "".join("AN"[int(rng.random() * 2)] for _ in range(number % 24))]


def _nucleotides(rng: Random, length: int) -> str:
    """Draw a strand, six letters a number. Only `random()` is promised to stay the same from one Python to the next."""
    return "".join(SIXES[int(rng.random() * len(SIXES))] for _ in range(-(-length // 6)))[:length]
