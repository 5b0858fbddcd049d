"""What the grader speaks of: an assignment as parsed, and results. Frozen facts, no files, no clock, no decisions."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path


class Verdict(StrEnum):
    """What became of a judgement, gravest first: of several, a submission gets the first in this order."""

    GRADER_ERROR = "grader-error"
    MISSING = "missing"
    INVALID_SUBMISSION = "invalid-submission"
    RUNTIME_ERROR = "runtime-error"
    TIME_LIMIT = "time-limit"
    MEMORY_LIMIT = "memory-limit"
    OUTPUT_LIMIT = "output-limit"
    NONDETERMINISTIC = "nondeterministic"
    WRONG_ANSWER = "wrong-answer"
    NOT_PARALLEL_SAFE = "not-parallel-safe"
    ORDER_DEPENDENT = "order-dependent"
    ACCEPTED = "accepted"

    @property
    def gravity(self) -> int:
        """Place in the order above: 0 is the gravest."""
        return _GRAVITY[self]


_GRAVITY = {verdict: place for place, verdict in enumerate(Verdict)}


class Visibility(StrEnum):
    """Who may see more of a dataset than pass or fail."""

    PUBLIC = "public"
    HIDDEN = "hidden"
    AFTER_DEADLINE = "after-deadline"


class Audience(StrEnum):
    """For whom a report is written."""

    INSTRUCTOR = "instructor"
    STUDENT = "student"


# ---- the assignment, as `grader.spec` reads it -----------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Generate:
    """A seeded generator: `function(seed=..., size=...)` in `file` (relative to the assignment) yields records."""

    file: str
    function: str
    seed: int
    size: int


@dataclass(frozen=True, kw_only=True)
class DatasetSpec:
    """One dataset of an assignment: `file` or `generate`, exactly one, unless it is `withheld`.

    `file` and `expected` are relative to the assignment's folder. `withheld` stands in students' kits for a dataset
    that they do not get; it is not judged there.
    """

    name: str
    file: str | None = None
    generate: Generate | None = None
    points: float = 1
    visibility: Visibility = Visibility.PUBLIC
    expected: str | None = None
    withheld: bool = False


@dataclass(frozen=True, kw_only=True)
class CompareRules:
    """When two bags of records are the same.

    `unordered` holds paths such as `$[1]` or `$[0].tags`: places inside a record where order does not matter either.
    `rel` and `abs` bound how far floats may be apart, as in `math.isclose`.
    """

    order: Literal["ignore", "keep"] = "ignore"
    unordered: tuple[str, ...] = ()
    rel: float = 1e-9
    abs: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Of one run, over all its processes: CPU seconds, bytes of memory, bytes of output."""

    time: float = 10.0
    memory: int = 512 * 2**20
    output: int = 16 * 2**20

    @property
    def wall(self) -> float:
        """Seconds after which a run is cut whatever it does: generous, so that a busy machine fails no honest work."""
        return 3 * self.time + 5


@dataclass(frozen=True, kw_only=True)
class Runs:
    """The parallel runs of a judgement: worker counts for the isolated ones, and how many scrambles."""

    workers: tuple[int, ...] = (2, 4)
    scramble: int = 3


Check = Literal["fail", "warn", "off"] | float
"""What failing a check costs: all points, a remark, not run at all, or that share (0 to 1) of the dataset's points."""


@dataclass(frozen=True, kw_only=True)
class Checks:
    """The three checks that no plain comparison of output makes."""

    isolation: Check = "fail"
    order: Check = "fail"
    determinism: Check = "fail"


@dataclass(frozen=True, kw_only=True)
class LatePolicy:
    """What lateness costs: `penalty` for each day begun after `due` plus `grace`, as a share (0 to 1) of the points.

    `due` has an offset, `grace` is in seconds, and no more than the share `cap` is taken off.
    """

    due: datetime
    grace: float = 0.0
    penalty: float = 0.0
    cap: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Spec:
    """An assignment: the folder, and what its `assignment.yaml` says."""

    folder: Path
    name: str
    title: str
    module: str
    reference: str | None
    points: float
    datasets: tuple[DatasetSpec, ...]
    compare: CompareRules = CompareRules()
    limits: Limits = Limits()
    runs: Runs = Runs()
    checks: Checks = Checks()
    late: LatePolicy | None = None
    samples: Mapping[str, Verdict] = field(default_factory=dict)


