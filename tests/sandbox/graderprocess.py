"""A grader with secrets, in a process of its own: runs one attack after another, and says what became of each.

Run as a program, by any Python that finds pymapr and grader: `graderprocess.py HOME LEVEL`. It reads orders from stdin,
one JSON object a line, and answers each with one.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import hashlib
import json
import os
import re
import secrets
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grader
from grader.advice import verdict_of
from grader.errors import GraderError
from grader.judge import judge
from grader.materials import Material
from grader.model import (
    Audience,
    CaseResult,
    DatasetSpec,
    GradeReport,
    Limits,
    RunRecord,
    Runs,
    Spec,
    SubmissionResult,
)
from grader.reports import to_json, to_terminal
from grader.sandbox import levels, users
from grader.sandbox.layers import Wanted
from grader.sandbox.runner import Outcome, Program, Sandbox
from grader.sandbox.slot import HASH_SEEDS
from grader.sandbox.stage import Stage, files_below
from grader.sandbox.zygote import descendants
from grader.submission import Submission
from pymapr.model import Order
from pymapr.timings import PHASES

MODULE = "wordcount.py"
DATA = "data.json"
RECORDS = [[f"doc{number}", f"word{number % 5} the quick brown fox {'again ' * 20}"] for number in range(12)]
ACTIVE = {chr(code) for code in (*range(9), *range(11, 32), *range(127, 160), *range(0x202A, 0x202F), 0xFEFF, 0x061C)}
ACTIVE |= {
    chr(code)
    for code in (*range(0x2066, 0x206A), 0x200E, 0x200F, 0x2028, 0x2029, 0xFFFE, 0xFFFF, *range(0xD800, 0xE000))
}
"""Characters that act where they are shown, or cannot be written at all."""

ORDERS = re.compile(r"^\s*::[\w-]+.*::|##\w*\[")
"""What a CI runner obeys."""

MOST_SHOWN = 60_000
"""Characters that all that is shown of one judgement may have."""

PUBLIC_PLACES = ("/tmp", "/var/tmp", "/dev/shm", "/run")
SIGN = "pymapr-villain"

HONEST = """\
import sys

import MapReduce

mr = MapReduce.MapReduce()


def mapper(record):
    for word in record[1].split():
        mr.emit_intermediate(word, 1)


def reducer(key, values):
    mr.emit([key, sum(values)])


mr.execute(open(sys.argv[1]), mapper, reducer)
"""


@dataclass(frozen=True, kw_only=True)
class Short(Limits):
    """Limits for programs of which many are meant to meet them."""

    time: float = 0.4
    memory: int = 128 * 2**20
    output: int = 2**18

    @property
    def wall(self) -> float:
        """Seconds; not three times the CPU time plus five, as it is for students."""
        return 1.5


@dataclass(frozen=True)
class Verdict:
    """What an attack came to. message: all that anybody may read of it; shown: what a terminal is sent."""

    verdict: str
    message: str
    printed: str
    runs: tuple[RunRecord, ...]
    shown: str = ""


class Guarded:
    """What no attack may read or change: an assignment, submissions, a secret in every kind of place."""

    def __init__(self, home: Path) -> None:
        self.secret = f"canary-{secrets.token_hex(8)}"
        self.folder = home / "guarded"
        counts = Counter(word for _, text in RECORDS for word in text.split())
        self.answer = [[word, count] for word, count in counts.items()]
        self._write("assignment/data.json", "".join(json.dumps(record) + "\n" for record in RECORDS))
        self._write("assignment/expected.json", "".join(json.dumps(line) + "\n" for line in self.answer))
        self._write("assignment/solution.py", f"{HONEST}\n# {self.secret}\n")
        self._write("submissions/peer/wordcount.py", f"{HONEST}\n# {self.secret}\n")
        self._write("secret.txt", f"{self.secret}\n")
        os.environ["PYMAPR_ATTACK_TOKEN"] = self.secret
        self.heap = [f"{self.secret} number {number}" for number in range(100)]
        self.descriptor = os.open(self.folder / "secret.txt", os.O_RDONLY)
        os.set_inheritable(self.descriptor, True)
        gc.collect()

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def checksum(self) -> str:
        """Of all names, rights, times and bytes."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.rglob("*")):
            found = path.lstat()
            digest.update(f"{path} {found.st_mode} {found.st_mtime_ns} {found.st_nlink}".encode())
            digest.update(path.read_bytes() if path.is_file() else b"")
        return digest.hexdigest()


