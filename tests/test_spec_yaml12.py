"""YAML as the grader reads it: version 1.2, one plain document, every value with its place."""

from __future__ import annotations

from contextlib import suppress
from typing import TypeAlias

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.spec.problems import Place, Problem
from grader.spec.yaml12 import Node, compose, decode, dump

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"


def plain(node: Node) -> Plain:
    """A node without its places."""
    if isinstance(node.value, tuple):
        return [plain(item) for item in node.value]
    if isinstance(node.value, dict):
        return {key: plain(item) for key, item in node.value.items()}
    return node.value


def read(text: str) -> Plain:
    """What a text says, without places."""
    return plain(compose(text))


def said(text: str | bytes) -> str:
    """The problem with a text: `line:column: what (hint)`."""
    with pytest.raises(Problem) as caught:
        compose(text if isinstance(text, str) else decode(text))
    problem = caught.value
    return f"{problem.place}: {problem.what} ({problem.hint})"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1e-9", 1e-9),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-.inf", float("-inf")),
        ("017", 17),
        ("0o17", 15),
        ("0x1F", 31),
        ("+3", 3),
        ("-3", -3),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        # text here, and something else in YAML 1.1
        ("off", "off"),
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("y", "y"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("0b101", "0b101"),
        ("2024-01-31", "2024-01-31"),
        ("=", "="),
        ("<<", "<<"),
        # quoted: text whatever it looks like
        ("'1'", "1"),
        ('"null"', "null"),
        ("!!str 1", "1"),
        ("! 1", "1"),
        ("|\n  1\n", "1\n"),
    ],
)
def test_scalars_are_those_of_the_core_schema_of_yaml_1_2(written: str, value: object) -> None:
    """The value and its type, where 1.1 would read `off` as false and `1:30` as 90."""
    got = read(f"key: {written}")
    assert got == {"key": value}
    assert isinstance(got, dict)
    assert type(got["key"]) is type(value)


def test_not_a_number_is_a_number() -> None:
    """`.nan` is read; that no rule accepts it is for the rules."""
    assert str(read(".nan")) == "nan"


def test_every_key_and_value_knows_its_place() -> None:
    """Line and column from 1, of the first character, in both styles."""
    node = compose("# a comment\na: 1\nlist:\n  - {b: two}\n")
    assert node.keys == {"a": Place(2, 1), "list": Place(3, 1)}
    assert isinstance(node.value, dict)
    assert node.value["a"].place == Place(2, 4)
    items = node.value["list"].value
    assert isinstance(items, tuple)
    assert items[0].place == Place(4, 5)
    assert items[0].keys == {"b": Place(4, 6)}


def test_an_alias_stands_for_what_its_anchor_holds() -> None:
    """Within reason, an instructor may say things once."""
    assert read("a: &x [1, 2]\nb: *x\n") == {"a": [1, 2], "b": [1, 2]}


def test_keys_are_text_whatever_they_look_like() -> None:
    """A submission may be called `42` or `null`."""
    assert read("{42: a, null: b, '1': c, true: d}") == {"42": "a", "null": "b", "1": "c", "true": "d"}


