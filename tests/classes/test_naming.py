"""Names of files: which is meant for which assignment. A certain match, or none: a wrong one is a wrong mark."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.naming import meant, nearest

COURSE = [(name, f"{name}.py") for name in ("wordcount", "inverted_index", "join", "friend_count", "multiply")]
"""Some of a course's assignments, with their modules."""


@pytest.mark.parametrize(
    "name",
    [
        "Wordcount.py", "WORDCOUNT.PY", "word_count.py", "word-count.py", "word count.py", "wordcount(1).py",
        "wordcount (2).py", "wordcount-1.py", "wordcount_2.py", "Copy of wordcount.py", "wordcount - Copy.py",
        "wordcount.py.txt", "wordcount.pyw", "worcount.py", "wordcounts.py", "wordcount_ada.py", "week1/wordcount.py",
        "hw/week1/Wordcount.py", "hello.py", "x/solution.py",
    ],
)  # fmt: skip
def test_a_file_that_can_only_be_meant_for_one_assignment_is_taken_for_it(name: str) -> None:
    """Here it is the only one that is asked for, and the only Python file there is."""
    assert meant([("wordcount", "wordcount.py")], [name, "books.json", "README.md"]) == {"wordcount": name}


@pytest.mark.parametrize("name", ["Wordcount.py", "word_count(1).py", "wordcounts.py", "week1/wordcount.py"])
def test_a_like_name_is_enough_among_many_assignments(name: str) -> None:
    """And beside other files."""
    assert meant(COURSE, [name, "helper.py", "join.py"])["wordcount"] == name


@pytest.mark.parametrize(
    "names",
    [
        ["hello.py"],
        ["a.py", "b.py"],
        ["wordcount(1).py", "wordcount(2).py"],
        ["week1/wordcount.py", "week2/wordcount.py"],
        ["books.json", "wordcount.txt", "wordcount.ipynb"],
        ["MapReduce.py"],
        ["test_wordcount.py", "conftest.py", "__init__.py", "setup.py"],
        [],
    ],
)
def test_what_is_not_certain_among_many_is_nobodys(names: list[str]) -> None:
    """Too many files, too many assignments, or nothing that could be a module."""
    assert meant(COURSE, names) == {}


def test_a_file_that_another_assignment_asks_for_is_never_taken() -> None:
    """Wherever it lies, and also where it is the only one."""
    assert meant([("wordcount", "wordcount.py"), ("join", "join.py")], ["join.py"]) == {}
    assert meant([("count", "count.py"), ("counts", "counts.py")], ["counts.py"]) == {}
    assert meant([("wordcount", "wordcount.py"), ("join", "join.py")], ["join.py", "old/join.py"]) == {}


def test_a_file_that_two_assignments_may_claim_is_neithers() -> None:
    """As where all of them ask for a main.py."""
    assert meant([("wordcount", "main.py"), ("join", "main.py")], ["week1/main.py"]) == {}


def test_what_is_there_by_its_own_name_is_not_looked_for() -> None:
    """A helper beside it is a helper."""
    assert meant([("wordcount", "wordcount.py")], ["wordcount.py", "Wordcount (1).py", "words.py"]) == {}
    assert meant([("wordcount", "main.py")], ["wordcount/main.py", "Main.py"]) == {}


def test_the_last_file_left_is_for_the_last_assignment_left() -> None:
    """And for no other."""
    assert meant(COURSE[:3], ["wordcount.py", "join.py", "hello.py"]) == {"inverted_index": "hello.py"}
    assert meant(COURSE[:3], ["wordcount.py", "hello.py"]) == {}


def test_numbers_are_never_mistaken_for_each_other() -> None:
    """`part1.py` is not meant by `part2.py`, not even where it is all there is."""
    assert meant([("two", "part2.py")], ["part1.py"]) == {}
    assert meant([("two", "problem-2.py")], ["problem-1.py"]) == {}
    assert meant([("two", "part2.py")], ["Part_2.py"]) == {"two": "Part_2.py"}


def test_a_name_between_two_modules_goes_to_the_closer_one_or_to_none() -> None:
    """As `friends_count.py` does to friend_count.py."""
    close = [("friend_count", "friend_count.py"), ("friend_counts2", "fiend_count.py")]
    assert meant(close, ["friends_count.py", "x.py", "y.py"]) == {"friend_count": "friends_count.py"}
    same = [("a", "count_a.py"), ("b", "count_b.py")]
    assert meant(same, ["count_c.py", "x.py"]) == {}


names = st.lists(st.text("abc/_1.py", min_size=1, max_size=9).map(lambda text: text.strip("/") + ".py"), unique=True)


@settings(deadline=None)  # on a busy machine anything may take a while
@given(names, st.lists(st.sampled_from(["a.py", "b.py", "ab.py", "a1.py", "b1.py"]), unique=True))
def test_no_file_is_for_two_assignments_and_none_is_made_up(there: list[str], modules: list[str]) -> None:
    """For any names."""
    found = meant([(module, module) for module in modules], there)
    assert len(set(found.values())) == len(found)
    assert set(found.values()) <= set(there)
    assert not {name.rpartition("/")[2] for name in found.values()} & (set(modules) - set(found))


def test_the_nearest_is_told_where_nothing_is_certain() -> None:
    """Whatever it is; but not what another assignment asks for."""
    assert nearest("wordcount.py", ["join.py", "wordcount.ipynb"], {"join.py"}) == "wordcount.ipynb"
    assert nearest("wordcount.py", ["join.py"], {"join.py", "wordcount.py"}) == ""
