"""Many judgements at once: slots, retries, results in order, and a clean end even when somebody presses Ctrl-C.

A judgement that fails through no fault of the student's is made once more in a fresh sandbox; after that it is
`grader-error`, which has no score and stops nobody else's.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from grader.dealing import Waiting
from grader.errors import GraderError, InfrastructureError, SpecError
from grader.judge import judge
from grader.late import lateness
from grader.materials import Material, Materials
from grader.model import CaseResult, DatasetSpec, Override, Spec, SubmissionResult, Verdict
from grader.resume import Known, Place
from grader.sandbox.runner import Sandbox
from grader.submission import Submission
from grader.tidy import undisturbed, work_folder

if TYPE_CHECKING:
    from pathlib import Path

    from grader.store import Store

T = TypeVar("T")

Heard = Callable[[int, int, CaseResult | None], None]
"""Told after each step: judgements made, judgements in all, and the last result (None: a dataset was made ready)."""

Resumed = Callable[[int, int], None]
"""Told once, before anything is judged, where there is a store: judgements taken from it, judgements in all."""


@dataclass(frozen=True)
class Judgement:
    """One thing to judge."""

    spec: Spec
    dataset: DatasetSpec
    submission: Submission

    @property
    def key(self) -> tuple[Submission, str]:
        """What tells it from every other judgement of the batch."""
        return self.submission, self.dataset.name


class Slots:
    """Sandboxes, lent to one judgement at a time. Close them to end whatever runs in them."""

    def __init__(self, count: int) -> None:
        self._stop = threading.Event()
        self._free: queue.Queue[Sandbox | None] = queue.Queue()
        for _ in range(count):
            self._free.put(None)  # made when first needed: a batch of one needs one

    @property
    def stopped(self) -> bool:
        """Whether everything is to end."""
        return self._stop.is_set()

    @contextmanager
    def lent(self, *, fresh: bool = False) -> Iterator[Sandbox]:
        """A sandbox for as long as the block takes; thrown away if the block raises what is our fault.

        fresh: one in which nothing has run.
        """
        sandbox = self._free.get()
        try:
            if fresh and sandbox is not None:
                used, sandbox = sandbox, None
                _throw_away(used)
            if sandbox is None:
                sandbox = Sandbox(stop=self._stop)
            yield sandbox
        except SpecError:
            raise
        except BaseException:
            broken, sandbox = sandbox, None
            if broken is not None:
                _throw_away(broken)
            raise
        finally:
            self._free.put(sandbox)

    def stop(self) -> None:
        """Make everything that runs end within a moment."""
        self._stop.set()

    def close(self) -> None:
        """Give everything back; to be called when nothing runs any more."""
        while True:
            try:
                sandbox = self._free.get_nowait()
            except queue.Empty:
                return
            if sandbox is not None:
                sandbox.close()


def _throw_away(sandbox: Sandbox) -> None:
    with contextlib.suppress(OSError):  # what is wrong already is the thing to hear of
        sandbox.close()


def grade(
    specs: Sequence[Spec],
    submissions: Iterable[Submission],
    *,
    at_once: int,
    cache: Path | None,
    heard: Heard = lambda _done, _all, _case: None,
    store: Store | None = None,
    regrade: bool = False,
    resumed: Resumed = lambda _taken, _all: None,
) -> list[SubmissionResult]:
    """Judge every submission on every dataset of its assignment; results in the order of the submissions.

    What `store` knows already is not judged again, unless `regrade`; each result is in the store before it is heard of.
    Raises SpecError before anything is judged where an assignment cannot be made ready, InfrastructureError where there
    is no temporary folder or the store takes no more, and KeyboardInterrupt after cleaning up.
    """
    by_name = {spec.name: spec for spec in specs}
    asked = [(by_name[one.assignment], one) for one in submissions]
    todo = [Judgement(spec, dataset, one) for spec, one in asked for dataset in judged(spec)]
    known = Known(store, regrade=regrade)
    cases = _known_already(todo, known)
    left = [one for one in todo if one.key not in cases]
    if store is not None:
        resumed(len(cases), len(todo))
    if left:
        _judge(
            left,
            cases,
            known,
            at_once,
            cache,
            lambda case: heard(len(cases) if case else 0, len(todo) if case else 0, case),
        )
    overrides = known.overrides()
    outdated = known.outdated(overrides)
    results = [_result(spec, one, cases, overrides.get((one.name, spec.name))) for spec, one in asked]
    return [_doubtful(one) if (one.submission, one.assignment) in outdated else one for one in results]


def judged(spec: Spec) -> list[DatasetSpec]:
    """The datasets that can be judged here: all that are not withheld."""
    return [dataset for dataset in spec.datasets if not dataset.withheld]


def _known_already(todo: Iterable[Judgement], known: Known) -> Cases:
    found = ((one, known.result(known.place(one.spec, one.dataset, one.submission))) for one in todo)
    return {one.key: case for one, case in found if case is not None}


def _judge(
    left: Sequence[Judgement],
    cases: Cases,
    known: Known,
    at_once: int,
    cache: Path | None,
    heard: Callable[[CaseResult | None], None],
) -> None:
    """Make the judgements that are left, into `cases`; whatever happens, nothing is left running."""
    slots = Slots(at_once)
    with undisturbed() as hold, work_folder() as work, ThreadPoolExecutor(at_once) as pool:
        try:
            ready = _prepare(pool, slots, Materials(work, cache), left, heard)
            for one, case in _Round(pool, slots, at_once, known, ready).judged(left):
                cases[one.key] = case
                heard(case)
        except BaseException:
            hold()
            slots.stop()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
        finally:
            slots.close()


# ---- making ready ----------------------------------------------------------------------------------------------------

Ready = dict[tuple[str, str], Material | GraderError]
"""The material of each dataset, by assignment and name; or why it cannot be had, where that is our fault."""

Cases = dict[tuple[Submission, str], CaseResult]


def _prepare(
    pool: ThreadPoolExecutor,
    slots: Slots,
    materials: Materials,
    left: Iterable[Judgement],
    heard: Callable[[CaseResult | None], None],
) -> Ready:
    """Each dataset's material, of those that are judged; raises the first SpecError, in the order of the datasets."""

    def make(spec: Spec, dataset: DatasetSpec) -> Material | GraderError:
        try:
            return _twice(slots, lambda sandbox: materials.prepare(spec, dataset, sandbox))
        except InfrastructureError as error:
            return error

    pairs = {(one.spec.name, one.dataset.name): (one.spec, one.dataset) for one in left}
    futures = {key: pool.submit(make, *pair) for key, pair in pairs.items()}
    for _ in _as_they_come(futures.values()):
        heard(None)
    return {key: future.result() for key, future in futures.items()}


