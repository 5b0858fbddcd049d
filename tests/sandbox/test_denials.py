"""What is denied, told in the words of somebody who teaches."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from grader.errors import InfrastructureError
from grader.sandbox import denials, trouble
from grader.sandbox.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable

NETWORK = "submissions may not open network connections"
PROCESSES = "submissions may not start processes or programs"
RIGHTS = "submissions may not change the rights, owner or times of files"
MEMORY = "submissions may not share memory between processes"
FILES = "submissions may reach only their own folder (modules and data only to read), and read Python's libraries"


def raised(source: str) -> OSError:
    """The error of a line of a submission, in which every name does what a denied call does."""

    class Denied:
        def __getattr__(self, name: str) -> Denied:
            return self

        def __call__(self, *_: object, **__: object) -> object:
            raise PermissionError(errno.EPERM, "Operation not permitted")

    path = Path("submission.py")
    names = {
        name: Denied()
        for name in ("socket", "os", "subprocess", "urllib", "requests", "shared_memory", "shutil", "fcntl")
    }
    names |= {name: Denied() for name in ("Process", "Pool", "other", "multiprocessing", "fcntl")}
    import linecache

    linecache.cache[str(path)] = (len(source), None, [source], str(path))
    try:
        exec(compile(source, str(path), "exec"), {"__builtins__": {}, **names})
    except PermissionError as error:
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("socket.socket()", NETWORK),
        ("socket.create_connection(('x', 1))", NETWORK),
        ("urllib.request.urlopen('http://example.org')", NETWORK),
        ("requests.get('http://example.org')", NETWORK),
        ("os.fork()", PROCESSES),
        ("os.system('ls')", PROCESSES),
        ("subprocess.run(['ls'])", PROCESSES),
        ("multiprocessing.Process(target=1).start()", PROCESSES),
        ("Pool(4)", PROCESSES),
        ("os.kill(1, 9)", "submissions may not signal or leave their process group"),
        ("os.chmod('x', 1)", RIGHTS),
        ("os.utime('x')", RIGHTS),
        ("shutil.copystat('x', 'y')", RIGHTS),
        ("shared_memory.SharedMemory('x')", MEMORY),
        ("multiprocessing.Queue()", MEMORY),
        ("os.nice(5)", "submissions may not change priorities or limits"),
        ("fcntl.ioctl(0, 1)", "submissions may not command terminals and devices, nor set flags of files"),
        ("os.mkfifo('x')", "submissions may not change what the system is to them"),
        ("other.thing()", "the sandbox does not allow this call"),
    ],
)
def test_a_denied_call_is_named_by_what_it_would_have_done(line: str, words: str) -> None:
    """From the line that made it."""
    assert denials.mend(raised(line)) == words


def test_a_file_out_of_reach_is_named_as_such() -> None:
    """Landlock says EACCES, and Python which file."""
    assert denials.mend(PermissionError(errno.EACCES, "Permission denied", "/etc/passwd")) == FILES


@pytest.mark.parametrize(
    "error", [ValueError("x"), FileNotFoundError(errno.ENOENT, "x", "y"), OSError(errno.ENOSPC, "full"), KeyError(1)]
)
def test_what_is_no_denial_gets_no_words(error: Exception) -> None:
    """Nothing is explained that has another cause."""
    assert denials.mend(error) == ""


def test_the_real_thing_is_recognised() -> None:
    """An error from Python's own socket module, whose frames lie between."""

    def submission() -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))  # socket.socket()

    with pytest.raises(PermissionError) as caught:
        submission()
    assert denials.mend(caught.value) == NETWORK


# ---- the machine's own troubles --------------------------------------------------------------------------------------


@pytest.fixture
def kills(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let the kernel have ended so many processes for want of memory."""
    return lambda count: monkeypatch.setattr(trouble, "out_of_memory_kills", lambda: count)


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let so many bytes of the disk be free."""
    import shutil

    usage = type(shutil.disk_usage("/"))
    return lambda count: monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(2**40, 2**40 - count, count))


def test_a_kill_while_the_kernel_was_out_of_memory_is_nobodys_mark(
    kills: Callable[[int], None], tmp_path: Path
) -> None:
    """It may have been any process; so it is tried again."""
    kills(3)
    looking = Trouble(tmp_path)
    kills(4)
    with pytest.raises(InfrastructureError, match="the machine ran out of memory and ended a process") as caught:
        looking.look("worker 0 died (SIGKILL)")
    assert caught.value.hint == "judge fewer submissions at once (-n)"
    looking.look("worker 0 died (SIGSEGV)")


def test_a_kill_of_ones_own_is_the_students(kills: Callable[[int], None], tmp_path: Path) -> None:
    """The kernel has ended nobody meanwhile."""
    kills(3)
    Trouble(tmp_path).look("worker 0 died (SIGKILL)")


def test_a_write_that_failed_on_a_full_disk_is_nobodys_mark(free: Callable[[int], None], tmp_path: Path) -> None:
    """The folder's own limit says something else, and leaves room."""
    looking = Trouble(tmp_path)
    free(2**20)
    with pytest.raises(InfrastructureError, match="the disk is full where") as caught:
        looking.look("OSError: [Errno 28] No space left on device")
    assert "point TMPDIR elsewhere" in caught.value.hint
    looking.look("OSError: [Errno 27] File too large")
    free(2**30)
    looking.look("OSError: [Errno 28] No space left on device")


def test_the_kernel_tells_how_often_it_ran_out_of_memory() -> None:
    """0 where it does not."""
    assert trouble.out_of_memory_kills() >= 0
