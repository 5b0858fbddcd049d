"""What a store keeps: results under what they hang on, rows that are only added, overrides apart from scores."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from builders import a_case, a_wrong_case

from grader.errors import UsageError
from grader.model import Override, Verdict
from grader.store import UNKNOWN, Graded, Identity, Overridden, Store, open_store
from grader.store.facts import PARTS
from store.results import ADA, KEY, changed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RIGHT, WRONG = a_case(), a_wrong_case()
FAILED = a_case(verdict=Verdict.GRADER_ERROR, message="could not be judged: no room")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty one."""
    with open_store(tmp_path / "grades.sqlite") as opened:
        yield opened


def reasons(store: Store) -> list[str]:
    """Why each of Ada's gradings was made."""
    return [entry.why for entry in store.history("ada") if isinstance(entry, Graded)]


# ---- results ---------------------------------------------------------------------------------------------------------


def test_a_result_is_there_when_the_store_is_opened_again(tmp_path: Path) -> None:
    """With all its evidence."""
    with open_store(tmp_path / "grades.sqlite") as store:
        store.record(ADA, KEY, WRONG)
    with open_store(tmp_path / "grades.sqlite") as store:
        assert store.recall(ADA, KEY) == WRONG


def test_what_was_never_graded_is_not_there(store: Store) -> None:
    """Nor is it made up."""
    assert store.recall(ADA, KEY) is None


@pytest.mark.parametrize("part", PARTS)
def test_a_result_holds_only_for_its_key(part: str, store: Store) -> None:
    """Whichever part of it changes."""
    store.record(ADA, KEY, RIGHT)
    assert store.recall(ADA, changed(**{part: "other"})) is None


@pytest.mark.parametrize(
    "identity", [("bob", "wordcount", "books"), ("ada", "join", "books"), ("ada", "wordcount", "x")]
)
def test_a_result_is_its_students_alone(identity: tuple[str, str, str], store: Store) -> None:
    """Even if somebody else handed in the very same: messages name paths."""
    store.record(ADA, KEY, RIGHT)
    assert store.recall(Identity(*identity), KEY) is None


def test_an_unknown_part_equals_nothing(store: Store) -> None:
    """Two files that cannot be read need not be the same."""
    store.record(ADA, changed(data=UNKNOWN), RIGHT)
    assert store.recall(ADA, changed(data=UNKNOWN)) is None


def test_a_failure_of_ours_is_remembered_and_never_used_again(store: Store) -> None:
    """It is no result; and it does not hide one that there is."""
    store.record(ADA, KEY, FAILED)
    assert store.recall(ADA, KEY) is None
    store.record(ADA, KEY, RIGHT)
    store.record(ADA, KEY, FAILED)
    assert store.recall(ADA, KEY) == RIGHT


def test_the_last_result_for_a_key_counts(store: Store) -> None:
    """After a regrading, that is the new one."""
    store.record(ADA, KEY, WRONG)
    store.record(ADA, KEY, RIGHT)
    assert store.recall(ADA, KEY) == RIGHT


def test_the_last_entry_is_what_the_gradebook_shows(store: Store) -> None:
    """Who hands in an old version again gets the old result, and the history says so."""
    store.record(ADA, KEY, RIGHT)
    store.record(ADA, changed(submission="s2"), WRONG)
    for _ in range(2):
        assert store.recall(ADA, KEY) == RIGHT
    assert reasons(store) == ["first grading", "changed: submission", "changed: submission"]