def _as_they_come(futures: Iterable[Future[T]]) -> Iterator[Future[T]]:
    """Futures as they are done; waits in short steps, so that Ctrl-C is heard at once on every system."""
    left = set(futures)
    while left:
        done, left = wait(left, timeout=_STEP, return_when=FIRST_COMPLETED)
        yield from done


_STEP = 0.2
"""Seconds."""


# ---- judging ---------------------------------------------------------------------------------------------------------


class _Round:
    """Deals judgements to the slots as they become free, and brings in what came of them."""

    def __init__(self, pool: ThreadPoolExecutor, slots: Slots, at_once: int, known: Known, ready: Ready) -> None:
        self._pool, self._slots, self._at_once, self._known, self._ready = pool, slots, at_once, known, ready
        self._running: dict[Future[CaseResult], Judgement] = {}
        self._places: dict[tuple[Submission, str], Place | None] = {}

    def judged(self, left: Iterable[Judgement]) -> Iterator[tuple[Judgement, CaseResult]]:
        """Each judgement with its result, on file already, in the order in which they are done."""
        waiting = Waiting(left, whose=lambda one: one.submission.name)
        made: list[tuple[Judgement, Place | None, CaseResult]] = []
        while waiting or self._running or made:
            yield from list(self._deal(waiting))  # before anything is written: no slot waits for a disk
            yield from ((one, self._known.keep(place, case)) for one, place, case in made)
            done, _ = wait(self._running, timeout=_STEP, return_when=FIRST_COMPLETED)
            ended = [(self._running.pop(future), future.result()) for future in done]
            made = [(one, self._places.pop(one.key), case) for one, case in ended]

    def _has_room(self, waiting: Waiting[Judgement], busy: set[str]) -> bool:
        """One is dealt ahead, so that no slot waits for it; not where it would be the second of somebody."""
        count = len(self._running)
        return count < self._at_once or (count == self._at_once and waiting.anybody_else(busy))

    def _deal(self, waiting: Waiting[Judgement]) -> Iterator[tuple[Judgement, CaseResult]]:
        """Fill the slots; yields what another grader on the same store has judged meanwhile."""
        while waiting:
            busy = {running.submission.name for running in self._running.values()}
            if not self._has_room(waiting, busy):
                return
            one = waiting.deal(busy)
            if (case := self._known.result(self._place(one))) is not None:
                yield one, case
                continue
            material = self._ready[one.spec.name, one.dataset.name]
            begins = partial(self._begins, one)
            self._running[self._pool.submit(judge_one, self._slots, one, material, begins=begins)] = one

    def _place(self, one: Judgement) -> Place | None:
        return self._known.place(one.spec, one.dataset, one.submission, anew=True)

    def _begins(self, one: Judgement) -> None:
        """It belongs where what lies there now belongs: the files may have changed since it was dealt."""
        self._places[one.key] = self._place(one)


