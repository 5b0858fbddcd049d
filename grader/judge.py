"""One submission, one dataset, start to finish -> CaseResult.

    (a) serially, under two hash seeds      different bags: nondeterministic
    (b) against what is expected            different: wrong-answer
    (c) isolated, order kept                different: not-parallel-safe
    (d) in one process, values permuted     different: order-dependent
    (e) scrambled altogether                different, and not by (d): not-parallel-safe

Each check is judged by itself, against the submission's own serial output; the verdict is the gravest of all found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from grader import advice
from grader.compare import compare
from grader.dataset import out_of_the_way, staged_name, staged_names
from grader.errors import InfrastructureError, SubmissionError
from grader.materials import Material, siblings
from grader.model import CaseResult, Check, DatasetSpec, Difference, RunRecord, Spec, Verdict
from grader.reports import plain
from grader.reproduce import Commands
from grader.sandbox.runner import Failure, Outcome, Program, Sandbox
from grader.sandbox.slot import HASH_SEEDS
from grader.sandbox.stage import MOST_BYTES, MOST_FILES, Stage, files_below
from grader.scoring import score
from pymapr.model import Order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from grader.submission import Submission

_MOST_SCRAMBLERS = 4
"""Workers a phase in a scramble."""

_NAMED = 5
"""So many files are named where the one that was asked for is not there."""

_MORE_PERMUTATIONS = 8
"""How many further orders of the values are tried before a scramble's difference is put down to the processes."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that is wrong, with its evidence. check: what it costs, as the spec says for the three checks."""

    verdict: Verdict
    message: str
    hint: str = ""
    reproduce: str = ""
    difference: Difference | None = None
    check: Check = "fail"


def judge(spec: Spec, dataset: DatasetSpec, material: Material, submission: Submission, sandbox: Sandbox) -> CaseResult:
    """Judge one submission on one dataset.

    Raises InfrastructureError (ours) and SpecError (the instructor's), but nothing of a student's.
    """
    if submission.unreadable:
        raise InfrastructureError(f"the submission cannot be read: {submission.unreadable}")
    if submission.broken:
        refused = Finding(verdict=Verdict.INVALID_SUBMISSION, message=submission.broken, hint=submission.mend)
        return _result(dataset, [refused])
    if submission.module is None:
        return _result(dataset, [_missing(spec, submission)])
    names = staged_names(spec, dataset)
    try:
        files = out_of_the_way(_files(submission, submission.module), names)
    except SubmissionError as error:
        return _result(dataset, [Finding(verdict=Verdict.INVALID_SUBMISSION, message=error.message, hint=error.hint)])
    with Stage(sandbox.stock, files, material.data, names) as stage:
        program = Program(
            stage=stage,
            file=submission.staged_as or submission.module.name,
            data=staged_name(dataset),
            hide=names,
            source=material.data,
            limits=spec.limits,
        )
        case = _Case(spec, material, submission, program, sandbox)
        findings = list(case.findings())
    return _result(dataset, findings, case.remarks, case.runs)


def _files(submission: Submission, module: Path) -> list[tuple[str, Path]]:
    """What is put in place: the module, by the name it is to have, and what came with it.

    Raises SubmissionError where that is too much.
    """
    if submission.files is not None:
        found = _within_caps(submission.files)
    else:
        found = siblings(module) if submission.alone else list(files_below(module.parent))
    if not submission.staged_as:
        return found
    return [(submission.staged_as, module), *((name, path) for name, path in found if path != module)]


def _within_caps(files: Sequence[tuple[str, Path]]) -> list[tuple[str, Path]]:
    """The files that were handed in one by one; raises SubmissionError where they are too many or too large."""
    size = 0
    for number, (_, path) in enumerate(files):
        size += path.stat().st_size
        if number >= MOST_FILES or size > MOST_BYTES:
            what = f"more than {MOST_FILES} files or {MOST_BYTES // 2**20} MB were handed in"
            raise SubmissionError(what, "hand in the module and what it imports, and leave data and environments out")
    return list(files)


def _missing(spec: Spec, submission: Submission) -> Finding:
    nearest, there = submission.nearest, Path(submission.nearest).name == spec.module
    found = f"there is no file named {spec.module}"
    if submission.is_link:
        found, hint = f"{nearest} is a link, and links are not followed", "hand in the file itself"
    elif there:
        found, hint = f"{found} where it should be; there is {nearest}", f"move {nearest} to the top of the folder"
    elif nearest:
        found, hint = f"{found}; the nearest is {nearest}", f"rename {nearest} to {spec.module}"
    else:
        found, hint = _instead(found, submission.instead), f"hand in a file named {spec.module}"
    return Finding(verdict=Verdict.MISSING, message=found, hint=hint)


def _instead(found: str, there: Sequence[str] | None) -> str:
    """That a module is not there, and what is."""
    if there is None:
        return found
    if not there:
        return "nothing was handed in"
    more = f" and {len(there) - _NAMED} more" if len(there) > _NAMED else ""
    return f"{found}; handed in: {', '.join(map(plain.visible, there[:_NAMED]))}{more}"


