"""One submission, one dataset, start to finish -> CaseResult.

    (a) serially, under two hash seeds      different bags: nondeterministic
    (b) against what is expected            wrong-answer
    (c) isolated, order kept                different: not-parallel-safe
    (d) in one process, values permuted     different: order-dependent
    (e) scrambled altogether                different, and not by (d): not-parallel-safe

Each check is judged by itself, against the submission's own serial output; the verdict is the gravest of what was found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from grader import advice
from grader.compare import compare
from grader.dataset import staged_name, staged_names
from grader.errors import SubmissionError
from grader.materials import Material, expected_lines
from grader.model import CaseResult, Check, DatasetSpec, Difference, RunRecord, Spec, Verdict
from grader.sandbox.runner import Failure, Outcome, Program, Sandbox
from grader.sandbox.slot import HASH_SEEDS
from grader.sandbox.stage import Stage, files_below
from grader.scoring import score
from grader.submission import Submission
from pymapr.model import Order

_MORE_PERMUTATIONS = 8
"""How many further orders of the values are tried before a scramble's difference is put down to the processes."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that is wrong, with its evidence. check: what the spec says that it costs, for the three checks."""

    verdict: Verdict
    message: str
    hint: str = ""
    reproduce: str = ""
    difference: Difference | None = None
    check: Check = "fail"


def judge(spec: Spec, dataset: DatasetSpec, material: Material, submission: Submission, sandbox: Sandbox) -> CaseResult:
    """Judge one submission on one dataset. Raises InfrastructureError (ours) and SpecError (the instructor's), nothing of a student's."""
    if submission.module is None:
        return _result(dataset, [_missing(spec, submission)])
    try:
        files = _files(submission)
    except SubmissionError as error:
        return _result(dataset, [Finding(verdict=Verdict.INVALID_SUBMISSION, message=error.message, hint=error.hint)])
    names = staged_names(spec, dataset)
    with Stage(sandbox.root, files, material.data, names) as stage:
        program = Program(
            stage=stage,
            file=submission.module.name,
            data=staged_name(dataset),
            hide=names,
            source=material.data,
            limits=spec.limits,
        )
        case = _Case(spec, material, submission.module, program, sandbox)
        findings = list(case.findings())
    return _result(dataset, findings, tuple(dict.fromkeys(case.remarks)), tuple(case.runs))


def _files(submission: Submission) -> list[tuple[str, Path]]:
    """What is put in place: the module and what came with it."""
    assert submission.module is not None and submission.helpers is not None, "a submission that is there has both"
    if not submission.alone:
        return list(files_below(submission.helpers))
    return [(path.name, path) for path in sorted(submission.helpers.glob("*.py")) if path.is_file() and not path.is_symlink()]


def _missing(spec: Spec, submission: Submission) -> Finding:
    hint = f"rename {submission.nearest} to {spec.module}" if submission.nearest else f"hand in a file named {spec.module}"
    found = f"; the nearest is {submission.nearest}" if submission.nearest else ""
    return Finding(verdict=Verdict.MISSING, message=f"there is no file named {spec.module}{found}", hint=hint)


def _result(
    dataset: DatasetSpec, findings: list[Finding], remarks: tuple[str, ...] = (), runs: tuple[RunRecord, ...] = ()
) -> CaseResult:
    """The gravest finding becomes the verdict, the others remarks; a check that is only to warn becomes one in any case."""
    warnings = [finding for finding in findings if finding.check == "warn"]
    counted = sorted((one for one in findings if one.check != "warn"), key=lambda one: one.verdict.gravity)
    notes = [f"{one.verdict}: {one.message}" for one in (*counted[1:], *warnings)]
    first = counted[0] if counted else Finding(verdict=Verdict.ACCEPTED, message="")
    return CaseResult(
        name=dataset.name,
        visibility=dataset.visibility,
        verdict=first.verdict,
        score=score(dataset.points, first.verdict, [one.check for one in counted]),
        max_score=dataset.points,
        message=first.message,
        hint=first.hint,
        reproduce=first.reproduce,
        remarks=(*notes, *remarks),
        difference=first.difference,
        runs=runs,
    )