def judge_one(
    slots: Slots,
    one: Judgement,
    material: Material | GraderError,
    *,
    begins: Callable[[], None] = lambda: None,
) -> CaseResult:
    """One judgement, made twice if the first attempt fails through no fault of the student's; then `grader-error`.

    material: the dataset's, or why there is none. begins: told that it begins, which may be long after it was dealt.
    """
    begins()
    try:
        if isinstance(material, GraderError):
            raise material
        return _twice(slots, lambda sandbox: judge(one.spec, one.dataset, material, one.submission, sandbox))
    except GraderError as error:
        message, hint = error.message, error.hint
    except Exception as error:  # a mistake of ours must not end the batch, let alone become a mark
        message, hint = f"{type(error).__name__}: {error}", "this is a fault of pymapr; please report it"
    return CaseResult(
        name=one.dataset.name,
        visibility=one.dataset.visibility,
        verdict=Verdict.GRADER_ERROR,
        score=None,
        max_score=one.dataset.points,
        message=f"could not be judged: {message}",
        hint=hint,
    )


def _twice(slots: Slots, attempt: Callable[[Sandbox], T]) -> T:
    try:
        with slots.lent() as sandbox:
            return attempt(sandbox)
    except SpecError:
        raise
    except Exception:  # whatever it was: once more, in a fresh sandbox
        if slots.stopped:
            raise
        with slots.lent(fresh=True) as sandbox:
            return attempt(sandbox)


def _doubtful(result: SubmissionResult) -> SubmissionResult:
    """A result with an override that was made of something else: it stands, but somebody should look."""
    return replace(result, remarks=(*result.remarks, "set by hand before this version was handed in"))


def _result(spec: Spec, submission: Submission, cases: Cases, override: Override | None) -> SubmissionResult:
    late, remark = lateness(spec.late, submission.submitted)
    return SubmissionResult(
        assignment=spec.name,
        submission=submission.name,
        datasets=tuple(cases[submission, dataset.name] for dataset in judged(spec)),
        withheld=tuple(dataset.name for dataset in spec.datasets if dataset.withheld),
        students=submission.students,
        group=submission.group,
        submitted=submission.submitted,
        late=late,
        override=override,
        remarks=(*submission.remarks, *([remark] if remark else [])),
    )
