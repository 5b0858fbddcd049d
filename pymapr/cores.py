"""How many processes may run here at once, and in how much memory: asks the system, never guesses from size alone.

It imports nothing but `os` and `math`: every run asks it, and one over ten records should cost milliseconds. So `Cores`
is no dataclass and paths are plain strings: loading `dataclasses` or `pathlib` takes many times as long as all of this.
"""

import math
import os


class Cores:
    """The processor as one process may use it.

    `total`: cores in the machine. `affinity`: cores that this process may be scheduled on. `quota`: how many cores'
    worth of time its cgroup grants, `None` where nothing limits it. `usable`: how many processes may really run at
    once, at least 1.
    """

    __slots__ = ("affinity", "quota", "total", "usable")

    def __init__(self, total: int, affinity: int, quota: float | None) -> None:
        self.total, self.affinity, self.quota = total, affinity, quota
        # Rounded up: half a core idle costs more than two workers that share one and a half.
        self.usable = max(1, min(affinity, affinity if quota is None else math.ceil(quota)))

    def __repr__(self) -> str:
        return f"Cores(total={self.total}, affinity={self.affinity}, quota={self.quota}, usable={self.usable})"


def usable_cores() -> int:
    """How many processes may really run at once here; at least 1."""
    return cores().usable


def usable_memory(root: str = "") -> int:
    """Bytes of memory that this process and its children may use together: the cgroup's limit, else the machine's."""
    # An unlimited v1 group names a number near 2**63; the machine's own size settles that.
    return min([physical_memory(), *memory_limits(root)])


def physical_memory() -> int:
    """Bytes of memory in the machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def cores(root: str = "") -> Cores:
    """Ask for all that limits the processor. `root` is put before `/proc` and `/sys`."""
    total = os.cpu_count() or 1
    return Cores(total, affinity(total), min(cpu_quotas(root), default=None))


def affinity(total: int) -> int:
    """How many of `total` cores this process may be scheduled on; all where the system does not tell (macOS)."""
    try:
        return len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        return total


def cpu_quotas(root: str = "") -> list[float]:
    """Every limit in cores that the own cgroup and its ancestors set; the smallest one holds."""
    quotas = []
    for folder in _groups(root, "cpu"):
        words = _read(f"{folder}/cpu.max").split()  # version 2: "150000 100000" or "max 100000"
        if not words:
            words = [*_read(f"{folder}/cpu.cfs_quota_us").split(), *_read(f"{folder}/cpu.cfs_period_us").split()]
        numbers = [int(word) for word in words if word.isdecimal()]  # neither "max" nor version 1's "-1"
        if len(numbers) == 2 and all(numbers):
            quotas.append(numbers[0] / numbers[1])
    return quotas


def memory_limits(root: str = "") -> list[int]:
    """Every limit in bytes that the own cgroup and its ancestors set; the smallest one holds."""
    texts = [
        _read(f"{folder}/{name}").strip()
        for folder in _groups(root, "memory")
        for name in ("memory.max", "memory.limit_in_bytes")
    ]
    return [int(text) for text in texts if text.isdecimal()]


def _groups(root: str, controller: str) -> list[str]:
    """Folders of the own cgroup and of its ancestors, for this controller, in both versions; some may not exist."""
    folders = []
    for line in _read(f"{root}/proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if not names:  # version 2; "unified" is where it lies beside version 1
            mounts = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]
        elif controller in names.split(","):
            mounts = [f"/sys/fs/cgroup/{name}" for name in dict.fromkeys([controller, names])]
        else:
            continue
        folders += [f"{root}{mount}{group}" for mount in mounts for group in _ancestors(path)]
    return folders


def _ancestors(path: str) -> list[str]:
    """`"/a/b"` -> `["/a/b", "/a", ""]`; a path that leads out of our namespace (`/../x`) leaves only the top.

    The top counts too: in a container it is the container's own group, whatever longer path `/proc` tells.
    """
    parts = [part for part in path.split("/") if part]
    if ".." in parts:
        parts = []
    return ["".join(f"/{part}" for part in parts[:depth]) for depth in range(len(parts), -1, -1)]


def _read(path: str) -> str:
    """The file's text, or nothing where it cannot be read: a limit that we may not see is no reason not to run."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
