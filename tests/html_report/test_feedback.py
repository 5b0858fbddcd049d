"""`--feedback DIR`: a file for each who handed in, safe in name and content, and nothing foreign is harmed."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from builders import a_case, a_report, a_result
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.model import Verdict
from grader.reports import to_feedback
from html_report.classes import a_class

if TYPE_CHECKING:
    from grader.model import GradeReport
    from html_report.conftest import Open

EVIL = (
    "../../escape",
    "/etc/passwd",
    "a/b\\c",
    "",
    ".",
    "..",
    ".hidden",
    "-rf",
    "CON",
    "nul.txt",
    "com1",
    "trailing. ",
    "new\nline",
    "a\x00b",
    "half \udc80",
    "\u202egnp",
    "Ann",
    "ann",
    "ANN",
    "Zoë",
    "Zoe\u0308",
    "张伟",
    "李娜",
    "x" * 5000,
    "x" * 5001,
    "a:b*c?d<e>f|g",
)


def names(folder: Path) -> set[str]:
    """What lies in a folder."""
    return {path.name for path in folder.iterdir()}


def of(*submissions: str) -> GradeReport:
    """A report of these submissions."""
    return a_report(*(a_result(submission=name) for name in submissions))


def test_each_who_handed_in_gets_a_file_and_it_is_said_how_many(tmp_path: Path) -> None:
    """All assignments of a student in one; the folder is made."""
    folder = tmp_path / "new" / "feedback"
    said = to_feedback.write(
        a_report(a_result(submission="ann"), a_result(submission="ben"), a_result(assignment="join", submission="ann")),
        folder,
    )
    assert said == [f"feedback: 2 files in {folder}"]
    assert names(folder) == {"ann.html", "ben.html"}


def test_a_file_holds_only_that_student_s_facts(tmp_path: Path) -> None:
    """No other's name, and no notice, which may speak of others."""
    ann = a_result(a_case(verdict=Verdict.RUNTIME_ERROR, message="ann's own"), submission="ann")
    to_feedback.write(a_report(ann, a_result(submission="berenice"), skipped=("berenice: too large",)), tmp_path)
    text = (tmp_path / "ann.html").read_text(encoding="utf-8")
    assert "ann's own" in text
    assert "berenice" not in text


def test_marks_can_be_read_by_their_owner_alone(tmp_path: Path) -> None:
    """On a machine that is shared."""
    to_feedback.write(of("ann"), tmp_path)
    assert stat.S_IMODE((tmp_path / "ann.html").stat().st_mode) == 0o600


def test_it_opens_as_the_student_s_page(opened: Open, tmp_path: Path) -> None:
    """The same page as an instructor sees, without what is not theirs."""
    to_feedback.write(a_class(5), tmp_path)
    page = opened(tmp_path / "student-0003.html")
    assert page.locator(".who-head .aside").inner_text() == "student-0003 · group group-0"
    assert page.get_by_role("navigation", name="Assignments").get_by_role("link").count() == 7


# ---- names -----------------------------------------------------------------------------------------------------------


def test_whatever_a_student_is_called_the_name_is_safe_on_every_system(tmp_path: Path) -> None:
    """A file each, in the folder, of plain letters; no two are one where upper case does not count."""
    folder = tmp_path / "feedback"
    to_feedback.write(of(*EVIL), folder)
    assert names(tmp_path) == {"feedback"}
    made = names(folder)
    assert len({name.casefold() for name in made}) == len(EVIL)
    for name in made:
        assert re.fullmatch(r"[A-Za-z0-9_@+][A-Za-z0-9._@+-]*\.html", name), name
        assert len(name) < 120
        assert not re.match(r"(?i)(con|prn|aux|nul|com\d|lpt\d)\.", name)


@given(st.lists(st.text(st.characters(), max_size=12), unique=True, max_size=6))
def test_names_differ_where_submissions_do(submissions: list[str]) -> None:
    """For any text at all."""
    paths = to_feedback._paths(Path(), submissions)
    assert len({path.name.casefold() for path in paths}) == len(submissions)


def test_a_plain_name_stays_as_it_is(tmp_path: Path) -> None:
    """An LMS finds its files by name."""
    to_feedback.write(of("student-01", "lee_12345_678", "o.brien@example.org"), tmp_path)
    assert names(tmp_path) == {"student-01.html", "lee_12345_678.html", "o.brien@example.org.html"}


def test_nobody_can_take_another_s_file_by_choosing_a_name(tmp_path: Path) -> None:
    """One that looks as if it had been told apart is told apart itself."""
    to_feedback.write(of("张伟"), tmp_path / "first")
    [taken] = names(tmp_path / "first")
    to_feedback.write(of("张伟", taken.removesuffix(".html")), tmp_path / "second")
    assert len(names(tmp_path / "second")) == 2