def _result(
    dataset: DatasetSpec, findings: Iterable[Finding], remarks: Iterable[str] = (), runs: Iterable[RunRecord] = ()
) -> CaseResult:
    """The gravest finding becomes the verdict, the others remarks; one whose check only warns is a remark anyway."""
    warnings, counted = list[Finding](), list[Finding]()
    for finding in sorted(findings, key=lambda one: one.verdict.gravity):
        (warnings if finding.check == "warn" else counted).append(finding)
    first = counted[0] if counted else Finding(verdict=Verdict.ACCEPTED, message="")
    notes = [f"{one.verdict}: {one.message}" for one in (*counted[1:], *warnings)]
    notes += [advice.costs(one.verdict, one.check) for one in counted if not isinstance(one.check, str)]
    return CaseResult(
        name=dataset.name,
        visibility=dataset.visibility,
        verdict=first.verdict,
        score=score(dataset.points, first.verdict, [one.check for one in counted]),
        max_score=dataset.points,
        message=first.message,
        hint=first.hint,
        reproduce=first.reproduce,
        remarks=tuple(dict.fromkeys((*notes, *remarks))),
        difference=first.difference,
        runs=tuple(runs),
    )


@dataclass(frozen=True)
class _Problem:
    """How a run went astray: a failure's message and mend, or the difference it made."""

    message: str = advice.OTHER_OUTPUT
    hint: str = ""
    difference: Difference | None = None


