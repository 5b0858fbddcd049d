"""A job: mapper and reducer in either form, made to look alike; and the emitter that their emissions go to.

In the classic form the emitter is the student's own `mr`; a functional job gets one behind the scenes. An engine
empties the emitter between tasks, and nothing else in the engine needs to know which form it runs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pymapr.codecs import repr_safely, shorten
from pymapr.errors import CannotPartition, InsideRead, JobError, JobLoadError, UserCodeFailed
from pymapr.partition import partition

Pairs = dict[Any, list[Any]]


class Emitter:
    """Where pairs and output values gather until an engine takes them away."""

    def __init__(self) -> None:
        self._groups: Pairs = {}
        self._quick: defaultdict[Any, list[Any]] = defaultdict(list)
        self._outputs: list[Any] = []
        self._phase = ""
        self._offence: JobError | None = None

    def emit_intermediate(self, key: Any, value: Any) -> None:
        """From a mapper: hand over a pair. Values of equal keys come together in the reducer."""
        # The interpreter is at its quickest with a plain method on a plain attribute. In a parallel run no exception
        # is raised: the dict there makes its own lists.
        try:
            self._groups[key].append(value)
        except KeyError:
            self._groups[key] = [value]

    def emit(self, value: Any) -> None:
        """From a reducer: hand over an output value, anything that JSON can say. (A mapper may as well.)"""
        self._outputs.append(value)

    # ---- the engine's side -------------------------------------------------------------------------------------------

    def begin(self, phase: str, groups: Pairs | None = None, outputs: list[Any] | None = None) -> None:
        """Enter a phase of a parallel run with nothing emitted yet, or with what was emitted before execute."""
        self._phase = phase
        self._outputs = [] if outputs is None else outputs
        if not phase:
            self._groups = {}
            return
        quick = self._groups = self._quick
        quick.clear()
        quick.update(groups or {})
        quick.default_factory = self._too_late if phase == "reduce" else list

    def _too_late(self) -> list[Any]:
        raise self.offend(
            "emit_intermediate was called by the reducer, when the map phase is over",
            "a reducer hands its results over with emit(value)",
        )

    def take(self) -> tuple[Pairs, list[Any]]:
        """What was emitted since the phase began; raises the offence that the job's code may have swallowed."""
        if self._offence is not None:
            raise self._offence
        if self._groups is not self._quick:
            return self._groups, self._outputs
        groups = dict(self._quick)
        self._quick.clear()
        return groups, self._outputs

    def take_outputs(self) -> list[Any]:
        """The output values alone; the pairs stay, for more of them to come. Raises as `take` does."""
        if self._offence is not None:
            raise self._offence
        outputs, self._outputs = self._outputs, []
        return outputs

    @property
    def emitted(self) -> int:
        """How many output values were emitted since the phase began."""
        return len(self._outputs)

    def counter(self) -> Callable[[], int]:
        """What tells `emitted` quickest, for this phase."""
        return self._outputs.__len__

    @property
    def carries(self) -> bool:
        """Whether something was emitted before the job was executed: it counts, as it did in the original."""
        return bool(self._groups or self._outputs)

    def offend(self, what: str, mend: str) -> JobError:
        """Remember what the job may not do in a parallel run, so that an `except:` of its own cannot hide it."""
        self._offence = self._offence or InsideRead(what, mend, phase=self._phase)
        return self._offence


class Job:
    """What an engine runs.

    mapper(record) and reducer(key, values) answer nothing: whatever they emit goes to `emitter`. combiner(key, values),
    if any, works like a mapper; partitioner(key, n) names a bucket.
    """

    def __init__(
        self,
        mapper: Callable[[Any], object],
        reducer: Callable[[Any, list[Any]], object],
        emitter: Emitter,
        combiner: Callable[[Any, list[Any]], object] | None = None,
        partitioner: Callable[[Any, int], int] | None = None,
    ) -> None:
        self.mapper, self.reducer, self.emitter, self.combiner = mapper, reducer, emitter, combiner
        self.partitioner = _checked(partitioner) if partitioner else partition


