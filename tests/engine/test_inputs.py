"""Reading data: files cut into pieces, compressed, piped; and what is told when it cannot be read."""

from __future__ import annotations

import gzip
import json
import os
import threading
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.strategies import everything
from pymapr import run
from pymapr.codecs import is_blank, pack_lines, parse_line, unpack_lines
from pymapr.errors import InputError, SpillFailed, UserCodeFailed
from pymapr.inputs import Input, open_input, open_inputs, pieces
from pymapr.parallel.dealing import by_batch, describe, in_advance
from pymapr.parallel.protocol import Enumerate, MapTask, ReduceTask
from pymapr.spill import SpillFile, read_at

ECHO: dict[str, Any] = {"mapper": lambda record: (0, record), "reducer": lambda key, values: values}


def made(data: bytes) -> Input:
    """An input with this content, in a file without a name."""
    spool = SpillFile.create()
    spool.append(data)
    return Input("data.json", spool.descriptor, "")


contents = st.lists(st.sampled_from([b"a", b"bb", b"\n", b"\r\n", b"\r", b" ", b"", b"x" * 20])).map(b"".join)


# ---- pieces ----------------------------------------------------------------------------------------------------------


@given(contents, st.lists(st.integers(0, 100)))
def test_any_cut_into_pieces_yields_each_line_once(data: bytes, places: list[int]) -> None:
    """In order, whatever ends the lines and wherever the cuts fall."""
    source = made(data)
    bounds = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    found = [source.lines(start, end) for start, end in pairwise(bounds)]
    source.close()
    assert [line for piece in found for line in piece] == data.splitlines()


@given(contents, st.lists(st.integers(0, 100)))
def test_line_numbers_are_the_files_own_in_any_piece(data: bytes, places: list[int]) -> None:
    """Counted from 1, for the first line of each piece and those after it."""
    source = made(data)
    numbers = []
    bounds = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    for start, end in pairwise(bounds):
        numbers += [source.line_number(start, index) for index in range(len(source.lines(start, end)))]
    source.close()
    assert numbers == list(range(1, len(data.splitlines()) + 1))


@given(st.lists(st.integers(0, 10**7), max_size=4), st.integers(1, 16), st.integers(2**16, 2**21))
def test_pieces_cover_all_files_without_gap_or_overlap(sizes: list[int], workers: int, most: int) -> None:
    """In the order of the data; none larger than allowed, an equal share for each worker, smaller towards its end."""
    shares = pieces(sizes, workers, most)
    found = [piece for share in shares for piece in share]
    assert found == sorted(found)
    for file, size in enumerate(sizes):
        bounds = [(start, end) for number, start, end in found if number == file]
        assert [start for start, _ in bounds] + [size] == [0, *(end for _, end in bounds)]
    assert all(0 < end - start <= most for _, start, end in found)
    amounts = [sum(end - start for _, start, end in share) for share in shares]
    assert len(shares) == workers
    assert max(amounts) - min(amounts) <= workers
    if len(sizes) == 1:
        widths = [[end - start for _, start, end in share] for share in shares]
        assert all(each == sorted(each, reverse=True) for each in widths)


def test_a_long_line_belongs_to_the_piece_it_begins_in() -> None:
    """Longer than what is looked at at once, and cut in its middle."""
    long = b"x" * 200_000
    source = made(b"a\n" + long + b"\nb\n")
    assert source.lines(0, 1000) == [b"a", long]
    assert source.lines(1000, 150_000) == []
    assert source.lines(150_000, source.size) == [b"b"]
    source.close()


def test_a_large_file_is_read_a_piece_at_a_time() -> None:
    """Line after line, beyond the size of a piece, with the right numbers."""
    data = b"".join(b"%d %s\n" % (number, b"x" * 99) for number in range(30_000))
    source = made(data)
    assert list(source) == data.splitlines()
    at = data.index(b"\n29000 ") + 1
    assert source.line_number(at, 0) == 29_001
    source.close()


