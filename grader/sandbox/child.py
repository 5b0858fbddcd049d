"""What a fork of the zygote does: put on its limits, move into its folder, and run one file as the role says.

From the first line of the submission on, nothing in this process can be believed: what it says to the master is
checked there.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
import sys
import tokenize
from time import process_time
from typing import TYPE_CHECKING, Any, NoReturn

from grader.sandbox import limits, probe
from pymapr import framework, loader
from pymapr.blame import blame
from pymapr.codecs import encode_outputs
from pymapr.errors import JobLoadError, MaprError
from pymapr.inputs import Input
from pymapr.parallel.channel import Channel
from pymapr.parallel.launch import tether
from pymapr.parallel.protocol import Finished, Output, Ready
from pymapr.parallel.worker import Worker, flush_prints, report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from grader.sandbox.layers import Layers
    from pymapr.job import Job

Request = dict[str, Any]

FEED, RESULTS, LIFELINE, PRINTS, WATCH = range(5)
"""The places of the descriptors that come with a launch; WATCH is only held, for its other end to see the end."""

_LINES_A_MESSAGE = 4096

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    # Linear algebra with a thread a core would cost a run more memory and CPU seconds than the work it has to do.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
"""All that student code finds in its environment, but for where its folder is."""


def prepare() -> None:
    """In the zygote, so that no fork has to: make the environment, and the streams, which a fork leads elsewhere."""
    os.environ.clear()
    os.environ.update(ENVIRONMENT)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", 8192, encoding="utf-8", errors="backslashreplace", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)


def become(folder: str, descriptors: list[int], wanted: limits.ChildLimits, layers: Layers) -> None:
    """Leave everything of the zygote's behind but the descriptors of this run, and put on the layers."""
    os.setsid()  # where no terminal interrupts it, so that SIGINT may go on being ignored as in the zygote
    prints = descriptors[PRINTS]
    source = os.open(os.devnull, os.O_RDONLY)
    for target, here in ((0, source), (1, prints), (2, prints)):
        os.dup2(here, target)
    _close_others({*descriptors, *layers.descriptors} - {prints})
    tether(descriptors[LIFELINE])
    os.chdir(folder)
    os.environ["HOME"] = os.environ["TMPDIR"] = folder
    layers.put_on(folder)
    limits.apply(wanted)  # last: until then more descriptors may be open than a submission may have


def _close_others(kept: set[int]) -> None:
    low = 3
    for descriptor in sorted(kept):
        os.closerange(low, descriptor)
        low = descriptor + 1
    os.closerange(low, os.sysconf("SC_OPEN_MAX"))


def serve_job(request: Request, descriptors: list[int]) -> NoReturn:
    """Run a submission up to `execute`, then serve as a worker of its job.

    file, data: names inside the folder; names: all that the dataset goes by. hide: those to take away once the job is
    loaded, so that no mapper can read ahead.
    """
    channel = Channel(descriptors[FEED], descriptors[RESULTS])
    source = _open_data(request["data"])
    opened = _count_opens(request["names"]) if request["names"] else lambda: 0

    def take(job: Job, given: Iterable[Any] | None) -> NoReturn:
        framework.set_host(framework.Busy())
        for name in request["hide"]:
            with contextlib.suppress(OSError):
                os.unlink(name)
        untouched = given is not None and source.holds(given)
        remarks = [_BROADCAST] if untouched and opened() > 1 else []
        Worker(channel, job, data=given, inputs=[source], remarks=remarks).serve()

    try:
        require_utf8(request["file"])
        loader.load(request["file"], [request["data"]], take)
    except MaprError as error:
        report(channel, error)
    os._exit(0)


_BROADCAST = (
    "the script reads the dataset itself before execute: what it keeps of it counts as broadcast data, the same in"
    " every process"
)


