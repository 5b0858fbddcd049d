"""Job files that do what no job should: each a mapper and a reducer as text, to be written to a file and run.

They die, lie, loop, hoard and swallow. What must be left of them is an error that names them, and nothing else.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """\
import ctypes, os, signal, sys
from faulthandler import disable as quiet
import MapReduce

mr = MapReduce.MapReduce()
"""

FOOT = """
if __name__ == "__main__":
    mr.execute(open(sys.argv[1]), mapper, reducer)
"""

EMIT = "mr.emit_intermediate(record % 3, record)"
SUM = "mr.emit([key, sum(values)])"


def classic(mapper: str = EMIT, reducer: str = SUM, more: str = "", foot: str = FOOT) -> str:
    """A classic job file; its mapper starts in line 7."""
    return (
        f"{HEAD}def mapper(record):\n{indented(mapper)}\ndef reducer(key, values):\n{indented(reducer)}\n"
        f"{textwrap.dedent(more)}{foot}"
    )


def indented(body: str) -> str:
    """The statements as the body of a function."""
    return textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")


def job(folder: Path, *bodies: str, name: str = "job.py", **more: str) -> Path:
    """A classic job file on disk."""
    path = folder / name
    path.write_text(classic(*bodies, **more))
    return path


def data(folder: Path, count: int = 20, name: str = "data.json") -> Path:
    """Records 0 to count - 1, one a line: record n stands in line n + 1."""
    path = folder / name
    path.write_text("".join(f"{number}\n" for number in range(count)))
    return path


# ---- those who die ---------------------------------------------------------------------------------------------------

KILLED = "if record == 7: os.kill(os.getpid(), signal.SIGKILL)\nmr.emit_intermediate(1, 1)"
LEFT = "if record == 7: os._exit(0)\nmr.emit_intermediate(1, 1)"
SEGFAULT = "if record == 7: quiet(), ctypes.string_at(0)\nmr.emit_intermediate(1, 1)"
ABORTED = "if record == 7: quiet(), os.abort()\nmr.emit_intermediate(1, 1)"

ONCE = """\
if record == 7:
    try:
        os.open({marker!r}, os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        pass
    else:
        os.kill(os.getpid(), signal.SIGKILL)
mr.emit_intermediate(record % 3, record)
"""
"""Killed the first time only: `marker` is a path that tells."""

HALF_A_MESSAGE = """\
if record == 7:
    frame = sys._getframe()
    while not hasattr(frame.f_locals.get("self"), "_channel"):
        frame = frame.f_back
    results = frame.f_locals["self"]._channel._results
    os.write(results, b"\\x40\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0{\\"type\\": \\"Mapp")
    os.kill(os.getpid(), signal.SIGKILL)
mr.emit_intermediate(1, 1)
"""
"""Finds the wire to the master, writes the first half of a message to it, and is gone."""

# ---- those who lie ---------------------------------------------------------------------------------------------------

NONSENSE = HALF_A_MESSAGE.replace("os.kill(os.getpid(), signal.SIGKILL)", "pass").replace("\\x40\\0", "\\0\\0")
"""Says something of its own, and works on."""

# ---- those who loop --------------------------------------------------------------------------------------------------

ENDLESS_IN_C = """\
with open({pipe!r}, "w") as pipe:
    pipe.write(str(os.getpid()) + "\\n")
import re
signal.signal(signal.SIGIO, signal.SIG_IGN)
re.match(r"(a+)+$", "a" * 64 + "b")
"""
"""In a regular expression: no Python code of this process runs ever again. And it is deaf to all but SIGKILL."""

ENDLESS_IN_PYTHON = ENDLESS_IN_C.partition("import re")[0] + "while True: pass\n"
"""In a loop that notices a signal."""
