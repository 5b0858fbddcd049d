"""What a worker's mapper emitted, made into what can leave it: pairs combined, partitioned, packed; output encoded.

Whatever cannot travel or be said in JSON is blamed on the record that emitted it, found by mapping once more.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from pymapr.blame import blame, describe_key
from pymapr.codecs import Group, encode_outputs, pack_group
from pymapr.errors import CannotEncode, CannotTravel, UserCodeFailed
from pymapr.grouping import Groups, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pymapr.job import Job
    from pymapr.parallel.protocol import Begin, MapTask
    from pymapr.parallel.reading import Reading


class Packing:
    """Of one worker. In all of it, `tasks` are those that emitted what is worked on."""

    def __init__(self, job: Job, begin: Begin, reading: Reading) -> None:
        self._job, self._begin, self._reading = job, begin, reading

    def combine(self, groups: Groups, task: int) -> Groups:
        """The groups, their values shortened by the job's combiner, if it has one; raises JobErrors."""
        if self._job.combiner is None or not self._combines(task):
            return groups
        # One value is short as it is: of the words of a text, most occur once in a task.
        combined = {k: self._shortened(k, values) if len(values) > 1 else values for k, values in groups.items()}
        return {key: values for key, values in combined.items() if values}

    def split(self, groups: Groups, first: int, tasks: Iterable[MapTask]) -> list[Group]:
        """The groups by partition; raises JobErrors. first: the place of the first key."""
        try:
            return split(groups, self._begin.partitions, self._job.partitioner, first)
        except BaseException as error:
            where = self._culprit(tasks, lambda key, _: self._job.partitioner(key, self._begin.partitions))
            raise blame(error, "partition", where) from None

    def pack(self, parts: Sequence[Group], tasks: Iterable[MapTask]) -> dict[int, bytes]:
        """A block for each partition that is not empty, by its number; raises CannotTravel."""
        try:
            return {number: pack_group(part) for number, part in enumerate(parts) if part.keys}
        except MemoryError:
            raise  # no fault of the values'
        except Exception as error:  # pickle raises whatever the objects' own methods raise
            raise CannotTravel(
                f"a key or value cannot travel between processes: {_told(error)}",
                "emit plain values: strings, numbers, tuples, lists, dicts; define classes at the top of the file",
                "map",
                self._culprit(tasks, _travel),
                cause=type(error).__name__,
            ) from None

    def probe(self, part: Group, tasks: Iterable[MapTask]) -> None:
        """Raise CannotTravel where the first pair of what is to stay could not leave: it does with other data."""
        self.pack([Group(part.places[:1], part.keys[:1], [part.values[0][:1]])], tasks)

    def encode(self, outputs: Sequence[Any], tasks: Iterable[MapTask]) -> bytes:
        """What the mapper emitted as output, as lines; raises CannotEncode."""
        try:
            return "".join(encode_outputs(outputs, "")).encode()
        except CannotEncode as error:
            raise error.at("map", self._culprit(tasks, _no_pair, _encodable)) from None

    # ---- combining ---------------------------------------------------------------------------------------------------

    def _combines(self, task: int) -> bool:
        # A cluster may run the combiner or leave it: a scramble does either, as its seed says.
        if self._begin.order != "scramble":
            return True
        from random import Random

        return Random(f"combine {self._begin.seed} {task}").random() < 0.5

    def _shortened(self, key: Any, values: list[Any]) -> list[Any]:
        emitter = self._job.emitter
        emitter.begin("combine")
        try:
            assert self._job.combiner is not None, "asked for only where there is one"
            self._job.combiner(key, values)
            answer, outputs = emitter.take()
            strange = bool(outputs) or any(other != key for other in answer)
        except BaseException as error:
            raise blame(error, "combine", describe_key(key), self._job.combiner) from None
        if strange:
            raise UserCodeFailed(
                f"the combiner emitted something else than pairs of the {describe_key(key)}",
                "a combiner shortens the values of the key that it is given, with emit_intermediate(key, value)",
                "combine",
                cause="ValueError",
            )
        return answer[next(iter(answer))] if answer else []

    # ---- finding the culprit -----------------------------------------------------------------------------------------

    def _culprit(
        self,
        tasks: Iterable[MapTask],
        probe: Callable[[Any, Any], object],
        probe_output: Callable[[Any], object] | None = None,
    ) -> str:
        """Which record emitted what a probe raises for: found by mapping once more, as this run is lost anyway."""
        emitter = self._job.emitter
        for task in tasks:
            for index, record in self._reading.records(task):
                emitter.begin("map")
                try:
                    self._job.mapper(record)
                    groups, outputs = emitter.take()
                except Exception:  # whatever it is, it happened here
                    return self._reading.place(task, index)
                if (found := _first_bad(groups, outputs, probe, probe_output)) is not None:
                    return self._reading.place(task, index) + found
        return "emitted before execute" if any(task.kind == "carried" for task in tasks) else ""


def _first_bad(
    groups: Groups,
    outputs: list[Any],
    probe: Callable[[Any, Any], object],
    probe_output: Callable[[Any], object] | None,
) -> str | None:
    """The first pair or output value that its probe raises for, in words; None if there is none."""
    for key, values in groups.items():
        try:
            for value in values:
                probe(key, value)
        except Exception:  # the probe's answer
            return f", {describe_key(key)}"
    try:
        if probe_output is not None:
            for value in outputs:
                probe_output(value)
    except Exception:  # the probe's answer
        return ""
    return None


def _travel(key: Any, value: Any) -> None:
    pack_group(Group(array("I", [0]), [key], [[value]]))


def _no_pair(_key: Any, _value: Any) -> None:
    """A probe for those who look for an output value."""


def _encodable(value: Any) -> None:
    encode_outputs([value], "")


def _told(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # the job's own exceptions may refuse even that
        return type(error).__name__
