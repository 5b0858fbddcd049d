"""How far student code is kept apart here: found out once, by a process that tries what it should not be able to do.

3  Landlock with ABI 6 or later, and seccomp
2  an older Landlock, and seccomp
1  no Landlock; root gives each slot a user of its own, and seccomp
0  a separate process with limits, watched and killed from outside: stops accidents, not malice
"""

from __future__ import annotations

import functools
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.errors import GraderError, UsageError
from grader.model import SandboxReport
from grader.sandbox import seccomp, users
from grader.sandbox.converse import converse
from grader.sandbox.layers import Wanted
from grader.sandbox.limits import ChildLimits
from grader.sandbox.slot import HASH_SEEDS, Launcher, Zygote
from pymapr.errors import MaprError
from pymapr.parallel.channel import WorkerSpec

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Level:
    """What the self-test found. wanted: the layers to ask for; denied: each attempt, and whether the kernel said no."""

    number: int
    layers: tuple[str, ...]
    missing: tuple[str, ...]
    wanted: Wanted
    denied: dict[str, bool]


@functools.cache
def current() -> Level:
    """The level of this machine, for this user; tested once per process.

    Raises InfrastructureError where nothing can be started at all.
    """
    if os.geteuid() == 0:
        wanted = users.own_user(Wanted(user=users.USERS[0]))
        level, readable = test(wanted)
        users.give_back(wanted)
        if readable and level.number:
            return level
    return test(Wanted())[0]


def test(wanted: Wanted) -> tuple[Level, bool]:
    """Put the layers on and try everything; also whether the interpreter can be read behind them."""
    with tempfile.TemporaryDirectory(prefix="pymapr-probe-") as root:
        zygote = Zygote(HASH_SEEDS[0], wanted)
        try:
            answer = _probe(zygote, Path(root), wanted)
        except MaprError as error:
            return _judge({}, 0, wanted, f"the self-test failed: {error.message}"), False
        finally:
            zygote.close()
    return _judge(answer["denied"], zygote.abi, wanted, ""), bool(answer["readable"])


def _probe(zygote: Zygote, root: Path, wanted: Wanted) -> dict[str, Any]:
    folder = root / "own"
    folder.mkdir()
    if wanted.user:
        root.chmod(0o711)
        os.chown(folder, wanted.user, wanted.user)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        launcher = Launcher(lambda _: zygote, lambda: folder, {"role": "probe"}, ChildLimits(10, 2**30, 2**20), nowhere)
        spec = WorkerSpec(0, "serial")
        output, _, _ = converse(launcher, spec, None, most_output=2**20, watch=_nothing, count_output=lambda _: None)
        zygote.sweep()
    finally:
        os.close(nowhere)
    answer: dict[str, Any] = json.loads(output)
    return answer


def _nothing() -> None:
    """Nothing to watch: the probe is ours."""


def _judge(denied: dict[str, bool], abi: int, wanted: Wanted, trouble: str) -> Level:
    files = [no for name, no in denied.items() if name.startswith("file")]
    calls = [no for name, no in denied.items() if not name.startswith("file")]
    has_files, has_calls = bool(files) and all(files), bool(calls) and all(calls)
    found = {
        f"Landlock (ABI {abi})" if has_files else "Landlock": has_files,
        "seccomp" + _unverified(): has_calls,
        "a user of its own": bool(wanted.user) and not trouble,
    }
    layers = ("separate process", "own session", "resource limits", "watched from outside")
    number = 0
    if has_calls and has_files:
        number = 3 if abi >= 6 else 2
    elif has_calls and wanted.user:
        number = 1
    missing = tuple(name for name, there in found.items() if not there)
    return Level(
        number=number,
        layers=(*layers, *(name for name, there in found.items() if there)),
        missing=(*missing, trouble) if trouble else missing,
        wanted=wanted,
        denied=denied,
    )


def _unverified() -> str:
    here = seccomp.machine()
    return "" if here is None or here.verified else " (unverified on this kind of machine)"


def report() -> SandboxReport:
    """The level in effect on this machine."""
    level = current()
    return SandboxReport(level=level.number, layers=level.layers, missing=level.missing)


def require(wanted: int) -> None:
    """Raise UsageError where student code would be kept apart less than level `wanted`."""
    if wanted <= 0:
        return
    level = current()
    if level.number < wanted:
        lacking = f" (not in effect: {', '.join(level.missing)})" if level.missing else ""
        raise UsageError(
            f"--require-sandbox {wanted}: this machine reaches level {level.number}{lacking}",
            "grade on a machine that reaches it, or ask for less if you trust the submissions; see docs/security.md",
        )


def notice() -> str:
    """What to tell whoever grades where student code is hardly kept apart; empty where it is."""
    level = current()
    if level.number >= 2:
        return ""
    what = (
        "only accidents are stopped, not malice"
        if level.number == 0
        else "files that others may read are not out of reach"
    )
    return (
        f"student code is kept apart at level {level.number} of 3: {what} (not in effect: {', '.join(level.missing)})"
    )


def doctor_lines() -> Iterator[str]:
    """For `pymapr doctor`, which puts the topic before each."""
    try:
        level = current()
    except GraderError as error:
        yield f"unknown: {error}"
        return
    yield f"student code is kept apart at level {level.number} of 3 ({', '.join(level.layers)})"
    if level.missing:
        yield f"not in effect: {', '.join(level.missing)}"
    for name, no in level.denied.items():
        if not no:
            yield f"a submission could {name.removeprefix('file: ')}"
    if sys.platform != "linux":
        yield "levels above 0 need Linux"
