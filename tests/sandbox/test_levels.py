"""The level is what a process was really denied; what is not in effect is named, and refused where it is required."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from grader.errors import InfrastructureError, UsageError
from grader.sandbox import levels, probe, slot, users
from grader.sandbox.layers import Wanted
from grader.sandbox.levels import Level

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.rig import Rig

HERE = levels.test(Wanted())[0].number
"""What this machine reaches, without a user of its own."""

full_machine = pytest.mark.skipif(HERE < 3, reason=f"this machine reaches level {HERE}")


def of(number: int, missing: tuple[str, ...] = ()) -> Level:
    """A level as a self-test might have found it."""
    denied = {"file: read the list of users": number > 1, "start a process": number > 0}
    return Level(number=number, layers=("separate process",), missing=missing, wanted=Wanted(), denied=denied)


@pytest.fixture
def playing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Level], None]:
    """Let this machine be another."""
    return lambda level: monkeypatch.setattr(levels, "current", lambda: level)


# ---- the self-test ---------------------------------------------------------------------------------------------------


@full_machine
def test_with_everything_on_every_attempt_is_denied() -> None:
    """Level 3, and only the user of its own may be missing."""
    level, readable = levels.test(Wanted())
    assert level.number == 3
    assert readable
    assert [name for name, no in level.denied.items() if not no] == []
    assert level.missing == ("a user of its own",)


@full_machine
@pytest.mark.parametrize(
    ("wanted", "number"), [(Wanted(landlock=5), 2), (Wanted(landlock=1), 2), (Wanted(landlock=6), 3)]
)
def test_an_older_landlock_is_level_2(wanted: Wanted, number: int) -> None:
    """Scopes came with ABI 6."""
    assert levels.test(wanted)[0].number == number


@full_machine
@pytest.mark.parametrize(
    ("wanted", "missing"),
    [
        (Wanted(landlock=0), "Landlock"),
        (Wanted(seccomp=False), "seccomp"),
        (Wanted(landlock=0, seccomp=False), "Landlock"),
    ],
)
def test_half_the_layers_are_no_level_without_a_user_of_its_own(wanted: Wanted, missing: str) -> None:
    """Landlock knows no calls, seccomp no files."""
    level, _ = levels.test(wanted)
    assert level.number == 0
    assert missing in level.missing


def test_what_was_asked_for_counts_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which every layer goes on and none has effect is at level 0."""
    denied = dict.fromkeys(probe.attempts(), False)
    monkeypatch.setattr(levels, "_probe", lambda *_: {"denied": denied, "readable": True})
    level, _ = levels.test(Wanted())
    assert (level.number, level.missing) == (0, ("Landlock", "seccomp", "a user of its own"))


@pytest.mark.parametrize("got_through", list(probe.attempts()))
def test_one_attempt_that_gets_through_takes_the_level_away(got_through: str) -> None:
    """There is no level for nearly."""
    denied = {name: name != got_through for name in probe.attempts()}
    expected = 1 if got_through.startswith("file") else 0
    assert levels._judge(denied, 7, Wanted(user=61500), "").number == expected


def test_a_self_test_that_fails_is_level_0_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never a reason to believe anything."""
    from pymapr.errors import ProtocolError

    def fail(*_: object) -> None:
        raise ProtocolError("it said nothing")

    monkeypatch.setattr(levels, "_probe", fail)
    level, readable = levels.test(Wanted())
    assert (level.number, readable) == (0, False)
    assert level.missing[-1] == "the self-test failed: it said nothing"


@pytest.mark.parametrize(("how", "expected"), [("root", 3), ("unprivileged", 3), ("2", 2), ("1", 1), ("0", 0)])
def test_a_grader_knows_its_level(rigs: Callable[[str], Rig], how: str, expected: int) -> None:
    """As root with a user of its own, as nobody in particular, and at each level that can be emulated."""
    if HERE < 3:
        pytest.skip(f"this machine reaches level {HERE}")
    assert rigs(how).level == expected


SECOND = """
import itertools
import os
import subprocess
import sys
os.getpid = lambda: {}
from grader.sandbox import users
from grader.sandbox.layers import Wanted
print(*(users.own_user(Wanted(user=1)).user for _ in range(16)))
"""


def test_no_two_slots_share_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor do those of graders that run at once, whatever their process numbers; what is given back is free again."""
    monkeypatch.setattr(users, "_turns", itertools.count())
    mine = [users.own_user(Wanted(user=1)) for _ in range(16)]
    taken = {wanted.user for wanted in mine}
    assert len(taken) == 16
    assert all(61184 <= user < 65520 for user in taken)
    assert set(second_grader()).isdisjoint(taken)
    for wanted in mine:
        users.give_back(wanted)
    assert set(second_grader()) == taken
    assert users.own_user(Wanted()) == Wanted()


