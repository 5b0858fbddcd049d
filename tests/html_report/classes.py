"""Classes that nobody taught: any number of students over seven assignments, the same for the same seed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from builders import a_report

from grader.model import (
    Audience,
    CaseResult,
    Difference,
    Example,
    GradeReport,
    Lateness,
    Override,
    RunRecord,
    Span,
    Student,
    SubmissionResult,
    Verdict,
    Visibility,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ASSIGNMENTS = (
    "wordcount",
    "inverted_index",
    "join",
    "friend_count",
    "asymmetric_friendships",
    "unique_trims",
    "multiply",
)
DATASETS = (("books", 3.0), ("empty", 1.0), ("edges", 2.0), ("zipf", 4.0))
HIDDEN = {"edges", "zipf"}

GIVEN = ("Ada", "Grace", "Edsger", "Barbara", "Radia", "Donald", "Frances", "Tony", "Margaret", "Shafi", "Zoë")
FAMILY = ("Lovelace", "Hopper", "Liskov", "Turing", "Perlman", "Knuth", "Hoare", "Hamilton", "Nyström", "Øst")

MIX = (
    (Verdict.ACCEPTED, 62),
    (Verdict.ORDER_DEPENDENT, 7),
    (Verdict.NOT_PARALLEL_SAFE, 6),
    (Verdict.WRONG_ANSWER, 11),
    (Verdict.NONDETERMINISTIC, 2),
    (Verdict.OUTPUT_LIMIT, 1),
    (Verdict.MEMORY_LIMIT, 1),
    (Verdict.TIME_LIMIT, 2),
    (Verdict.RUNTIME_ERROR, 4),
    (Verdict.INVALID_SUBMISSION, 2),
    (Verdict.MISSING, 2),
    (Verdict.GRADER_ERROR, 0.2),
)
SAID = {
    Verdict.ORDER_DEPENDENT: (
        "the output changes when a key's values come in another order",
        "on a cluster the values of a key come in any order: go through the whole list",
    ),
    Verdict.NOT_PARALLEL_SAFE: (
        "run in 2 map and 2 reduce processes, in the same order: 12 records missing",
        "mapper and reducer run in different processes and see only their arguments: keep nothing in globals",
    ),
    Verdict.WRONG_ANSWER: (
        "30 records missing and 19 records should not be there",
        "take one of the examples and follow it by hand through mapper and reducer",
    ),
    Verdict.RUNTIME_ERROR: (
        "KeyError: 'line_item', in the reducer\n  File join.py, line 21\n    total[order['line_item']] += 1",
        "the record that it failed on is in the command below",
    ),
    Verdict.GRADER_ERROR: ("the disk is full", "free some space and grade again"),
}
COMPARED = (Verdict.ORDER_DEPENDENT, Verdict.NOT_PARALLEL_SAFE, Verdict.WRONG_ANSWER, Verdict.NONDETERMINISTIC)


def a_class(students: int, seed: int = 7, *, audience: Audience = Audience.INSTRUCTOR) -> GradeReport:
    """So many students, each with a submission for each of the seven assignments."""
    dice = random.Random(seed)
    people = [(number, _named(dice, number), dice.random()) for number in range(students)]
    return a_report(
        *(_result(dice, assignment, *one) for assignment in ASSIGNMENTS for one in people), audience=audience
    )


def a_timed_run(dice: random.Random, workers: int, length: float) -> RunRecord:
    """A run with spans as the engine gives them: three tasks a worker, and the phases' sums."""
    spans = tuple(span for worker in range(workers) for span in _spans(dice, worker, workers, length))
    phases = {"total": length}
    for span in spans:
        phases[span.phase] = phases.get(span.phase, 0.0) + (span.end - span.start) / workers
    engine = "serial" if workers == 1 else "parallel"
    wall = max(span.end for span in spans)
    return RunRecord(
        engine="serial" if engine == "serial" else "parallel",
        workers=workers,
        order="stable",
        wall=wall,
        cpu=wall * workers * 0.8,
        phases=phases,
        spans=spans,
    )