# ---- kinds of lines --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old macintosh"])
@pytest.mark.parametrize("last", ["", "\n"], ids=["no final newline", "final newline"])
@pytest.mark.parametrize("engine", ["serial", "parallel"])
def test_lines_may_end_as_they_like(tmp_path: Path, end: str, last: str, engine: str) -> None:
    """Both engines see the records that a text file would give."""
    path = tmp_path / "d.json"
    path.write_bytes(end.join(map(str, range(50))).encode() + last.encode())
    assert run(ECHO, path, engine=engine, workers=2).values == [list(range(50))]


@pytest.mark.parametrize("engine", ["serial", "parallel"])
def test_blank_lines_are_skipped_with_a_remark(tmp_path: Path, engine: str) -> None:
    """However they are blank; the line numbers of what follows count them."""
    path = tmp_path / "d.json"
    path.write_text("1\n\n \t\n\r\n2\n")
    result = run(ECHO, path, engine=engine, workers=2)
    assert result.values == [[1, 2]]
    assert result.remarks == ("3 blank line(s) in the data were skipped",)


@given(st.text(" \t\n\r\v\f\x1c\u00a0\u3000a", max_size=4))
def test_text_and_bytes_are_blank_alike(line: str) -> None:
    """Only ASCII's own blanks count: a line of others is no JSON, in either form."""
    assert is_blank(line) == is_blank(line.encode())


@given(st.lists(st.binary(max_size=5)))
def test_packed_lines_come_apart_as_they_were(lines: list[bytes]) -> None:
    """Whatever is in them, newlines too."""
    assert unpack_lines(pack_lines(lines)) == lines


@given(st.binary(max_size=40))
def test_garbage_does_not_unpack(garbage: bytes) -> None:
    """ValueError, or lines that pack to the same."""
    with suppress(ValueError):
        assert pack_lines(unpack_lines(garbage)) == garbage


# ---- what is no record -----------------------------------------------------------------------------------------------

BAD = {
    "word": (
        b"word",
        "not JSON: Expecting value at column 1, in word",
        "the input is JSON lines: one JSON document a line",
    ),
    "unfinished": (b'["a", ', "not JSON: Expecting value at column 7, in", None),
    "two": (b"1 2", "not JSON: Extra data at column 3, in 1 2", None),
    "not UTF-8": (b'"\xff"', "not UTF-8: invalid start byte at byte 2", "save the data as UTF-8"),
    "half a pair": (b'"\xed\xa0\x80"', "not UTF-8: invalid continuation byte at byte 2", "save the data as UTF-8"),
    "mark": (b"\xef\xbb\xbf1", "not JSON: the data begins with a byte order mark", "save it as UTF-8 without BOM"),
    "deep": (b"[" * 100_000, "the line is nested too deeply to be read", ""),
    "digits": (b"9" * 5000, "not JSON: Exceeds the limit", None),
}


