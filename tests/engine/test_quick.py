"""The quick ways of the engine say exactly what the plain ways say, or step aside."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pymapr import quick, run
from pymapr.codecs import encode_json
from pymapr.errors import InputError
from pymapr.grouping import split
from pymapr.partition import partition, partition_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from engine.conftest import Command

NUMBERS = st.integers() | st.integers(min_value=10**18, max_value=10**25) | st.floats()
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def same(one: Any, other: Any) -> bool:
    """Equal, type for type, NaN included."""
    return repr(one) == repr(other)


@pytest.fixture(autouse=True, scope="module")
def _loaded() -> Iterator[None]:
    """As it is where there is much data."""
    before = quick._decoder
    quick.load_for(2**30)
    yield
    quick._decoder = before


def plainly(chunk: bytes) -> list[Any] | None:
    """What `json` makes of each line, as the serial run reads them; None if one is no document."""
    try:
        return [json.loads(line.decode()) for line in chunk.splitlines()]
    except (ValueError, RecursionError):
        return None


@given(st.lists(VALUES, max_size=5), st.booleans())
def test_lines_are_parsed_as_json_parses_them_or_not_at_all(values: list[Any], ascii_only: bool) -> None:
    """Whatever `json` can write; surrogate halves cannot be written as UTF-8, and are left out."""
    texts = [json.dumps(value, ensure_ascii=ascii_only) for value in values]
    lines = [text.encode("utf-8", "replace") for text in texts]
    for found in (quick.parse_lines(lines), quick.parse_chunk(b"\n".join(lines))):
        assert found is None or same(found, [json.loads(line) for line in lines])


STRUCTURE = [bytes([byte]) for byte in b'[]{},:"\n\r\t '] * 2 + [b"\n"] * 9
SCALARS = [b"1", b"-0", b"1e400", b"2.5", b"9" * 25, b'"a"', b"null", b"NaN", b"\x0b", b"\xc2\xa0"]
TEXTS_ODD = [b'"\xc3\xa4"', b'"\xff"', b'"\xed\xa0\x80"', b'"\\ud800"', b"\xef\xbb\xbf", b'"\x00"']
NESTED = [b"[1]", b"[]", b"{}", b'{"a": [2]}', b"[1,\n2]"]
PIECES = st.sampled_from(STRUCTURE + SCALARS + TEXTS_ODD + NESTED)


@given(st.lists(PIECES, max_size=12).map(b"".join))
@settings(max_examples=2000)
def test_a_chunk_is_parsed_as_json_parses_its_lines_or_not_at_all(chunk: bytes) -> None:
    """However broken it is: several documents on a line and one on several may even make the right number."""
    found = quick.parse_chunk(chunk)
    assert found is None or same(found, plainly(chunk))


NUMBER = r"-?[0-9]{0,25}(\.[0-9]{0,25})?([eE][+-]?[0-9]{0,4})?"


@given(st.from_regex(NUMBER, fullmatch=True))
def test_a_number_is_parsed_as_json_parses_it_or_not_at_all(number: str) -> None:
    """However it is written: with leading zeros, without digits, with more of them than a float has."""
    chunk = b"[%s]\n" % number.encode()
    found = quick.parse_chunk(chunk)
    assert found is None or same(found, plainly(chunk))


@pytest.mark.parametrize(
    "chunk",
    [
        b"[1]\n[2],[3]\n",
        b"[1] [2]\n[\n3]\n",
        b"[1][2]\n\n[3]\n",
        b"{}{}\n\n",
        b"[] [\n]\n",
        b"[1,\n2]\n[3][4]\n",
        b'["a]\n["]\n',
        b"[1,\r2]\n[3]\n",
    ],
)
def test_documents_that_are_not_one_a_line_are_never_taken_for_records(chunk: bytes) -> None:
    """The number of documents may be that of the lines, or not."""
    assert quick.parse_chunk(chunk) is None


@pytest.mark.parametrize("line", [b"NaN", b"-Infinity", b'"\\ud800"', b"", b"[1", b"[1] [2]", b"1 2"])
def test_a_line_on_which_the_libraries_differ_is_left_to_json(line: bytes) -> None:
    """What is no strict JSON, blank and broken lines."""
    assert quick.parse_lines([b"1", line]) is None
    assert quick.parse_chunk(b"[1]\n" + line + b"\n[2]\n") is None


def test_little_data_is_left_to_json() -> None:
    """Loading another library takes longer than it could save."""
    script = "import sys; from pymapr import quick; quick.load_for(2**20); print('msgspec' in sys.modules)"
    script += "; print(quick.parse_lines([b'1']), quick.parse_chunk(b'[1]'))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "None", "None"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize(
    "line", [b'{"a": [1, 2.5, "\\u00e4", null, -0.0]}', b"[18446744073709551616]", b'"a"', b"7", b" [1]"]
)
def test_ordinary_data_is_parsed_the_quick_way(line: bytes, end: bytes, *, last: bool) -> None:
    """Otherwise the tests above would hold nothing."""
    assert quick.parse_chunk(end.join([line] * 3) + end * last) == [json.loads(line)] * 3


LOADED = """
import MapReduce, os, sys
mr = MapReduce.MapReduce()
def mapper(record):
    mr.emit_intermediate("msgspec" in sys.modules, len(record))
def reducer(key, values):
    mr.emit([key, len(values), sum(values)])
def lines():
    for line in open(sys.argv[1]):
        yield line
