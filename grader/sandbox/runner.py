"""Runs a submission, serially or in parallel, or a dataset's generator, in the sandbox; and says what came of it.

A run ends with all its processes gone, however it ends. Failures of the student's are part of the answer; failures of
ours are raised.
"""

from __future__ import annotations

import errno
import os
import shutil
import threading
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

from grader.errors import InfrastructureError
from grader.model import Limits, RunRecord
from grader.sandbox import claims, layers, levels, tree, users
from grader.sandbox.converse import TICK, Result, converse
from grader.sandbox.limits import ChildLimits
from grader.sandbox.prints import Prints
from grader.sandbox.slot import HASH_SEEDS, Launcher, Zygote
from grader.sandbox.stock import Stock
from grader.sandbox.trouble import Trouble
from grader.sandbox.watch import MOST_FOLDER, DiskShrinks, LimitExceeded, Watch, out_of_time
from grader.tidy import Held
from pymapr.errors import MaprError, ProtocolError, RelayExceeded, WorkerDied
from pymapr.inputs import Input, open_input
from pymapr.model import Options, Order
from pymapr.parallel.channel import WorkerSpec
from pymapr.parallel.master import Master
from pymapr.parallel.protocol import RunSerial

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import TracebackType

    from grader.sandbox.layers import Wanted
    from grader.sandbox.stage import Stage

_MOST_FILE = 256 * 2**20
"""Bytes that a submission may write into one file of its folder."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a run came to nothing, in the student's terms. kind: the error's class, or the limit that was exceeded."""

    kind: str
    message: str
    hint: str = ""
    cause: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run came to: its output (JSON lines), or a failure.

    printed: head and tail of what it printed. mapped: whether its mapper emitted anything, as the run itself says.
    """

    output: bytes = b""
    failure: Failure | None = None
    record: RunRecord | None = None
    remarks: tuple[str, ...] = ()
    printed: str = ""
    mapped: bool = True
    lines: list[bytes] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run, as it is staged.

    file: the module's name in the folder. data: the dataset's. hide: all names of the dataset. source: where it lies.
    """

    stage: Stage
    file: str
    data: str = ""
    hide: Sequence[str] = ()
    source: Path | None = None
    limits: Limits = field(default_factory=Limits)


class Sandbox:
    """One slot: two zygotes with different hash seeds, a folder and the `stock` in it. One run at a time. Close it.

    Once `stop` is set, a run ends within a moment, with InfrastructureError. wanted: the layers to put on; default: all
    there are.
    """

    def __init__(self, stop: threading.Event | None = None, wanted: Wanted | None = None) -> None:
        self._stop = stop or threading.Event()
        self._wanted = users.own_user(levels.current().wanted if wanted is None else wanted)
        self._zygotes: dict[int, Zygote] = {}
        self._held = Held()
        self.root = self._held.path
        if self._wanted.user:
            self.root.chmod(0o711)  # so that a run under another user finds its way to the folder that it owns
        self.stock = Stock(self.root, keeps=layers.guards_copies(self._wanted))
        self._trouble = Trouble(self.root)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the zygotes and take the folder away."""
        self._drop_zygotes()
        tree.remove(self.root)
        self._held.give_up()
        users.give_back(self._wanted)

    def _drop_zygotes(self) -> None:
        for zygote in self._zygotes.values():
            zygote.close()
        self._zygotes = {}

    def _zygote(self, hash_seed: int) -> Zygote:
        if hash_seed not in self._zygotes:
            self._zygotes[hash_seed] = Zygote(hash_seed, self._wanted)
        return self._zygotes[hash_seed]

    # ---- the kinds of run --------------------------------------------------------------------------------------------

    def serial(self, program: Program, *, hash_seed: int = HASH_SEEDS[0], permute: int = -1) -> Outcome:
        """The whole job in one process; permute: -1, or the seed by which each key's values are permuted."""
        request = self._job(program, hide=())

        def run(launcher: Launcher, watch: Watch) -> Result:
            spec = WorkerSpec(0, "serial", hash_seed)
            return _hear(launcher, watch, spec, RunSerial(permute), program.limits)

        return self._run(program, request, "stable" if permute < 0 else f"scramble:{permute}", run)

    def parallel(self, program: Program, *, workers: int, order: Order) -> Outcome:
        """An isolated run: no process sees both phases. `order` is stable, or a scramble."""
        request = self._job(program, hide=program.hide)
        options = Options(workers=workers, order=order, memory=2**40, isolated=True)

        def run(launcher: Launcher, watch: Watch) -> Result:
            source = _opened(program)
            output = bytearray()

            def write(chunk: bytes) -> None:
                watch.count_output(len(chunk))
                output.extend(chunk)

            try:
                relay = program.limits.memory
                master = Master(launcher, options, inputs=[source], watch=watch, tick=TICK, relay=relay)
                timings = master.run(write)
            finally:
                os.close(source.descriptor)
            return bytes(output), timings, tuple(master.remarks)

        return self._run(program, request, str(order), run)

    def generate(self, program: Program, function: str, seed: int, size: int) -> Outcome:
        """The records of a dataset's generator, as JSON lines."""
        request = {"role": "generator", "file": program.file, "function": function, "seed": seed, "size": size}

        def run(launcher: Launcher, watch: Watch) -> Result:
            return _hear(launcher, watch, WorkerSpec(0, "serial"), None, program.limits)

        return self._run(program, request, "stable", run)

    def _job(self, program: Program, hide: Sequence[str]) -> dict[str, Any]:
        """What to ask a zygote for: a worker that loads the program."""
        named = {"file": program.file, "data": program.data, "names": list(program.hide)}
        return {"role": "job", **named, "hide": list(hide)}

    # ---- what they share ---------------------------------------------------------------------------------------------

    def _run(
        self, program: Program, request: dict[str, Any], order: str, run: Callable[[Launcher, Watch], Result]
    ) -> Outcome:
        limits, prints = program.limits, Prints()
        child_limits = ChildLimits(limits.time, limits.memory, _MOST_FILE)
        launcher = Launcher(
            self._zygote, lambda: program.stage.folder(self._wanted.user), request, child_limits, prints.descriptor
        )
        began, failure, result = perf_counter(), None, None
        watch = Watch(limits, launcher.processes, self._stop, program.stage.usage, self._free, prints.take)
        try:
            try:
                result = run(launcher, watch)
            except (LimitExceeded, DiskShrinks, MaprError) as error:
                failure = self._failure(error, limits)
            launcher.check()
        except InfrastructureError:
            self._drop_zygotes()
            raise
        finally:
            self._end(launcher, prints, program.stage)
        wall, cpu = perf_counter() - began, watch.cpu()
        if failure is None and cpu > limits.time:
            failure = _limited(out_of_time(limits.time))
        return _outcome(failure, result, prints.text(), order, wall, cpu)

    def _free(self) -> int:
        """Bytes of free disk where runs write."""
        return shutil.disk_usage(self.root).free

    def _end(self, launcher: Launcher, prints: Prints, stage: Stage) -> None:
        """Nothing of a run outlives it: no process, no folder."""
        try:
            for zygote in launcher.zygotes & set(self._zygotes.values()):
                zygote.sweep()
        except InfrastructureError:
            self._drop_zygotes()
        prints.close()
        stage.clear()

    def _failure(self, error: LimitExceeded | DiskShrinks | MaprError, limits: Limits) -> Failure:
        """What ended a run, as the student's failure; raises InfrastructureError for what is ours or the machine's."""
        if isinstance(error, LimitExceeded):
            return _limited(error)
        if isinstance(error, DiskShrinks):
            return self._filled(error)
        return _failure(error, limits, self._trouble)

    def _filled(self, error: DiskShrinks) -> Failure:
        """Its processes are gone by now: what is free again was theirs."""
        if self._free() - error.free <= MOST_FOLDER:
            raise error
        return Failure(
            kind="output",
            message=f"wrote more than {MOST_FOLDER // 2**20} MB to the disk, in files that are in no folder",
            hint="hand results over with emit instead of writing files",
        )


