"""Lets a job file play the main program in a process that is not its own, and gives everything back afterwards.

It knows only what a script can see: `__main__`, `sys.argv`, `sys.path`, the modules beside the script, standard input.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pymapr import framework

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pymapr.inputs import Input

_NAMES = ("__main__", "MapReduce", "MapReduce_original")


@contextmanager
def visiting(folder: str) -> Iterator[None]:
    """While inside, whatever a job file in `folder` does to the interpreter's globals is undone at the end."""
    argv, path, host, limit = sys.argv, sys.path[:], framework.get_host(), sys.getrecursionlimit()
    known = set(sys.modules)
    kept = {name: sys.modules.get(name) for name in _NAMES}
    stdin, descriptor = sys.stdin, _copy_of_stdin()
    try:
        yield
    finally:
        sys.argv, sys.path[:] = argv, path
        sys.setrecursionlimit(limit)
        framework.set_host(host)
        _forget_modules(folder, known)
        for name, module in kept.items():
            _put_back(name, module)
        sys.stdin = stdin
        _give_back_stdin(descriptor)


def data_on_stdin(inputs: Sequence[Input]) -> None:
    """Let standard input be the first input (if any), for a script that reads its data there; raises OSError.

    No two processes may share the caller's own.
    """
    source = os.open(inputs[0].path if inputs else os.devnull, os.O_RDONLY)
    os.dup2(source, 0)
    if source != 0:
        os.close(source)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)  # for good


def _copy_of_stdin() -> int | None:
    try:
        return os.dup(0)
    except OSError:
        return None  # there is none, as under some schedulers


def _give_back_stdin(copy: int | None) -> None:
    if copy is None:
        os.close(0)
        return
    os.dup2(copy, 0)
    os.close(copy)


def _forget_modules(folder: str, known: set[str]) -> None:
    """The next job may lie elsewhere and have a module of the same name beside it."""
    inside = os.path.abspath(folder) + os.sep
    for name in set(sys.modules) - known:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(inside):
            del sys.modules[name]


def _put_back(name: str, module: Any) -> None:
    if module is None:
        sys.modules.pop(name, None)
    else:
        sys.modules[name] = module
