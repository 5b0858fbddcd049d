"""Grading with a store: nothing is judged twice, nothing is lost, and a mark is never an old one."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from grading.conftest import FIXTURES, Assignments

from grader import batch, submission
from grader.errors import InfrastructureError
from grader.model import Lateness, LatePolicy, Verdict
from grader.packed import PackedRuns
from grader.store import Graded, Store, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from grader.model import CaseResult, Spec, SubmissionResult

LATE = LatePolicy(due=datetime(2026, 11, 1, tzinfo=UTC), penalty=0.1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty one."""
    with open_store(tmp_path / "grades.sqlite") as opened:
        yield opened


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    """Two datasets, `books` and `diary`, and two students."""
    made = Assignments(tmp_path / "assignments").wordcount(runs={"workers": [2], "scramble": 1})
    hand_in(made, "ada", "plain")
    hand_in(made, "bob", "other_problem")
    return made


def hand_in(spec: Spec, student: str, fixture: str) -> None:
    """A student's file, in place of what he had."""
    folder = spec.folder / "submissions" / student
    folder.mkdir(parents=True, exist_ok=True)
    (folder / spec.module).write_bytes((FIXTURES / spec.name / f"{fixture}.py").read_bytes())


class Grading:
    """One run of the grader: what it took from the store, what it judged, and the results."""

    def __init__(self, spec: Spec, store: Store | None, *, regrade: bool = False) -> None:
        self.judged: list[str] = []
        self.made_ready = 0
        self.taken: list[tuple[int, int]] = []
        self.counts: list[tuple[int, int]] = []
        self.results: list[SubmissionResult] = batch.grade(
            [spec],
            submission.own(spec),
            at_once=2,
            cache=None,
            heard=self._heard,
            store=store,
            regrade=regrade,
            resumed=lambda taken, of: self.taken.append((taken, of)),
        )

    def _heard(self, done: int, of: int, case: CaseResult | None) -> None:
        if case is None:
            self.made_ready += 1
        else:
            self.judged.append(case.name)
            self.counts.append((done, of))


