"""The eight jobs that are measured: the seven assignments at scale, and a mapper that computes much."""

from __future__ import annotations

from pathlib import Path

import data

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
_REFERENCE = "assignments/{0}/solution/{0}.py"

JOBS: dict[str, tuple[Path, data.Maker]] = {
    "wordcount": (ROOT / _REFERENCE.format("wordcount"), data.zipf_texts),
    "inverted_index": (ROOT / _REFERENCE.format("inverted_index"), data.zipf_texts),
    "join": (ROOT / _REFERENCE.format("join"), data.orders),
    "friend_count": (ROOT / _REFERENCE.format("friend_count"), data.friends),
    "asymmetric_friendships": (ROOT / _REFERENCE.format("asymmetric_friendships"), data.friends),
    "unique_trims": (ROOT / _REFERENCE.format("unique_trims"), data.strands),
    "multiply": (HERE / "jobs/multiply.py", data.matrices),
    "cpu_heavy": (HERE / "jobs/cpu_heavy.py", data.numbers),
}