class _Case:
    """The procedure, for one submission on one dataset."""

    def __init__(
        self, spec: Spec, material: Material, submission: Submission, program: Program, sandbox: Sandbox
    ) -> None:
        self._spec, self._material = spec, material
        self._program, self._sandbox = program, sandbox
        self.remarks: list[str] = []
        self.runs: list[RunRecord] = []
        self._serial = Outcome()
        assert submission.module is not None, "it is going to be run"
        self._reproduce = Commands(
            module=submission.module, packed=submission.shown, data=material.lasting, limits=spec.limits
        ).run

    def findings(self) -> Iterator[Finding]:
        """All that is wrong; what fails alone, or answers wrongly, is not tried in parallel."""
        alone = list(self._alone())
        yield from alone
        # A failed check that costs less than everything leaves the others to be judged.
        if all(finding.check != "fail" for finding in alone):
            yield from self._in_other_circumstances()

    def _alone(self) -> Iterator[Finding]:
        self._serial = self._run(self._sandbox.serial(self._program))
        self.remarks.extend(filter(None, [advice.printed(self._serial.printed)]))
        if self._serial.failure is not None:
            yield self._failed(self._serial.failure)
            return
        try:
            unsteady = self._nondeterministic() if self._spec.checks.determinism != "off" else None
            yield from filter(None, [unsteady])
            if unsteady is None or unsteady.check != "fail":
                yield from filter(None, [self._wrong()])
        except SubmissionError as error:  # a line of its output is nothing that can be compared
            yield Finding(verdict=Verdict.RUNTIME_ERROR, message=error.message, hint=error.hint)

    def _in_other_circumstances(self) -> Iterator[Finding]:
        checks = self._spec.checks
        shared = self._not_isolated() if checks.isolation != "off" else None
        ordered = self._order_dependent(self._permutations()) if checks.order != "off" else None
        if shared is None and ordered is None and checks.isolation != "off":
            yield from filter(None, [self._not_scrambled()])
        yield from filter(None, [shared, ordered])

    # ---- (a) and (b) -------------------------------------------------------------------------------------------------

    def _nondeterministic(self) -> Finding | None:
        again = self._run(self._sandbox.serial(self._program, hash_seed=HASH_SEEDS[1]))
        if again.failure is not None:
            return self._failed(again.failure, HASH_SEEDS[1:])
        difference = self._difference(again, keep_order=True)
        if not difference:
            return None
        return Finding(
            verdict=Verdict.NONDETERMINISTIC,
            message=advice.NONDETERMINISTIC,
            hint=advice.NONDETERMINISTIC_HINT,
            reproduce=self._reproduce("--engine serial", hash_seeds=HASH_SEEDS),
            difference=difference,
            check=self._spec.checks.determinism,
        )

    def _wrong(self) -> Finding | None:
        got = self._serial.lines
        difference = compare(self._material.expected_lines, got, self._spec.compare)
        if not difference:
            return None
        message, hint = advice.wrong(difference), advice.wrong_hint(difference)
        if not got:
            hint = advice.NOTHING_EMITTED_HINT if self._serial.mapped else advice.NOTHING_MAPPED_HINT
            message = f"{advice.NOTHING_EMITTED}: {message}"
        elif self._spec.compare.order == "keep" and not self._expected_in_any_order(got):
            message, hint = advice.OTHER_ORDER, advice.OTHER_ORDER_HINT
        return Finding(
            verdict=Verdict.WRONG_ANSWER,
            message=message,
            hint=hint,
            reproduce=self._reproduce("--engine serial"),
            difference=difference,
        )

    def _expected_in_any_order(self, got: Sequence[bytes]) -> Difference:
        return compare(self._material.expected_lines, got, replace(self._spec.compare, order="ignore"), examples=0)

    # ---- (c), (d), (e) -----------------------------------------------------------------------------------------------

    def _not_isolated(self) -> Finding | None:
        for workers in self._spec.runs.workers:
            when = advice.isolated(workers)
            outcome = self._run(self._sandbox.parallel(self._program, workers=workers, order=Order()))
            if (problem := self._problem(outcome, when, keep_order=True)) is not None:
                return self._unsafe(problem, when, f"--workers {workers} --isolated")
        return None

    def _permutations(self) -> range:
        """The seeds of (d), of which 0 turns values round: one fewer than there are scrambles, which try orders too."""
        scrambles = self._spec.runs.scramble
        return range(max(1, scrambles if self._spec.checks.isolation == "off" else scrambles - 1))

    def _order_dependent(self, seeds: Iterable[int]) -> Finding | None:
        for seed in seeds:
            outcome = self._run(self._sandbox.serial(self._program, permute=seed))
            problem = self._problem(outcome, advice.permuted(seed), keep_order=False)
            if problem is not None:
                told = problem.difference is None  # by a failure's own message
                return Finding(
                    verdict=Verdict.ORDER_DEPENDENT,
                    message=f"{advice.permuted(seed)}: {problem.message}" if told else advice.ORDER_DEPENDENT,
                    hint=advice.ORDER_DEPENDENT_HINT,
                    reproduce=self._reproduce(f"--engine serial --order scramble:{seed}"),
                    difference=problem.difference,
                    check=self._spec.checks.order,
                )
        return None

    def _not_scrambled(self) -> Finding | None:
        """What goes wrong under the whole scramble, unless the order of values alone accounts for it."""
        # The isolated runs have tried every count of the spec's: here it is the order that matters.
        workers = min(_MOST_SCRAMBLERS, *self._spec.runs.workers)
        for seed in range(1, self._spec.runs.scramble + 1):
            when = advice.scrambled(seed)
            outcome = self._run(self._sandbox.parallel(self._program, workers=workers, order=Order("scramble", seed)))
            problem = self._problem(outcome, when, keep_order=False)
            if problem is None:
                continue
            if explained := self._by_order_alone():
                return explained if self._spec.checks.order != "off" else None
            return self._unsafe(problem, when, f"--workers {workers} --order scramble:{seed}")
        return None

    def _by_order_alone(self) -> Finding | None:
        """An order of the values, of those that (d) has not tried, which makes a difference in one process."""
        tried = 0 if self._spec.checks.order == "off" else len(self._permutations())
        return self._order_dependent(range(tried, tried + _MORE_PERMUTATIONS))

    def _unsafe(self, problem: _Problem, when: str, options: str) -> Finding:
        return Finding(
            verdict=Verdict.NOT_PARALLEL_SAFE,
            message=f"{when}: {problem.message}",
            hint=problem.hint or advice.NOT_PARALLEL_SAFE_HINT,
            reproduce=self._reproduce(options),
            difference=problem.difference,
            check=self._spec.checks.isolation,
        )

    # ---- what they share ---------------------------------------------------------------------------------------------

    def _run(self, outcome: Outcome) -> Outcome:
        """Keep a run's record and remarks, and split its output into lines."""
        if outcome.record is not None:
            self.runs.append(outcome.record)
        self.remarks.extend(outcome.remarks)
        return replace(outcome, lines=outcome.output.removesuffix(b"\n").split(b"\n") if outcome.output else [])

    def _problem(self, outcome: Outcome, when: str, *, keep_order: bool) -> _Problem | None:
        """How a run differs from the serial one; a limit that only this run meets is a remark."""
        failure = outcome.failure
        if failure is not None:
            if advice.verdict_of(failure.kind, failure.cause) in advice.LIMITS.values():
                self.remarks.append(advice.overrun(when, failure.message))
                return None
            return _Problem(failure.message, advice.travel_hint(failure.kind))
        try:
            difference = self._difference(outcome, keep_order=keep_order)
        except SubmissionError as error:
            return _Problem(error.message, error.hint)
        return _Problem(difference=difference) if difference else None

    def _difference(self, other: Outcome, *, keep_order: bool) -> Difference:
        """How a run's output differs from that of the first. Raises SubmissionError for what is no record."""
        if other.output == self._serial.output:
            return Difference(missing=0, unexpected=0)
        rules = self._spec.compare if keep_order else replace(self._spec.compare, order="ignore")
        return compare(self._serial.lines, other.lines, rules)

    def _failed(self, failure: Failure, hash_seeds: Sequence[int] = ()) -> Finding:
        """A serial run that came to nothing by itself."""
        verdict, message = advice.verdict_of(failure.kind, failure.cause), failure.message
        if verdict is Verdict.MEMORY_LIMIT and failure.kind not in advice.LIMITS:
            message = advice.out_of_memory(self._spec.limits.memory, message)
        reproduce = self._reproduce("--engine serial", hash_seeds, verdict)
        return Finding(verdict=verdict, message=message, hint=failure.hint, reproduce=reproduce)
