"""What `pymapr doctor` says of a machine: made-up ones where it matters, and the one we are on."""

import os
import re
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from pymapr.cores import Cores
from pymapr.doctor import (
    filesystem,
    machine,
    size,
    told_by,
    told_cores,
    told_engines,
    told_memory,
    told_pidfd,
    told_start,
    told_temporary,
)


def test_this_machine_is_told_topic_by_topic() -> None:
    """Every line begins with its topic, in a fixed order; what others register comes last."""
    lines = list(machine())
    topics = [line.split()[0] for line in lines]
    ours = ["python", "system", "cores", "memory", "processes", "pidfd", "temporary", *["engine"] * 2]
    assert topics[: len(ours)] == ours
    assert re.match(r"python      3\.\d+\.\d+\S* \(\w+\), /", lines[0])
    assert lines[7] == "engine      serial: always"
    assert lines[8] == "engine      parallel: always"


def test_cores_are_told_with_what_limits_them() -> None:
    """A student in a container wants to know why two of eight cores work."""
    assert told_cores(Cores(8, 4, 1.5)) == "2 usable: 8 in the machine, 4 by affinity, a quota of 1.5"
    assert told_cores(Cores(8, 8, None)) == "8 usable: 8 in the machine, 8 by affinity, no quota"


def test_memory_is_told_with_what_limits_it() -> None:
    """The same for memory."""
    assert told_memory(512_000_000, 8_000_000_000) == "512 MB usable, limited by the cgroup; the machine has 8 GB"
    assert told_memory(8_000_000_000, 8_000_000_000) == "8 GB usable, the whole machine's"


@pytest.mark.parametrize(
    ("number", "told"), [(12, "12 bytes"), (1_500_000, "1.5 MB"), (7_849_000_000, "7.85 GB"), (85 * 10**9, "85 GB")]
)
def test_sizes_are_told_in_units(number: int, told: str) -> None:
    """Three digits are enough."""
    assert size(number) == told


def test_start_methods_come_with_what_to_mind() -> None:
    """Without fork there is no parallel engine; on macOS there is one, with a reservation."""
    assert told_start(["fork", "spawn"], "linux") == "fork, spawn"
    assert told_start(["spawn"], "win32") == (
        "spawn; no fork here, which the parallel engine needs: use --engine serial"
    )
    assert told_start(["spawn", "fork"], "darwin") == (
        "spawn, fork; on macOS, a forked worker may crash in Apple's own libraries (network, graphics)"
    )


def test_a_pidfd_is_tried_and_not_only_looked_for() -> None:
    """The call may exist and be denied, as in some containers."""

    def denied(pid: int) -> int:
        raise PermissionError(1, "Operation not permitted")

    assert told_pidfd(denied) == "denied here (Operation not permitted): workers are signalled by number"
    assert told_pidfd(None) == "not on this system: workers are signalled by number"


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has pidfds")
def test_a_pidfd_is_closed_again() -> None:
    """Asking leaves no descriptor behind."""
    before = sorted(Path("/proc/self/fd").iterdir())
    assert told_pidfd(os.pidfd_open) == "available: a worker is signalled without fear of hitting another process"
    assert sorted(Path("/proc/self/fd").iterdir()) == before


def mount(at: Path | str, kind: str) -> str:
    """One line of a mountinfo file."""
    return f"36 35 98:0 / {at} rw,noatime shared:1 - {kind} none rw\n"


def test_a_temporary_folder_in_memory_is_warned_of(tmp_path: Path) -> None:
    """Spilling to tmpfs would eat what it is there to save."""
    told = told_temporary(tmp_path, mount("/", "ext4") + mount(tmp_path.resolve(), "tmpfs"))
    assert told.startswith(f"{tmp_path}, ")
    assert told.endswith(" free on tmpfs; that lies in memory, so spilling saves none: set TMPDIR to a folder on disk")


def test_a_temporary_folder_on_disk_is_just_told(tmp_path: Path) -> None:
    """With the file system's type where the system tells it."""
    assert told_temporary(tmp_path, mount("/", "ext4")).endswith(" free on ext4")
    assert told_temporary(tmp_path, "").endswith(" free")


def test_the_file_system_is_that_of_the_nearest_mount() -> None:
    """A mount covers what is below it; the later of two on one place wins; a broken line is passed over."""
    mounts = mount("/", "ext4") + mount("/a\\040b", "tmpfs") + "nonsense\n" + mount("/c", "xfs") + mount("/c", "btrfs")
    folders = ["/a b/c", "/ab", "/c", "/c/d/e"]
    assert [filesystem(Path(folder), mounts) for folder in folders] == ["tmpfs", "ext4", "btrfs", "btrfs"]


def test_engines_say_what_they_still_need() -> None:
    """An engine is there, or lacks its library, or is not part of this version."""
    assert list(told_engines(lambda name: False)) == ["serial: always", "parallel: always"]
    assert list(told_engines(lambda name: name.startswith("pymapr")))[2:] == [
        "dask: not installed; python -m pip install 'dask[distributed]'",
        "spark: not installed; python -m pip install 'pyspark'",
    ]
    assert list(told_engines(lambda name: True))[2:] == ["dask: installed", "spark: installed"]


def test_others_add_lines_and_a_failing_one_hides_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither one that cannot be imported nor one that breaks half-way costs the lines of the next."""
    (tmp_path / "registered.py").write_text(
        "def good():\n    yield 'level 3'\n    yield 'self-tested'\n"
        "def bad():\n    yield 'half'\n    raise ValueError('no')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    entries = [
        EntryPoint(name, value, "pymapr.doctor")
        for name, value in [
            ("absent", "no_such_module:lines"),
            ("bad", "registered:bad"),
            ("isolation", "registered:good"),
        ]
    ]
    assert list(told_by(entries)) == [
        "absent      could not be asked: ModuleNotFoundError: No module named 'no_such_module'",
        "bad         could not be asked: ValueError: no",
        "isolation   level 3",
        "isolation   self-tested",
    ]
