"""A class with villains in it: everybody else's result is as without them; and a grader that dies leaves nobody."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from grader.batch import grade
from grader.model import DatasetSpec, Runs, Spec, Verdict
from grader.sandbox.zygote import descendants, parent_of
from grader.submission import Submission
from sandbox import graderprocess
from sandbox.rig import HOSTILE, SHARED, attacks
from sandbox.runs import processes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from grader.model import SubmissionResult
    from sandbox.rig import Rig

VILLAINS = {
    "denial/forks": Verdict.RUNTIME_ERROR,
    "denial/heap": Verdict.MEMORY_LIMIT,
    "denial/loop_in_mapper": Verdict.TIME_LIMIT,
    "denial/stopped": Verdict.TIME_LIMIT,
    "denial/segfault": Verdict.RUNTIME_ERROR,
    "forging/forged_engine_error": Verdict.RUNTIME_ERROR,
    "forging/early_exit": Verdict.RUNTIME_ERROR,
    "forging/forged_run": Verdict.WRONG_ANSWER,
    "values/giant_line": Verdict.OUTPUT_LIMIT,
    "secrets/told_in_errors": Verdict.RUNTIME_ERROR,
}
PAUSE = threading.Event()
"""Never set: what one waits for is looked for again and again."""

HONEST = ["ada", "grace", "kay", "lin"]


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    """A word count with its reference."""
    folder = tmp_path / "assignment"
    folder.mkdir()
    (folder / "solution.py").write_text(graderprocess.HONEST)
    (folder / "data.json").write_text("".join(f"{json.dumps(record)}\n" for record in graderprocess.RECORDS))
    return Spec(
        folder=folder,
        name="wordcount",
        title="Word count",
        module="wordcount.py",
        reference="solution.py",
        points=1,
        datasets=(DatasetSpec(name="books", file="data.json"),),
        limits=graderprocess.Short(),
        runs=Runs(workers=(2,), scramble=1),
    )


def submissions(folder: Path, names: Sequence[str]) -> list[Submission]:
    """Each in a folder of its own; those with a family in their name are villains."""
    return [Submission(assignment="wordcount", name=name, module=handed_in(folder / name, name)) for name in names]


def handed_in(folder: Path, name: str) -> Path:
    """The module that somebody hands in."""
    folder.mkdir(parents=True)
    (folder / "where.json").write_text(json.dumps({"guarded": "/", "grader": os.getpid(), "package": "/"}))
    for shared in SHARED:
        shutil.copy(HOSTILE / shared, folder)
    module = folder / "wordcount.py"
    if "/" in name:
        shutil.copy(HOSTILE / f"{name}.py", module)
    else:
        module.write_text(graderprocess.HONEST)
    return module


def what_counts(results: Sequence[SubmissionResult]) -> dict[str, object]:
    """All of the honest ones' results but for the time that they took."""
    return {
        one.submission: [(case.verdict, case.score, case.message, case.remarks) for case in one.datasets]
        for one in results
        if one.submission in HONEST
    }


def test_a_class_with_villains_is_graded_as_one_without(spec: Spec, tmp_path: Path) -> None:
    """Two at once, villains between the others: same verdicts, same points, same words, in the same order."""
    before = processes()
    alone = grade([spec], submissions(tmp_path / "alone", HONEST), at_once=2, cache=None)
    mixed = [*VILLAINS][:4] + HONEST[:2] + [*VILLAINS][4:] + HONEST[2:]
    together = grade([spec], submissions(tmp_path / "together", mixed), at_once=2, cache=None)
    assert [one.submission for one in together] == mixed
    assert what_counts(together) == what_counts(alone)
    assert {one.verdict for one in alone} == {Verdict.ACCEPTED}
    assert {one.submission: one.verdict for one in together if one.submission in VILLAINS} == VILLAINS
    assert processes() <= before


ASLEEP = ["denial/sleep", "denial/deaf", "denial/stopped", "forging/silent_wire"]


@pytest.mark.parametrize(
    ("how", "villain"),
    [*(("unprivileged", name) for name in ASLEEP), *(("0", name) for name in ASLEEP), ("0", "denial/daemon_and_sleep")],
)
def test_a_grader_that_is_killed_leaves_nobody(fresh_rig: Callable[[str], Rig], how: str, villain: str) -> None:
    """Its zygotes and their forks go with it, whatever these are doing: asleep, deaf, stopped, or with pipes closed."""
    rig = fresh_rig(how)
    zygotes, workers = at_work(rig, villain)
    os.kill(rig.pid, signal.SIGKILL)
    wait_until_gone(zygotes + workers)
    rig.abandon()


def test_a_worker_outlives_neither_grader_nor_zygote_where_both_are_killed(fresh_rig: Callable[[str], Rig]) -> None:
    """As by somebody who ends everything that has `python` in its name, but for this one."""
    rig = fresh_rig("unprivileged")
    zygotes, workers = at_work(rig, "denial/sleep")
    for pid in (*zygotes, rig.pid):
        os.kill(pid, signal.SIGKILL)
    wait_until_gone(zygotes + workers)
    rig.abandon()


def at_work(rig: Rig, villain: str) -> tuple[list[int], list[int]]:
    """Set a villain on a grader; its zygotes, and their forks as soon as there are any."""
    [attack] = [attack for attack in attacks() if attack.name == villain]
    rig.order(attack, "judged")
    family: list[int] = []
    zygotes: list[int] = []
    processes = 2 if villain.startswith("denial/daemon") else 1
    while len(family) < len(zygotes) + processes:
        PAUSE.wait(0.01)
        family = list(descendants(rig.pid))
        zygotes = [pid for pid in family if parent_of(pid) == rig.pid]
    return zygotes, [pid for pid in family if pid not in zygotes]


def wait_until_gone(pids: list[int]) -> None:
    """Or until the test's time is up."""
    while any(parent_of(pid) is not None for pid in pids):
        PAUSE.wait(0.01)
