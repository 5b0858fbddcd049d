"""What the sandbox denies, in words: from the exception that a denied call raises to what is not allowed, and why.

Guesses, and says no more than it knows.
"""

from __future__ import annotations

import errno
import re

_DENIED = (errno.EPERM, errno.EACCES)

_BY_CALL = (
    (r"\bsocket|connect\(|urlopen|requests\.|http|smtplib|ftplib", "submissions may not open network connections"),
    (
        r"fork|Process\(|Pool\(|Popen|subprocess|os\.system|popen|spawn|exec[vl]",
        "submissions may not start processes or programs",
    ),
    (r"\bkill|pthread_kill|raise_signal|setsid|setpgid", "submissions may not signal or leave their process group"),
    (r"chmod|chown|utime|xattr|copystat|copy2", "submissions may not change the rights, owner or times of files"),
    (
        r"memfd|shared_memory|SharedMemory|shm_|Semaphore|\.Lock\(\)|\.Queue\(",
        "submissions may not share memory between processes",
    ),
    (r"ioctl|fcntl|termios|\btty\b", "submissions may not command terminals and devices, nor set flags of files"),
    (r"nice|setpriority|sched_set|prlimit|setrlimit", "submissions may not change priorities or limits"),
    (
        r"mount|unshare|setns|setuid|setgid|chroot|ptrace|mkfifo|mknod|symlink",
        "submissions may not change what the system is to them",
    ),
)

_FILES = "submissions may reach only their own folder (modules and data only to read), and read Python's libraries"


def mend(error: BaseException) -> str:
    """The hint for an exception that a denial may have caused; empty for every other."""
    if not isinstance(error, OSError) or error.errno not in _DENIED:
        return ""
    called = _called(error)
    if error.errno == errno.EACCES and error.filename is not None:
        return _FILES
    return next(
        (words for pattern, words in _BY_CALL if re.search(pattern, called)), "the sandbox does not allow this call"
    )


def _called(error: OSError) -> str:
    """The source lines and function names on the way to the call, innermost first."""
    import traceback  # loaded in the zygote; here only so that this module is cheap to import

    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return "\n".join(f"{frame.line or ''} {frame.name} {frame.filename}" for frame in reversed(frames))
