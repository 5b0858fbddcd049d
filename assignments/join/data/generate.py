"""The hidden datasets: each function yields rows of both tables, the same ones for the same seed and size.

Orders come first, as in the visible file: a program that relies on this is right in a serial run, and the check that
shuffles values tells it why it is wrong, which a mere wrong answer would not.
"""

from collections.abc import Iterator
from random import Random

PARTS = ("ink", "paper", "quill", "blotter", "sealing wax", "крейда", "Füller", "墨", "line_item", "order", "")


def shop(seed: int, size: int) -> Iterator[list[str]]:
    """Yield `size` rows, one in six an order; a few orders have very many line items, many have none, some are lost."""
    rng = Random(seed)
    orders = size // 6 + size % 6
    for number in range(orders):
        yield ["order", str(number), f"customer-{_below(rng, 900)}", f"2024-{1 + _below(rng, 12):02}"]
    for number in range(size - orders):
        order = int((orders + 1) ** rng.random()) - 1 if rng.random() < 0.98 else f"lost-{number}"
        yield ["line_item", str(order), str(number), _pick(rng, PARTS), str(1 + _below(rng, 50))]


def edges(seed: int, size: int) -> Iterator[list[str]]:
    """Yield ids that are easily confused, orders without line items and the reverse, repeated rows and bare ones."""
    rng = Random(seed)
    ids = ("7", "07", "7 ", "", "order", "Ä", "A\u0308", "七", "7.0")
    for number, order in enumerate(ids):
        yield ["order", order, "x" * number]
    yield ["order", "bare"]
    yield ["order", "childless", "nobody"]
    yield ["line_item", "bare"]
    yield ["line_item", "orphan", "ink", "1"]
    for _ in range(size):
        row = ["line_item", _pick(rng, ids), _pick(rng, PARTS), str(_below(rng, 2))]
        yield row
        if rng.random() < 0.3:
            yield row


def _below(rng: Random, limit: int) -> int:
    """Draw from 0 to limit - 1. Only `random()` is promised to stay the same from one Python to the next."""
    return int(rng.random() * limit)


def _pick(rng: Random, choices: tuple[str, ...]) -> str:
    return choices[_below(rng, len(choices))]