class _Case:
    """The procedure, for one submission on one dataset."""

    def __init__(self, spec: Spec, material: Material, module: Path, program: Program, sandbox: Sandbox) -> None:
        self._spec, self._material, self._module = spec, material, module
        self._program, self._sandbox = program, sandbox
        self.remarks: list[str] = []
        self.runs: list[RunRecord] = []
        self._serial = Outcome()

    def findings(self) -> Iterator[Finding]:
        """All that is wrong, as far as it is worth looking: what fails alone, or answers wrongly, is not tried in parallel."""
        self._serial = self._run(self._sandbox.serial(self._program))
        if self._serial.printed:
            self.remarks.append(advice.printed(self._serial.printed))
        if self._serial.failure is not None:
            yield _failed(self._serial.failure, self._reproduce("--engine serial"))
            return
        checks = self._spec.checks
        if checks.determinism != "off" and (unsteady := self._nondeterministic()):
            yield unsteady
            return
        if wrong := self._wrong():
            yield wrong
            return
        shared = self._not_isolated() if checks.isolation != "off" else None
        ordered = self._order_dependent() if checks.order != "off" else None
        if shared is None and checks.isolation != "off":
            shared = self._not_scrambled(explained=ordered is not None)
        yield from (finding for finding in (shared, ordered) if finding is not None)

    # ---- (a) and (b) -------------------------------------------------------------------------------------------------

    def _nondeterministic(self) -> Finding | None:
        again = self._run(self._sandbox.serial(self._program, hash_seed=HASH_SEEDS[1]))
        if again.failure is not None:
            return _failed(again.failure, self._reproduce("--engine serial"))
        difference = self._difference(self._serial, again)
        if not difference:
            return None
        return Finding(
            verdict=Verdict.NONDETERMINISTIC,
            message=advice.NONDETERMINISTIC,
            hint=advice.NONDETERMINISTIC_HINT,
            reproduce=" ".join(self._reproduce("--engine serial", seed=f"PYTHONHASHSEED={seed} ") + ";" for seed in HASH_SEEDS),
            difference=difference,
            check=self._spec.checks.determinism,
        )

    def _wrong(self) -> Finding | None:
        try:
            difference = compare(expected_lines(self._material), self._serial.lines, self._spec.compare)
        except SubmissionError as error:
            return Finding(verdict=Verdict.RUNTIME_ERROR, message=error.message, hint=error.hint)
        if not difference:
            return None
        return Finding(
            verdict=Verdict.WRONG_ANSWER,
            message=advice.wrong(difference),
            hint=advice.wrong_hint(difference),
            reproduce=self._reproduce("--engine serial"),
            difference=difference,
        )

    # ---- (c), (d), (e) -----------------------------------------------------------------------------------------------

    def _not_isolated(self) -> Finding | None:
        for workers in self._spec.runs.workers:
            outcome = self._run(self._sandbox.parallel(self._program, workers=workers, order=Order()))
            if (problem := self._problem(outcome, keep_order=True)) is not None:
                return self._unsafe(problem, self._reproduce(f"--workers {workers} --isolated"), advice.isolated(workers))
        return None

    def _order_dependent(self) -> Finding | None:
        for seed in range(max(1, self._spec.runs.scramble)):
            if (problem := self._permuted(seed)) is not None:
                return Finding(
                    verdict=Verdict.ORDER_DEPENDENT,
                    message=problem.message or advice.ORDER_DEPENDENT,
                    hint=advice.ORDER_DEPENDENT_HINT,
                    reproduce=self._reproduce(f"--engine serial --order scramble:{seed}"),
                    difference=problem.difference,
                    check=self._spec.checks.order,
                )
        return None

    def _permuted(self, seed: int) -> _Problem | None:
        return self._problem(self._run(self._sandbox.serial(self._program, permute=seed)), keep_order=False)

    def _not_scrambled(self, *, explained: bool) -> Finding | None:
        """A difference under the whole scramble, unless the order of values alone accounts for it."""
        if explained:
            return None
        workers = max(self._spec.runs.workers)
        for seed in range(1, self._spec.runs.scramble + 1):
            outcome = self._run(self._sandbox.parallel(self._program, workers=workers, order=Order("scramble", seed)))
            problem = self._problem(outcome, keep_order=False)
            if problem is None:
                continue
            first = self._spec.runs.scramble
            if any(self._permuted(other) for other in range(first, first + _MORE_PERMUTATIONS)):
                return None if self._spec.checks.order == "off" else self._late(problem)
            return self._unsafe(problem, self._reproduce(f"--workers {workers} --order scramble:{seed}"), advice.scrambled(seed))
        return None

    def _late(self, problem: _Problem) -> Finding:
        return Finding(
            verdict=Verdict.ORDER_DEPENDENT,
            message=problem.message or advice.ORDER_DEPENDENT,
            hint=advice.ORDER_DEPENDENT_HINT,
            difference=problem.difference,
            check=self._spec.checks.order,
        )

    def _unsafe(self, problem: _Problem, reproduce: str, when: str) -> Finding:
        return Finding(
            verdict=Verdict.NOT_PARALLEL_SAFE,
            message=f"{when}: {problem.message or advice.OTHER_OUTPUT}",
            hint=problem.hint or advice.NOT_PARALLEL_SAFE_HINT,
            reproduce=reproduce,
            difference=problem.difference,
            check=self._spec.checks.isolation,
        )

    # ---- what they share ---------------------------------------------------------------------------------------------

    def _run(self, outcome: Outcome) -> Outcome:
        """Keep a run's record and remarks, and split its output into lines."""
        if outcome.record is not None:
            self.runs.append(outcome.record)
        self.remarks.extend(outcome.remarks)
        return replace(outcome, lines=outcome.output.splitlines())

    def _problem(self, outcome: Outcome, *, keep_order: bool) -> _Problem | None:
        """How a run differs from the serial one; a limit that only the parallel run meets is a remark."""
        if outcome.failure is not None:
            if outcome.failure.kind in advice.LIMITS:
                self.remarks.append(f"a run in other order or in parallel {outcome.failure.message}; alone it stayed within the limit")
                return None
            return _Problem(outcome.failure.message, advice.travel_hint(outcome.failure.kind))
        try:
            difference = self._difference(self._serial, outcome, keep_order=keep_order)
        except SubmissionError as error:
            return _Problem(error.message, error.hint)
        return _Problem(difference=difference) if difference else None

    def _difference(self, one: Outcome, other: Outcome, *, keep_order: bool = True) -> Difference:
        rules = self._spec.compare if keep_order else replace(self._spec.compare, order="ignore")
        if one.output == other.output:
            return Difference(missing=0, unexpected=0)
        return compare(one.lines, other.lines, rules)

    def _reproduce(self, options: str, seed: str = "") -> str:
        if not self._material.lasting:
            return ""
        return f"{seed}pymapr run {_shown(self._module)} {_shown(self._material.data)} {options}"


@dataclass(frozen=True)
class _Problem:
    """How a run went astray: a failure's message and mend, or the difference it made."""

    message: str = ""
    hint: str = ""
    difference: Difference | None = None


def _failed(failure: Failure, reproduce: str) -> Finding:
    verdict = advice.verdict_of(failure.kind, failure.cause)
    return Finding(verdict=verdict, message=failure.message, hint=failure.hint, reproduce=reproduce)


def _shown(path: Path) -> str:
    """A path as one would type it here."""
    import shlex

    try:
        path = path.resolve().relative_to(Path.cwd())
    except ValueError:
        path = path.resolve()
    return shlex.quote(str(path))


Judge = Callable[[Spec, DatasetSpec, Material, Submission, Sandbox], CaseResult]
