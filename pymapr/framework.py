"""The course's framework, as students import it: `mr = MapReduce.MapReduce()`, `mr.emit_intermediate`, `mr.emit`, `mr.execute`.

`execute` asks the process it finds itself in, the *host*, what to do: run the job in parallel (the usual), or serve as a worker, or run it
serially. The host is what an engine sets; the student's file is the same in all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Protocol

from pymapr.job import Emitter, Job, classic


class Host(Protocol):
    """Whoever runs jobs in this process."""

    def execute(self, job: Job, data: Iterable[Any], workers: int | None) -> bytes | None:
        """Run the job on `data`, an iterable of JSON lines.

        Returns the output (JSON lines) after a parallel run, None after a serial one, whose emitter holds it; may never return at all.
        """


class _Default:
    """Outside any engine: run in parallel, and print, as `python wordcount.py books.json` should."""

    def execute(self, job: Job, data: Iterable[Any], workers: int | None) -> bytes | None:
        from pymapr.dropin import execute  # the engine is loaded only by who executes something

        return execute(job, data, workers)


_host: Host = _Default()


def set_host(host: Host) -> None:
    """From now on `execute` is answered by `host`."""
    global _host  # noqa: PLW0603 - one process has one host, and students' files cannot be handed one
    _host = host


class MapReduce(Emitter):
    """One MapReduce job.

    num_workers: processes at once; default: PYMAPR_WORKERS, else one per core that this process may use.
    """

    def __init__(self, num_workers: int | None = None) -> None:
        super().__init__()
        self._workers = num_workers
        self._output: bytes | None = None

    def execute(self, data: Iterable[Any], mapper: Any, reducer: Any) -> None:
        """Run `mapper` on each record of `data` (JSON lines) and `reducer` on each key; one JSON document a line to stdout."""
        extras = getattr(mapper, "__globals__", {})
        output = _host.execute(classic(self, mapper, reducer, extras), data, self._workers)
        if output is not None:
            self.begin("")
            self._output = output

    @property
    def intermediate(self) -> dict[Any, list[Any]]:
        """The groups, as the original kept them; there are none to read in a parallel run's mapper or reducer."""
        self._look("intermediate", "take what you need from the reducer's key and values")
        return self._groups

    @intermediate.setter
    def intermediate(self, groups: dict[Any, list[Any]]) -> None:
        self._look("intermediate", "emit pairs with emit_intermediate(key, value)")
        self._groups = groups

    @property
    def result(self) -> list[Any]:
        """The output values: as emitted in a serial run, as JSON gives them back after a parallel one."""
        self._look("result", "emit values with emit(value), and leave collecting them to the framework")
        if self._output is not None:
            self._outputs, self._output = [json.loads(line) for line in self._output.splitlines()], None
        return self._outputs

    @result.setter
    def result(self, values: list[Any]) -> None:
        self._look("result", "emit values with emit(value)")
        self._outputs = values

    def _look(self, name: str, mend: str) -> None:
        if self._phase:
            raise self.offend(
                f"mr.{name} cannot be used during the {self._phase} phase: no process of a parallel run holds all of it",
                mend,
            )


# So that `from pymapr import MapReduce` also serves a file that goes on with `MapReduce.MapReduce()`.
MapReduce.MapReduce = MapReduce  # type: ignore[attr-defined]  # deliberate, and no part of the typed interface
