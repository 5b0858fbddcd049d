"""Whose fault an exception is, told so that a student can mend it: what, at which record or key, in which of the
student's own lines.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import sysconfig
from bisect import bisect_right
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from pymapr.codecs import repr_safely, shorten
from pymapr.errors import MaprError, UserCodeFailed

if TYPE_CHECKING:
    from collections.abc import Callable
    from traceback import FrameSummary
    from types import CodeType

_OURS = os.path.dirname(os.path.realpath(__file__)) + os.sep
_MOST_FRAMES = 12

_not_own: list[str] = [_OURS]
_menders: list[Callable[[BaseException], str]] = []


def disown(folder: str) -> None:
    """From now on source files in `folder` are no job's: whoever hosts jobs in this process lives there."""
    _not_own.append(os.path.join(os.path.realpath(folder), ""))


def add_mender(mender: Callable[[BaseException], str]) -> None:
    """Ask `mender` too how to mend what a job raised: it answers with a hint, or with nothing."""
    _menders.append(mender)


def blame(error: BaseException, phase: str, where: str, called: object = None) -> MaprError:
    """What a call into the job's code raised -> the error to report. A user's Ctrl-C is no fault, and goes on.

    called: the mapper, reducer or combiner that was called.
    """
    if isinstance(error, KeyboardInterrupt) and _hears_ctrl_c():
        raise error
    frames = own_frames(error)
    if isinstance(error, MaprError):
        return error.at(phase, where, frames)
    if not frames and (refused := _refused(error, called)) is not None:
        message, mend = _message(error, "TypeError"), f"write `def {refused.co_name}({_CALLED.get(phase, '')})`"
        return UserCodeFailed(message, mend, phase, where, _definition(refused), "TypeError")
    name = type(error).__name__
    return UserCodeFailed(_message(error, name), _mend(error, name), phase, where, frames, name)


def _hears_ctrl_c() -> bool:
    """Whether a KeyboardInterrupt in this process can come from the user; workers are deaf to it."""
    return signal.getsignal(signal.SIGINT) not in (signal.SIG_IGN, signal.SIG_DFL)


_CALLED = {"map": "record", "combine": "key, values", "reduce": "key, values"}


def _refused(error: BaseException, called: object) -> CodeType | None:
    """The code of the function that was called, if it has other parameters than it was given."""
    code = getattr(getattr(called, "__wrapped__", called), "__code__", None)
    if type(error) is TypeError and code is not None and str(error).startswith(f"{code.co_qualname}() "):
        return cast("CodeType", code)
    return None


def _definition(code: CodeType) -> tuple[str, ...]:
    from traceback import FrameSummary

    return tuple(_lines(FrameSummary(code.co_filename, code.co_firstlineno, code.co_name)))


def own_frames(error: BaseException) -> tuple[str, ...]:
    """The traceback's lines that lie in the job's own files: neither in pymapr nor in an installed library."""
    import traceback  # costs milliseconds, and most runs fail nowhere

    try:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if is_own(frame.filename)]
    except (MemoryError, RecursionError):  # there was hardly room to fail in
        return ()
    shown = frames[:1] + frames[1 - _MOST_FRAMES :] if len(frames) > _MOST_FRAMES else frames
    return tuple(line for frame in shown for line in _lines(frame))


def is_own(filename: str) -> bool:
    """Whether a source file is the job author's: neither pymapr's, nor the interpreter's, nor a library's."""
    if filename.startswith(("<frozen", *_not_own)):
        return False
    return not filename.startswith(_library_folders())


@cache
def _library_folders() -> tuple[str, ...]:
    folders = map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib"))
    return tuple({folder + os.sep for folder in folders if folder})


def _lines(frame: FrameSummary) -> list[str]:
    place = f'  File "{os.path.basename(frame.filename)}", line {frame.lineno}, in {frame.name}'
    return [place, f"    {shorten(frame.line, 200)}"] if frame.line else [place]


def _message(error: BaseException, name: str) -> str:
    if isinstance(error, SystemExit):
        return f"the job called exit ({shorten(repr(error.code), 40)}) where it should return"
    try:
        text = shorten(str(error), 400)
    except BaseException:  # the job may have an exception class whose __str__ raises
        text = "its message cannot be shown"
    return f"{name}: {text}" if text else name


def _mend(error: BaseException, name: str) -> str:
    if type(error) is TypeError and "unhashable type" in str(error):
        return "a key must be hashable: make a list a tuple, a set a frozenset, a dict tuple(sorted(d.items()))"
    if type(error) is TypeError and (called := _OUR_CALLS.search(str(error))):
        return _CALLS[called[1]]
    found = next((mend for mender in _menders if (mend := mender(error))), "")
    return found or _HINTS.get(name, "")


_OUR_CALLS = re.compile(r"^Emitter\.(emit|emit_intermediate)\(\) ")
_CALLS = {
    "emit": "emit takes one value: mr.emit([key, value])",
    "emit_intermediate": "emit_intermediate takes a key and a value: mr.emit_intermediate(key, value)",
}
_HINTS: dict[str, str] = {
    "RecursionError": f"Python stops at {sys.getrecursionlimit()} calls inside one another: does the recursion end?",
    "MemoryError": "hold less at once: emit instead of collecting",
    "ModuleNotFoundError": "is the module's name spelled right, and is it installed where the job runs?",
    "SystemExit": "leave out sys.exit() and quit() in mapper and reducer",
}


class Origins:
    """Which record or key emitted the how-manieth value; remembered cheaply, asked only when something goes wrong."""

    def __init__(self) -> None:
        self._ends: list[int] = []
        self._sources: list[Any] = []

    def note(self, emitted: int, source: Any) -> None:
        """So many values had been emitted when `source` was done."""
        self._ends.append(emitted)
        self._sources.append(source)

    def of(self, number: int) -> str:
        """The source of the value with this number, from 0, in words; nothing where nobody took note."""
        at = bisect_right(self._ends, number)
        return str(self._sources[at]) if at < len(self._sources) else ""


class Key:
    """A key as the origin of an output value: put into words only when asked."""

    __slots__ = ("_key",)

    def __init__(self, key: Any) -> None:
        self._key = key

    def __str__(self) -> str:
        return describe_key(self._key)


def describe_key(key: Any) -> str:
    """A key in a message: `key 'the'`."""
    return f"key {shorten(repr_safely(key))}"
