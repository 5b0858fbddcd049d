"""Every villain in fixtures/hostile, alone and in parallel, as root and as nobody in particular: none gets anything.

What must come of each, beside its verdict: nothing that the grader knows is told, nothing acts where it is shown,
nothing is changed, nothing is left, and an honest submission fares afterwards as it always did.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.rig import Attack, attacks

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.rig import Rig

ALL = attacks()
FAMILIES = {"secrets": 10, "forging": 15, "values": 10, "injection": 8, "files": 15, "denial": 20, "reach": 20}
"""How many villains of each family there are at least."""

MOST_PEAK = 3 * 128 * 2**20
"""Bytes that the grader may hold at most while it judges a villain who may hold 128 MB."""

each_mode = pytest.mark.parametrize("mode", ["judged", "in parallel"])


EVERY = bool(os.environ.get("PYMAPR_EVERY_ATTACK"))
"""Whether to set every villain on the emulated levels too, and not only those that show most there."""

TELLING = {
    2: "reach/network reach/programs reach/signals files/rights forging/forged_run denial/heap",
    1: """
        denial/daemon denial/forks denial/stopped files/flags files/libraries files/rights forging/state_in_dataset
        reach/network reach/programs reach/signals reach/tracing reach/namespaces reach/limits_of_others secrets/heap
        secrets/environment_of_others reach/foreign_calls
        """,
    0: """
        denial/daemon denial/daemon_and_sleep denial/forks denial/heap denial/held_pipes denial/hops
        denial/loop_in_mapper denial/segfault denial/sleep denial/stopped files/deep_folders files/inodes
        forging/early_exit forging/forged_run forging/forged_engine_error secrets/descriptors secrets/environment
        secrets/heap values/pickle_that_exits
        """,
}


def telling(level: int) -> list[Attack]:
    """Those who must be held at an emulated level, and show most there: of level 2, all that only Landlock holds."""
    chosen = TELLING[level].split()
    held = [attack for attack in ALL if attack.level <= level]
    return [attack for attack in held if EVERY or attack.name in chosen or level == attack.level == 2]


def each(found: list[Attack]) -> pytest.MarkDecorator:
    """A test for each of them."""
    return pytest.mark.parametrize("attack", [pytest.param(attack, id=attack.name) for attack in found])


@each(ALL)
@each_mode
@pytest.mark.parametrize("how", ["root", "unprivileged"])
def test_an_attack_comes_to_nothing(rigs: Callable[[str], Rig], how: str, mode: str, attack: Attack) -> None:
    """At the level that this machine reaches."""
    check(rigs(how), attack, mode)


@each(telling(2))
@each_mode
def test_an_attack_comes_to_nothing_where_landlock_is_old(
    rigs: Callable[[str], Rig], mode: str, attack: Attack
) -> None:
    """With Landlock as Linux 5.19 to 6.11 have it."""
    check(rigs("2"), attack, mode, level=2)


@each(telling(2))
def test_an_attack_comes_to_nothing_where_root_cannot_become_another(
    rigs: Callable[[str], Rig], attack: Attack
) -> None:
    """Root without rights, where no other user could read the interpreter."""
    check(rigs("bare-root"), attack, "judged", level=3)


@each(telling(1))
@each_mode
def test_an_attack_comes_to_nothing_without_landlock(rigs: Callable[[str], Rig], mode: str, attack: Attack) -> None:
    """Where each slot is a user of its own, behind seccomp."""
    check(rigs("1"), attack, mode, level=1)


@each(telling(0))
@each_mode
def test_an_accident_comes_to_nothing_without_layers(rigs: Callable[[str], Rig], mode: str, attack: Attack) -> None:
    """Where there are only limits and a watch."""
    check(rigs("0"), attack, mode, level=0)


def check(rig: Rig, attack: Attack, mode: str, level: int | None = None) -> None:
    """Set a villain on a grader, and look at everything."""
    if level is None and attack.level > rig.level:
        pytest.skip(f"this machine reaches level {rig.level}")
    assert level is None or rig.level == level, "this level cannot be emulated here"
    found = rig.attack(attack, mode)
    verdicts, words = attack.comes_to[mode]
    assert found["verdict"] in verdicts, found["message"]
    assert words in found["message"]
    assert_untouched(found)


def assert_untouched(found: dict[str, Any]) -> None:
    """Nothing got out, nothing acts, nothing is changed, nothing is left, and life goes on."""
    assert not found["breach"], found["message"]
    assert found["artefacts"] == []
    assert found["changed"] == []
    assert found["left"] == []
    assert found["odd_runs"] == []
    assert found["honest"], "an honest submission fares worse than before"
    assert found["peak"] < MOST_PEAK


def test_there_are_villains_of_every_kind() -> None:
    """The families and their sizes."""
    count = Counter(attack.family for attack in ALL)
    assert {family: count[family] >= least for family, least in FAMILIES.items()} == dict.fromkeys(FAMILIES, True)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_dozen_villains_try_every_level(level: int) -> None:
    """Each emulated level is shown to hold by as many, and all that are named for it exist."""
    assert set(TELLING[level].split()) <= {attack.name for attack in telling(level)}
    assert len(telling(level)) >= 12


def test_the_graders_say_nothing_on_stderr(rigs: Callable[[str], Rig]) -> None:
    """No traceback of ours, whatever the villains did."""
    assert [rigs(how).errors() for how in ("unprivileged", "2", "0")] == ["", "", ""]
