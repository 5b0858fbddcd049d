"""What would surprise the author of a job file when it runs on many processes, or is graded: a look at it, never a run.

A false alarm costs more trust than a miss costs time, so each room stays silent where it does not know.

- `source`: does this Python compile it? - `jobfile`: the facts that the other rooms ask for
- `surroundings`: what lies beside it, and what it imports - `form`: is it a job? - `conduct`: what its functions do
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from pymapr.surprises.conduct import conduct
from pymapr.surprises.finding import Surprise
from pymapr.surprises.form import form
from pymapr.surprises.jobfile import JobFile
from pymapr.surprises.source import understand
from pymapr.surprises.surroundings import surroundings

__all__ = ["Surprise", "render", "surprises"]


def surprises(path: str | os.PathLike[str]) -> list[Surprise]:
    """What may surprise in this job file, in the order of its lines. Raises OSError where it cannot be read."""
    path = Path(path)
    data = path.read_bytes()
    tree, found = understand(data)
    job = None if tree is None else JobFile(tree)
    found += surroundings(path, job, data.decode("utf-8", "replace"))
    if job is not None:
        found += form(job)
        found += conduct(job)
    return sorted(found, key=lambda surprise: (surprise.line is None, surprise.line or 0))


def render(found: Iterable[Surprise], path: str | os.PathLike[str]) -> Iterator[str]:
    """Plain text, a surprise in two lines: what and where, then the mend."""
    nothing = True
    for surprise in found:
        nothing = False
        where = os.fspath(path) if surprise.line is None else f"{os.fspath(path)}:{surprise.line}"
        yield f"{where}: {surprise.what}"
        yield f"    hint: {surprise.mend}"
    if nothing:
        yield f"{os.fspath(path)}: nothing surprising seen"
