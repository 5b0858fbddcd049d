"""Many judgements: results in order, whatever runs at once; our own failures retried, never a mark; a clean end."""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from grader import batch, submission
from grader.errors import InfrastructureError, SpecError
from grader.model import Verdict
from grader.resume import Known
from grader.sandbox.runner import Sandbox
from grader.store import open_store
from grader.submission import Submission
from grading.conftest import FIXTURES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from grader.model import CaseResult, Spec, SubmissionResult
    from grading.conftest import Assignments, Command

CLASS = ["plain", "by_hash", "other_problem", "mapper_to_reducer", "python2_print", "raises"]

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture
def tmp_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made, so that one can see what is left of them."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def students(spec: Spec, *names: str) -> list[Submission]:
    """A class whose students handed in these fixtures, and are named after them."""
    for name in names:
        folder = spec.folder / "submissions" / name
        folder.mkdir(parents=True)
        (folder / spec.module).write_bytes((FIXTURES / spec.name / f"{name}.py").read_bytes())
    return submission.own(spec)


def grade(
    spec: Spec, wanted: list[Submission], at_once: int = 2, heard: batch.Heard | None = None
) -> list[SubmissionResult]:
    """Grade without a cache."""
    heard = heard or (lambda _done, _all, _case: None)
    return batch.grade([spec], wanted, at_once=at_once, cache=None, heard=heard)


def verdicts(results: list[SubmissionResult]) -> list[tuple[str, Verdict]]:
    """Who got what."""
    return [(result.submission, result.verdict) for result in results]


def without_chance(results: list[SubmissionResult]) -> list[SubmissionResult]:
    """What must be the same from one grading to the next: not the times, nor which of several failing workers, each
    with a key or record of its own to tell of, was heard first.
    """

    def steady(case: CaseResult) -> CaseResult:
        return replace(case, runs=(), message="", hint="", remarks=())

    return [replace(one, datasets=tuple(map(steady, one.datasets))) for one in results]


# ---- results ---------------------------------------------------------------------------------------------------------


def test_results_come_in_the_order_of_the_submissions_however_many_run_at_once(
    assignments: Assignments, tmp_folder: Path
) -> None:
    """And are the same, but for the times; and nothing is left of any of it."""
    spec = assignments.wordcount()
    wanted = students(spec, *CLASS)
    one, four = grade(spec, wanted, at_once=1), grade(spec, wanted, at_once=4)
    assert without_chance(one) == without_chance(four)
    assert [result.submission for result in one] == sorted(CLASS)
    assert [case.name for case in one[0].datasets] == ["books", "diary"]
    assert not list(tmp_folder.iterdir())


def test_each_step_is_heard_of(assignments: Assignments) -> None:
    """First the datasets that are made ready, then each judgement."""
    spec = assignments.wordcount()
    steps: list[tuple[int, int, CaseResult | None]] = []
    grade(spec, students(spec, "plain"), heard=lambda *step: steps.append(step))
    assert [(done, of, case is not None) for done, of, case in steps] == [
        (0, 0, False),
        (0, 0, False),
        (1, 2, True),
        (2, 2, True),
    ]


def test_withheld_datasets_are_not_judged_but_named(assignments: Assignments) -> None:
    """As in a students' kit."""
    spec = assignments.wordcount()
    spec = replace(spec, datasets=(spec.datasets[0], replace(spec.datasets[1], withheld=True)))
    [result] = grade(spec, students(spec, "plain"))
    assert ([case.name for case in result.datasets], result.withheld) == (["books"], ("diary",))


def test_an_assignment_that_cannot_be_made_ready_ends_it_before_anything_is_judged(assignments: Assignments) -> None:
    """A broken reference is the instructor's to mend, not the students' to suffer."""
    folder = assignments.folder / "wordcount"
    (folder / "solution").mkdir(parents=True)
    (folder / "solution" / "wordcount.py").write_text("mapper = reducer = None\n")
    (folder / "books.json").write_text('["a", "b"]\n')
    datasets = [{"name": "books", "file": "books.json"}]
    spec = assignments.write("wordcount", module="wordcount.py", reference="solution/wordcount.py", datasets=datasets)
    heard: list[CaseResult | None] = []
    with pytest.raises(SpecError, match=r"the reference solution/wordcount\.py on dataset books failed"):
        grade(spec, students(spec, "plain"), heard=lambda _done, _all, case: heard.append(case))
    assert heard == [None]


# ---- our own failures ------------------------------------------------------------------------------------------------


def test_one_submission_that_cannot_be_judged_stops_no_other(assignments: Assignments) -> None:
    """It has no score, not a zero."""
    spec = assignments.wordcount()
    locked = Submission(assignment="wordcount", name="locked", module=None, unreadable="locked: Permission denied")
    bad, good = grade(spec, [locked, *students(spec, "plain")])
    assert (bad.verdict, bad.score) == (Verdict.GRADER_ERROR, None)
    assert bad.datasets[0].message == ("could not be judged: the submission cannot be read: locked: Permission denied")
    assert (good.verdict, good.score) == (Verdict.ACCEPTED, 10)


