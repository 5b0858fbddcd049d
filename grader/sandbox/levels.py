"""How far student code is kept apart here: the layers that are in effect, and the level they make (0 to 3).

Level 0, which is all there is so far: a separate process in its own session with resource limits, watched from outside and killed with all
its descendants. It stops accidents; it does not stop malice.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from grader.errors import UsageError
from grader.model import SandboxReport

_LAYERS = ("separate process", "own session", "resource limits", "watched from outside")
_MISSING = ("Landlock", "seccomp", "a user of its own")


def report() -> SandboxReport:
    """The level in effect on this machine."""
    layers = _LAYERS + (("subreaper",) if sys.platform == "linux" else ())
    missing = _MISSING + (() if sys.platform == "linux" else ("subreaper", "memory watch"))
    return SandboxReport(level=0, layers=layers, missing=missing)


def require(level: int) -> None:
    """Raise UsageError where student code would be kept apart less than `level` asks."""
    found = report()
    if found.level < level:
        raise UsageError(
            f"--require-sandbox {level}: this machine reaches level {found.level} (not in effect: {', '.join(found.missing)})",
            "grade on a machine that reaches it, or ask for less if you trust the submissions",
        )


def doctor_lines() -> Iterator[str]:
    """For `pymapr doctor`."""
    found = report()
    yield f"isolation of student code: level {found.level} ({', '.join(found.layers)})"
    yield f"isolation of student code: not in effect: {', '.join(found.missing)}"
