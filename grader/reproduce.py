"""Commands that show on one's own machine what a judgement saw; runs none of them."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grader.model import Limits, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

UNPACK = "  # first unpack what was handed in"


@dataclass(frozen=True, kw_only=True)
class Commands:
    """What is typed for one submission on one dataset.

    module: the submitted file; packed: what it is called inside an archive, where that is all there is of it. data: a
    file that is there to stay, None where there is none: then there is no command.
    """

    module: Path
    packed: str
    data: Path | None
    limits: Limits

    def run(self, options: str, hash_seeds: Sequence[int] = (), verdict: Verdict | None = None) -> str:
        """The command, one for each hash seed; empty where there is none.

        verdict: a limit is said with it, because `pymapr run` has none, and would run on for ever or eat the machine.
        """
        if self.data is None:
            return ""
        command = f"pymapr run {self.packed or shown(self.module)} {shown(self.data)} {options}"
        seeded = [f"PYTHONHASHSEED={seed} " for seed in hash_seeds] or [""]
        return "; ".join(self._within(verdict, seed, command) for seed in seeded) + (UNPACK if self.packed else "")

    def _within(self, verdict: Verdict | None, seed: str, command: str) -> str:
        clock, scales = f"timeout {self.limits.time:g}", f"ulimit -v {self.limits.memory // 1024}"
        if verdict is Verdict.TIME_LIMIT:
            return f"{seed}{clock} {command}"
        if verdict is Verdict.MEMORY_LIMIT:
            return f"({scales} && {seed}{clock} {command})"
        if verdict is Verdict.OUTPUT_LIMIT:  # output is held until the end: who never ends meets the other limits
            return f"({scales} && {seed}{clock} {command}) | wc -c"
        return seed + command


def shown(path: Path) -> str:
    """A path as one would type it here."""
    path = path.resolve()
    return shlex.quote(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))
