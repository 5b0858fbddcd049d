"""Which places student code may read: never one that holds what is secret, however it is installed."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import grader
from grader.sandbox import landlock

LIBC = ctypes.CDLL(None, use_errno=True)
PURELIB = "purelib"


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages, among them a grader with a reference in it."""
    folder = tmp_path / "site-packages"
    for name in ("grader/examples", "numpy/core", "grader_tools", "numpy.dist-info", "__pycache__"):
        (folder / name).mkdir(parents=True)
    for name in ("grader/examples/solution.py", "six.py", "grader.pth", "numpy/core/x.so"):
        (folder / name).touch()
    real = sysconfig.get_path
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(folder) if name == PURELIB else real(name))
    return folder


def places(*secret: Path) -> list[Path]:
    """What may be read."""
    return [Path(path) for path in landlock.readable_places(map(str, secret))]


def holds(place: Path, secret: Path) -> bool:
    """Whether who may read one place may read the other."""
    return secret.resolve().is_relative_to(place)


def test_nothing_that_may_be_read_holds_the_grader() -> None:
    """As this one is installed; nor the repository that it may lie in."""
    package = Path(grader.__file__ or "").parent
    assert not any(holds(place, package / "judge.py") for place in places(package))


def test_a_library_that_holds_the_grader_is_given_without_it(library: Path) -> None:
    """Package by package, and no names of installed distributions."""
    found = [place.relative_to(library).as_posix() for place in places(library / "grader") if holds(library, place)]
    assert found == ["grader_tools", "numpy", "six.py"]


def test_a_library_that_holds_nothing_secret_is_given_whole(library: Path) -> None:
    """One rule is enough."""
    assert library in places(library.parent / "elsewhere")


def test_a_secret_deep_inside_is_left_out_alone(library: Path) -> None:
    """Whatever lies beside it, on every level, is given."""
    (library / "grader" / "judge.py").touch()
    found = places(library / "grader" / "examples")
    assert {library / "grader" / "judge.py", library / "numpy"} <= set(found)
    assert not any(holds(place, library / "grader" / "examples") for place in found)


def test_a_link_into_a_secret_does_not_open_it(library: Path) -> None:
    """The kernel follows a link when a rule is made of it: so none is."""
    (library / "alias").symlink_to(library / "grader")
    (library / "away").symlink_to("/etc")
    found = places(library / "grader")
    assert not any(holds(place.resolve(), library / "grader" / "examples") for place in found)
    assert Path("/etc") not in {place.resolve() for place in found}


def test_a_secret_may_be_named_by_a_link(library: Path, tmp_path: Path) -> None:
    """As an editable installation names it."""
    (tmp_path / "alias").symlink_to(library / "grader")
    assert not any(holds(place, library / "grader" / "judge.py") for place in places(tmp_path / "alias"))


def test_the_interpreters_own_libraries_may_be_read() -> None:
    """Or nothing would import."""
    package = Path(grader.__file__ or "").parent
    assert any(holds(place, Path(os.__file__)) for place in places(package))


def test_the_abi_is_told_and_never_negative() -> None:
    """0 where there is none."""
    assert landlock.version(LIBC) >= 0


RESTRICT = """\
import ctypes, os, sys
from grader.sandbox import landlock, seccomp
libc = ctypes.CDLL(None, use_errno=True)
seccomp.forbid_new_privileges(libc)
rules = landlock.Rules(landlock.readable_places([]), int(sys.argv[2]))
rules.restrict(libc, sys.argv[1])
os.chdir(sys.argv[1])
def tried(what, *arguments):
    try:
        what(*arguments)
        return "yes"
    except OSError as error:
        return error.strerror
print(tried(os.listdir, "/"), tried(open, "/etc/passwd"), tried(open, "../beside", "w"), sep="; ")
print(tried(open, "own", "w"), tried(os.mkdir, "folder"), tried(open, os.__file__), sep="; ")
print(tried(os.symlink, "/", "link"), tried(os.mkfifo, "fifo"), tried(os.truncate, os.__file__, 0), sep="; ")
"""


@pytest.mark.parametrize("abi", [1, 2, 3, 4, 5, 6, 7])
def test_each_abi_denies_what_no_rule_names(tmp_path: Path, abi: int) -> None:
    """From the first on: reading and writing elsewhere, links and pipes; the own folder, and libraries stay open."""
    if landlock.version(LIBC) < abi:
        pytest.skip(f"the kernel has Landlock ABI {landlock.version(LIBC)}")
    folder = tmp_path / "own"
    folder.mkdir()
    script = RESTRICT if abi >= 3 else RESTRICT.replace(", tried(os.truncate, os.__file__, 0)", "")
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder), str(abi)], capture_output=True, text=True, check=True
    )
    no = "Permission denied"
    outside, inside, made = done.stdout.splitlines()
    assert outside == f"{no}; {no}; {no}"
    assert inside == "yes; yes; yes"
    assert set(made.split("; ")) == {no}


def test_a_place_that_is_not_there_needs_no_rule() -> None:
    """Not every system has every library folder."""
    assert len(landlock.Rules(["/nowhere/at/all"], 1).descriptors) == len(landlock.Rules([], 1).descriptors)


def test_what_the_kernel_refuses_is_raised() -> None:
    """A process is never taken for closed in when it is not."""
    with pytest.raises(OSError, match="landlock_restrict_self"):
        landlock._check(-1, "landlock_restrict_self")
