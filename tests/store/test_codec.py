"""A result comes back from the file as it went in."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from hypothesis import given

from grader.store import codec
from store.results import cases, texts

if TYPE_CHECKING:
    from grader.model import CaseResult


@given(cases)
def test_nothing_of_a_result_is_lost(case: CaseResult) -> None:
    """Whatever its texts are, and to the last digit of a number: an int stays one."""
    back = codec.decode(*codec.encode(case))
    assert back == case
    assert repr(back) == repr(case)


@given(texts, texts)
def test_any_text_can_be_spelt_for_sqlite_and_no_two_alike(one: str, other: str) -> None:
    """Names of files may hold what is no Unicode, and one student's must never be taken for another's."""
    assert codec.unspell(codec.spell(one)) == one
    assert (codec.spell(one) == codec.spell(other)) == (one == other)
    with sqlite3.connect(":memory:") as connection:
        assert connection.execute("SELECT ?", (codec.spell(one),)).fetchone() == (codec.spell(one),)
    connection.close()


def test_an_ordinary_name_is_spelt_as_it_is() -> None:
    """So that the file can be read with any tool."""
    assert codec.spell("Zoë Ünal-Smith") == "Zoë Ünal-Smith"
