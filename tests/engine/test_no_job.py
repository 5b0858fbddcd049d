"""A file that is no job is told so before anything runs.

(That nothing is left over, the fixture `nothing_left` proves after each of these.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.ends import EACH_ENGINE, failing
from engine.villains import job
from pymapr.errors import (
    JobLoadError,
)

if TYPE_CHECKING:
    from pathlib import Path

# Students do not close their files.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


# ---- job files -------------------------------------------------------------------------------------------------------

FILES = {
    "no mapper": ("reducer = print\n", "the file has no mapper", "define a function mapper(record)", "load", "job.py"),
    "no reducer": (
        "mapper = print\n",
        "the file has no reducer",
        "define a function reducer(key, values)",
        "load",
        "job.py",
    ),
    "nameless": ("del __file__\n", "the file has no mapper", "define a function mapper(record)", "load", "job.py"),
    "empty": ("", "the file has no mapper", "define a function mapper(record)", "load", "job.py"),
    "python 2 print": (
        'print "hello"\n',
        "does not compile: Missing parentheses in call to 'print'. Did you mean print(...)?, in `print \"hello\"`",
        "this is Python 2; in Python 3 print is a function: print(x)",
        "load",
        "job.py:1:1",
    ),
    "python 2 <>": (
        "if 1 <> 2: pass\n",
        "does not compile: invalid syntax, in `if 1 <> 2: pass`",
        "this is Python 2; in Python 3 `<>` is written `!=`",
        "load",
        "job.py:1:6",
    ),
    "python 2 except": (
        "try:\n    1\nexcept ValueError, e:\n    2\n",
        "does not compile: multiple exception types must be parenthesized, in `except ValueError, e:`",
        "this is Python 2; in Python 3 it is `except Error as name:`",
        "load",
        "job.py:3:8",
    ),
    "tabs": (
        "if 1:\n        a = 1\n\tb = 2\n",
        "does not compile: inconsistent use of tabs and spaces in indentation, in `b = 2`",
        "indent with spaces only: Python 3 refuses tabs and spaces in one block",
        "load",
        "job.py:3:1",
    ),
    "unfinished": (
        "def mapper(\n",
        "does not compile: '(' was never closed, in `def mapper(`",
        "",
        "load",
        "job.py:1:11",
    ),
    "null": ("a\0", "does not compile: source code string cannot contain null bytes", "", "load", "job.py"),
    "raises": ("1 / 0\n", "ZeroDivisionError: division by zero", "", "load", ""),
    "exits": ("exit(2)\n", "the job called exit (2) where it should return", "leave out sys.exit()", "load", ""),
    "a path": (
        "import MapReduce\nmr = MapReduce.MapReduce()\nmr.execute('data.json', print, print)\n",
        "execute was given 'data.json' for its data, which holds no lines",
        "open the file first, as in mr.execute(open(sys.argv[1]), mapper, reducer)",
        "load",
        "",
    ),
}


@pytest.mark.parametrize(("source", "says", "hint", "phase", "where"), FILES.values(), ids=FILES)
@EACH_ENGINE
def test_a_file_that_is_no_job_is_told(
    tmp_path: Path, source: str, says: str, hint: str, phase: str, where: str, engine: str
) -> None:
    """What is wrong, in which line, and what to do."""
    path = tmp_path / "job.py"
    path.write_text(source)
    error = failing(path, tmp_path, engine=engine)
    assert error.message == says
    assert error.hint.startswith(hint)
    assert bool(error.hint) == bool(hint)
    assert (error.phase, error.where) == (phase, where.format(path=path))
    assert error.exit_code == 1


@EACH_ENGINE
def test_a_job_file_that_is_not_there_gets_the_nearest_name(tmp_path: Path, engine: str) -> None:
    """Of its folder."""
    job(tmp_path)
    error = failing(tmp_path / "jbo.py", tmp_path, engine=engine)
    assert type(error) is JobLoadError
    assert error.message == f"{tmp_path}/jbo.py: No such file or directory"
    assert error.hint == f"did you mean {tmp_path}/job.py?"
    assert failing(tmp_path, tmp_path, engine=engine).message == f"{tmp_path}: Is a directory"
