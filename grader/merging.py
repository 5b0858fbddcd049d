"""Marks into gradebooks that an LMS exported: reads the file, has it merged, writes the result beside it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

from grader.errors import UsageError
from grader.model import GradeReport, Spec, SubmissionResult
from grader.outputs import require_place, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from grader.reports import to_moodle
    from grader.reports.gradebook import Merged

_MOST_BYTES = 64 * 2**20


@dataclass(frozen=True, kw_only=True)
class Gradebooks:
    """The exported files that were named: `pairs` by platform, what was exported and where the result goes.

    columns: what the platform calls a column, by assignment for Canvas, by its meaning (`grade`, ...) for Moodle.
    """

    pairs: Mapping[str, tuple[Path, Path]]
    columns: Mapping[str, str] = field(default_factory=dict)

    def check(self, report: GradeReport, specs: Sequence[Spec]) -> None:
        """Try the merge with nobody's marks: what is wrong with a file is found before anything is graded.

        report: an empty one. Raises UsageError.
        """
        self._check_columns({spec.name for spec in specs})
        nobody = [SubmissionResult(assignment=spec.name, submission="", datasets=()) for spec in specs]
        for platform, (exported, out) in self.pairs.items():
            require_place(out)
            self._merged(platform, exported, replace(report, results=tuple(nobody)), specs)

    def _check_columns(self, assignments: set[str]) -> None:
        from grader.reports.to_moodle import Columns

        for name, header in self.columns.items():
            known = assignments if "canvas" in self.pairs else set()
            known = known | ({each.name for each in fields(Columns)} if "moodle" in self.pairs else set())
            if name not in known:
                wanted = ", ".join(sorted(known)) or "it goes with --canvas or --moodle"
                raise UsageError(f"--column {name}={header}: there is no {name!r} here", f"known: {wanted}")

    def merge(self, report: GradeReport, specs: Sequence[Spec]) -> list[str]:
        """Write each gradebook with the marks in it; returns what is to be said of it, a line each."""
        said = []
        for platform, (exported, out) in self.pairs.items():
            merged = self._merged(platform, exported, report, specs)
            write_whole(out, [merged.text], private=True)
            said += [f"{out}: {line}" for line in merged.said]
        return said

    def _merged(self, platform: str, exported: Path, report: GradeReport, specs: Sequence[Spec]) -> Merged:
        content, called = _read(platform, exported), str(exported)
        if platform == "canvas":
            from grader.reports import to_canvas

            names = {spec.name for spec in specs}
            columns = {name: column for name, column in self.columns.items() if name in names}
            titles = {spec.name: spec.title for spec in specs}
            return to_canvas.merge(report, content, file=called, titles=titles, columns=columns)
        from grader.reports import to_moodle

        return to_moodle.merge(report, content, file=called, columns=self._meanings(to_moodle.Columns()))

    def _meanings(self, usual: to_moodle.Columns) -> to_moodle.Columns:
        return replace(usual, **{name: column for name, column in self.columns.items() if hasattr(usual, name)})


def _read(platform: str, path: Path) -> bytes:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UsageError(f"--{platform} {path}: too large for a gradebook", "name the file that the LMS exported")
        return path.read_bytes()
    except OSError as error:
        hint = "name the file that the LMS exported, then the one to write"
        raise UsageError(f"--{platform} {path}: {error.strerror}", hint) from None