def test_a_name_is_the_same_in_every_run(tmp_path: Path) -> None:
    """So a second grading replaces the first one's files."""
    for _ in range(2):
        to_feedback.write(of(*EVIL), tmp_path)
    assert len(names(tmp_path)) == len(EVIL)


# ---- what lies there already -----------------------------------------------------------------------------------------


def test_an_earlier_file_for_the_same_submission_is_replaced(tmp_path: Path) -> None:
    """It would be out of date."""
    to_feedback.write(of("ann"), tmp_path)
    before = (tmp_path / "ann.html").read_text(encoding="utf-8")
    to_feedback.write(a_report(a_result(a_case(verdict=Verdict.MISSING), submission="ann")), tmp_path)
    assert (tmp_path / "ann.html").read_text(encoding="utf-8") != before
    assert names(tmp_path) == {"ann.html"}


def test_a_foreign_file_is_left_alone_and_named(tmp_path: Path) -> None:
    """Whoever wrote it wants it; the others are written all the same."""
    (tmp_path / "ann.html").write_text("my notes")
    said = to_feedback.write(of("ann", "ben"), tmp_path)
    assert (tmp_path / "ann.html").read_text() == "my notes"
    reason = "is not a feedback file for this submission, so it was left as it is; move it, or name another folder"
    assert said == [f"feedback: 1 file in {tmp_path}", f"feedback: {tmp_path}/ann.html {reason}"]


def test_another_student_s_feedback_is_foreign_too(tmp_path: Path) -> None:
    """Renamed by hand, say."""
    to_feedback.write(of("ben"), tmp_path)
    (tmp_path / "ben.html").rename(tmp_path / "ann.html")
    assert len(to_feedback.write(of("ann"), tmp_path)) == 2


def test_pages_of_those_who_are_not_in_the_class_any_more_are_named_and_stay(tmp_path: Path) -> None:
    """They hold old marks; but nothing that we did not write is called ours."""
    to_feedback.write(of("ann", "eve", "zoe"), tmp_path)
    (tmp_path / "notes.html").write_text("<!doctype html>mine")
    (tmp_path / "link.html").symlink_to(tmp_path / "eve.html")
    assert to_feedback.write(of("ann", "bob"), tmp_path)[1:] == ["feedback: 2 older pages left: eve.html, zoe.html"]
    assert names(tmp_path) == {"ann.html", "bob.html", "eve.html", "zoe.html", "notes.html", "link.html"}


def test_of_many_older_pages_a_dozen_are_named(tmp_path: Path) -> None:
    """Last year's class, say."""
    to_feedback.write(of(*(f"s{number:02}" for number in range(14))), tmp_path)
    said = to_feedback.write(of("ann"), tmp_path)[1]
    assert said.startswith("feedback: 14 older pages left: s00.html, ")
    assert said.endswith(", s11.html and 2 more")


@pytest.mark.parametrize("dangling", [False, True])
def test_no_link_is_followed(tmp_path: Path, dangling: bool) -> None:
    """It may lead anywhere."""
    target = tmp_path / "elsewhere"
    if not dangling:
        to_feedback.write(of("ann"), tmp_path)
        (tmp_path / "ann.html").rename(target)
    (tmp_path / "ann.html").symlink_to(target)
    said = to_feedback.write(of("ann"), tmp_path)
    assert "left as it is" in said[1]
    assert target.exists() is not dangling


def test_a_folder_of_that_name_is_left_alone(tmp_path: Path) -> None:
    """It cannot be replaced by a file."""
    (tmp_path / "ann.html").mkdir()
    assert "left as it is" in to_feedback.write(of("ann"), tmp_path)[1]


def test_where_a_file_is_in_the_way_of_the_folder_it_is_said(tmp_path: Path) -> None:
    """What happened, where, and the mend."""
    (tmp_path / "feedback").write_text("")
    with pytest.raises(UsageError) as raised:
        to_feedback.write(of("ann"), tmp_path / "feedback")
    place = tmp_path / "feedback"
    assert raised.value.message == f"--feedback {place}: File exists: {place}"
    assert raised.value.hint == "name a folder that can be written, or one that does not exist yet"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """And nothing half-written stays."""
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="Permission denied"):
        to_feedback.write(of("ann"), tmp_path)


def test_a_failure_half_way_leaves_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of the last run stays as it was."""
    to_feedback.write(of("ann"), tmp_path)
    before = (tmp_path / "ann.html").read_bytes()

    def full(*_: object, **__: object) -> list[str]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(to_feedback, "document", full)
    with pytest.raises(UsageError, match="No space left on device"):
        to_feedback.write(of("ann"), tmp_path)
    assert names(tmp_path) == {"ann.html"}
    assert (tmp_path / "ann.html").read_bytes() == before
