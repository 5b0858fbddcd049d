"""Judgements on demand: each made once, with one sandbox, and nothing left when they are closed."""

from __future__ import annotations

import shutil
import tempfile
from typing import TYPE_CHECKING

import pytest
from pytest_kit import RIGHT, SPEC, WRONG_ON_TWO, assignment, program, write

from grader import spec as specs
from grader.errors import SpecError
from grader.judgements import Judgements, as_told
from grader.model import Audience, Verdict
from grader.submission import own

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from grader.model import Spec

SOLVED = SPEC.replace(", expected: expected/twice.json", "").replace("datasets:", "reference: answer.py\ndatasets:")
"""Here `twice` has no golden file: the reference says what is right."""


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made; the user's cache is a fresh one, too."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def judgements(scratch: Path) -> Iterator[Judgements]:
    """None made yet; closed at the end."""
    opened = Judgements()
    yield opened
    opened.close()


def solved_by(folder: Path, reference: str) -> Spec:
    """An assignment with that reference, and a submission that is wrong on `twice`."""
    write(folder / "answer.py", reference)
    return specs.load(assignment(folder, {"student-01": WRONG_ON_TWO}, spec=SOLVED))


def test_a_judgement_is_made_once(judgements: Judgements, tmp_path: Path) -> None:
    """The second time, not even the submission need be there any more."""
    spec = solved_by(tmp_path / "count", RIGHT)
    (one,) = own(spec)
    first = [judgements.judged(spec, dataset, one) for dataset in spec.datasets]
    assert [case.verdict for case in first] == [Verdict.ACCEPTED, Verdict.WRONG_ANSWER]
    shutil.rmtree(tmp_path / "count")
    assert [judgements.judged(spec, dataset, one) for dataset in spec.datasets] == first


def test_a_reference_that_fails_is_not_run_again(judgements: Judgements, tmp_path: Path) -> None:
    """It may take its time to fail, and there may be a hundred students."""
    spec = solved_by(tmp_path / "count", program(mapper="raise KeyError('lost')"))
    (one,) = own(spec)
    raised = []
    for _ in range(2):
        with pytest.raises(
            SpecError, match=r"the reference answer\.py on dataset twice failed: KeyError: 'lost'"
        ) as told:
            judgements.judged(spec, spec.datasets[1], one)
        raised.append(told.value)
    assert raised[0] is raised[1]


def test_a_sandbox_that_broke_costs_nobody_anything(judgements: Judgements, scratch: Path, tmp_path: Path) -> None:
    """As when somebody tidies up the folder of temporary files: the next attempt has a sandbox of its own."""
    spec = solved_by(tmp_path / "count", RIGHT)
    (one,) = own(spec)
    judgements.judged(spec, spec.datasets[0], one)
    for folder in scratch.iterdir():
        shutil.rmtree(folder)
    assert judgements.judged(spec, spec.datasets[1], one).verdict is Verdict.WRONG_ANSWER


def test_data_that_is_gone_is_a_grader_error(judgements: Judgements, tmp_path: Path) -> None:
    """It was there when the assignment was read."""
    spec = solved_by(tmp_path / "count", RIGHT)
    (one,) = own(spec)
    (tmp_path / "count" / "data" / "twice.json").unlink()
    case = judgements.judged(spec, spec.datasets[1], one)
    assert (case.verdict, case.score) == (Verdict.GRADER_ERROR, None)
    assert case.message.startswith("could not be judged: count: dataset twice could not be made ready: ")


def test_closing_takes_every_folder_away(judgements: Judgements, scratch: Path, tmp_path: Path) -> None:
    """The sandbox's, and that of what was made ready without a cache."""
    spec = solved_by(tmp_path / "count", RIGHT)
    (one,) = own(spec)
    judgements.judged(spec, spec.datasets[1], one)
    assert len([*scratch.iterdir()]) == 2
    judgements.close()
    assert not [*scratch.iterdir()]


def test_why_an_assignment_cannot_be_made_ready_is_told_to_instructors_alone() -> None:
    """The reason may quote the reference, or hidden data."""
    error = SpecError("the reference failed at ['secret']", "mend it")
    assert as_told(error, Audience.INSTRUCTOR) is error
    told = as_told(error, Audience.STUDENT)
    assert told.message == "an assignment cannot be graded as it stands"
    assert told.hint == "tell your instructor: without `--audience student` the reason is shown"