@pytest.mark.parametrize(("line", "says", "hint"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("engine", ["serial", "parallel"])
@pytest.mark.parametrize("before", [0, 1, 20_000])
def test_a_bad_line_is_named_with_file_and_line(
    tmp_path: Path, line: bytes, says: str, hint: str | None, engine: str, before: int
) -> None:
    """Wherever in the file it stands, in whichever worker's piece."""
    path = tmp_path / "d.json"
    path.write_bytes(b"1\n" * before + line + b"\n2\n")
    with pytest.raises(InputError) as caught:
        run(ECHO, path, engine=engine, workers=2)
    assert caught.value.message.startswith(says)
    assert caught.value.hint == (BAD["word"][2] if hint is None else hint)
    assert (caught.value.phase, caught.value.where) == ("read", f"{path}:{before + 1}")
    assert caught.value.exit_code == 4


def test_the_first_mistake_is_the_one_to_hear_of(tmp_path: Path) -> None:
    """A mapper that fails before a bad line is told, not the line."""
    path = tmp_path / "d.json"
    path.write_text("1\n0\nbad\n")
    with pytest.raises(UserCodeFailed, match="ZeroDivisionError"):
        run(ECHO | {"mapper": lambda record: (0, 1 / record)}, path, workers=1)


@pytest.mark.parametrize("line", [5, None, ["1"]])
@pytest.mark.parametrize("isolated", [False, True])
def test_what_is_no_line_at_all_is_told(line: Any, isolated: bool) -> None:
    """`execute([1, 2])` instead of lines of text."""
    with pytest.raises(InputError) as caught:
        run(ECHO, ["1", line], workers=1, isolated=isolated)
    assert caught.value.message == f"expected a line of JSON text, got {line!r}"
    assert caught.value.hint == "execute takes lines, such as an open file"
    assert caught.value.where == "item 2 of the data"


def test_half_a_surrogate_pair_in_a_line_of_text_arrives() -> None:
    """A `str` can hold one, a file cannot; the workers see what the caller had."""
    for engine in ("serial", "parallel"):
        assert run(ECHO, ['"\ud800"'], engine=engine).values == [["\ud800"]]
    assert parse_line('"\ud800"') == "\ud800"


def test_an_iterable_that_fails_is_blamed_with_the_place() -> None:
    """Its exception, after which line, and its own frames."""

    def data() -> Any:
        yield "1"
        raise OSError("the tape is torn")

    for engine in ("serial", "parallel"):
        with pytest.raises(UserCodeFailed) as caught:
            run(ECHO, data(), engine=engine)
        assert caught.value.message == "OSError: the tape is torn"
        assert (caught.value.phase, caught.value.where) == ("read", "data, after line 1")
        assert caught.value.frames[-1].strip() == 'raise OSError("the tape is torn")'


def test_text_that_is_not_utf8_is_told_where_it_stops(tmp_path: Path) -> None:
    """An open file that was partly read fails in the caller's process."""
    path = tmp_path / "d.json"
    path.write_bytes(b"1\n2\n" + b'"\xff"\n' * 9000)
    with path.open(encoding="utf-8") as file, pytest.raises((InputError, UserCodeFailed)) as caught:
        run(ECHO, (line for line in file), engine="serial")
    assert "utf-8" in caught.value.message.lower()


# ---- kinds of files --------------------------------------------------------------------------------------------------


def test_a_gz_file_is_unpacked(tmp_path: Path) -> None:
    """And still named by its own name."""
    path = tmp_path / "d.json.gz"
    path.write_bytes(gzip.compress(b"1\n2\n"))
    assert run(ECHO, path).values == [[1, 2]]
    source = open_input(str(path))
    assert (source.name, source.size) == (str(path), 4)
    assert Path(source.path).read_bytes() == b"1\n2\n", "a script can open it, too"
    source.close()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"1\n2\n", "Not a gzipped file (b'1\\n')"),
        (gzip.compress(b"1\n" * 999)[:-20], "Compressed file ended before the end-of-stream marker was reached"),
        (gzip.compress(b"1\n2\n")[:12] + b"\xff" * 20, ""),
    ],
    ids=["not packed", "breaks off", "damaged"],
)
def test_a_gz_file_that_is_none_is_told(tmp_path: Path, content: bytes, says: str) -> None:
    """Name and reason; no traceback of gzip's."""
    path = tmp_path / "d.json.gz"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        open_input(str(path))
    assert str(path) in caught.value.message
    assert says in caught.value.message


