"""What this machine offers a job, or what in a job file surprises, told in lines; changes nothing, and runs no job.

A question that fails is a line, not a crash; a file that cannot be read is refused.
"""

import importlib.util
import multiprocessing
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from pymapr.cores import Cores, cores, physical_memory, usable_memory
from pymapr.errors import UsageError
from pymapr.loader import which_file
from pymapr.surprises import Surprise, render, surprises

__all__ = ["Surprise", "file", "machine", "render", "surprises"]

# Engines that need a library: what to import, what to install.
OPTIONAL = {"dask": ("distributed", "dask[distributed]"), "spark": ("pyspark", "pyspark")}
IN_MEMORY = {"tmpfs", "ramfs"}


def machine() -> Iterator[str]:
    """Lines for people: Python, system, cores, memory, processes, temporary folder, engines, and what others register.

    Others: every entry point of the group `pymapr.doctor`, a function without parameters that yields lines.
    """
    yield _line("python", f"{platform.python_version()} ({platform.python_implementation()}), {sys.executable}")
    yield _line("system", f"{platform.system()} {platform.release()}, {platform.machine()}")
    yield _line("cores", told_cores(cores()))
    yield _line("memory", told_memory(usable_memory(), physical_memory()))
    yield _line("processes", told_start(multiprocessing.get_all_start_methods(), sys.platform))
    yield _line("pidfd", told_pidfd(getattr(os, "pidfd_open", None)))
    yield _line("temporary", told_temporary(Path(tempfile.gettempdir()), _mounts()))
    yield from (_line("engine", text) for text in told_engines(_importable))
    yield from told_by(entry_points(group="pymapr.doctor"))


def file(path: str) -> Iterator[str]:
    """Lines for people: what in this job file would surprise its author. Raises UsageError where it cannot be read."""
    try:
        found = surprises(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", which_file(path, error)) from None
    return render(found, path)


def _line(topic: str, text: str) -> str:
    return f"{topic:<12}{text}"


def told_cores(here: Cores) -> str:
    """How many processes may run at once, and what decides it."""
    quota = "no quota" if here.quota is None else f"a quota of {here.quota:g}"
    return f"{here.usable} usable: {here.total} in the machine, {here.affinity} by affinity, {quota}"


def told_memory(usable: int, physical: int) -> str:
    """How much memory there is to use, in bytes, and whether that is all of the machine's."""
    limited = f"limited by the cgroup; the machine has {size(physical)}" if usable < physical else "the whole machine's"
    return f"{size(usable)} usable, {limited}"


def size(number: int) -> str:
    """Bytes as people say them: `512 MB`, `7.8 GB` (powers of 1000)."""
    for unit, scale in (("GB", 10**9), ("MB", 10**6)):
        if number >= scale:
            return f"{number / scale:.3g} {unit}"
    return f"{number} bytes"


def told_start(methods: list[str], system: str) -> str:
    """How processes can be started."""
    if "fork" not in methods:
        return f"{', '.join(methods)}; no fork here, which the parallel engine needs: use --engine serial"
    if system == "darwin":
        return f"{', '.join(methods)}; on macOS, a forked worker may crash in Apple's own libraries (network, graphics)"
    return ", ".join(methods)


def told_pidfd(opener: Callable[[int], int] | None) -> str:
    """Whether a process can be held by a descriptor, which cannot mean another one after its death."""
    try:
        if opener is not None:
            os.close(opener(os.getpid()))
            return "available: a worker is signalled without fear of hitting another process"
    except OSError as error:
        return f"denied here ({error.strerror}): workers are signalled by number"
    return "not on this system: workers are signalled by number"


def told_temporary(folder: Path, mounts: str) -> str:
    """Where a run spills to: free space, and whether what is written there eats memory. `mounts`: a mountinfo text."""
    kind = filesystem(folder, mounts)
    text = f"{folder}, {size(shutil.disk_usage(folder).free)} free{f' on {kind}' if kind else ''}"
    if kind in IN_MEMORY:
        text += "; that lies in memory, so spilling saves none: set TMPDIR to a folder on disk"
    return text


def filesystem(folder: Path, mounts: str) -> str:
    """The type of the file system that a folder lies on, by the kernel's list of mounts; empty where it tells none."""
    found = (-1, "")
    for line in mounts.splitlines():
        place, _, rest = line.partition(" - ")
        fields, kinds = place.split(), rest.split()
        if len(fields) > 4 and kinds:
            # The kernel writes a space as \040; of two mounts on one place the later one is on top.
            at = Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields[4]))
            if folder.resolve().is_relative_to(at) and len(at.parts) >= found[0]:
                found = (len(at.parts), kinds[0])
    return found[1]


def _mounts() -> str:
    """The kernel's list of mounts, or nothing where there is none (macOS)."""
    try:
        return Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def told_engines(importable: Callable[[str], bool]) -> Iterator[str]:
    """The engines by name, each with what it still needs."""
    yield "serial: always"
    yield "parallel: always"
    for name, (library, package) in OPTIONAL.items():
        if not importable(f"pymapr.backends.{name}"):
            continue  # nobody misses what this version does not have
        if importable(library):
            yield f"{name}: installed"
        else:
            yield f"{name}: not installed; python -m pip install '{package}'"


def _importable(name: str) -> bool:
    """Whether a module can be imported, without importing it (but the package around it)."""
    return importlib.util.find_spec(name) is not None


def told_by(others: Iterable[EntryPoint]) -> Iterator[str]:
    """The lines of whoever registered; one that fails says so in a line of its own."""
    for entry in others:
        try:
            yield from [_line(entry.name, text) for text in entry.load()()]
        except Exception as error:  # somebody else's code: whatever it raises must not hide the other lines
            yield _line(entry.name, f"could not be asked: {type(error).__name__}: {error}")
