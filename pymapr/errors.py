"""What the engine raises on purpose; nothing is imported here, so every room may import this one.

Three families, by who can mend it: `UsageError` (whoever called), `JobError` (whoever wrote the job), `EngineError`
(ours, or the machine's). Each knows the exit code it ends a command with.
"""


class MaprError(Exception):
    """Whatever pymapr raises on purpose.

    message: what happened. hint: how to mend it. phase: `load`, `read`, `map`, `combine`, `partition`, `reduce` or
    empty. where: the record (file and line) or the key it happened at. frames: the lines of the traceback that belong
    to the job's own files. cause: name of the exception class underneath, if any.

    The arguments are the fields, so that an error survives a pipe.
    """

    exit_code = 3

    def __init__(
        self,
        message: str,
        hint: str = "",
        phase: str = "",
        where: str = "",
        frames: tuple[str, ...] = (),
        cause: str = "",
    ) -> None:
        super().__init__(message, hint, phase, where, frames, cause)
        self.message, self.hint, self.phase, self.where = message, hint, phase, where
        self.frames, self.cause = frames, cause

    def at(self, phase: str, where: str, frames: tuple[str, ...] = ()) -> "MaprError":
        """The same error, placed: what it does not say itself of phase, place and frames is filled in."""
        return type(self)(
            self.message, self.hint, self.phase or phase, self.where or where, self.frames or frames, self.cause
        )

    def __str__(self) -> str:
        """The whole of it but for the hint: what, where, and the job's own frames."""
        place = ", ".join(part for part in (self.phase and f"in {self.phase}", self.where) if part)
        return "\n".join([f"{self.message} ({place})" if place else self.message, *self.frames])


class UsageError(MaprError):
    """The caller asked for something that cannot be."""

    exit_code = 4


class InputError(UsageError):
    """The data cannot be read: no such file, or a line that is not JSON. `where` names file and line."""


class JobError(MaprError):
    """The job's author can mend it."""

    exit_code = 1


class JobLoadError(JobError):
    """The file holds no job that can be run: it does not compile, or has no mapper or reducer."""


class UserCodeFailed(JobError):
    """The job's code raised. `cause` is the exception's class, `frames` the job's part of the traceback."""


class CannotTravel(JobError):
    """A key or value was emitted that pickle cannot carry from one process to another."""


class CannotPartition(JobError):
    """No partition can be told for a key: it is not equal to itself, or the job's partitioner gave no usable number."""


class CannotEncode(JobError):
    """A reducer (or mapper) emitted what JSON cannot say."""


class InsideRead(JobError):
    """The job looked into the framework, or emitted in the wrong phase, where a parallel run has nothing to give."""


class ValuesExceedMemory(JobError):
    """The values of a single key do not fit the memory budget."""


class EngineError(MaprError):
    """The run could not be finished, and the job is not known to be at fault."""


class WorkerDied(EngineError):
    """A worker process ended without saying that it was finished, and so did the fresh one that took over its task.

    Not raised when the job's code raises: that is `UserCodeFailed`.
    """


class SpillFailed(EngineError):
    """Blocks could not be written: most often a full disk."""


class ProtocolError(EngineError):
    """A worker said something that no worker says: it was tampered with, or pymapr has a bug."""


class RelayExceeded(EngineError):
    """More blocks had to pass through the master than it was allowed to hold."""


def by_name() -> dict[str, type[MaprError]]:
    """The errors that a worker may report, by class name."""
    family: list[type[MaprError]] = [InputError, EngineError, SpillFailed, ProtocolError, *JobError.__subclasses__()]
    return {error.__name__: error for error in family}