def test_what_was_judged_is_taken_from_the_store(spec: Spec, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without running anything, or making a dataset ready; and the results are the same, with their evidence."""
    first = Grading(spec, store)
    assert (sorted(first.judged), first.made_ready, first.taken) == (["books", "books", "diary", "diary"], 2, [(0, 4)])
    monkeypatch.setattr(sys, "executable", "/nowhere/python")  # who starts something now gets no result
    again = Grading(spec, store)
    assert (again.judged, again.made_ready, again.taken) == ([], 0, [(4, 4)])
    assert again.results == first.results
    assert again.results[0].datasets[0].runs


def test_only_what_has_changed_is_judged_again(spec: Spec, store: Store) -> None:
    """The count goes on where it was; the old score stays in the history."""
    Grading(spec, store)
    hand_in(spec, "bob", "plain")
    again = Grading(spec, store)
    assert (sorted(again.judged), again.taken, again.counts) == (["books", "diary"], [(2, 4)], [(3, 4), (4, 4)])
    assert [one.verdict for one in again.results] == [Verdict.ACCEPTED, Verdict.ACCEPTED]
    found = [entry for entry in store.history("bob") if isinstance(entry, Graded) and entry.dataset == "books"]
    assert [(entry.score, entry.why) for entry in found] == [(0, "first grading"), (3, "changed: submission")]


def test_only_the_dataset_that_has_changed_is_made_ready_again(spec: Spec, store: Store) -> None:
    """A new golden file for one of them, by which everybody is wrong."""
    Grading(spec, store)
    (spec.folder / "expected" / "diary.json").write_text("[]\n")
    again = Grading(spec, store)
    assert (again.judged, again.made_ready) == (["diary", "diary"], 1)
    assert again.results[0].verdict is Verdict.WRONG_ANSWER


def test_regrading_judges_everything_and_keeps_what_was(spec: Spec, store: Store) -> None:
    """A result as of old is there twice."""
    Grading(spec, store)
    again = Grading(spec, store, regrade=True)
    assert (len(again.judged), again.taken) == (4, [(0, 4)])
    why = [entry.why for entry in store.history("ada") if isinstance(entry, Graded)]
    assert sorted(why) == ["asked for again", "asked for again", "first grading", "first grading"]
    assert Grading(spec, store).taken == [(4, 4)]


def test_a_failure_of_ours_is_judged_again(spec: Spec, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is in the history, and never a mark."""
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", "/nowhere/python")
        failed = Grading(spec, store)
    assert {one.verdict for one in failed.results} == {Verdict.GRADER_ERROR}
    mended = Grading(spec, store)
    assert (mended.taken, mended.results[0].score) == ([(0, 4)], 10)
    found = [entry for entry in store.history("ada") if isinstance(entry, Graded) and entry.dataset == "books"]
    assert [(entry.verdict, entry.why) for entry in found] == [
        (Verdict.GRADER_ERROR, "first grading"),
        (Verdict.ACCEPTED, "could not be judged before"),
    ]


def test_a_result_is_on_file_before_it_is_heard_of(spec: Spec, store: Store) -> None:
    """Whoever kills the grader then loses nothing of it."""
    on_file: list[int] = []

    def heard(_done: int, _of: int, case: CaseResult | None) -> None:
        if case is not None:
            with open_store(store.path, create=False) as other:
                on_file.append(sum(len(other.history(student)) for student in other.students()))

    batch.grade([spec], submission.own(spec), at_once=1, cache=None, heard=heard, store=store)
    assert on_file == [1, 2, 3, 4]


def test_what_another_grader_judges_meanwhile_is_not_judged_again(spec: Spec, store: Store) -> None:
    """Two share the work: here the second one does it all, as soon as the first has made a dataset ready."""
    others: list[Grading] = []
    judged: list[str] = []

    def heard(_done: int, _of: int, case: CaseResult | None) -> None:
        if case is None and not others:
            with open_store(store.path) as second:
                others.append(Grading(spec, second))
        elif case is not None:
            judged.append(case.name)

    results = batch.grade([spec], submission.own(spec), at_once=2, cache=None, heard=heard, store=store)
    assert len(others[0].judged) == len(judged) == 4
    assert results == others[0].results
    assert [entry.why for entry in store.history("ada") if isinstance(entry, Graded)] == ["first grading"] * 2


def test_an_override_is_the_mark_and_the_score_stays(spec: Spec, store: Store) -> None:
    """It counts from the next grading on, which judges nothing."""
    Grading(spec, store)
    store.override("bob", "wordcount", 6.5, "the statement was unclear", "prof")
    ada, bob = Grading(spec, store).results
    assert ada.override is None
    assert bob.override is not None
    assert (bob.score, bob.mark, bob.override.by) == (0, 6.5, "prof")


def test_an_override_of_what_was_replaced_since_is_remarked_on(spec: Spec, store: Store) -> None:
    """It stands; but not where the old version is back, where another rule changed, or it was overridden anew."""
    remark = ("set by hand before this version was handed in",)
    Grading(spec, store)
    store.override("bob", "wordcount", 6.5, "the statement was unclear", "prof")

    def remarks(of: Spec = spec) -> list[tuple[str, ...]]:
        return [one.remarks for one in Grading(of, store).results]

    assert remarks(replace(spec, points=20)) == [(), ()]
    hand_in(spec, "bob", "plain")
    assert remarks() == [(), remark]
    hand_in(spec, "bob", "other_problem")
    assert remarks() == [(), ()]
    hand_in(spec, "bob", "plain")
    assert remarks() == [(), remark]
    store.override("bob", "wordcount", 7, "the same for the new one", "prof")
    assert remarks() == [(), ()]


def test_without_a_store_nothing_is_kept_and_runs_are_packed_all_the_same(spec: Spec, tmp_path: Path) -> None:
    """A class of a thousand must fit in memory; nobody is told of a store that there is not."""
    done = Grading(spec, None)
    assert (len(done.judged), done.taken) == (4, [])
    assert all(isinstance(case.runs, PackedRuns) for one in done.results for case in one.datasets)
    assert not list(tmp_path.glob("*.sqlite*"))


def test_a_store_that_takes_no_more_ends_the_grading(
    spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its own error: a grading that is not kept was not asked for. What it took is there, and nothing else."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    holder = sqlite3.connect(tmp_path / "grades.sqlite", isolation_level=None)

    def heard(_done: int, _of: int, case: CaseResult | None) -> None:
        if case is not None:
            holder.execute("BEGIN IMMEDIATE")

    with open_store(tmp_path / "grades.sqlite", patience=0) as store:
        with pytest.raises(InfrastructureError, match=r"another program has held it for 0 seconds"):
            batch.grade([spec], submission.own(spec), at_once=1, cache=None, heard=heard, store=store)
        holder.close()
        assert [len(store.history(student)) for student in store.students()] == [1]
    assert not list(scratch.iterdir())


def test_lateness_is_taken_off_the_mark(spec: Spec) -> None:
    """By the assignment's policy; who handed in when nobody knows is not late."""
    late = replace(spec, late=LATE)
    ada, bob = submission.own(spec)
    gone = replace(bob, name="cy", module=None)
    ada = replace(ada, submitted="2026-11-02T12:00:00+00:00", remarks=("found by its name",))
    results = batch.grade([late], [ada, bob, gone], at_once=2, cache=None)
    assert [one.late for one in results] == [Lateness(days=2, penalty=0.2), None, None]
    assert [one.remarks for one in results] == [("found by its name",), (), ()]
    assert (results[0].score, results[0].mark) == (10, 8)
