"""The hidden datasets: each function yields `[document, text]` records, the same ones for the same seed and size.

No two records have the same document, as the statement promises.
"""

from collections.abc import Iterator
from pydoc_data.topics import topics
from random import Random

SPACES = (" ", " ", "  ", "\n", "\t", " \n ", "\u00a0")
LOOKALIKES = (
    *("Sea", "sea", "SEA", "sea,", "sea.", "(sea", "sea-bird", "-", "1", "1.0", "null", "doc-0", "__end__"),
    *("café", "cafe", "cafe\u0301", "straße", "STRASSE", "海", "海洋", "море", "🌊", "🌊🌊"),
)


def skewed(seed: int, size: int) -> Iterator[list[str]]:
    """Yield `size` documents of 80 words each; a few words are in every document, most in one or two."""
    rng = Random(seed)
    for number in range(size):
        yield [f"doc-{number}", " ".join(f"w{int(9_000 ** rng.random())}" for _ in range(80))]


def edges(seed: int, size: int) -> Iterator[list[str]]:
    """Yield texts without words, then `size` documents with odd names that repeat words which are easily confused."""
    rng = Random(seed)
    yield ["empty", ""]
    yield ["blank", " \t\n "]
    yield ["", "nameless sea"]
    for number in range(size):
        words = "".join(_pick(rng, SPACES) + _pick(rng, LOOKALIKES) for _ in range(30))
        yield [f"{_pick(rng, LOOKALIKES)} № {number}", words]


def prose(seed: int, size: int) -> Iterator[list[str]]:
    """Yield `size` chapters of English prose at most: Python's own reference, in another order for another seed."""
    rng = Random(seed)
    chapters = sorted(topics)
    while chapters and size > 0:
        chapter = chapters.pop(_below(rng, len(chapters)))
        yield [chapter, topics[chapter]]
        size -= 1


def _below(rng: Random, limit: int) -> int:
    """Draw from 0 to limit - 1. Only `random()` is promised to stay the same from one Python to the next."""
    return int(rng.random() * limit)


def _pick(rng: Random, choices: tuple[str, ...]) -> str:
    return choices[_below(rng, len(choices))]