def _count_opens(names: list[str]) -> Callable[[], int]:
    """How often the file of one of these names is opened from now on, until that is asked."""
    paths, count, listening = {os.path.abspath(name) for name in names}, 0, True

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        if listening and event == "open" and isinstance(arguments[0], str):
            count += os.path.abspath(arguments[0]) in paths

    def answer() -> int:
        nonlocal listening
        listening = False
        return count

    sys.addaudithook(hear)
    return answer


def _open_data(name: str) -> Input:
    """The dataset as the worker's input, and on standard input too, for scripts that read it there."""
    descriptor = os.open(name, os.O_RDONLY)
    os.dup2(descriptor, 0)
    return Input(name, descriptor, name)


def require_utf8(path: str) -> None:
    """Refuse a source in any other encoding: with a cookie like UTF-7, one does not see the code that runs."""
    try:
        with open(path, "rb") as file:
            source = file.read()
        if b"coding" not in source:  # nothing says it without that word
            return
        # To the compiler a carriage return ends a line, and the second line can say it too.
        lines = io.BytesIO(source.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
        encoding, _ = tokenize.detect_encoding(lines.readline)
    except (SyntaxError, OSError):
        return  # the compiler will say it better
    if encoding not in ("utf-8", "utf-8-sig", "ascii"):
        message = f"{os.path.basename(path)}:1: the source is declared to be {encoding}, and only UTF-8 is accepted"
        raise JobLoadError(message, "save the file as UTF-8 and take the coding line away", "load", cause="SyntaxError")


def serve_generator(request: Request, descriptors: list[int]) -> NoReturn:
    """Run a dataset's generator, `function` in `file`, and send the lines of its records."""
    channel = Channel(descriptors[FEED], descriptors[RESULTS])
    try:
        channel.send(Ready("inputs", request["file"], False, 0.0))
        count, batch = 0, list[Any]()
        for record in _records(request):
            batch.append(record)
            if len(batch) == _LINES_A_MESSAGE:
                count += _send(channel, batch)
        count += _send(channel, batch)
        stats = {"wall": {}, "cpu": {"read": process_time()}, "spans": [], "peak": 0}
        channel.send(Finished(count, 0, 0, 0, 0, stats))
        while channel.receive() is not None:
            pass  # until the master has heard it all: who leaves on its own is taken for dead
    except MaprError as error:
        report(channel, error)
    flush_prints()
    os._exit(0)


def _records(request: Request) -> Iterator[Any]:
    try:
        sys.path.insert(0, os.path.dirname(os.path.abspath(request["file"])))
        found = importlib.util.spec_from_file_location("generate", request["file"])
        assert found, "a .py file always has a spec"
        assert found.loader, "and a loader"
        module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
        yield from getattr(module, request["function"])(seed=request["seed"], size=request["size"])
    except GeneratorExit:
        raise
    except BaseException as error:
        raise blame(error, "generate", "") from None


def _send(channel: Channel, batch: list[Any]) -> int:
    lines = encode_outputs(batch, "made by the generator")
    channel.send(Output("".join(lines).encode()))
    batch.clear()
    return len(lines)


def serve_probe(_: Request, descriptors: list[int]) -> NoReturn:
    """Try what submissions might, and say what was denied (see probe.py)."""
    channel = Channel(descriptors[FEED], descriptors[RESULTS])
    channel.send(Ready("inputs", "probe", False, 0.0))
    answer = {"denied": probe.run(), "user": os.geteuid(), "readable": _interpreter_is_readable()}
    channel.send(Output(json.dumps(answer).encode() + b"\n"))
    channel.send(Finished(1, 0, 0, 0, 0, {"wall": {}, "cpu": {}, "spans": [], "peak": 0}))
    while channel.receive() is not None:
        pass
    os._exit(0)


def _interpreter_is_readable() -> bool:
    """Whether what a submission may import can be read here, as whoever this process has become."""
    try:
        return bool(os.listdir(os.path.dirname(os.__file__)))
    except OSError:
        return False


ROLES: dict[str, Callable[[Request, list[int]], NoReturn]] = {
    "job": serve_job,
    "generator": serve_generator,
    "probe": serve_probe,
}
