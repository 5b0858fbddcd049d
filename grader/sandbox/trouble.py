"""Trouble of the machine's that looks like a student's mistake: no memory or disk left. It must not become a mark."""

from __future__ import annotations

import shutil
from pathlib import Path

from grader.errors import InfrastructureError

_LITTLE = 16 * 2**20
"""Bytes of free disk below which a failed write is put down to the disk."""


class Trouble:
    """Of one slot's runs, from when it is made. folder: where their files lie."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._killed = out_of_memory_kills()

    def look(self, message: str) -> None:
        """Raise InfrastructureError if what the message tells may well have been the machine's fault."""
        if "SIGKILL" in message and self._has_killed():
            raise InfrastructureError(
                "the machine ran out of memory and ended a process", "judge fewer submissions at once (-n)"
            )
        if "No space left" in message and shutil.disk_usage(self._folder).free < _LITTLE:
            raise InfrastructureError(
                f"the disk is full where {self._folder} lies", "free some space, or point TMPDIR elsewhere"
            )

    def _has_killed(self) -> bool:
        """Whether the kernel has ended anybody for want of memory since the last look."""
        before, self._killed = self._killed, out_of_memory_kills()
        return self._killed > before


def out_of_memory_kills() -> int:
    """How often the kernel has ended a process for want of memory since it started; 0 where it does not tell."""
    try:
        for line in Path("/proc/vmstat").read_text(encoding="ascii").splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return 0
