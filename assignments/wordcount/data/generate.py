"""The hidden datasets: each function yields `[document, text]` records, the same ones for the same seed and size."""

from collections.abc import Iterator
from pydoc_data.topics import topics
from random import Random

SYLLABLES = ("ba", "do", "fe", "gu", "ki", "la", "mo", "nu", "pe", "ri", "so", "tu")
SPACES = (" ", " ", "  ", "\n", "\t", " \n ", "\u00a0", "\u3000")
LOOKALIKES = (
    *("The", "the", "THE", "the,", "the.", "(the", "the-end", "-", "'", "1", "1.0", "null", "true", "__end__"),
    *("résumé", "resume", "re\u0301sume\u0301", "straße", "STRASSE", "数", "数据", "слово", "🐋", "🐋🐋"),
)


def zipf(seed: int, size: int) -> Iterator[list[str]]:
    """Yield `size` documents of 100 words each; few words are very common, most are rare."""
    rng = Random(seed)
    for number in range(size):
        yield [f"zipf-{number}", " ".join(_word(_skewed(rng, 20_000)) for _ in range(100))]


def edges(seed: int, size: int) -> Iterator[list[str]]:
    """Yield texts without words, then `size` documents of words that are easily confused, under repeated names."""
    rng = Random(seed)
    yield ["empty", ""]
    yield ["blank", " \t\n \u00a0 "]
    yield ["", "nameless"]
    for number in range(size):
        yield [f"edge-{number % 3}", "".join(_pick(rng, SPACES) + _pick(rng, LOOKALIKES) for _ in range(30)) + "\n"]


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


def _skewed(rng: Random, limit: int) -> int:
    """Draw from 0 to limit - 1, n about as often as 1 / (n + 1): Zipf's law, as in real text."""
    return int(limit ** rng.random()) - 1


def _pick(rng: Random, choices: tuple[str, ...]) -> str:
    return choices[_below(rng, len(choices))]


def _word(number: int) -> str:
    """Spell a number in syllables, so that different numbers give different words."""
    word = ""
    while number >= 0:
        number, digit = divmod(number, len(SYLLABLES))
        word, number = SYLLABLES[digit] + word, number - 1
    return word