def second_grader() -> list[int]:
    """The users that another process takes that would begin with the same."""
    command = [sys.executable, "-c", SECOND.format(os.getpid())]
    return [int(user) for user in subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()]


# ---- what is said of it ----------------------------------------------------------------------------------------------


def test_a_level_that_is_required_and_not_reached_is_refused(playing: Callable[[Level], None]) -> None:
    """With what is missing, and what to do."""
    playing(of(1, missing=("Landlock",)))
    with pytest.raises(UsageError) as caught:
        levels.require(2)
    assert str(caught.value) == "--require-sandbox 2: this machine reaches level 1 (not in effect: Landlock)"
    assert "see docs/security.md" in caught.value.hint
    levels.require(1)


def test_requiring_nothing_tests_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nothing starts may still be asked for nothing."""

    def never() -> Level:
        raise AssertionError

    monkeypatch.setattr(levels, "current", never)
    levels.require(0)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (
            0,
            "student code is kept apart at level 0 of 3: only accidents are stopped, not malice (not in effect: x)",
        ),
        (1, "student code is kept apart at level 1 of 3: files that others may read are not out of reach"),
        (2, ""),
        (3, ""),
    ],
)
def test_whoever_grades_is_told_where_little_is_kept_apart(
    playing: Callable[[Level], None], number: int, words: str
) -> None:
    """Never silently."""
    playing(of(number, missing=("x",)))
    assert levels.notice().startswith(words)
    assert bool(levels.notice()) == bool(words)


def test_the_report_says_what_is_in_effect_and_what_is_not(playing: Callable[[Level], None]) -> None:
    """Level, layers, missing."""
    playing(of(2, missing=("a user of its own",)))
    found = levels.report()
    assert (found.level, found.layers, found.missing) == (2, ("separate process",), ("a user of its own",))


def test_the_doctor_names_each_attempt_that_got_through(playing: Callable[[Level], None]) -> None:
    """In words that an instructor understands."""
    playing(of(1, missing=("Landlock",)))
    assert list(levels.doctor_lines()) == [
        "student code is kept apart at level 1 of 3 (separate process)",
        "not in effect: Landlock",
        "a submission could read the list of users",
    ]


def test_the_doctor_survives_a_machine_on_which_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """And says why."""

    def fail() -> Level:
        raise InfrastructureError("no process could be started for student code")

    monkeypatch.setattr(levels, "current", fail)
    assert list(levels.doctor_lines()) == ["unknown: no process could be started for student code"]


def test_a_kind_of_machine_that_was_never_tried_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables for it were written from headers."""
    here = os.uname()
    monkeypatch.setattr(os, "uname", lambda: os.uname_result((here[0], here[1], here[2], here[3], "aarch64")))
    level = levels._judge(dict.fromkeys(probe.attempts(), True), 7, Wanted(), "")
    assert "seccomp (unverified on this kind of machine)" in level.layers


# ---- the probe -------------------------------------------------------------------------------------------------------


def test_only_a_no_of_the_kernels_counts_as_denied() -> None:
    """That something failed for another reason says nothing of a layer."""

    def raising(error: BaseException) -> Callable[[], object]:
        def attempt() -> object:
            raise error

        return attempt

    assert probe._is_denied(raising(PermissionError(1, "no")))
    assert probe._is_denied(raising(PermissionError(13, "no")))
    assert probe._is_denied(raising(OSError(38, "no such call")))
    assert not probe._is_denied(raising(FileNotFoundError(2, "not there")))
    assert not probe._is_denied(raising(AttributeError("this Python has none")))
    assert not probe._is_denied(lambda: "it worked")


def test_a_zygote_that_does_not_start_is_nobodys_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever wants to run student code learns that it cannot be."""
    monkeypatch.setattr(slot, "_BOOT", "raise SystemExit")
    with pytest.raises(InfrastructureError, match="is gone"):
        levels.test(Wanted())
