"""Judgements on demand, one after another, each made once; holds one sandbox, and gives it back when closed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from grader.audience import for_audience
from grader.batch import Judgement, Slots, judge_one
from grader.errors import GraderError, SpecError
from grader.materials import Material, Materials, cache_folder
from grader.model import Audience, CaseResult, DatasetSpec, GradeReport, SandboxReport, Spec, SubmissionResult
from grader.sandbox import tree
from grader.tidy import Held, sweep

if TYPE_CHECKING:
    from pathlib import Path

    from grader.submission import Submission


class Judgements:
    """What was judged so far, and the means to judge more. Close it: a sandbox has processes and a folder."""

    def __init__(self) -> None:
        self._slots = Slots(1)
        sweep(tree.remove)
        self._work = Held()
        self._materials = Materials(self._work.path, cache_folder())
        self._ready: dict[tuple[Path, str], Material | GraderError] = {}
        self._made: dict[tuple[Path, str, Submission], CaseResult] = {}

    def judged(self, spec: Spec, dataset: DatasetSpec, submission: Submission) -> CaseResult:
        """The judgement, made now or before; `grader-error` where it could not be made. Raises SpecError."""
        key = (spec.folder, dataset.name, submission)
        if key not in self._made:
            material = self._material(spec, dataset)
            self._made[key] = judge_one(self._slots, Judgement(spec, dataset, submission), material)
        return self._made[key]

    def close(self) -> None:
        """End what runs, and take the folders away."""
        self._slots.stop()
        self._slots.close()
        shutil.rmtree(self._work.path, ignore_errors=True)
        self._work.give_up()

    def _material(self, spec: Spec, dataset: DatasetSpec) -> Material | GraderError:
        """The dataset, made ready when first needed; or why it cannot be, found out once: it may take long."""
        key = (spec.folder, dataset.name)
        if key not in self._ready:
            self._ready[key] = self._prepared(spec, dataset, attempts=2)
        ready = self._ready[key]
        if isinstance(ready, SpecError):
            raise ready
        return ready

    def _prepared(self, spec: Spec, dataset: DatasetSpec, *, attempts: int) -> Material | GraderError:
        try:
            with self._slots.lent() as sandbox:
                return self._materials.prepare(spec, dataset, sandbox)
        except GraderError as error:
            if attempts == 1 or isinstance(error, SpecError):
                return error
            return self._prepared(spec, dataset, attempts=attempts - 1)


def as_seen(result: SubmissionResult, audience: Audience) -> SubmissionResult:
    """One result as `audience` may see it."""
    report = GradeReport(pymapr="", started="", audience=audience, sandbox=SandboxReport(level=0), results=(result,))
    return for_audience(report, audience).results[0]


def as_told(error: SpecError, audience: Audience) -> SpecError:
    """Why an assignment cannot be made ready, as `audience` may know it: the reason quotes reference and data."""
    if audience is Audience.INSTRUCTOR:
        return error
    hint = "tell your instructor: without `--audience student` the reason is shown"
    return SpecError("an assignment cannot be graded as it stands", hint)
