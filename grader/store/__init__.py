"""Results in one SQLite file: kept, taken up again, never changed. Knows `grader.model`, and nothing of grading."""

from grader.store.facts import UNKNOWN, Graded, Identity, Key, Overridden
from grader.store.ledger import Store, open_store

__all__ = ["UNKNOWN", "Graded", "Identity", "Key", "Overridden", "Store", "open_store"]
