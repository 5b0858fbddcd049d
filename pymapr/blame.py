"""Whose fault an exception is, told so that a student can mend it: what, at which record or key, and only the frames of their own files."""

from __future__ import annotations

import os
import sys
import sysconfig
from typing import TYPE_CHECKING, Any

from pymapr.codecs import shorten
from pymapr.errors import MaprError, UserCodeFailed

if TYPE_CHECKING:
    from traceback import FrameSummary

_OURS = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH120 - pathlib costs milliseconds at start-up
_MOST_FRAMES = 12


def blame(error: BaseException, phase: str, where: str) -> MaprError:
    """What a call into the job's code raised -> the error to report. KeyboardInterrupt is the user's, and goes on as it is."""
    if isinstance(error, KeyboardInterrupt):
        raise error
    frames = own_frames(error)
    if isinstance(error, MaprError):
        kind = type(error)
        return kind(
            error.message, error.hint, error.phase or phase, error.where or where, error.frames or frames, error.cause
        )
    name = type(error).__name__
    return UserCodeFailed(_message(error, name), _HINTS.get(name, ""), phase, where, frames, name)


def own_frames(error: BaseException) -> tuple[str, ...]:
    """The traceback's lines that lie in the job's own files: neither in pymapr nor in an installed library."""
    import traceback  # costs milliseconds, and most runs fail nowhere

    libraries = tuple({path for path in map(sysconfig.get_path, ("stdlib", "purelib", "platlib")) if path})
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_own(frame, libraries)]
    shown = frames[:1] + frames[1 - _MOST_FRAMES :] if len(frames) > _MOST_FRAMES else frames
    return tuple(line for frame in shown for line in _lines(frame))


def _is_own(frame: FrameSummary, libraries: tuple[str, ...]) -> bool:
    name = frame.filename
    if name.startswith("<frozen") or name.startswith(_OURS):
        return False
    inside = name.startswith(libraries) and "site-packages" in name or name.startswith(sysconfig.get_path("stdlib"))
    return not inside


def _lines(frame: FrameSummary) -> list[str]:
    place = f'  File "{os.path.basename(frame.filename)}", line {frame.lineno}, in {frame.name}'  # noqa: PTH119
    return [place, f"    {frame.line}"] if frame.line else [place]


def _message(error: BaseException, name: str) -> str:
    if isinstance(error, SystemExit):
        return f"the job called exit ({error.code!r}) where it should return"
    try:
        text = shorten(str(error), 400)
    except Exception:  # the job may have an exception class whose __str__ raises
        text = "its message cannot be shown"
    return f"{name}: {text}" if text else name


_HINTS: dict[str, Any] = {
    "RecursionError": f"Python stops at {sys.getrecursionlimit()} calls inside one another: is there an end to the recursion?",
    "MemoryError": "hold less at once: emit instead of collecting",
    "ModuleNotFoundError": "is the module's name spelled right, and is it installed where the job runs?",
    "SystemExit": "leave out sys.exit() and quit() in mapper and reducer",
}