def test_a_mistake_of_ours_is_told_as_such(assignments: Assignments) -> None:
    """And ends nothing: here a judgement that was never made possible."""
    spec = assignments.wordcount()
    [wanted] = students(spec, "plain")
    slots = batch.Slots(1)
    case = batch.judge_one(slots, batch.Judgement(spec, spec.datasets[0], wanted), None)  # type: ignore[arg-type]  # the mistake
    slots.close()
    assert (case.verdict, case.score) == (Verdict.GRADER_ERROR, None)
    assert case.message.startswith("could not be judged: AttributeError")
    assert case.hint == "this is a fault of pymapr; please report it"


def test_the_second_attempt_is_made_where_nothing_has_run(assignments: Assignments) -> None:
    """Neither in the sandbox of the first, nor in another that somebody has used."""
    slots, used, tried = batch.Slots(2), list[Sandbox](), list[Sandbox]()
    with slots.lent() as one, slots.lent() as other:
        used += [one, other]

    def fails_at_first(sandbox: Sandbox) -> str:
        tried.append(sandbox)
        if len(tried) == 1:
            raise InfrastructureError("the process that starts student code is gone")
        return "judged"

    assert batch._twice(slots, fails_at_first) == "judged"
    slots.close()
    assert tried[0] in used
    assert tried[1] not in used
    assert not [sandbox.root for sandbox in (*used, *tried) if sandbox.root.exists()]


