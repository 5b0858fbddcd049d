"""The limits that the kernel holds a process to, put on by the process itself before any student code runs.

They are the second line: the first is the watch from outside, which sees all processes of a run together.
"""

from __future__ import annotations

import contextlib
import math
import resource
from typing import NamedTuple

_ROOM = 3 * 2**29
"""Address space above the data limit: libraries, thread stacks and mapped files need it, and it costs no memory."""


class ChildLimits(NamedTuple):
    """Of one process: cpu in seconds, memory in bytes of data, files in bytes each."""

    cpu: float
    memory: int
    files: int


def apply(limits: ChildLimits) -> None:
    """Hold this process, and all it starts, to `limits`. What the system does not know is left out (macOS: memory)."""
    cpu = math.ceil(limits.cpu) + 1
    _set(resource.RLIMIT_CPU, cpu, cpu + 2)
    _set(resource.RLIMIT_DATA, limits.memory)
    _set(resource.RLIMIT_AS, limits.memory + _ROOM)
    _set(resource.RLIMIT_FSIZE, limits.files)
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_NOFILE, 256)


def _set(kind: int, soft: int, hard: int | None = None) -> None:
    wanted = soft if hard is None else hard
    try:
        resource.setrlimit(kind, (soft, wanted))
    except (ValueError, OSError):  # whoever grades may have less already
        _, highest = resource.getrlimit(kind)
        if highest != resource.RLIM_INFINITY:
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(kind, (min(soft, highest), min(wanted, highest)))