def test_a_named_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    """As `pymapr run JOB <(command)` hands one over."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=("1\n2\n",))
    writer.start()
    assert run(ECHO, str(path)).values == [[1, 2]]
    writer.join()


def test_a_wrong_path_gets_the_nearest_name(tmp_path: Path) -> None:
    """Of its folder; or the folder is not there either."""
    (tmp_path / "books.json").touch()
    for name, hint in {
        "boks.json": f"did you mean {tmp_path}/books.json?",
        "zzz": "is the path right, seen from this folder?",
        "no/such": f"there is no folder {tmp_path}/no either",
    }.items():
        with pytest.raises(InputError) as caught:
            open_input(str(tmp_path / name))
        assert caught.value.message == f"{tmp_path / name}: no such file"
        assert caught.value.hint == hint


def test_a_folder_is_no_data(tmp_path: Path) -> None:
    """What to name instead."""
    with pytest.raises(InputError) as caught:
        open_input(str(tmp_path))
    assert caught.value.message == f"{tmp_path} is a folder"
    assert caught.value.hint == "name the files in it, as in data/*.json"


def test_a_name_that_cannot_be_is_told() -> None:
    """With a null byte in it, or too long."""
    with pytest.raises(InputError, match="embedded null byte"):
        open_input("a\0b")
    with pytest.raises(InputError, match="File name too long"):
        open_input("a" * 5000)


def test_if_one_of_several_cannot_be_opened_none_stays_open(tmp_path: Path) -> None:
    """The fixture counts the descriptors."""
    (tmp_path / "a").touch()
    with pytest.raises(InputError):
        open_inputs([str(tmp_path / "a"), str(tmp_path / "b")])


def test_an_input_knows_an_untouched_file_on_itself(tmp_path: Path) -> None:
    """One from which nothing was read, decoded as UTF-8; anything else is read line by line."""
    path, other = tmp_path / "d.json", tmp_path / "e.json"
    path.write_text("1\n2\n")
    other.write_text("1\n2\n")
    source = open_input(str(path))
    with path.open() as text, path.open("rb") as binary, path.open(encoding="latin-1") as latin, other.open() as twin:
        assert source.holds(text)
        assert source.holds(binary)
        assert not source.holds(latin)
        assert not source.holds(twin)
        text.readline()
        assert not source.holds(text)
    for thing in (text, ["1"], None, 5, "d.json", iter(())):
        assert not source.holds(thing)
    with path.open() as begun:
        next(begun)
        assert not source.holds(begun)
    source.close()


# ---- the spill -------------------------------------------------------------------------------------------------------


def test_a_spill_file_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither while it is used nor afterwards, also where the system cannot make unnamed files."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for _ in range(2):
        spill = SpillFile.create()
        assert [spill.append(block) for block in (b"one", b"three")] == [0, 3]
        assert (spill.read(3, 5), spill.read(0, 3)) == (b"three", b"one")
        assert list(tmp_path.iterdir()) == []
        spill.close()
        monkeypatch.delattr("os.O_TMPFILE", raising=False)


def test_no_folder_for_temporary_files_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the mend."""
    monkeypatch.setenv("TMPDIR", "/nowhere")
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    with pytest.raises(SpillFailed) as caught:
        run(ECHO, ["1"])
    assert caught.value.message == "no temporary file could be made in /nowhere: No such file or directory"
    assert caught.value.hint == "free some space, or point TMPDIR to a folder that has more"


def test_a_file_that_became_shorter_is_told() -> None:
    """Somebody cut the data while we read."""
    spill = SpillFile.create()
    spill.append(b"12345")
    os.ftruncate(spill.descriptor, 2)
    with pytest.raises(SpillFailed, match="a file is shorter than it was when the run began"):
        read_at(spill.descriptor, 0, 5)
    spill.close()


# ---- dealing ---------------------------------------------------------------------------------------------------------


@given(st.lists(st.text("ab\n", max_size=30_000), max_size=20), st.integers(1, 8))
def test_batches_hold_every_line_in_order(lines: list[str], workers: int) -> None:
    """With the number of the first; a list is shared out among all workers."""
    tasks = list(by_batch(lines, workers))
    assert [line.decode() for task in tasks for line in unpack_lines(task.payload)] == lines
    assert [task.task for task in tasks] == list(range(len(tasks)))
    counts = [len(unpack_lines(task.payload)) for task in tasks]
    assert [task.first for task in tasks] == [1 + sum(counts[:number]) for number in range(len(tasks))]
    assert len(tasks) >= min(len(lines), workers)


