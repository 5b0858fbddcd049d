"""What whoever runs a command is told beside its results: a line on stderr."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    """Tell it at once; what others have written in it must have been made visible."""
    sys.stderr.write(f"pymapr-grade: {line}\n")
    sys.stderr.flush()
