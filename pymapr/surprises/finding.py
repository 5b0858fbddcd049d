"""One thing about a job file that may surprise its author."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Surprise:
    """What may surprise, where, and how to mend it. `line` counts from 1; `None` where it is about no one line."""

    line: int | None
    what: str
    mend: str
