"""A job file, executed as `python FILE DATA` would execute it: as `__main__`, in whichever form it is written.

When the file calls `mr.execute`, whoever loads it takes over, and nothing after that call is run; when it ends without,
its `mapper` and `reducer` are the job. The framework module is always ours, whatever lies beside the file.
"""

from __future__ import annotations

import json
import os
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING, Any

from pymapr import framework
from pymapr.blame import blame, own_frames
from pymapr.errors import JobError, JobLoadError, MaprError
from pymapr.job import Emitter, Job, check_data, from_namespace

if TYPE_CHECKING:
    from collections.abc import Sequence

Take = Callable[[Job, Iterable[Any] | None], object]
"""Called with the job, and with what the file gave to execute (None if it never called it)."""


class _Taken(BaseException):
    """The job was taken and is done: no `except Exception:` of the file's own may go on from here."""


class _Capture:
    """The host while a job file is loaded."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._running = self.taken = False

    def execute(self, job: Job, data: Iterable[Any], workers: int | None) -> None:
        if self._running:
            framework.Busy().execute(job, data, workers)
        if not self.taken:  # the first execute is the job
            check_data(data)
            self._running = self.taken = True
            self._take(job, data)
            self._running = False
        raise _Taken


def load(path: str, arguments: Sequence[str], take: Take) -> None:
    """Execute the job file at `path` with `sys.argv[1:] = arguments`, and hand its job to `take`.

    Raises JobLoadError for what does not compile or holds no job, UserCodeFailed for what the file itself raises.
    """
    capture = _Capture(take)
    framework.set_host(capture)
    sys.modules["MapReduce"] = sys.modules["MapReduce_original"] = framework_module()
    with _perhaps_swapped(path, arguments):
        code = compile_file(path)
        main = _main_module(path)
        sys.modules["__main__"] = main
        sys.argv = [path, *arguments]
        sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
        try:
            exec(code, main.__dict__)  # noqa: S102 - running the job is what this is for
        except _Taken:
            return
        except SystemExit as error:
            if error.code not in (None, 0):
                raise blame(error, "load", "") from None
        except BaseException as error:
            if isinstance(error, MaprError) and error.phase:
                raise  # it knows its place, and that is not here
            raise blame(error, "load", "") from None
        if not capture.taken:
            _forget_emissions(main.__dict__)
            take(_job_of(main, path), None)


@contextmanager
def _perhaps_swapped(path: str, arguments: Sequence[str]) -> Iterator[None]:
    """Inside, an error that comes of loading data for the job, with the job given for data, gets the likelier mend."""
    try:
        yield
    except JobError as error:
        job = next((os.path.basename(name) for name in arguments if name.endswith(".py")), "")
        if error.phase != "load" or path.endswith(".py") or not job or not os.path.isfile(path):
            raise
        hint = f"are job and data swapped? the job comes first: {job}, then {os.path.basename(path)}"
        raise type(error)(error.message, hint, error.phase, error.where, error.frames, error.cause) from None


def _job_of(main: types.ModuleType, path: str) -> Job:
    try:
        return from_namespace(vars(main))
    except JobLoadError as error:
        raise error.at("load", os.path.basename(path)) from None


def _main_module(path: str) -> types.ModuleType:
    main = types.ModuleType("__main__")
    main.__file__ = path
    vars(main)["__builtins__"] = __builtins__  # as the interpreter itself does for a script
    return main


def _forget_emissions(names: dict[str, Any]) -> None:
    """A script that drove its mapper itself has emitted already; the run that counts begins afresh."""
    for value in names.values():
        if isinstance(value, Emitter):
            value.begin("")


def framework_module() -> types.ModuleType:
    """What `import MapReduce` finds."""
    module = types.ModuleType("MapReduce", framework.__doc__)
    names = {"MapReduce": framework.MapReduce, "json": json}  # the original imported json, `import *` gave it
    vars(module).update(names, __all__=list(names), __spec__=ModuleSpec("MapReduce", None))
    return module


def compile_file(path: str) -> types.CodeType:
    """The file's code; raises JobLoadError that says where it does not compile, and whether it looks like Python 2."""
    try:
        with open(path, "rb") as file:
            source = file.read()
        return compile(source, path, "exec", dont_inherit=True)
    except OSError as error:
        raise JobLoadError(f"{path}: {error.strerror}", which_file(path, error), "load") from None
    except SyntaxError as error:
        raise _does_not_compile(error, path) from None
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes; nesting that the parser gives up on
        name = type(error).__name__
        raise JobLoadError(f"does not compile: {error}", "", "load", path, own_frames(error), name) from None


def which_file(path: str, error: OSError) -> str:
    """What to do about a job file that cannot be read."""
    if isinstance(error, PermissionError):
        return f"let yourself read it: chmod u+r {path}"
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        return "name the file that holds mapper and reducer"
    from pymapr.inputs import did_you_mean

    return did_you_mean(path)


def _does_not_compile(error: SyntaxError, path: str) -> JobLoadError:
    name = os.path.basename(path)
    where = f"{name}:{error.lineno}:{error.offset or 0}" if error.lineno else name
    line = (error.text or "").strip()
    message = f"does not compile: {error.msg}" + (f", in `{line[:120]}`" if line else "")
    return JobLoadError(message, _mend(error, line), "load", where, cause=type(error).__name__)


def _mend(error: SyntaxError, line: str) -> str:
    if isinstance(error, TabError):
        return "indent with spaces only: Python 3 refuses tabs and spaces in one block"
    if "print" in line and "print(" not in line.replace(" ", ""):
        return "this is Python 2; in Python 3 print is a function: print(x)"
    if "<>" in line:
        return "this is Python 2; in Python 3 `<>` is written `!=`"
    if line.startswith("except") and "," in line:
        return "this is Python 2; in Python 3 it is `except Error as name:`"
    return ""