# ---- results ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Example:
    """One difference, as JSON text: `expected` is None for a record that should not be there, `got` for one that lacks.

    Both are given where the two were paired; `where` then says what differs (`at $[1]: expected 9, got 8`).
    """

    expected: str | None
    got: str | None
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How two bags of records differ: how many records lack, how many are too many, and the first few of them."""

    missing: int
    unexpected: int
    examples: tuple[Example, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any difference at all."""
        return bool(self.missing or self.unexpected)


@dataclass(frozen=True, kw_only=True)
class Span:
    """When a worker was in a phase, in seconds since the run began."""

    worker: int
    phase: str
    start: float
    end: float


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One run of a submission: seconds of wall and CPU, and `phases` by name (startup, read, map, ... total)."""

    engine: Literal["serial", "parallel"]
    workers: int
    order: str
    wall: float
    cpu: float
    phases: Mapping[str, float] = field(default_factory=dict)
    spans: Sequence[Span] = ()


@dataclass(frozen=True, kw_only=True)
class CaseResult:
    """One judgement: submission x assignment x dataset.

    `message` says what was seen, `hint` what to do about it, `reproduce` is a command that shows the same. `score` is
    None where nothing could be judged (`grader-error`): that is our fault, and no mark. `concealed` is set by
    `grader.audience` alone: nothing is left but the score and whether it passed, and `verdict` says no more than that.
    """

    name: str
    visibility: Visibility
    verdict: Verdict
    score: float | None
    max_score: float
    message: str = ""
    hint: str = ""
    reproduce: str = ""
    remarks: tuple[str, ...] = ()
    difference: Difference | None = None
    runs: Sequence[RunRecord] = ()
    concealed: bool = False


@dataclass(frozen=True, kw_only=True)
class Student:
    """Who handed in, as far as a roster and the names of files tell.

    `key` is what the batch calls them: the folder's name, or the roster's. `ids` holds what each platform calls them,
    by platform: `canvas`, `moodle`, `gradescope`, `sis`, `github`. Whatever is not known is empty.
    """

    key: str
    name: str = ""
    email: str = ""
    login: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Lateness:
    """How late a submission was: days begun after the grace, and the share of the points (0 to 1) which that costs."""

    days: int
    penalty: float


@dataclass(frozen=True, kw_only=True)
class Override:
    """An instructor's own mark, kept apart from what was computed. `at` is ISO 8601 with offset."""

    score: float
    reason: str
    by: str
    at: str


@dataclass(frozen=True, kw_only=True)
class SubmissionResult:
    """One submission for one assignment: the gravest verdict of its datasets, the sum of their scores.

    `students` are those who get the mark, several where a `group` handed in; none where only the submission's name is
    known. `submitted` is ISO 8601 with offset, empty where no source tells it. `remarks` are about the submission as
    a whole: a file that was named wrong, a time that is not known.
    """

    assignment: str
    submission: str
    datasets: tuple[CaseResult, ...]
    withheld: tuple[str, ...] = ()
    students: tuple[Student, ...] = ()
    group: str = ""
    submitted: str = ""
    late: Lateness | None = None
    override: Override | None = None
    remarks: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The gravest among the datasets'."""
        return min(
            (case.verdict for case in self.datasets), key=lambda verdict: verdict.gravity, default=Verdict.ACCEPTED
        )

    @property
    def score(self) -> float | None:
        """Points earned; None as long as one dataset could not be judged."""
        scores = [case.score for case in self.datasets if case.score is not None]
        return sum(scores) if len(scores) == len(self.datasets) else None

    @property
    def max_score(self) -> float:
        """Points that could be earned with what was judged."""
        return sum(case.max_score for case in self.datasets)

    @property
    def mark(self) -> float | None:
        """What belongs in a gradebook: the instructor's own, else the score less what lateness costs, never below 0.

        None as long as something could not be judged and nobody has overridden it.
        """
        if self.override is not None:
            return self.override.score
        if self.score is None or self.late is None:
            return self.score
        return max(0.0, round(self.score - self.late.penalty * self.max_score, 9))


@dataclass(frozen=True, kw_only=True)
class SandboxReport:
    """How far student code was kept apart: the level that a self-test saw, and the layers with and without effect."""

    level: int
    layers: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GradeReport:
    """Everything a report is made from. `started` is ISO 8601 with offset; `skipped` says aloud what was not judged."""

    pymapr: str
    started: str
    audience: Audience
    sandbox: SandboxReport
    results: tuple[SubmissionResult, ...]
    skipped: tuple[str, ...] = ()
