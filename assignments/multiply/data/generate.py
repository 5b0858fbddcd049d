"""The hidden datasets: each function yields `[matrix, i, j, value]` records, the same ones for the same seed and size.

All of A comes first, as in the visible file: a program that relies on this is right in a serial run, and the check that
shuffles values tells it why it is wrong, which a mere wrong answer would not.
"""

from collections.abc import Iterator
from random import Random

Entry = list[str | int]


def dense(seed: int, size: int) -> Iterator[Entry]:
    """Yield two matrices of `size` rows and columns, nine in ten entries not zero."""
    rng = Random(seed)
    for matrix in "ab":
        yield from _matrix(rng, matrix, size, size, 0.9)


def oblong(seed: int, size: int) -> Iterator[Entry]:
    """Yield a sparse A of 3 rows and `size` columns, and a sparse B of `size` rows and 5 columns."""
    rng = Random(seed)
    yield from _matrix(rng, "a", 3, size, 0.4)
    yield from _matrix(rng, "b", size, 5, 0.4)


def one(seed: int, size: int) -> Iterator[Entry]:
    """Yield a single entry of A, which meets nothing."""
    yield ["a", seed % size, 0, 1]


def edges(seed: int, size: int) -> Iterator[Entry]:
    """Yield sums that cancel to zero, values beyond 64 bits, a row and a column that meet nothing, and the corners."""
    rng = Random(seed)
    last = size - 1
    large = 10**12 + int(rng.random() * 10**6)
    a = {(0, 0): large, (0, 1): -large, (1, 0): large, (2, 5): 4, (last, last): 2}
    b = {(0, 0): large, (1, 0): large, (0, 3): 7, (1, 3): 7, (0, 4): 1, (9, 0): 3, (last, 0): large, (last, last): -1}
    for name, matrix in (("a", a), ("b", b)):
        for (i, j), value in matrix.items():
            yield [name, i, j, value]


def _matrix(rng: Random, name: str, rows: int, columns: int, density: float) -> Iterator[Entry]:
    for i in range(rows):
        for j in range(columns):
            if rng.random() < density:
                value = int(rng.random() * 198) - 99
                yield [name, i, j, value if value < 0 else value + 1]