class GraderProcess:
    """Judges attacks in one sandbox, and looks after each whether all is as it was."""

    def __init__(self, home: Path, wanted: Wanted | None) -> None:
        self.guarded = Guarded(home)
        self.temporary = home / "tmp"
        self.temporary.mkdir()
        tempfile.tempdir = str(self.temporary)
        self.submissions = home / "submissions"
        self.sandbox = Sandbox(wanted=wanted)
        self.level = levels.test(self.sandbox._wanted)[0].number
        self._handed_in = {HONEST.encode(), self._material().data.read_bytes()}
        self._as_ever = [self._honest(seed) for seed in HASH_SEEDS][-1]
        self._before = self._state()

    def where(self) -> dict[str, Any]:
        """What villains are told, to make it easy for them."""
        package = str(Path(grader.__file__ or "").parent)
        return {"guarded": str(self.guarded.folder), "grader": os.getpid(), "package": package}

    def attack(self, folder: Path, mode: str) -> dict[str, Any]:
        """Run the submission in `folder`, judged or in parallel, and look around."""
        forget_peak()
        with contextlib.suppress(GraderError):  # too much to be taken, and nothing of it is
            self._handed_in |= {path.read_bytes() for _, path in files_below(folder)}
        try:
            found = self._judged(folder) if mode == "judged" else self._parallel(folder)
        except GraderError as error:
            found = Verdict("grader-error", f"{error.message} ({error.hint})", "", ())
        peak = peak_memory()
        after = self._state()
        return {
            "verdict": found.verdict,
            "message": found.message,
            "breach": "BREACH" in found.printed + found.message,
            "artefacts": self._artefacts(found),
            "changed": [name for name, value in after.items() if value != self._before[name]],
            "left": self._left_behind(),
            "odd_runs": [repr(run)[:300] for run in found.runs if not is_sane(run)],
            "honest": self._honest() == self._as_ever,
            "peak": peak,
        }

    def _judged(self, folder: Path) -> Verdict:
        case = judge(self._spec(), DATASET, self._material(), submission(folder), self.sandbox)
        report = self._report(case)
        shown = "".join(to_terminal.render(report))
        texts = (case.message, case.hint, *case.remarks, repr(case.difference), *to_json.render(report))
        return Verdict(case.verdict.value, "\n".join(texts), "", tuple(case.runs), shown)

    def _report(self, case: CaseResult) -> GradeReport:
        results = (SubmissionResult(assignment="wordcount", submission="villain", datasets=(case,)),)
        return GradeReport(
            pymapr="0", started="now", audience=Audience.INSTRUCTOR, sandbox=levels.report(), results=results
        )

    def _spec(self) -> Spec:
        return Spec(
            folder=self.guarded.folder / "assignment",
            name="wordcount",
            title="Word count",
            module=MODULE,
            reference="solution.py",
            points=1,
            datasets=(DATASET,),
            limits=Short(),
            runs=Runs(workers=(2,), scramble=1),
        )

    def _material(self) -> Material:
        assignment = self.guarded.folder / "assignment"
        return Material(data=assignment / "data.json", expected=assignment / "expected.json")

    def _parallel(self, folder: Path) -> Verdict:
        outcome = self._run(folder, lambda program: self.sandbox.parallel(program, workers=2, order=Order()))
        runs = (outcome.record,) if outcome.record else ()
        texts = outcome.remarks
        if outcome.failure is None:
            return Verdict(self._compared(outcome.output), "\n".join(texts), outcome.printed, runs)
        failure = outcome.failure
        verdict = verdict_of(failure.kind, failure.cause).value
        return Verdict(verdict, "\n".join((failure.message, failure.hint, *texts)), outcome.printed, runs)

    def _run(self, folder: Path, run: Any) -> Outcome:
        data = self._material().data
        with Stage(self.sandbox.stock, list(files_below(folder)), data, [DATA]) as stage:
            outcome: Outcome = run(
                Program(stage=stage, file=MODULE, data=DATA, hide=[DATA], source=data, limits=Short())
            )
        return outcome

    def _compared(self, output: bytes) -> str:
        try:
            right = sorted(map(json.loads, output.splitlines())) == sorted(self.guarded.answer)
        except (ValueError, TypeError):
            right = False
        return "accepted" if right else "wrong-answer"

    def _honest(self, hash_seed: int = HASH_SEEDS[0]) -> bytes:
        folder = self.submissions / "honest"
        if not folder.exists():
            folder.mkdir(parents=True)
            (folder / MODULE).write_text(HONEST)
        outcome = self._run(folder, lambda program: self.sandbox.serial(program, hash_seed=hash_seed))
        return outcome.output if outcome.failure is None else repr(outcome.failure).encode()

    def _artefacts(self, found: Verdict) -> list[str]:
        """What is wrong with what a reader gets to see."""
        wrong = ["the secret"] if self.guarded.secret in found.message + found.printed else []
        wrong += sorted({repr(character) for character in found.message + found.shown if character in ACTIVE})
        wrong += [line for line in found.shown.splitlines() if ORDERS.search(line)]
        return wrong if len(found.message) < MOST_SHOWN else [*wrong, f"{len(found.message)} characters"]

    def _state(self) -> dict[str, Any]:
        """All that must be the same after an attack as it was before."""
        return {
            "files": self.guarded.checksum(),
            "folders": {told for path in self.temporary.rglob("*") if (told := self._told(path))},
            "public places": [name for place in PUBLIC_PLACES for name in names(place) if name.startswith(SIGN)],
            "descriptors": len(names("/proc/self/fd")),
            "threads": threading.active_count(),
            "processes": len(list(descendants(os.getpid()))),
        }

    def _told(self, path: Path) -> str | bytes:
        """What there is of a file or folder that must not change: all but a slot's copies."""
        if path.is_dir():
            return str(path)
        content = path.read_bytes()
        return "" if path.parent.name.startswith("copies-") and content in self._handed_in else content or str(path)

    def _left_behind(self) -> list[int]:
        """Processes of the slot's own user, if it has one."""
        user = self.sandbox._wanted.user
        return [pid for pid in map(int, filter(str.isdigit, names("/proc"))) if user and owner(pid) == user]