def _limited(error: LimitExceeded) -> Failure:
    return Failure(kind=error.kind, message=error.message, hint=error.hint)


def _opened(program: Program) -> Input:
    """The dataset; raises InfrastructureError where it cannot be read: it was there a moment ago."""
    assert program.source is not None, "a job runs on a dataset"
    try:
        return open_input(str(program.source))
    except MaprError as error:
        raise InfrastructureError(f"the dataset cannot be read any more: {error.message}") from None


def _hear(launcher: Launcher, watch: Watch, spec: WorkerSpec, start: RunSerial | None, limits: Limits) -> Result:
    return converse(launcher, spec, start, most_output=limits.output, watch=watch, count_output=watch.count_output)


def _failure(error: MaprError, limits: Limits, trouble: Trouble) -> Failure:
    """An error of the engine's as the student's failure; raises InfrastructureError for what is the machine's.

    What a worker reports of itself is the student's in any case, even where it says that the engine failed: a
    submission can say so too. Nothing passes through the master but what a job emits, so too much of it is the
    student's as well.
    """
    if isinstance(error, RelayExceeded):
        allowed = f"{limits.memory // 2**20} MB are allowed"
        return Failure(kind="output", message=f"emitted too much between the phases; {allowed}", hint=_EMIT_LESS)
    if isinstance(error, WorkerDied):
        trouble.look(error.message)
        return _death(error, limits)
    if isinstance(error, ProtocolError):
        message = claims.words(f"the process said what no run says: {error.message}")
        return Failure(kind="ProtocolError", message=message, hint=_LET_RUN)
    if error.cause == "OSError":
        trouble.look(error.message)
        if _NO_MEMORY in error.message:
            return Failure(kind="memory", message=claims.words(str(error)), hint=_HOLD_LESS)
    return Failure(
        kind=type(error).__name__,
        message=claims.words(str(error)),
        hint=claims.words(error.hint, 500),
        cause=claims.words(error.cause, 100),
    )


def _death(error: WorkerDied, limits: Limits) -> Failure:
    if "SIGXCPU" in error.message:
        return _limited(out_of_time(limits.time))
    return Failure(kind="WorkerDied", message=claims.words(error.message), hint=_LET_RUN)


_LET_RUN = "let mapper and reducer return: exit(), os._exit() and the like end the run before it is complete"
_NO_MEMORY = f"[Errno {errno.ENOMEM}]"
_HOLD_LESS = "hold less at once: emit instead of collecting"
_EMIT_LESS = "emit smaller values, or combine before emitting: what the mappers emit has to travel to the reducers"


def _outcome(
    failure: Failure | None, result: Result | None, printed: str, order: str, wall: float, cpu: float
) -> Outcome:
    if result is None:
        return Outcome(failure=failure, printed=printed)
    output, timings, remarks = result
    return Outcome(
        output=output,
        failure=failure,
        record=claims.record(timings, order, wall, cpu),
        remarks=claims.remarks(remarks),
        printed=printed,
        mapped=timings.pairs > 0,
    )
