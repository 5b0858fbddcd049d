"""What to tell a student: which verdict a failure is, what was seen, what to do about it. Words; judges nothing."""

from __future__ import annotations

from grader.model import Check, Difference, Verdict

LIMITS = {"time": Verdict.TIME_LIMIT, "memory": Verdict.MEMORY_LIMIT, "output": Verdict.OUTPUT_LIMIT}


def verdict_of(kind: str, cause: str) -> Verdict:
    """The verdict for a run that failed by itself.

    kind: the class of the engine's error, or the limit; cause: the class of the exception underneath.
    """
    if kind in LIMITS:
        return LIMITS[kind]
    if cause == "MemoryError" or kind == "ValuesExceedMemory":
        return Verdict.MEMORY_LIMIT
    return Verdict.INVALID_SUBMISSION if kind == "JobLoadError" else Verdict.RUNTIME_ERROR


OTHER_OUTPUT = "the output differs from that of a serial run"

NONDETERMINISTIC = "two runs on the same data gave different output"
NONDETERMINISTIC_HINT = (
    "something differs from run to run: the order of a set, hash() of a string, random, the time;"
    " sort what has no order of its own"
)

NOT_PARALLEL_SAFE_HINT = (
    "mapper and reducer run in different processes and see only their arguments: keep nothing in globals between calls,"
    " and hand everything over with emit_intermediate and emit"
)

ORDER_DEPENDENT = "the output changes when a key's values come in another order"
ORDER_DEPENDENT_HINT = (
    "on a cluster the values of a key come in any order: go through the whole list and tell the values apart by what"
    " they are, not by where they stand"
)


def isolated(workers: int) -> str:
    """When a problem was seen."""
    return f"run in {workers} map and {workers} reduce processes, in the same order"


def permuted(seed: int) -> str:
    """When a problem was seen."""
    return f"run with each key's values {'in reverse' if seed == 0 else 'shuffled'}"


def scrambled(seed: int) -> str:
    """When a problem was seen."""
    return f"run with records, keys and values in another order over several processes (scramble {seed})"


def out_of_memory(limit: int, message: str) -> str:
    """What was seen, where the program itself was the first to run out of memory."""
    return f"it needed more than the {limit / 2**20:.4g} MB of memory that are allowed: {message}"


def overrun(when: str, message: str) -> str:
    """A remark on a run that met a limit which the program keeps when it runs alone."""
    return f"{when}, it {message}; that costs no points, because alone it stayed within the limit"


def costs(verdict: Verdict, check: Check) -> str:
    """A remark on what a check that costs a share of the points took."""
    return f"being {verdict} costs {float(check):.0%} of this dataset's points"


def wrong(difference: Difference) -> str:
    """What a wrong answer looks like, in one line."""
    parts = []
    if difference.missing:
        parts.append(f"{_records(difference.missing)} missing")
    if difference.unexpected:
        parts.append(f"{_records(difference.unexpected)} should not be there")
    return " and ".join(parts)


OTHER_ORDER = "the records are right, but not in the order that is asked for"
OTHER_ORDER_HINT = "records come out in the order of emit: keys in the order of their first appearance in the data"

NOTHING_EMITTED = "nothing was emitted"
NOTHING_MAPPED_HINT = (
    "the mapper emitted nothing: call mr.emit_intermediate(key, value); beside an mr, what it yields or returns does"
    " not count"
)
NOTHING_EMITTED_HINT = "hand each result over with mr.emit(...); what is printed does not count"


def wrong_hint(difference: Difference) -> str:
    """Where to look first."""
    if not difference.unexpected:
        return "what is emitted is right, but some is lacking: does every record reach emit?"
    if not difference.missing:
        return "everything expected is there, and more: is something emitted twice, or that the statement leaves out?"
    return "take one of the examples and follow it by hand through mapper and reducer"


def travel_hint(kind: str) -> str:
    """The mend for what can only go wrong between processes; empty where the general one serves."""
    return {
        "CannotTravel": "emit plain values: strings, numbers, tuples, lists, dicts",
        "CannotPartition": "use keys that equal themselves: strings, numbers, tuples of them",
        "InsideRead": (
            "mr.intermediate and mr.result belong to the framework: use only what mapper and reducer are given"
        ),
    }.get(kind, "")


def printed(text: str) -> str:
    """A remark on what a submission printed."""
    lines = text.strip().splitlines()
    return f"it prints, and what is printed does not count as output; it begins with {lines[0][:80]!r}" if lines else ""


def _records(count: int) -> str:
    return f"{count:,} record" if count == 1 else f"{count:,} records"