def classic(mr: Emitter, mapper: Any, reducer: Any, extras: Mapping[str, Any]) -> Job:
    """The job of a file with a global `mr`; `extras` (the file's globals) may hold a combiner or partitioner."""
    return Job(mapper, reducer, mr, _optional(extras, "combiner"), _optional(extras, "partitioner"))


def functional(mapper: Any, reducer: Any, extras: Mapping[str, Any]) -> Job:
    """The job of a file without `mr`, whose functions return or yield what they have to say."""
    emitter = Emitter()
    combiner = _optional(extras, "combiner")
    return Job(
        _emitting_pairs(mapper, emitter, "mapper"),
        _emitting_values(reducer, emitter),
        emitter,
        combiner and _emitting_pairs(combiner, emitter, "combiner"),
        _optional(extras, "partitioner"),
    )


def from_namespace(names: Mapping[str, Any]) -> Job:
    """The job that a module's globals hold, in whichever form; raises JobLoadError."""
    for wanted, form in (("mapper", "mapper(record)"), ("reducer", "reducer(key, values)")):
        if not callable(names.get(wanted)):
            raise JobLoadError(f"the file has no {wanted}", f"define a function {form}", phase="load")
    mr = names.get("mr")
    if isinstance(mr, Emitter):
        return classic(mr, names["mapper"], names["reducer"], names)
    return functional(names["mapper"], names["reducer"], names)


def check_data(data: Any) -> None:
    """Raise UserCodeFailed for what `execute` was given as data and cannot be: a path, or nothing at all."""
    if isinstance(data, str | bytes) or not isinstance(data, Iterable):
        raise UserCodeFailed(
            f"execute was given {shorten(repr_safely(data))} for its data, which holds no lines",
            "open the file first, as in mr.execute(open(sys.argv[1]), mapper, reducer)",
            cause="TypeError",
        )


def _optional(extras: Mapping[str, Any], name: str) -> Any:
    function = extras.get(name)
    return function if callable(function) else None


def _emitting_pairs(function: Callable[..., Any], emitter: Emitter, role: str) -> Callable[..., None]:
    def emitting(*arguments: Any) -> None:
        for pair in _pairs(function(*arguments)):
            if not isinstance(pair, tuple | list) or len(pair) != 2:
                shown = shorten(repr_safely(pair))
                raise UserCodeFailed(
                    f"the {role} gave {shown}, which is no (key, value) pair",
                    f"a {role} yields `key, value`, or returns a list of such pairs",
                    cause="TypeError",
                )
            emitter.emit_intermediate(*pair)

    return _around(function, emitting)


def _pairs(answer: Any) -> Iterable[Any]:
    """What a functional mapper answered, as pairs: None is none, what has several items holds several, else it is one.

    A tuple is one pair, as `return key, value` makes it.
    """
    if answer is None:
        return ()
    several = isinstance(answer, Iterable) and not isinstance(answer, tuple | str | bytes)
    return answer if several else (answer,)


def _emitting_values(reducer: Callable[..., Any], emitter: Emitter) -> Callable[..., None]:
    def emitting(key: Any, values: list[Any]) -> None:
        answer = reducer(key, values)
        if isinstance(answer, Iterator):
            for value in answer:
                emitter.emit(value)
        elif answer is not None:
            emitter.emit(answer)

    return _around(reducer, emitting)


def _around(function: Callable[..., Any], emitting: Callable[..., None]) -> Callable[..., None]:
    """Say which of the job's functions it is that is called, for who looks for a fault."""
    vars(emitting)["__wrapped__"] = function
    return emitting


def _checked(partitioner: Callable[[Any, int], int]) -> Callable[[Any, int], int]:
    def checked(key: Any, buckets: int) -> int:
        bucket = partitioner(key, buckets)
        if isinstance(bucket, int) and 0 <= bucket < buckets:
            return bucket
        raise CannotPartition(
            f"the partitioner gave {shorten(repr_safely(bucket))} for key {shorten(repr_safely(key))} and n={buckets}",
            "it must return a whole number from 0 to n - 1",
        )

    return checked