@pytest.mark.parametrize("table", ["judgement", "override"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET score = 0"])
def test_nobody_changes_or_removes_a_row(table: str, statement: str, store: Store) -> None:
    """Not by mistake, whatever tool he uses."""
    store.record(ADA, KEY, RIGHT)
    store.override("ada", "wordcount", 1, "agreed", "prof")
    with (
        sqlite3.connect(store.path) as other,
        pytest.raises(sqlite3.IntegrityError, match="what was graded stays: rows are only added"),
    ):
        other.execute(statement.format(table))
    other.close()


# ---- history ---------------------------------------------------------------------------------------------------------


def test_history_says_why_each_grading_was_made(store: Store) -> None:
    """Which part of the key had changed, or that none had."""
    second = changed(submission="s2", data="d2")
    third = replace(second, pymapr="pymapr 0.2.0")
    for key, case in [(KEY, RIGHT), (KEY, FAILED), (KEY, RIGHT), (second, WRONG), (third, RIGHT), (third, RIGHT)]:
        store.record(ADA, key, case)
    assert reasons(store) == [
        "first grading",
        "asked for again",
        "could not be judged before",
        "changed: submission, data",
        "changed: pymapr (pymapr 0.1.0 -> pymapr 0.2.0)",
        "asked for again",
    ]


def test_history_tells_what_came_of_each_grading(store: Store) -> None:
    """The old score is still there; each dataset has a history of its own; others' are not in it."""
    store.record(ADA, KEY, RIGHT)
    store.record(Identity("ada", "join", "shop"), KEY, FAILED)
    store.record(Identity("bob", "wordcount", "books"), KEY, RIGHT)
    store.record(ADA, changed(submission="s2"), WRONG)
    found = [entry for entry in store.history("ada") if isinstance(entry, Graded)]
    assert [(one.assignment, one.dataset, one.verdict, one.score, one.max_score) for one in found] == [
        ("wordcount", "books", Verdict.ACCEPTED, 4, 4),
        ("join", "shop", Verdict.GRADER_ERROR, None, 4),
        ("wordcount", "books", Verdict.WRONG_ANSWER, 0, 4),
    ]
    assert [one.why for one in found] == ["first grading", "first grading", "changed: submission"]
    assert [one.at for one in found] == sorted(one.at for one in found)
    assert all(one.at.endswith("+00:00") for one in found)


def test_a_student_of_whom_nothing_is_known_is_a_mistake_with_its_mend(store: Store) -> None:
    """Most often a letter."""
    store.record(ADA, KEY, RIGHT)
    with pytest.raises(UsageError, match=r"grades\.sqlite: nothing was graded for a student 'adda'") as caught:
        store.history("adda")
    assert caught.value.hint == "did you mean ada?"
    assert store.students() == ["ada"]


def test_names_that_are_no_text_are_kept_apart(store: Store) -> None:
    """A folder's name may hold any bytes."""
    for name in ("\udcff", "\\udcff", "\x00"):
        store.record(Identity(name, "wordcount", "books"), KEY, a_case(message=name))
    for name in ("\udcff", "\\udcff", "\x00"):
        case = store.recall(Identity(name, "wordcount", "books"), KEY)
        assert case is not None
        assert case.message == name
        assert len(store.history(name)) == 1
    assert store.students() == ["\x00", "\\udcff", "\udcff"]


# ---- overrides -------------------------------------------------------------------------------------------------------


def test_an_override_stands_beside_the_score(store: Store) -> None:
    """The result is as it was; the override has its reason, by whom, and when."""
    store.record(ADA, KEY, WRONG)
    store.override("ada", "wordcount", 3.5, "the statement was unclear", "prof")
    [(whose, override)] = store.overrides().items()
    assert whose == ("ada", "wordcount")
    assert override == Override(score=3.5, reason="the statement was unclear", by="prof", at=override.at)
    assert override.at.endswith("+00:00")
    assert store.recall(ADA, KEY) == WRONG


def test_a_later_override_counts_and_a_withdrawn_one_does_not(store: Store) -> None:
    """Nothing of it is forgotten."""
    store.record(ADA, KEY, WRONG)
    store.override("ada", "wordcount", 3, "agreed", "prof")
    store.override("ada", "wordcount", 2, "half of it", "tutor")
    assert {whose: one.score for whose, one in store.overrides().items()} == {("ada", "wordcount"): 2}
    store.withdraw("ada", "wordcount", "was a mistake", "prof")
    assert store.overrides() == {}
    said = [entry for entry in store.history("ada") if isinstance(entry, Overridden)]
    assert [(one.assignment, one.override and one.override.score, one.by, one.reason) for one in said] == [
        ("wordcount", 3, "prof", "agreed"),
        ("wordcount", 2, "tutor", "half of it"),
        ("wordcount", None, "prof", "was a mistake"),
    ]


def test_an_override_survives_a_new_grading(store: Store) -> None:
    """It is the instructor's to withdraw, not ours."""
    store.record(ADA, KEY, WRONG)
    store.override("ada", "wordcount", 3, "agreed", "prof")
    store.record(ADA, changed(submission="s2"), RIGHT)
    assert ("ada", "wordcount") in store.overrides()


@pytest.mark.parametrize(
    ("student", "assignment", "score", "reason", "message", "hint"),
    [
        ("adda", "wordcount", 1, "x", "nothing was graded for a student 'adda'", "did you mean ada?"),
        (
            "ada",
            "wordcont",
            1,
            "x",
            "nothing of ada was graded for an assignment 'wordcont'",
            "did you mean wordcount?",
        ),
        ("ada", "zzz", 1, "x", "nothing of ada was graded for an assignment 'zzz'", "graded: join, wordcount"),
        ("ada", "wordcount", -1, "x", "-1 is not a mark", "give the points, 0 or more"),
        ("ada", "wordcount", float("nan"), "x", "nan is not a mark", "give the points, 0 or more"),
        (
            "ada",
            "wordcount",
            1,
            " ",
            "an override needs a reason",
            "say why, for whoever asks in a year: --reason TEXT",
        ),
    ],
)
def test_an_override_that_cannot_be_meant_is_refused(
    student: str, assignment: str, score: float, reason: str, message: str, hint: str, store: Store
) -> None:
    """A mark for nobody would be noticed too late."""
    store.record(ADA, KEY, RIGHT)
    store.record(Identity("ada", "join", "shop"), KEY, RIGHT)
    with pytest.raises(UsageError) as caught:
        store.override(student, assignment, score, reason, "prof")
    assert caught.value.message.endswith(message)
    assert caught.value.hint == hint
    assert store.overrides() == {}


def test_only_what_is_in_force_can_be_withdrawn(store: Store) -> None:
    """Else it was another student's that was meant."""
    store.record(ADA, KEY, RIGHT)
    with pytest.raises(UsageError, match=r"there is no override of wordcount for ada to withdraw"):
        store.withdraw("ada", "wordcount", "was a mistake", "prof")
