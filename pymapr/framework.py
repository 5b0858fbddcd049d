"""The course's framework, as students import it: `mr = MapReduce.MapReduce()`, `mr.emit_intermediate`, `mr.emit`,
`mr.execute`.

`execute` asks the process it finds itself in, the *host*, what to do: run the job in parallel (the usual), or serve as
a worker, or run it serially. The host is what an engine sets; the student's file is the same in all of them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from pymapr.errors import InsideRead, UserCodeFailed
from pymapr.job import Emitter, Job, classic

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Host(Protocol):
    """Whoever runs jobs in this process."""

    def execute(self, job: Job, data: Iterable[Any], workers: int | None, /) -> Sequence[bytes] | None:
        """Run the job on `data`, an iterable of JSON lines.

        Returns the output (JSON lines, in chunks) after a parallel run, None after a serial one, whose emitter holds
        it; may never return at all.
        """


class Busy:
    """The host inside a worker: a job cannot start another."""

    def execute(self, _job: Job, _data: Iterable[Any], _workers: int | None, /) -> Sequence[bytes] | None:
        """Refuse."""
        raise UserCodeFailed(
            "execute was called by a mapper or reducer, while the job runs", "call execute once, at the end of the file"
        )


_host: Host | None = None
_usual_host: Host | None = None


def set_host(host: Host | None) -> None:
    """From now on `execute` is answered by `host`; None: by the usual one."""
    global _host
    _host = host


def get_host() -> Host | None:
    """Who set_host said; None if that is the usual one."""
    return _host


def set_usual_host(host: Host) -> None:
    """Who answers `execute` where no engine has taken the process over: the parallel run of a plain script."""
    global _usual_host
    _usual_host = host


class MapReduce(Emitter):
    """One MapReduce job.

    num_workers: processes at once; default: PYMAPR_WORKERS, else one per core that this process may use.
    """

    def __init__(self, num_workers: int | None = None) -> None:
        super().__init__()
        self._workers = num_workers
        self._output: Sequence[bytes] | None = None
        self._executed = False

    def execute(self, data: Iterable[Any], mapper: Any, reducer: Any) -> None:
        """Run `mapper` on each record of `data` (JSON lines), `reducer` on each key; print a JSON document a line."""
        extras = getattr(mapper, "__globals__", {})
        job = classic(self, mapper, reducer, extras)
        host = _host or _usual_host
        assert host is not None, "whoever imports MapReduce gets it from pymapr.dropin, which sets the usual host"
        output = host.execute(job, data, self._workers)
        if output is not None:
            self.begin("")
            self._output, self._executed = output, True

    @property
    def executed(self) -> bool:
        """Whether a parallel run of this very job is over."""
        return self._executed

    @property
    def intermediate(self) -> Any:
        """The groups, as the original kept them; a parallel run has no process that holds them all."""
        self._look("intermediate", "take what you need from the reducer's key and values")
        return self._groups

    @intermediate.setter
    def intermediate(self, groups: Any) -> None:
        self._look("intermediate", "emit pairs with emit_intermediate(key, value)")
        self._groups = groups

    @property
    def result(self) -> list[Any]:
        """The output values: as emitted in a serial run, as JSON gives them back after a parallel one."""
        self._look("result", "emit values with emit(value), and leave collecting them to the framework")
        if self._output is not None:
            lines, self._output = b"".join(self._output).splitlines(), None
            self._outputs = [json.loads(line) for line in lines]
        return self._outputs

    @result.setter
    def result(self, values: list[Any]) -> None:
        self._look("result", "emit values with emit(value)")
        self._outputs, self._output = values, None

    def _look(self, name: str, mend: str) -> None:
        if self._phase:
            raise self.offend(
                f"mr.{name} cannot be used in the {self._phase} phase: no process of a parallel run holds all of it",
                mend,
            )
        if self._executed and name == "intermediate":
            raise InsideRead("mr.intermediate is not kept after a parallel run: no process of it holds all of it", mend)


# So that `from pymapr import MapReduce` also serves a file that goes on with `MapReduce.MapReduce()`.
MapReduce.MapReduce = MapReduce  # type: ignore[attr-defined]  # deliberate, and no part of the typed interface
