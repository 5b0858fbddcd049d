"""Which report goes where: each format to the file that was named, the tables to the terminal; makes none of them.

A file that cannot be written is refused before anything is graded.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import GraderError, UsageError
from grader.outputs import require_place, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from grader.model import GradeReport

FORMATS = {
    "json": "the report as JSON: everything, for scripts",
    "junit": "JUnit XML: a test case for each judgement",
    "csv": "a table for a spreadsheet: a line for each student and assignment",
    "html": "one page to look at: overview, table, every difference and timeline",
    "markdown": "the report as Markdown",
    "gradescope": "Gradescope's results.json, of one submission",
    "classroom50": "Classroom 50's result.json, of one submission",
}
"""The formats that make one file of the whole report, each by the module `grader.reports.to_<format>`."""

_PRIVATE = {"csv", "html"}
"""Marks as people read them; what scripts and CI read is for whoever may read other files."""

_STEP = ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")
"""What a step of GitHub Actions has: the files for its summary, and for what later steps read."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The reports that were asked for, besides the tables on the terminal.

    files: where each format goes. feedback: the folder for a page per student. github: whether this is a step of
    GitHub Actions; sources: for each assignment the one submitted file, as a path in the repository.
    """

    files: Mapping[str, Path] = field(default_factory=dict)
    feedback: Path | None = None
    github: bool = False
    sources: Mapping[str, str] = field(default_factory=dict)

    def check(self) -> None:
        """Raise UsageError where something could not be written."""
        for path in self.files.values():
            require_place(path)
        if self.feedback is not None and not self.feedback.is_dir():
            require_place(self.feedback)
        if self.github and not all(os.environ.get(name) for name in _STEP):
            message = f"--github: {' and '.join(_STEP)} are not set, so this is no step of GitHub Actions"
            raise UsageError(message, "leave it out; --markdown F has what the summary would")


def publish(report: GradeReport, wanted: Wanted) -> list[str]:
    """Write every report that can be written, and show the tables; returns what else is to be said, a line each.

    Raises the first GraderError of a report that could not be made or written, after all the others.
    """
    said: list[str] = []
    tasks: list[Callable[[], object]] = [_file_task(report, name, path) for name, path in wanted.files.items()]
    if (folder := wanted.feedback) is not None:
        tasks.append(lambda: said.extend(_feedback(report, folder)))
    if wanted.github:
        tasks += [lambda: _append(_STEP[0], _summary(report)), lambda: _append(_STEP[1], _classroom(report))]
    troubles = list(filter(None, map(_trouble, tasks)))
    _show(report)
    if wanted.github:
        sys.stdout.writelines(_annotations(report, wanted.sources))
    sys.stdout.flush()
    if troubles:
        raise troubles[0]
    return said


def _trouble(task: Callable[[], object]) -> GraderError | None:
    try:
        task()
    except GraderError as error:
        return error
    return None


# ---- files -----------------------------------------------------------------------------------------------------------


def _file_task(report: GradeReport, name: str, path: Path) -> Callable[[], None]:
    return lambda: write_whole(path, _rendered(report, name), private=name in _PRIVATE)


def _rendered(report: GradeReport, name: str) -> Iterator[str]:
    module = import_module(f"grader.reports.to_{name}")
    pieces: Iterator[str] = module.render(report, os.environ) if name == "classroom50" else module.render(report)
    return pieces


def _feedback(report: GradeReport, folder: Path) -> list[str]:
    from grader.reports import to_feedback

    return to_feedback.write(report, folder)


# ---- the terminal ----------------------------------------------------------------------------------------------------


def _show(report: GradeReport) -> None:
    from grader.reports import to_github, to_terminal

    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size((100, 24)).columns if terminal else 100
    colour = terminal and not os.environ.get("NO_COLOR")
    text = to_terminal.render(report, width=width, colour=colour)
    if os.environ.get("GITHUB_ACTIONS") == "true":  # its runner obeys what students print, unless told not to
        text = to_github.quoted(text, secrets.token_hex(16))
    sys.stdout.writelines(text)


# ---- a step of GitHub Actions ----------------------------------------------------------------------------------------


def _summary(report: GradeReport) -> Iterator[str]:
    from grader.reports import to_github

    return to_github.summary(report)


def _classroom(report: GradeReport) -> Iterator[str]:
    """The result that GitHub Classroom adds up; there is none for a class."""
    from grader.reports import to_github

    alone = len({result.submission for result in report.results}) == 1
    return to_github.classroom(report) if alone else iter(())


def _annotations(report: GradeReport, sources: Mapping[str, str]) -> Iterator[str]:
    from grader.reports import to_github

    return to_github.render(report, files=sources)


def _append(variable: str, pieces: Iterable[str]) -> None:
    path = Path(os.environ[variable])
    try:
        with path.open("a", encoding="utf-8") as file:
            file.writelines(pieces)
    except OSError as error:
        raise UsageError(f"{variable}: {path} cannot be written: {error.strerror}") from None
