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
    alone = grade([spec], submissions(tmp_path / "alone", HONEST), at_once=2, cache=None)
    mixed = [*VILLAINS][:4] + HONEST[:2] + [*VILLAINS][4:] + HONEST[2:]
    together = grade([spec], submissions(tmp_path / "together", mixed), at_once=2, cache=None)
    assert [one.submission for one in together] == mixed
    assert what_counts(together) == what_counts(alone)
    assert {one.verdict for one in alone} == {Verdict.ACCEPTED}
    assert {one.submission: one.verdict for one in together if one.submission in VILLAINS} == VILLAINS
    assert list(descendants(os.getpid())) == []


@pytest.mark.parametrize("villain", ["denial/sleep", "denial/deaf", "denial/stopped", "forging/silent_wire"])
@pytest.mark.parametrize("how", ["unprivileged", "0"])
def test_a_grader_that_is_killed_leaves_nobody(fresh_rig: Callable[[str], Rig], how: str, villain: str) -> None:
    """Its zygotes and their forks go with it, whatever these are doing: asleep, deaf, stopped, or with pipes closed."""
    rig = fresh_rig(how)
    [attack] = [attack for attack in attacks() if attack.name == villain]
    pause = threading.Event()
    rig.order(attack, "judged")
    while len(family := list(descendants(rig.pid))) < 2:  # a zygote and its fork
        pause.wait(0.01)
    os.kill(rig.pid, signal.SIGKILL)
    while any(parent_of(pid) is not None for pid in family):  # or the test's time is up
        pause.wait(0.01)
    rig.abandon()
