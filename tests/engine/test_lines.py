"""Lines that other processes read: where a message says they stand, and what they may be made of."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pytest

from pymapr import run
from pymapr.errors import InputError, UserCodeFailed

if TYPE_CHECKING:
    from pathlib import Path

ECHO: dict[str, Any] = {"mapper": lambda record: (0, record), "reducer": lambda key, values: values}


@pytest.mark.parametrize("order", ["stable", "scramble:0", "scramble:3"])
@pytest.mark.parametrize("isolated", [False, True])
def test_the_line_that_failed_is_told_in_its_own_file(tmp_path: Path, order: str, isolated: bool) -> None:
    """However its lines were dealt: a scramble shuffles them, and an isolated run counts through all files."""
    (tmp_path / "a.json").write_text("".join(f"{number}\n" for number in range(100, 110)))
    (tmp_path / "b.json").write_text("".join(f"{number}\n" for number in range(10)))
    job = ECHO | {"mapper": lambda record: (0, 1 / (record - 7))}
    paths = [tmp_path / "a.json", tmp_path / "b.json"]
    with pytest.raises(UserCodeFailed) as caught:
        run(job, paths, workers=2, order=order, isolated=isolated)
    assert caught.value.where == f"{paths[1]}:8"
    with pytest.raises(UserCodeFailed) as caught:
        run(job, [str(number) for number in range(20)], workers=2, order=order, isolated=isolated)
    assert caught.value.where == "data:8"


@pytest.mark.parametrize("engine", ["serial", "parallel"])
@pytest.mark.parametrize("isolated", [False, True])
def test_half_a_surrogate_pair_in_bytes_is_not_utf_8(tmp_path: Path, engine: str, isolated: bool) -> None:
    """In text it is taken for what it is; in bytes, from a file or not, it is a mistake."""
    bad = b'"\xed\xa0\x80"'
    path = tmp_path / "bad.json"
    path.write_bytes(b"1\n" + bad + b"\n")
    for source, name in ((path, path), ([b"1", bad], "data")):
        with pytest.raises(InputError, match="not UTF-8: invalid continuation byte at byte 2") as caught:
            run(ECHO, source, engine=engine, workers=2, isolated=isolated)
        assert caught.value.phase == "read"
        assert caught.value.where == f"{name}:2"
    text = bad.decode("utf-8", "surrogatepass")
    assert run(ECHO, ["1", text], engine=engine, isolated=isolated).values == [[1, "\ud800"]]


@pytest.mark.parametrize("isolated", [False, True])
def test_a_mistake_before_it_is_heard_of_first(isolated: bool) -> None:
    """Lines are looked at when their turn comes, not when they are dealt."""
    with pytest.raises(UserCodeFailed):
        run(ECHO | {"mapper": lambda record: 1 / record}, [b"0", b"\xff"], workers=1, isolated=isolated)


def test_compressed_data_is_called_so() -> None:
    """`pymapr run` unpacks it; a script that opens it must do so itself."""
    with pytest.raises(InputError) as caught:
        run(ECHO, [gzip.compress(b"1\n")], workers=1)
    assert caught.value.message == "not JSON: the data is compressed"
    assert caught.value.hint == "`pymapr run` reads .gz; a script needs gzip.open"
