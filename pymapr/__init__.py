"""MapReduce for students, on every core.

`MapReduce` is the course's framework; `run(job, data)` runs a job file or module; the rest is for whoever builds on the
engine (a grader, for instance): `Master` runs a job through workers that a launcher starts, `Worker` and `load` are
what such a worker does. Names are loaded when they are first used, so that a small job starts at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from pymapr.dropin import MapReduce as MapReduce
    from pymapr.engine import run as run
    from pymapr.errors import MaprError as MaprError
    from pymapr.job import Job as Job
    from pymapr.partition import partition as partition

_WHERE = {
    "run": "pymapr.engine",
    "MapReduce": "pymapr.dropin",
    "MaprError": "pymapr.errors",
    "Job": "pymapr.job",
    "partition": "pymapr.partition",
}

__all__ = ["Job", "MapReduce", "MaprError", "__version__", "partition", "run"]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'pymapr' has no attribute {name!r}")
