"""Many judgements at once: slots, retries, results in order, and a clean end even when somebody presses Ctrl-C.

A judgement that fails through no fault of the student's is made once more in a fresh sandbox; after that it is
`grader-error`, which has no score and stops nobody else's.
"""

from __future__ import annotations

import contextlib
import queue
import signal
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from grader.errors import GraderError, InfrastructureError, SpecError
from grader.judge import judge
from grader.materials import Material, Materials
from grader.model import CaseResult, DatasetSpec, Spec, SubmissionResult, Verdict
from grader.sandbox.runner import Sandbox
from grader.submission import Submission

T = TypeVar("T")

Heard = Callable[[int, int, CaseResult | None], None]
"""Told after each step: judgements made, judgements in all, and the last result (None: a dataset was made ready)."""


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
    def lent(self) -> Iterator[Sandbox]:
        """A sandbox for as long as the block takes; thrown away if the block raises what is our fault."""
        sandbox = self._free.get()
        try:
            if sandbox is None:
                sandbox = Sandbox(stop=self._stop)
            yield sandbox
        except SpecError:
            raise
        except BaseException:
            broken, sandbox = sandbox, None
            if broken is not None:
                with contextlib.suppress(OSError):  # what is wrong already is the thing to hear of
                    broken.close()
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


def grade(
    specs: Sequence[Spec],
    submissions: Iterable[Submission],
    *,
    at_once: int,
    cache: Path | None,
    heard: Heard = lambda _done, _all, _case: None,
) -> list[SubmissionResult]:
    """Judge every submission on every dataset of its assignment; results in the order of the submissions.

    Raises SpecError before anything is judged where an assignment cannot be made ready, InfrastructureError where there
    is no temporary folder, and KeyboardInterrupt after cleaning up.
    """
    by_name = {spec.name: spec for spec in specs}
    wanted = list(submissions)
    needed = {one.assignment for one in wanted}
    asked = [(by_name[one.assignment], one) for one in wanted]
    todo = [Judgement(spec, dataset, one) for spec, one in asked for dataset in judged(spec)]
    slots = Slots(at_once)
    with _undisturbed() as hold, _work_folder() as work, ThreadPoolExecutor(at_once) as pool:
        try:
            materials = Materials(work, cache)
            ready = _prepare(pool, slots, materials, [spec for spec in specs if spec.name in needed], heard)
            cases = _judge_all(pool, slots, todo, ready, heard)
        except BaseException:
            hold()
            slots.stop()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
        finally:
            slots.close()
    return [_result(spec, one, cases) for spec, one in asked]


def judged(spec: Spec) -> list[DatasetSpec]:
    """The datasets that can be judged here: all that are not withheld."""
    return [dataset for dataset in spec.datasets if not dataset.withheld]


# ---- making ready ----------------------------------------------------------------------------------------------------

Ready = dict[tuple[str, str], Material | GraderError]
"""The material of each dataset, by assignment and name; or why it cannot be had, where that is our fault."""

Cases = dict[tuple[Submission, str], CaseResult]


def _prepare(
    pool: ThreadPoolExecutor, slots: Slots, materials: Materials, specs: Sequence[Spec], heard: Heard
) -> Ready:
    """Every dataset's material; raises the first SpecError, in the order of the datasets."""

    def make(spec: Spec, dataset: DatasetSpec) -> Material | GraderError:
        try:
            return _twice(slots, lambda sandbox: materials.prepare(spec, dataset, sandbox))
        except InfrastructureError as error:
            return error

    pairs = [(spec, dataset) for spec in specs for dataset in judged(spec)]
    futures = [pool.submit(make, spec, dataset) for spec, dataset in pairs]
    for _ in _as_they_come(futures):
        heard(0, 0, None)
    return {(spec.name, dataset.name): future.result() for (spec, dataset), future in zip(pairs, futures, strict=True)}


# ---- judging ---------------------------------------------------------------------------------------------------------


def _judge_all(pool: ThreadPoolExecutor, slots: Slots, todo: Sequence[Judgement], ready: Ready, heard: Heard) -> Cases:
    futures = {pool.submit(judge_one, slots, one, ready[one.spec.name, one.dataset.name]): one for one in todo}
    cases: Cases = {}
    for future in _as_they_come(futures):
        cases[futures[future].key] = future.result()
        heard(len(cases), len(todo), future.result())
    return cases


def _as_they_come(futures: Iterable[Future[T]]) -> Iterator[Future[T]]:
    """Futures as they are done; waits in short steps, so that Ctrl-C is heard at once on every system."""
    left = set(futures)
    while left:
        done, left = wait(left, timeout=0.2, return_when=FIRST_COMPLETED)
        yield from done


def judge_one(slots: Slots, one: Judgement, material: Material | GraderError) -> CaseResult:
    """One judgement, made twice if the first attempt fails through no fault of the student's; then `grader-error`.

    material: the dataset's, or why there is none.
    """
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
        with slots.lent() as sandbox:
            return attempt(sandbox)


def _result(spec: Spec, submission: Submission, cases: Cases) -> SubmissionResult:
    return SubmissionResult(
        assignment=spec.name,
        submission=submission.name,
        datasets=tuple(cases[submission, dataset.name] for dataset in judged(spec)),
        withheld=tuple(dataset.name for dataset in spec.datasets if dataset.withheld),
        students=submission.students,
        group=submission.group,
        submitted=submission.submitted,
        remarks=submission.remarks,
    )


# ---- a clean end -----------------------------------------------------------------------------------------------------


@contextmanager
def _work_folder() -> Iterator[Path]:
    try:
        folder = tempfile.TemporaryDirectory(prefix="pymapr-grade-", ignore_cleanup_errors=True)
    except OSError as error:
        message = f"no temporary folder could be made: {error.strerror or error}"
        hint = "is there room, and may you write there? TMPDIR names another place"
        raise InfrastructureError(message, hint) from None
    with folder as name:
        yield Path(name)


@contextmanager
def _undisturbed() -> Iterator[Callable[[], None]]:
    """Yields what to call once cleaning up begins: from then to the end a second Ctrl-C cannot cut it short."""
    before: dict[int, signal._HANDLER] = {}

    def hold() -> None:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                before[number] = signal.signal(number, signal.SIG_IGN)

    try:
        yield hold
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