def _named(dice: random.Random, number: int) -> Student:
    name = f"{dice.choice(GIVEN)} {dice.choice(FAMILY)}"
    return Student(key=f"student-{number:04}", name=name, login=f"login{number}", email=f"s{number}@example.org")


def _result(dice: random.Random, assignment: str, number: int, student: Student, skill: float) -> SubmissionResult:
    verdict = Verdict.ACCEPTED if dice.random() < skill * 0.6 else dice.choices(*zip(*MIX, strict=True))[0]
    pace = 0.08 * (1 + ASSIGNMENTS.index(assignment)) * dice.uniform(0.7, 1.6)
    late = dice.choice([0] * 18 + [1, 2])
    return SubmissionResult(
        assignment=assignment,
        submission=student.key,
        datasets=tuple(_case(dice, verdict, pace, *dataset) for dataset in DATASETS),
        students=(student,),
        group=f"group-{number // 4}" if number % 8 < 4 else "",
        submitted=f"2026-02-{1 + number % 27:02}T18:{number % 60:02}:00+01:00",
        late=Lateness(days=late, penalty=0.1 * late) if late else None,
        override=_override(number) if number % 97 == 3 else None,
        remarks=("the file was called Wordcount.py and is taken for wordcount.py",) if number % 41 == 0 else (),
    )


def _override(number: int) -> Override:
    return Override(score=8, reason="a slip of the pen", by="mvd", at="2026-03-02T09:00:00+01:00")


def _case(dice: random.Random, verdict: Verdict, pace: float, name: str, points: float) -> CaseResult:
    if verdict is not Verdict.GRADER_ERROR and name == "empty" and dice.random() < 0.6:
        verdict = Verdict.ACCEPTED
    message, hint = SAID.get(verdict, (f"{verdict}, as it happens", "look again")) if verdict.gravity < 11 else ("", "")
    ran = verdict.gravity >= Verdict.NONDETERMINISTIC.gravity
    return CaseResult(
        name=name,
        visibility=Visibility.HIDDEN if name in HIDDEN else Visibility.PUBLIC,
        verdict=verdict,
        score={Verdict.ACCEPTED: points, Verdict.GRADER_ERROR: None}.get(verdict, 0.0),
        max_score=points,
        message=message,
        hint=hint,
        reproduce=f"pymapr run handed-in/x/job.py data/{name}.json --order scramble:3" if message else "",
        remarks=("it prints, and what is printed does not count as output",) if dice.random() < 0.05 else (),
        difference=_difference(dice) if verdict in COMPARED else None,
        runs=(a_timed_run(dice, 1, pace), a_timed_run(dice, 2, pace * 0.6), a_timed_run(dice, 4, pace * 0.7))
        if ran
        else (),
    )


def _difference(dice: random.Random) -> Difference:
    words = [dice.choice(GIVEN + FAMILY) for _ in range(5)]
    pairs = [
        Example(expected=f'["{word}", 9]', got=f'["{word}", {number}]', where=f"at $[1]: expected 9, got {number}")
        for number, word in enumerate(words[:3])
    ]
    odd = [Example(expected=f'["{words[3]}", 1]', got=None), Example(expected=None, got=f'["{words[4]}", 4]')]
    return Difference(missing=dice.randrange(10, 5000), unexpected=dice.randrange(10, 3000), examples=(*pairs, *odd))


def _spans(dice: random.Random, worker: int, workers: int, length: float) -> Iterator[Span]:
    now = 0.01 * worker
    tasks = 1 if workers == 1 else 2
    plan = [("startup", 0.12), *[("read", 0.1 / tasks), ("map", 0.4 / tasks), ("write", 0.02)] * tasks]
    plan += [("shuffle", 0.05), ("reduce", 0.25), ("write", 0.02)]
    for phase, share in plan:
        end = now + share * length * dice.uniform(0.8, 1.2)
        yield Span(worker=worker, phase=phase, start=now, end=end)
        now = end + 0.003 * length * dice.random()
