"""Many judgements at once: slots, retries, an order that is fair, and an end that is clean even when somebody presses Ctrl-C.

A judgement that fails through no fault of the student's is made once more in a fresh sandbox; after that it is `grader-error`, which has no
score and stops nobody else's.
"""

from __future__ import annotations

import queue
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from grader.errors import GraderError, SpecError
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
            if sandbox is not None:
                sandbox.close()
            sandbox = None
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

    Raises SpecError before anything is judged where an assignment cannot be made ready, and KeyboardInterrupt after cleaning up.
    """
    by_name = {spec.name: spec for spec in specs}
    wanted = list(submissions)
    todo = [Judgement(by_name[one.assignment], dataset, one) for one in wanted for dataset in _judged(by_name[one.assignment])]
    needed = {one.assignment for one in wanted}
    slots = Slots(at_once)
    with tempfile.TemporaryDirectory(prefix="pymapr-grade-") as work, ThreadPoolExecutor(at_once) as pool:
        try:
            ready = _prepare(pool, slots, Materials(Path(work), cache), [spec for spec in specs if spec.name in needed], heard)
            cases = _judge_all(pool, slots, todo, ready, heard)
        except BaseException:
            slots.stop()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
        finally:
            slots.close()
    return [_result(by_name[one.assignment], one, cases) for one in wanted]


def _judged(spec: Spec) -> list[DatasetSpec]:
    return [dataset for dataset in spec.datasets if not dataset.withheld]


Ready = dict[tuple[str, str], Material]
Cases = dict[tuple[Submission, str], CaseResult]


def _prepare(pool: ThreadPoolExecutor, slots: Slots, materials: Materials, specs: Sequence[Spec], heard: Heard) -> Ready:
    """Every dataset's material; of several that cannot be made, the first is raised."""

    def make(spec: Spec, dataset: DatasetSpec) -> Material:
        return _twice(slots, lambda sandbox: materials.prepare(spec, dataset, sandbox))

    pairs = [(spec, dataset) for spec in specs for dataset in _judged(spec)]
    futures = [pool.submit(make, spec, dataset) for spec, dataset in pairs]
    for _ in _as_they_come(futures):
        heard(0, 0, None)
    return {(spec.name, dataset.name): future.result() for (spec, dataset), future in zip(pairs, futures, strict=True)}


def _judge_all(
    pool: ThreadPoolExecutor, slots: Slots, todo: Sequence[Judgement], ready: Ready, heard: Heard
) -> Cases:
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


def judge_one(slots: Slots, one: Judgement, material: Material) -> CaseResult:
    """One judgement, made twice if the first attempt fails through no fault of the student's; then `grader-error`."""
    try:
        return _twice(slots, lambda sandbox: judge(one.spec, one.dataset, material, one.submission, sandbox))
    except GraderError as error:
        message, hint = f"could not be judged: {error.message}", error.hint
    except Exception as error:  # a mistake of ours must not end the batch, let alone become a mark
        message, hint = f"could not be judged: {type(error).__name__}: {error}", "this is a fault of pymapr; please report it"
    return CaseResult(
        name=one.dataset.name,
        visibility=one.dataset.visibility,
        verdict=Verdict.GRADER_ERROR,
        score=None,
        max_score=one.dataset.points,
        message=message,
        hint=hint,
    )


def _twice(slots: Slots, attempt: Callable[[Sandbox], T]) -> T:
    try:
        with slots.lent() as sandbox:
            return attempt(sandbox)
    except SpecError:
        raise
    except Exception:  # whatever it was: once more, in a fresh sandbox
        with slots.lent() as sandbox:
            return attempt(sandbox)


def _result(spec: Spec, submission: Submission, cases: Cases) -> SubmissionResult:
    return SubmissionResult(
        assignment=spec.name,
        submission=submission.name,
        datasets=tuple(cases[submission, dataset.name] for dataset in _judged(spec)),
        withheld=tuple(dataset.name for dataset in spec.datasets if dataset.withheld),
    )
