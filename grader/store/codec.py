"""A CaseResult as bytes and back, nothing lost: not even a lone surrogate. Its runs are packed apart."""

from __future__ import annotations

import json
import re
from typing import Any

from grader.model import CaseResult, Difference, Example, Verdict, Visibility
from grader.packed import PackedRuns, pack


def encode(case: CaseResult) -> tuple[bytes, bytes]:
    """The result as JSON, and its runs as `grader.packed` has them."""
    document = {
        "name": case.name,
        "visibility": case.visibility,
        "verdict": case.verdict,
        "score": case.score,
        "max_score": case.max_score,
        "message": case.message,
        "hint": case.hint,
        "reproduce": case.reproduce,
        "remarks": case.remarks,
        "difference": _difference(case.difference) if case.difference is not None else None,
        "concealed": case.concealed,
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    # As bytes, two surrogates side by side stay two: JSON's escapes would make one character of them.
    return text.encode("utf-8", "surrogatepass"), pack(case.runs).packed


def decode(document: bytes, runs: bytes) -> CaseResult:
    """What `encode` was given, but for the runs' type. Raises ValueError, KeyError or TypeError for anything else."""
    read: dict[str, Any] = json.loads(document.decode("utf-8", "surrogatepass"))
    found = read.pop("difference")
    return CaseResult(
        **{
            **read,
            "visibility": Visibility(read["visibility"]),
            "verdict": Verdict(read["verdict"]),
            "remarks": tuple(read["remarks"]),
        },
        difference=_found(found) if found is not None else None,
        runs=PackedRuns(runs),
    )


def _difference(difference: Difference) -> dict[str, Any]:
    examples = [[example.expected, example.got, example.where] for example in difference.examples]
    return {"missing": difference.missing, "unexpected": difference.unexpected, "examples": examples}


def _found(read: dict[str, Any]) -> Difference:
    examples = tuple(Example(expected=expected, got=got, where=where) for expected, got, where in read["examples"])
    return Difference(missing=read["missing"], unexpected=read["unexpected"], examples=examples)


def spell(text: str) -> str:
    """Any text as one that SQLite takes: names of files may hold what is no Unicode. No two texts become the same."""
    return text.replace("\\", r"\\").encode("utf-8", "backslashreplace").decode()


def unspell(text: str) -> str:
    """What `spell` was given."""
    return _SPELT.sub(lambda found: chr(int(found[1], 16)) if found[1] else "\\", text)


_SPELT = re.compile(r"\\(?:u([0-9a-f]{4})|\\)")