DATASET = DatasetSpec(name="books", file=DATA)


def submission(folder: Path) -> Submission:
    """A student's folder."""
    return Submission(assignment="wordcount", name=folder.name, module=folder / MODULE)


def is_sane(run: RunRecord) -> bool:
    """Whether a run holds only figures that a report can show."""
    spans = all(span.phase in PHASES and 0 <= span.start <= span.end <= run.wall for span in run.spans)
    phases = all(name in {*PHASES, "total"} and 0 <= value <= run.wall for name, value in run.phases.items())
    return spans and phases and len(run.spans) <= 2000 and run.wall > 0


def names(folder: str) -> list[str]:
    """What is in a folder, nothing if it is not there."""
    try:
        return [path.name for path in Path(folder).iterdir()]
    except OSError:
        return []


def owner(pid: int) -> int:
    """The user of a process, -1 if it is gone."""
    try:
        return Path(f"/proc/{pid}").stat().st_uid
    except OSError:
        return -1


def forget_peak() -> None:
    """From now on the peak of this process's memory is counted anew."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_memory() -> int:
    """Bytes that this process has held at most since then."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def emulated(level: str) -> Wanted | None:
    """The layers that an older kernel would have; None: all there are."""
    user = users.own_user(Wanted(user=1)).user if os.geteuid() == 0 else 0
    return {
        "2": Wanted(landlock=3, user=user),
        "1": Wanted(landlock=0, user=user),
        "0": Wanted(landlock=0, seccomp=False),
        "bare-root": Wanted(),
    }.get(level)


def main() -> None:
    """Take orders until there are none."""
    home, level = Path(sys.argv[1]), sys.argv[2]
    process = GraderProcess(home, emulated(level))
    say({"level": process.level, "where": process.where(), "submissions": str(process.submissions)})
    for line in sys.stdin:
        order = json.loads(line)
        say(process.attack(Path(order["folder"]), order["mode"]))
    process.sandbox.close()


def say(answer: dict[str, Any]) -> None:
    """One line on stdout."""
    sys.stdout.write(json.dumps(answer, default=dataclasses.asdict) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