mr.execute({data}, mapper, reducer)
"""


@pytest.mark.parametrize(("data", "before"), [("open(sys.argv[1])", False), ("lines()", True)])
def test_much_data_is_parsed_the_quick_way_in_a_real_run(
    tmp_path: Path, python: Command, data: str, *, before: bool
) -> None:
    """A file from its first line on; data that the script makes itself as soon as there turns out to be much."""
    (tmp_path / "job.py").write_text(LOADED.format(data=data))
    (tmp_path / "data.json").write_text(f'["{"x" * 10**5}"]\n' * 300)
    lines = python("job.py", "data.json", env={"PYMAPR_WORKERS": "2"}).stdout.splitlines()
    found = {key: count for key, count, _ in map(json.loads, lines)}
    assert sum(found.values()) == 300
    assert found[True] > 20
    assert (False in found) is before


ECHO: dict[str, Any] = {"mapper": lambda record: (0, record), "reducer": lambda key, values: values}


def test_a_run_on_much_data_gives_what_a_serial_run_gives(tmp_path: Path) -> None:
    """Some lines the quick way, some by `json`, blank ones left out; in chunks that end where lines end."""
    lines = [json.dumps([number, "x" * (number % 97)]) for number in range(20_000)]
    lines[4711] = "[NaN]"
    lines[12345] = ""
    data = tmp_path / "data.json"
    data.write_text("\n".join(lines))
    assert run(ECHO, data, workers=2).output == run(ECHO, data, engine="serial").output


def test_a_broken_line_is_named_wherever_it_lies(tmp_path: Path) -> None:
    """By the number that an editor shows."""
    data = tmp_path / "data.json"
    data.write_text("[1]\n" * 70_000 + "[1\n" + "[2]\n" * 70_000)
    with pytest.raises(InputError) as raised:
        run(ECHO, data, workers=2)
    assert raised.value.where.endswith("data.json:70001")


def test_where_the_job_raised_the_recursion_limit_deep_lines_are_left_to_json(tmp_path: Path, python: Command) -> None:
    """The library would need more stack than there is, and take the process with it."""
    raised = LOADED.replace("mr = ", "sys.setrecursionlimit(10**6)\nmr = ")
    (tmp_path / "job.py").write_text(raised.format(data="open(sys.argv[1])"))
    (tmp_path / "data.json").write_text(f'["{"x" * 10**5}"]\n' * 100 + "[" * 40_000 + "]" * 40_000 + "\n")
    assert json.loads(python("job.py", "data.json").stdout) == [True, 101, 101]


@pytest.mark.parametrize("found", ["x = 1", "raise OSError", "1 +"])
def test_a_file_that_has_the_librarys_name_is_no_failure(tmp_path: Path, python: Command, found: str) -> None:
    """What lies beside a script is found first."""
    (tmp_path / "job.py").write_text(LOADED.format(data="open(sys.argv[1])"))
    (tmp_path / "msgspec.py").write_text(found)
    (tmp_path / "data.json").write_text(f'["{"x" * 10**5}"]\n' * 100)
    done = python("job.py", "data.json", env={"PYMAPR_PROGRESS": "none"})
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)[1:] == [100, 100]


@given(st.lists(VALUES))
def test_values_are_encoded_to_the_byte_as_json_encodes_them(values: list[Any]) -> None:
    """Separators, escapes, floats, NaN."""
    assert encode_json(values) == [json.JSONEncoder().encode(value) for value in values]


@pytest.mark.parametrize("value", [{1, 2}, [object()], {"a": b"x"}, {(1, 2): 3}])
def test_what_json_refuses_is_refused_alike_and_leaves_no_trace(value: Any) -> None:
    """The encoder is kept from value to value: it must not remember the one that it broke off."""
    with pytest.raises(TypeError):
        encode_json([1, value])
    assert encode_json([[1, [2]]]) == ["[1, [2]]"]


def test_a_value_that_contains_itself_is_refused_time_and_again() -> None:
    """And the same list is fine once it does not."""
    ring: list[Any] = [1]
    ring.append(ring)
    for _ in range(2):
        with pytest.raises(ValueError, match="Circular"):
            encode_json([ring])
    ring.pop()
    assert encode_json([ring]) == ["[1]"]


TEXTS = st.text() | st.sampled_from(["\ud800", ""])
WHOLE = st.integers() | st.sampled_from([-1, 0, 2**63, -(2**64)])
KEYS = (
    TEXTS
    | WHOLE
    | st.tuples(st.text(), st.integers())
    | st.none()
    | st.sampled_from([1.0, True, (), (1.0, 2), (True,)])
)
SOME_KEYS = st.one_of(
    *(st.lists(kind, unique=True) for kind in (KEYS, TEXTS, st.tuples(TEXTS, TEXTS), st.tuples(WHOLE, WHOLE)))
)
"""Of many kinds, or all of one kind, as a quick way expects them."""


@given(SOME_KEYS, st.integers(1, 7))
def test_many_keys_are_dealt_as_the_partition_function_deals_each(keys: list[Any], buckets: int) -> None:
    """Whatever the kind."""
    assert partition_all(keys, buckets) == [partition(key, buckets) for key in keys]


@given(SOME_KEYS, st.integers(1, 7))
def test_a_partitioner_of_the_job_and_ours_deal_groups_alike(keys: list[Any], buckets: int) -> None:
    """Where they name the same buckets."""
    groups = {key: [number] for number, key in enumerate(keys)}
    quick = split(groups, buckets)
    plain = split(groups, buckets, lambda key, n: partition(key, n))
    assert [tuple(part) for part in quick] == [tuple(part) for part in plain]
