"""The HTML report: one file that needs no network, for a class to sort and search or for a student to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.reports.html.document import document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.model import GradeReport


def render(report: GradeReport) -> Iterator[str]:
    """The document in pieces, to be written as UTF-8. It loads nothing and sends nothing; a policy in it sees to that.

    A class begins with an overview, one student's report with the student.
    """
    return document(report)
