"""What one command costs: seconds of wall, and of CPU, its children included that it waited for."""

from __future__ import annotations

import os
import subprocess
import sys
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class Cost(NamedTuple):
    """Seconds. On a busy machine the wall says how busy it is, and the CPU what was done."""

    wall: float
    cpu: float


def run(arguments: Sequence[str], output: Path, environment: Mapping[str, str]) -> Cost:
    """Run this Python with these arguments, its stdout into a file. Raises SystemExit where it fails."""
    with output.open("wb") as file:
        began = perf_counter()
        child = subprocess.Popen([sys.executable, *arguments], stdout=file, env={**os.environ, **environment})
        _, status, used = os.wait4(child.pid, 0)
        wall = perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed")
    return Cost(wall, used.ru_utime + used.ru_stime)


def middle(costs: Sequence[Cost]) -> Cost:
    """The medians."""
    return Cost(median(cost.wall for cost in costs), median(cost.cpu for cost in costs))
