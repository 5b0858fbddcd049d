"""Which bucket a key belongs to: the same for equal keys, in every process, under every hash seed."""

from __future__ import annotations

import json
import operator
import subprocess
import sys
from array import array
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.conftest import clean_environment
from engine.strategies import KEYS, Point
from pymapr import run
from pymapr.codecs import Group
from pymapr.errors import CannotPartition
from pymapr.grouping import merge, split
from pymapr.partition import partition, partition_all

numbers = st.integers() | st.floats(allow_nan=False) | st.booleans()
scalars = st.none() | numbers | st.text(st.characters())
keys = st.recursive(scalars, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=5)


def same_number(number: Any) -> st.SearchStrategy[Any]:
    """Other values that are equal to a number."""
    others = [number, Fraction(number), Decimal(number), complex(number)] if abs(number) < 2**53 else [number]
    if number in (0, 1):
        others += [bool(number), int(number), float(number)]
    return st.sampled_from(others)


@given(keys, st.integers(1, 100))
def test_every_key_has_a_bucket(key: Any, buckets: int) -> None:
    """From 0 up to the number of buckets."""
    assert 0 <= partition(key, buckets) < buckets


@given(st.data(), st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_equal_numbers_share_a_bucket(data: st.DataObject, number: Any) -> None:
    """`1`, `1.0`, `True`, `Fraction(1)`, `Decimal(1)`, `1+0j`: whatever `==` says, alone and inside tuples."""
    other = data.draw(same_number(number))
    assert number == other
    assert partition(number, 97) == partition(other, 97)
    assert partition((number, "a"), 97) == partition((other, "a"), 97)
    assert partition((number, 2), 97) == partition((other, 2.0), 97)


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_any_two_of_the_difficult_keys_that_are_equal_share_a_bucket(key: Any) -> None:
    """The very keys that made-up jobs use."""
    for other in KEYS:
        if key == other:
            assert partition(key, 97) == partition(other, 97)


def test_infinity_is_one_number_of_any_type() -> None:
    """Though no whole number is like it."""
    assert partition(Decimal("Infinity"), 97) == partition(float("inf"), 97) != partition(float("-inf"), 97)


def test_a_subclass_goes_where_its_equal_goes() -> None:
    """A namedtuple with its plain tuple, an IntEnum with its number, a str subclass with its text."""

    class Colour(IntEnum):
        RED = 7

    class Name(str):
        __slots__ = ()

    assert partition(Point(1, 2), 97) == partition((1, 2), 97)
    assert partition(Colour.RED, 97) == partition(7, 97)
    assert partition(Name("ab"), 97) == partition("ab", 97)


def test_a_subclass_with_equality_of_its_own_goes_to_bucket_zero() -> None:
    """Text that ignores case equals no plain text in general, so nothing better can be told."""

    class Caseless(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return isinstance(other, str) and self.lower() == other.lower()

        def __hash__(self) -> int:
            return hash(self.lower())

    words = [Caseless(word) for word in ("ab", "Ab", "aB")]
    assert words[0] == "ab", "one of them equals plain text, and still belongs to the others"
    assert {partition(word, 97) for word in words} == {partition((word, 1), 97) for word in words} == {0}


def test_a_subclass_that_hashes_in_a_way_of_its_own_goes_where_its_content_goes() -> None:
    """What is equal still has one content; and its hash may differ from process to process."""

    class Hashed(str):
        __slots__ = ()

        def __hash__(self) -> int:
            return len(self)

    class Number(int):
        def __hash__(self) -> int:
            return hash(str(int(self)))

    assert partition(Hashed("ab"), 97) == partition("ab", 97)
    assert partition(Number(5), 97) == partition(5, 97)


@pytest.mark.parametrize(("kind", "key"), [("str_", "ab"), ("float64", 7.5), ("int64", 7), ("bool_", True)])
def test_numpys_scalars_go_where_their_plain_values_go(kind: str, key: Any) -> None:
    """They compare in a way of their own, which comes to the same."""
    numpy = pytest.importorskip("numpy")
    assert partition(getattr(numpy, kind)(key), 97) == partition(key, 97)


def test_keys_may_be_nested_deeply() -> None:
    """As deeply as a line of JSON: Python hashes and compares such tuples, too."""
    key: tuple[Any, ...] = ()
    for _ in range(990):
        key = (key,)
    before = sys.getrecursionlimit()
    assert 0 <= partition(key, 97) < 97
    assert sys.getrecursionlimit() == before


@pytest.mark.parametrize("key", [print, len, Ellipsis, b"bytes", range(3), (1, b"x"), Fraction(1, 3)], ids=repr)
def test_what_is_nothing_like_json_goes_to_bucket_zero(key: Any) -> None:
    """Also inside a tuple."""
    assert partition(key, 97) == 0


def test_buckets_are_filled_evenly() -> None:
    """Words, numbers and pairs of numbers: no bucket of eight has more than twice its share."""
    for made in ([f"word{n}" for n in range(4000)], list(range(4000)), [(n % 60, n // 60) for n in range(4000)]):
        found = [partition(key, 8) for key in made]
        assert max(map(found.count, range(8))) < 1000


@pytest.mark.parametrize("buckets", [2, 3, 4, 8])
def test_keys_that_differ_in_one_part_alone_are_not_dealt_in_step(buckets: int) -> None:
    """Else what a reducer keeps of one key would be there for the other always, or never, by the length of a word."""
    words = [f"{number:05}" for number in range(10_000)]
    counts, shows = (partition_all([(what, word) for word in words], buckets) for what in ("count", "show"))
    together = sum(map(operator.eq, counts, shows)) / len(words)
    assert abs(together - 1 / buckets) < 0.03


NAN = float("nan")


@pytest.mark.parametrize("key", [NAN, (1, NAN), frozenset({NAN})], ids=repr)
def test_nan_has_no_bucket(key: Any) -> None:
    """It is not equal to itself; the message says so and what to do."""
    with pytest.raises(
        CannotPartition, match="NaN cannot be a key: it is not equal to itself, so its values could nev"
    ):
        partition(key, 2)


def test_nan_as_a_key_names_its_record() -> None:
    """In a run the error says which record emitted it."""
    names = {"mapper": lambda record: (record, 1), "reducer": lambda key, values: key}
    with pytest.raises(CannotPartition) as caught:
        run(names, ["1", "NaN"], workers=1)
    assert (caught.value.phase, caught.value.where) == ("partition", "data:2, key nan")
    assert caught.value.hint == "leave such records out in the mapper, or use None as the key"


def test_the_hash_seed_changes_nothing() -> None:
    """Three processes with three seeds agree on text, tuples of text and frozensets of text."""
    code = """
import json
import operator
from pymapr.partition import partition, partition_all
words = [f"word{n}" for n in range(50)]
print(json.dumps([partition(key, 97) for word in words for key in (word, (word, 1), frozenset({word, "a", "b"}))]))
"""
    found = set()
    for seed in ("0", "1", "4711"):
        environment = clean_environment() | {"PYTHONHASHSEED": seed}
        found.add(subprocess.check_output([sys.executable, "-c", code], env=environment, text=True))
    assert len(found) == 1
    assert len(set(json.loads(found.pop()))) > 60


# ---- grouping --------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.lists(st.tuples(st.sampled_from("abcde"), st.integers()), max_size=8), max_size=5), st.integers(1, 4)
)
def test_split_and_merged_again_groups_are_as_if_made_at_once(tasks: list[Any], buckets: int) -> None:
    """Values in order of arrival, and ranks that put the keys in order of first appearance."""
    at_once: dict[str, list[int]] = {}
    blocks: list[list[Any]] = [[] for _ in range(buckets)]
    for number, task in enumerate(tasks):
        groups: dict[str, list[int]] = {}
        for key, value in task:
            at_once.setdefault(key, []).append(value)
            groups.setdefault(key, []).append(value)
        for bucket, group in enumerate(split(groups, buckets)):
            blocks[bucket].append((number, group))
    found = [item for block in blocks for item in ranked(block)]
    assert [(key, values) for _, key, values in sorted(found)] == list(at_once.items())


def test_keys_that_are_equal_only_where_they_arrive_meet_there() -> None:
    """What makes keys equal is the job's own code, and may look at the process that it runs in."""
    group = Group(array("I", [0, 1, 2]), [1, 1.0, 2], [["a"], ["b"], ["c"]])
    assert merge([(0, group)]) == ({1: ["a", "b"], 2: ["c"]}, [0, 2])


def ranked(block: list[Any]) -> list[tuple[int, str, list[int]]]:
    """A merged partition as `(rank, key, values)`, which come in order of rank."""
    groups, ranks = merge(block)
    assert ranks == sorted(ranks)
    return [(rank, key, values) for rank, (key, values) in zip(ranks, groups.items(), strict=True)]