def test_json_is_yaml() -> None:
    """Even where JSON writes one character as two escapes."""
    assert read(r'{"a": ["\ud83d\ude00", 1e2, null, true]}') == {"a": ["😀", 100.0, None, True]}


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{key}: &{key} [{', '.join([f'*{before}'] * 9)}]\n" for before, key in zip("abcdefgh", "bcdefghi", strict=True)
)
QUOTE = "put text in quotes that holds any of `: # , [ ] { }`, or begins with one of `* & ! % @`"
COLUMN = "keys of one mapping begin in the same column, each with `: ` behind it"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1:1: the file is empty (an assignment begins with `name: ...`)"),
        ("# only this\n", "1:1: the file is empty (an assignment begins with `name: ...`)"),
        ("a: 1\n---\nb: 2\n", "2:1: a second document (keep one document, and no `---`)"),
        ("a: 1\nb: 2\na: 3\n", "3:1: duplicate key 'a', first in line 1 (keep one of the two)"),
        ("a: {b: 1, 'b': 2}", "1:11: duplicate key 'b', first in line 1 (keep one of the two)"),
        ("? [a]\n: b", "1:3: a key that is not plain text (write `key: value`)"),
        ("&a b: c", "1:1: a key that is not plain text (write `key: value`)"),
        ("a: &x 1\n*x : 2", "2:1: a key that is not plain text (write `key: value`)"),
        ("a: 1\n\tb: 2\n", "2:1: not YAML: a tab (indent with spaces)"),
        ("a:\n  - b\n c: 1\n", ("3:2: not YAML: while parsing a block mapping: expected <block end>, but found "
         f"'<block mapping start>' ({COLUMN})")),
        ("a: 1\nb\n", f"3:1: not YAML: while scanning a simple key: could not find expected ':' ({COLUMN})"),
        ("title: Count: words", f"1:13: not YAML: mapping values are not allowed here ({QUOTE})"),
        ("a: [$[1]]", f"1:6: not YAML: while parsing a flow sequence: expected ',' or ']', but got '[' ({QUOTE})"),
        ("a: @b", ("1:4: not YAML: while scanning for the next token: found character '@' that cannot start any token "
         f"({QUOTE})")),
        ("a: 'b\nc: d\n", "1:4: not YAML: this is never closed (close the quote or bracket)"),
        ("a: [b\n", "1:4: not YAML: this is never closed (close the quote or bracket)"),
        ("%YAML 2.0\n---\n", "1:1: not YAML: found incompatible YAML document (version 1.* is required) ()"),
        (r'a: "\UFFFFFFFF"', f"1:1: not YAML: a number out of range in what follows ({QUOTE})"),
        ("a: *b", "1:4: alias '*b' has no anchor before it (quote text that begins with `*`)"),
        ("a: &b [*b]", "1:8: alias '*b' stands inside its own anchor (write the value out)"),
        (BOMB, "6:8: more than 100000 values, aliases written out (write the values out)"),
        ("[" * 51 + "]" * 51, "1:51: nested more than 50 deep (an assignment needs a depth of 4)"),
        ("[" * 1_000_000, "1:51: nested more than 50 deep (an assignment needs a depth of 4)"),
        ("a: &a " + "[" * 30 + "]" * 30 + "\nb: " + "[" * 25 + "*a" + "]" * 25,
         "2:29: nested more than 50 deep (an assignment needs a depth of 4)"),
        ("a: !!python/name:os.system x", "1:4: tag '!!python/name:os.system' is not read here (leave the tag out)"),
        ("a: !!set {b}", "1:4: tag '!!set' is not read here (leave the tag out)"),
        ("a: !mine [b]", "1:4: tag '!mine' is not read here (leave the tag out)"),
        ("a: " + "9" * 5000, "1:4: a number of 5000 digits (write a smaller one, or quote it)"),
        ('a: "\\ud83d"', "1:4: a surrogate without its other half (write the character itself)"),
        ("a: b\nc: \x07", "2:4: character U+0007 cannot stand in YAML (delete it; editors do not always show it)"),
        ("a" * (2**20 + 1), "1:1: larger than 1 MB (keep data in files of their own, and name them under `datasets`)"),
        (b"a" * (2**20 + 1), "1:1: larger than 1 MB (keep data in files of their own, and name them under `datasets`)"),
        (b"a: b\nc: \xe9t\xe9", "2:4: not UTF-8: byte 0xe9 cannot stand here (save the file as UTF-8)"),
        ("a: b".encode("utf-16"), "1:1: not UTF-8: byte 0xff cannot stand here (save the file as UTF-8)"),
    ],
    ids=lambda value: repr(value[:30]),
)  # fmt: skip
def test_whatever_is_not_one_plain_document_is_refused_with_its_place(text: str | bytes, message: str) -> None:
    """Word for word."""
    assert said(text) == message


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    """Some editors write one, and nobody sees it."""
    assert read(decode(b"\xef\xbb\xbfa: 1")) == {"a": 1}


@settings(max_examples=400)
@given(st.text(st.sampled_from("ab1 \n\t:-[]{},#&*!|>'\"%@`?~.\\xUu\x85\ud800é😀"), max_size=30))
@example('"\\U00110000"')
@example("%YAML 1." + "9" * 5000)
@example("!<tag:x,%ff> a")
def test_any_text_at_all_is_read_or_refused(text: str) -> None:
    """Whatever someone types, no other exception escapes."""
    with suppress(Problem):
        compose(text)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    [
        "off",
        "no",
        "1e-9",
        "0o17",
        "017",
        "1:30",
        "null",
        "~",
        "",
        ".inf",
        ".nan",
        "2024-01-31",
        "- a",
        "a: b",
        "$[1]",
        "&a",
        " a",
    ]
)
data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(data)
def test_what_is_dumped_is_what_is_read_back(value: Plain) -> None:
    """The writer quotes what the reader would take for a number, a truth or nothing, and only that."""
    again = read(dump(value))
    assert again == value
    assert repr(again) == repr(value)


def test_the_writer_quotes_no_more_than_it_must() -> None:
    """A file made for people: `off` is text, and needs no quotes to be."""
    assert dump({"a": "off", "b": "1e-9", "c": 1e-9, "d": ["x", 2]}) == "a: off\nb: '1e-9'\nc: 1.0e-09\nd:\n- x\n- 2\n"
