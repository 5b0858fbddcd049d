"""Which report goes where: each format to the file that was named, the tables to the terminal; makes none of them.

A file that cannot be written is refused before anything is graded. A report is written whole or not at all.
"""

from __future__ import annotations

import os
import shutil
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from grader.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from grader.model import GradeReport

FORMATS = {
    "json": "the report as JSON",
}
"""The formats that make one file of the whole report, each by the module `grader.reports.to_<format>`."""

Targets = dict[str, "Path"]
"""Where each format goes."""


def targets(files: Mapping[str, Path | None]) -> Targets:
    """The formats that were asked for; raises UsageError where one cannot be written, or two would meet in a file."""
    wanted = {name: path for name, path in files.items() if path is not None}
    taken: dict[Path, str] = {}
    for name, path in wanted.items():
        _require_place(path)
        other = taken.setdefault(path.resolve(), name)
        if other != name:
            raise UsageError(f"--{other} and --{name} name the same file, {path}", "give each report a file of its own")
    return wanted


def publish(report: GradeReport, wanted: Targets) -> None:
    """Write every report that can be written; raises UsageError for one that could not, after the others."""
    trouble: UsageError | None = None
    for name, path in wanted.items():
        try:
            write_whole(path, _rendered(name, report))
        except UsageError as error:
            trouble = trouble or error
    _show(report)
    if trouble is not None:
        raise trouble


def _rendered(name: str, report: GradeReport) -> Iterator[str]:
    pieces: Iterator[str] = import_module(f"grader.reports.to_{name}").render(report)
    return pieces


def _show(report: GradeReport) -> None:
    from grader.reports import to_terminal

    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size((100, 24)).columns if terminal else 100
    colour = terminal and not os.environ.get("NO_COLOR")
    for piece in to_terminal.render(report, width=width, colour=colour):
        sys.stdout.write(piece)
    sys.stdout.flush()


def _require_place(path: Path) -> None:
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise UsageError(f"{path} cannot be written", "name a file in a folder that exists, where you may write")


def write_whole(path: Path, pieces: Iterable[str]) -> None:
    """Write a file, so that there is a whole one or none; raises UsageError."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:  # a format's line ends are its own affair
            file.writelines(pieces)
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", "is there room where it goes?") from None
    finally:
        partial.unlink(missing_ok=True)
