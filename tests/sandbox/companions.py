"""Villains that no file in a repository can be: what they hand in is built here.

Each docstring is read like those in fixtures/hostile.
"""

from __future__ import annotations

import importlib.util
import marshal
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_HONEST = "from villain import play\n\nplay()\n"


def poisoned_cache(folder: Path) -> None:
    """
    Brings compiled leftovers that do something else than their source, in a cache folder and without source.

    Either way: accepted
    Holds from level 0
    """
    (folder / "wordcount.py").write_text(f"import helper\n\n{_HONEST}")
    helper = folder / "helper.py"
    helper.write_text("")
    code = marshal.dumps(compile("print('BREACH')", "helper.py", "exec"))
    unchecked = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + bytes(8)
    for version in ("311", "312", "313", "314"):
        cached = folder / "__pycache__" / f"helper.cpython-{version}.pyc"
        cached.parent.mkdir(exist_ok=True)
        cached.write_bytes(unchecked + code)
    (folder / "villain.pyc").write_bytes(unchecked + code)


def evil_names(folder: Path) -> None:
    """
    Hands in files whose names are options, commands, controls, markup, no text, or as long as can be.

    Either way: accepted
    Holds from level 0
    """
    (folder / "wordcount.py").write_text(_HONEST)
    names = [
        "--help",
        "-rf",
        "$(touch x)",
        "a\nb",
        "\x1b[2J",
        "<script>",
        "::error ::x",
        "=1+1",
        "\u202efdp",
        "x" * 250,
    ]
    for name in [*map(os.fsencode, names), b"\xff\xfe\x80", b" ", b"~", b"*"]:
        (folder / os.fsdecode(name)).write_text("x")


def links_and_pipes(folder: Path) -> None:
    """
    Hands in links to files of the system, FIFOs and sockets among its files.

    Either way: accepted
    Holds from level 0
    """
    looks = "import os\nassert not [n for n in os.listdir('.') if n.startswith('x')], os.listdir('.')\n"
    (folder / "wordcount.py").write_text(looks + _HONEST)
    (folder / "x-passwd").symlink_to("/etc/passwd")
    (folder / "x-root").symlink_to("/")
    (folder / "x-loop").symlink_to("x-loop")
    os.mkfifo(folder / "x-fifo")
    here = Path.cwd()
    os.chdir(folder)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("x-socket")
    os.chdir(here)


def data_of_its_own(folder: Path) -> None:
    """
    Hands in a dataset of its own under the dataset's name, and a folder where the dataset should lie.

    Either way: accepted
    Holds from level 0
    """
    (folder / "wordcount.py").write_text(_HONEST)
    (folder / "data.json").mkdir()
    (folder / "data.json" / "data.json").write_text('["own", "BREACH"]\n')


def too_deep(folder: Path) -> None:
    """
    Hands in folders inside folders inside folders.

    Judged: invalid-submission "folders in one another"
    In parallel: grader-error
    Holds from level 0
    """
    (folder / "wordcount.py").write_text(_HONEST)
    here = folder
    for _ in range(50):
        here = here / "deeper"
    here.mkdir(parents=True)
    (here / "x.py").write_text("")


def too_many(folder: Path) -> None:
    """
    Hands in a thousand files.

    Judged: invalid-submission "500 files"
    In parallel: grader-error
    Holds from level 0
    """
    (folder / "wordcount.py").write_text(_HONEST)
    for number in range(1000):
        (folder / f"{number}.txt").write_text("")


def too_large(folder: Path) -> None:
    """
    Hands in a file of a terabyte, with nothing in it.

    Judged: invalid-submission "64 MB"
    In parallel: grader-error
    Holds from level 0
    """
    (folder / "wordcount.py").write_text(_HONEST)
    with (folder / "large").open("wb") as file:
        file.truncate(2**40)


BUILT: dict[str, Callable[[Path], None]] = {
    f"files/{build.__name__}": build
    for build in (poisoned_cache, evil_names, links_and_pipes, data_of_its_own, too_deep, too_many, too_large)
}
"""By name; each fills a student's folder."""
