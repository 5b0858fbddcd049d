"""A clean end: a folder that goes away again, and a while in which a second Ctrl-C cannot cut the cleaning short."""

from __future__ import annotations

import signal
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def work_folder() -> Iterator[Path]:
    """A temporary folder for one batch. Raises InfrastructureError where none can be made."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="pymapr-grade-", ignore_cleanup_errors=True)
    except OSError as error:
        message = f"no temporary folder could be made: {error.strerror or error}"
        hint = "is there room, and may you write there? TMPDIR names another place"
        raise InfrastructureError(message, hint) from None
    with folder as name:
        yield Path(name)


@contextmanager
def undisturbed() -> Iterator[Callable[[], None]]:
    """Yields what to call once cleaning up begins: from then to the end a second Ctrl-C cannot cut it short."""
    before: dict[int, signal._HANDLER] = {}

    def hold() -> None:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                before[number] = signal.signal(number, signal.SIG_IGN)

    try:
        yield hold
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