def test_a_result_is_filed_under_what_was_judged(
    assignments: Assignments, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And not under what lay there when it was dealt, one ahead: else who hands that in again has the other's mark."""
    both = assignments.wordcount()
    spec = replace(both, datasets=both.datasets[:1])
    first, second = students(spec, "by_hash", "plain")
    module, right, dealt = second.module, threading.Event(), threading.Event()
    assert module is not None
    place, judge_one, original = Known.place, batch.judge_one, module.read_bytes()

    def noticed(self: Known, of: Spec, dataset: Any, one: Submission, **how: bool) -> Any:
        found = place(self, of, dataset, one, **how)
        if one == second and how:
            dealt.set()
        return found

    def while_the_second_waits(slots: batch.Slots, one: batch.Judgement, material: Any, **how: Any) -> CaseResult:
        if one.submission == first and not right.is_set():
            dealt.wait(60)
            module.write_bytes((FIXTURES / spec.name / "other_problem.py").read_bytes())
        return judge_one(slots, one, material, **how)

    monkeypatch.setattr(Known, "place", noticed)
    monkeypatch.setattr(batch, "judge_one", while_the_second_waits)
    with open_store(tmp_path / "grades.sqlite") as store:

        def graded() -> Verdict:
            found = batch.grade([spec], [first, second], at_once=1, cache=None, store=store)
            return found[1].verdict

        assert graded() is Verdict.WRONG_ANSWER
        right.set()
        module.write_bytes(original)
        assert graded() is Verdict.ACCEPTED


def test_without_a_process_to_start_nothing_gets_a_mark(
    assignments: Assignments, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tried twice, then told."""
    spec = assignments.wordcount()
    wanted = students(spec, "plain")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    [result] = grade(spec, wanted)
    assert (result.verdict, result.score) == (Verdict.GRADER_ERROR, None)
    assert "could not be judged: no process could be started for student code" in result.datasets[0].message


def test_without_a_temporary_folder_nothing_is_judged(
    assignments: Assignments, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The error names the mend."""
    spec = assignments.wordcount()
    wanted = students(spec, "plain")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(InfrastructureError, match="no temporary folder could be made") as caught:
        grade(spec, wanted)
    assert "TMPDIR names another place" in caught.value.hint


@pytest.fixture
def tiny_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Temporary folders lie on a disk of 64 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root can mount a small disk")
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


@linux_only
def test_a_full_disk_gives_no_marks_and_stops_nobody_else(assignments: Assignments, tiny_disk: Path) -> None:
    """One student's files are too large for it, another's are not."""
    spec = assignments.wordcount()
    students(spec, "plain", "tabs")
    (spec.folder / "submissions" / "plain" / "large.bin").write_bytes(b"x" * 2**17)
    large, small = grade(spec, submission.own(spec), at_once=1)
    assert (large.verdict, large.score) == (Verdict.GRADER_ERROR, None)
    assert "No space left on device" in large.datasets[0].message
    assert small.verdict is Verdict.ACCEPTED, small
    assert not list(tiny_disk.iterdir())


@linux_only
def test_a_dataset_that_there_is_no_room_for_stops_no_other(assignments: Assignments, tiny_disk: Path) -> None:
    """Unpacked it is too large: what cannot be judged on it has no score, and the rest is judged."""
    spec = assignments.wordcount()
    (spec.folder / "data" / "books.json.gz").write_bytes(gzip.compress(b'["spring", "rain"]\n' * 2**13))
    books, diary = spec.datasets
    spec = replace(spec, datasets=(replace(books, file="data/books.json.gz"), diary))
    [result] = grade(spec, students(spec, "plain"))
    assert [case.verdict for case in result.datasets] == [Verdict.GRADER_ERROR, Verdict.ACCEPTED]
    assert (result.verdict, result.score) == (Verdict.GRADER_ERROR, None)
    assert "books.json.gz could not be unpacked" in result.datasets[0].message


# ---- processes that are killed ---------------------------------------------------------------------------------------


def until(condition: Callable[[], object]) -> None:
    """Come back when the condition holds; fail after a minute."""
    never = threading.Event()
    for _ in range(6000):
        if condition():
            return
        never.wait(0.01)
    raise AssertionError("waited for a minute")


def running_below(folder: Path) -> set[int]:
    """The processes whose working folder lies there."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if (process / "cwd").readlink().is_relative_to(folder):
                found.add(int(process.name))
    return found


def judging(folder: Path) -> bool:
    """Whether a submission runs in a grader's folder there; the self-test of the sandbox has one of its own."""
    return any(running_below(slot) for slot in folder.glob("pymapr-grade-*"))


def parent_of(pid: int) -> int:
    """The parent of a process; 0 if it has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


ENDLESS: dict[str, Any] = {"limits": {"time": "60s"}, "runs": {"workers": [2], "scramble": 0}}


@linux_only
@pytest.mark.parametrize(("kills", "verdict"), [(1, Verdict.TIME_LIMIT), (2, Verdict.GRADER_ERROR)])
def test_a_run_whose_zygote_is_killed_is_made_once_more(
    kills: int, verdict: Verdict, assignments: Assignments, tmp_folder: Path
) -> None:
    """It may have been the kernel, short of memory. The second time it is told; nothing is left running."""
    spec = assignments.wordcount(limits={"time": "2s"}, checks={"determinism": "off"})
    spec = replace(spec, datasets=spec.datasets[:1])
    killed: list[int] = []

    def kill() -> None:
        for _ in range(kills):
            until(lambda: {parent_of(pid) for pid in running_below(tmp_folder)} - {0, 1, os.getpid(), *killed})
            [zygote] = {parent_of(pid) for pid in running_below(tmp_folder)} - {0, 1, os.getpid(), *killed}
            killed.append(zygote)
            os.kill(zygote, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    [result] = grade(spec, students(spec, "endless"), at_once=1)
    killer.join()
    assert (result.verdict, len(killed)) == (verdict, kills)
    until(lambda: not running_below(tmp_folder))
    assert not list(tmp_folder.iterdir())


@linux_only
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_command_leaves_nothing_behind(
    number: signal.Signals, assignments: Assignments, command: Command, tmp_folder: Path
) -> None:
    """No process, no folder, no half report; and says so, with exit code 2."""
    spec = assignments.wordcount(**ENDLESS)
    students(spec, "endless")
    running = subprocess.Popen(
        [sys.executable, "-m", "grader", str(spec.folder), "--json", "report.json", "-n", "2"],
        cwd=command.folder,
        env={**command.environment, "TMPDIR": str(tmp_folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: len(running_below(tmp_folder)) >= 2)
    running.send_signal(number)
    out, err = running.communicate(timeout=30)
    assert (running.returncode, out) == (2, "")
    assert err.endswith(
        "pymapr-grade: interrupted; nothing is left running\n"
        "pymapr-grade: nothing was kept: --store FILE keeps results, and the same command then goes on\n"
    )
    assert not running_below(tmp_folder)
    assert not list(tmp_folder.iterdir())
    assert not list(command.folder.glob("*report*"))


@linux_only
@pytest.mark.parametrize(
    ("also", "are", "goes_on"),
    [((), "are", "the same command"), (["--regrade"], "were made anew and are", "the same command without --regrade")],
)
def test_an_interrupted_command_with_a_store_says_what_is_in_it(
    also: list[str], are: str, goes_on: str, assignments: Assignments, command: Command, tmp_folder: Path
) -> None:
    """And how to go on: --regrade would begin anew."""
    spec = assignments.wordcount(**ENDLESS)
    students(spec, "plain")
    asked = [str(spec.folder), "--store", "k.sqlite", "-n", "1"]
    assert command(*asked).returncode == 0
    students(spec, "endless")
    running = subprocess.Popen(
        [sys.executable, "-m", "grader", *asked, *also],
        cwd=command.folder,
        env={**command.environment, "TMPDIR": str(tmp_folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: judging(tmp_folder))
    running.send_signal(signal.SIGINT)
    told = running.communicate(timeout=30)[1].splitlines()[-1]
    assert re.fullmatch(rf"pymapr-grade: [0-2] of 4 judgements {are} in k.sqlite; {goes_on} goes on", told)
    assert also or "2 of 4" in told
