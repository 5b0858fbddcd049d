"""Markdown, to read or to paste: a table for each assignment, then what is wrong with whom; has no colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.reports.markdown import blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.model import GradeReport


def render(report: GradeReport) -> Iterator[str]:
    """The report in GitHub's Markdown, which is CommonMark with tables."""
    return blocks(report)
