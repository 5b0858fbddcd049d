"""What student text may not do to the terminal report: steer, break its width, or pass for a line of ours."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from builders import a_case, a_difference, a_report, a_result, both_runs
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from terminal_pages import a_class, explanation, rendered

from grader.model import Example, Verdict
from grader.reports import to_terminal

if TYPE_CHECKING:
    import pytest

LONG_NAME = "a-very-long-name-as-a-learning-platform-makes-them_assignsubmission"


def test_colour_adds_nothing_that_words_do_not_say() -> None:
    """The coloured report without its colours is the plain report."""
    coloured = "".join(to_terminal.render(a_class(), width=100, colour=True))
    assert "\x1b[32m✓ accepted" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured).replace(" \n", "\n") == rendered(a_class())


def test_the_environment_does_not_change_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Width and colour are the caller's to choose, once."""
    before = [*to_terminal.render(a_class(), width=60, colour=True), rendered(a_class(), 80)]
    for name, value in {"COLUMNS": "20", "FORCE_COLOR": "1", "TERM": "dumb", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    assert [*to_terminal.render(a_class(), width=60, colour=True), rendered(a_class(), 80)] == before


def test_a_name_cannot_be_markup() -> None:
    """`[red]` is a name, and so is `:boom:`."""
    text = "".join(to_terminal.render(a_report(a_result(submission="[red]x[/red] :boom:")), colour=True))
    assert "[red]x[/red] :boom:" in text


def test_a_message_cannot_pass_for_a_line_of_ours() -> None:
    """Each line that a student made stands behind a bar or another's name."""
    forged = "oops\n12 submissions: 12 accepted\nsandbox level 3"
    found = explanation(a_result(a_case(verdict=Verdict.RUNTIME_ERROR, message=forged)))
    assert found.endswith("    books: oops\n      │ 12 submissions: 12 accepted\n      │ sandbox level 3")


def test_a_long_name_gets_a_line_of_its_own() -> None:
    """Cut, it might be another student's."""
    assert rendered(a_report(a_result(submission=LONG_NAME), a_result()), 80).startswith(
        f"""\
  submission                      verdict     points
wordcount
  {LONG_NAME}
                                  ✓ accepted     4/4
  student-01                      ✓ accepted     4/4
"""
    )


def test_a_command_cannot_steer_the_terminal_either() -> None:
    """It names files, and students name those."""
    case = a_case(verdict=Verdict.WRONG_ANSWER, reproduce="pymapr run \x1b[2J.py")
    assert explanation(a_result(case)).endswith(r"reproduce: pymapr run \x1b[2J.py")


texts = st.text(max_size=60) | st.text("\x1b[31m\u202e\n\r\t山é[red] ", max_size=200)


@given(texts, texts, texts, texts, st.booleans(), st.integers(60, 120))
def test_no_text_steers_the_terminal_or_breaks_the_width(
    name: str, message: str, record: str, remark: str, alone: bool, width: int
) -> None:
    """Whatever students write, lines stay within the width and hold nothing but what can be seen."""
    examples = (Example(expected=record, got=None), Example(expected=record, got=message, where=message))
    difference = a_difference(2, 1, *examples)
    case = a_case(
        name,
        Verdict.WRONG_ANSWER,
        message=message,
        hint=message,
        remarks=(remark,),
        difference=difference,
        runs=both_runs(),
    )
    others = () if alone else (a_result(submission="other"),)
    report = a_report(a_result(case, assignment=name, submission=name, withheld=(name,)), *others, skipped=(message,))
    for line in rendered(report, width).split("\n"):
        assert cell_len(line) <= width
        assert not [
            character for character in line if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        ]