def test_an_endless_iterable_is_read_no_further_than_needed() -> None:
    """The first task comes after the first few thousand lines."""
    taken = []

    def endless() -> Any:
        while True:
            taken.append(1)
            yield "123456789"

    next(by_batch(endless(), 2))
    assert len(taken) < 2000


def test_an_endless_iterable_ends_with_the_mappers_failure() -> None:
    """The master does not feed for ever what nobody takes."""

    def endless() -> Any:
        while True:
            yield "0"

    with pytest.raises(UserCodeFailed, match="ZeroDivisionError"):
        run(ECHO | {"mapper": lambda record: 1 / record}, endless(), workers=2)


@given(st.lists(st.integers(), max_size=30), st.integers(1, 5), st.none() | st.integers(0, 9))
def test_dealing_in_advance_deals_everything_once(numbers: list[int], workers: int, seed: int | None) -> None:
    """In two tasks a worker where there is that much, never fewer than two tasks; in order unless there is a seed."""
    lines = [str(number).encode() for number in numbers]
    tasks = in_advance(lines, workers, seed)
    dealt = [line for task in tasks for line in unpack_lines(task.payload)]
    assert len(tasks) == max(2, min(len(lines), 2 * workers))
    assert sorted(dealt) == sorted(lines)
    assert seed is not None or dealt == lines


def test_a_task_is_told_in_words(tmp_path: Path) -> None:
    """For the message about the worker that died over it."""
    path = tmp_path / "d.json"
    path.write_text("1\n2\n3\n4\n")
    source = open_input(str(path))
    for task, told in (
        (MapTask(0, "range", 0, 2, 6), f"while it mapped {path}, lines 2 to 3"),
        (MapTask(0, "lines", first=7, payload=pack_lines([b"1", b"2"])), "while it mapped records 7 to 8"),
        (MapTask(0, "lines", first=7, shuffled=9, payload=pack_lines([b"1", b"2"])), "while it mapped 2 records"),
        (MapTask(0, "carried"), "while it handed over what was emitted before execute"),
        (MapTask(4, "close", 0, 2, 6), f"while it handed over what it had mapped, up to {path}, line 3"),
        (ReduceTask(3, 1, []), "while it reduced partition 3"),
        (None, "while it loaded the job"),
        (Enumerate(5), "while it read the data"),
    ):
        assert describe(task, [source]) == told
    source.close()


def test_json_is_what_the_standard_library_says() -> None:
    """NaN, huge integers, duplicate keys: as the original framework read them."""
    for text in ("NaN", "[Infinity, -0.0]", "1" * 400, '{"a": 1, "a": 2}', '"\\ud800"'):
        assert repr(run(ECHO, [text], engine="parallel").values) == repr([[json.loads(text)]])


def test_what_everything_sees_is_in_the_data() -> None:
    """A guard on the made-up jobs themselves: the reducer that tells all does tell all."""
    assert list(everything("k", [1, 2])) == [["'k'", [1, 2]]]


def test_a_packed_file_that_a_script_unpacks_is_not_the_file_on_disk(tmp_path: Path) -> None:
    """Its descriptor leads to the packed bytes: only the script can read it out."""
    import bz2
    import lzma

    path = tmp_path / "d.json"
    path.write_text("1\n")
    for module in (gzip, bz2, lzma):
        with module.open(path, "wb") as packed:
            packed.write(b"1\n")
        source = Input(str(path), os.open(path, os.O_RDONLY), str(path))
        with module.open(path, "rt") as text, module.open(path) as binary:
            assert not source.holds(text)
            assert not source.holds(binary)
        source.close()
