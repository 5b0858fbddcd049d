"""Seeded input for the engine's benchmark, 20 to 40 MB a job, in the shapes of the course. Made on the spot."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

Maker = Callable[[Random, float], Iterator[Any]]


def zipf_texts(rng: Random, scale: float) -> Iterator[Any]:
    """[document, text]: 200 words a document, the commonest word ten thousand times as frequent as the rarest."""
    words = [f"{rng.choice('bcdfglmnprst')}{rng.choice('aeiou')}{number:x}" for number in range(20_000)]
    weights = list(accumulate(1 / (rank + 1) for rank in range(len(words))))
    for number in range(int(20_000 * scale)):
        yield [f"doc-{number}.txt", " ".join(rng.choices(words, cum_weights=weights, k=200))]


def orders(rng: Random, scale: float) -> Iterator[Any]:
    """["order" | "line_item", order_id, ...]: orders with four line items each, shuffled among one another."""
    for number in range(int(60_000 * scale)):
        order = str(number)
        price, day = f"{rng.random() * 1e5:.2f}", f"1996-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        yield [
            "order",
            order,
            str(rng.randrange(100_000)),
            "O",
            price,
            day,
            "5-LOW",
            f"Clerk#{rng.randrange(1000):09}",
            "0",
        ]
        for item in range(4):
            part, supplier = str(rng.randrange(10**6)), str(rng.randrange(10**5))
            yield [
                "line_item",
                order,
                part,
                supplier,
                str(item),
                str(rng.randint(1, 50)),
                price,
                "0.05",
                "0.08",
                "N",
                "O",
                day,
            ]


def friends(rng: Random, scale: float) -> Iterator[Any]:
    """[person, friend]: some people have a thousand times as many friends as others."""
    for _ in range(int(800_000 * scale)):
        yield [f"person-{int(60_000 * rng.random() ** 3)}", f"person-{rng.randrange(60_000)}"]


def strands(rng: Random, scale: float) -> Iterator[Any]:
    """[id, nucleotides]: 300 letters each, one strand in five seen before but for its last ten letters."""
    seen: list[str] = []
    for number in range(int(90_000 * scale)):
        if seen and rng.random() < 0.2:
            strand = rng.choice(seen)
        else:
            strand = "".join(rng.choices("ACGT", k=290))
            seen.append(strand)
        yield [f"strand-{number}", strand + "".join(rng.choices("ACGT", k=10))]


def matrices(rng: Random, scale: float) -> Iterator[Any]:
    """[matrix, i, j, value]: two dense matrices, 110 by 110 at scale 1 (the work grows with the cube of the side)."""
    side = max(2, round(110 * scale ** (1 / 3)))
    for name in "ab":
        for row in range(side):
            for column in range(side):
                yield [name, row, column, rng.randrange(1000)]


def numbers(rng: Random, scale: float) -> Iterator[Any]:
    """[id, [numbers]]: few records, much to compute about each."""
    for number in range(int(9_000 * scale)):
        yield [f"record-{number}", [rng.randrange(10**9) for _ in range(200)]]


def write(maker: Maker, path: Path, scale: float, seed: int = 17) -> None:
    """Make a file of JSON lines."""
    with path.open("w", encoding="ascii") as file:
        file.writelines(json.dumps(record) + "\n" for record in maker(Random(seed), scale))
