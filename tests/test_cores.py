"""How many processes may run here, and in how much memory, told from made-up `/proc` and `/sys` trees."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymapr.cores import Cores, cores, cpu_quotas, memory_limits, physical_memory, usable_cores, usable_memory


def lay(root: Path, files: dict[str, str]) -> str:
    """Write `files` (path below root -> text) and give back the root as the functions want it."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return str(root)


def test_no_cgroup_at_all_limits_nothing(tmp_path: Path) -> None:
    """As on macOS: neither `/proc` nor `/sys`."""
    here = cores(str(tmp_path))
    assert here.quota is None
    assert here.usable == here.affinity
    assert memory_limits(str(tmp_path)) == []


def test_version_2_quota_is_a_share_of_a_period(tmp_path: Path) -> None:
    """150 ms in every 100 ms are one and a half cores, worth two workers."""
    root = lay(tmp_path, {"proc/self/cgroup": "0::/job\n", "sys/fs/cgroup/job/cpu.max": "150000 100000\n"})
    assert cpu_quotas(root) == [1.5]
    assert Cores(total=8, affinity=8, quota=1.5).usable == 2


def test_version_2_max_is_no_limit(tmp_path: Path) -> None:
    """`max` stands for none, of processor as of memory."""
    root = lay(
        tmp_path,
        {
            "proc/self/cgroup": "0::/\n",
            "sys/fs/cgroup/cpu.max": "max 100000\n",
            "sys/fs/cgroup/memory.max": "max\n",
        },
    )
    assert (cpu_quotas(root), memory_limits(root)) == ([], [])


def test_an_ancestor_limits_its_children(tmp_path: Path) -> None:
    """The smallest limit on the way up is the one that holds."""
    root = lay(
        tmp_path,
        {
            "proc/self/cgroup": "0::/slice/pod/job\n",
            "sys/fs/cgroup/slice/pod/job/cpu.max": "400000 100000\n",
            "sys/fs/cgroup/slice/cpu.max": "100000 100000\n",
            "sys/fs/cgroup/slice/pod/memory.max": "1048576\n",
            "sys/fs/cgroup/slice/memory.max": "4194304\n",
        },
    )
    assert cores(root).quota == 1.0
    assert cores(root).usable == 1
    assert usable_memory(root) == 1048576


def test_version_1_quota_and_memory(tmp_path: Path) -> None:
    """Each controller has a hierarchy of its own; two may share one."""
    root = lay(
        tmp_path,
        {
            "proc/self/cgroup": "4:memory:/box\n3:cpu,cpuacct:/box\n0::/\n",
            "sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_quota_us": "50000\n",
            "sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/memory/box/memory.limit_in_bytes": "2097152\n",
        },
    )
    assert cpu_quotas(root) == [0.5]
    assert cores(root).usable == 1
    assert usable_memory(root) == 2097152


def test_version_1_has_a_place_of_its_own_for_each_controller(tmp_path: Path) -> None:
    """Where the memory is limited says nothing of the processor."""
    root = lay(
        tmp_path,
        {
            "proc/self/cgroup": "4:memory:/big\n3:cpu:/small\n",
            "sys/fs/cgroup/cpu/big/cpu.cfs_quota_us": "100000\n",
            "sys/fs/cgroup/cpu/big/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/memory/small/memory.limit_in_bytes": "1048576\n",
        },
    )
    assert (cpu_quotas(root), memory_limits(root)) == ([], [])


def test_version_1_without_limit(tmp_path: Path) -> None:
    """-1 is no quota; a memory limit near 2**63 is no limit but the machine's own size."""
    root = lay(
        tmp_path,
        {
            "proc/self/cgroup": "2:memory:/\n1:cpu:/\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        },
    )
    assert cpu_quotas(root) == []
    assert usable_memory(root) == physical_memory()


def test_a_container_that_shows_its_hosts_path_still_finds_its_own_group(tmp_path: Path) -> None:
    """The path that `/proc` tells does not exist inside; the top of the mount is the container's group."""
    root = lay(
        tmp_path,
        {
            "proc/self/cgroup": "5:cpuacct,cpu:/docker/0123\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "200000\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        },
    )
    assert cpu_quotas(root) == [2.0]


def test_a_path_out_of_the_namespace_is_not_followed(tmp_path: Path) -> None:
    """`/../other` is somebody else's group, and its limit is not ours."""
    root = lay(tmp_path, {"proc/self/cgroup": "0::/../other\n", "sys/fs/other/cpu.max": "100000 100000\n"})
    (tmp_path / "sys/fs/cgroup").mkdir()
    assert cpu_quotas(root) == []


@pytest.mark.parametrize("text", ["", "\n", "100000", "100000 0", "0 100000", "a b", "-5 100000", "1 2 3"])
def test_a_quota_that_makes_no_sense_is_ignored(tmp_path: Path, text: str) -> None:
    """A file that we do not understand is no reason not to run."""
    root = lay(tmp_path, {"proc/self/cgroup": "0::/\nnonsense\n", "sys/fs/cgroup/cpu.max": text})
    assert cpu_quotas(root) == []


@given(st.integers(1, 512), st.integers(1, 512), st.none() | st.floats(0.001, 1000))
def test_usable_is_at_least_one_and_never_more_than_may_run(total: int, affinity: int, quota: float | None) -> None:
    """Neither more than the affinity nor, rounded up, than the quota."""
    usable = Cores(total, affinity, quota).usable
    assert 1 <= usable <= affinity
    assert quota is None or usable < quota + 1


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity")
def test_affinity_is_obeyed() -> None:
    """A process that is tied to one core has one, whatever the machine has."""
    code = "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]); "
    code += "from pymapr.cores import cores, usable_cores; print(usable_cores(), cores())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.startswith("1 Cores(total=")
    assert "affinity=1, " in told


def test_without_an_affinity_call_all_cores_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS."""
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert cores().affinity == cores().total == os.cpu_count()


def test_this_very_machine_has_a_core_and_some_memory() -> None:
    """The real thing, asked without any made-up tree."""
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)
    assert usable_memory() > 1 << 20


def test_it_loads_nothing_that_costs() -> None:
    """The room is on the way of every run, so it brings no heavy module with it."""
    code = "import os, sys; before = set(sys.modules); sys.path[:0] = [sys.argv[1]]; import cores; "
    code += "print(*sorted(set(sys.modules) - before))"
    folder = Path(__file__).parent.parent / "pymapr"
    run = [sys.executable, "-S", "-c", code, str(folder)]
    told = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert set(told.split()) <= {"cores", "math"}
