"""What a judgement hangs on, as checksums: computed from files as they lie, without running or unpacking anything.

Whatever is added to a spec or a submission counts, unless it is named here as of no influence: better to judge once too
often than to show an old result.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

import pymapr
from grader.dataset import checksum, staged_name, staged_names
from grader.errors import InfrastructureError, SubmissionError
from grader.materials import answer_checksum, data_checksum, siblings
from grader.sandbox.stage import files_below
from grader.store import UNKNOWN, Identity, Key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from _typeshed import DataclassInstance

    from grader.model import DatasetSpec, Spec
    from grader.submission import Submission

    Files = tuple[tuple[str, Path], ...]
    """Each with its name inside a run, and where it lies."""

_NOT_OF_THE_SPEC = {"folder", "name", "title", "reference", "points", "datasets", "late", "samples"}
_NOT_OF_THE_DATASET = {"file", "generate", "expected"}
"""These three are told by the checksums of data and reference."""
_NOT_OF_THE_SUBMISSION = {"assignment", "name", "module", "students", "group", "submitted", "remarks"}
_NOT_OF_THE_SUBMISSION |= {"files", "shown"}
"""Files and module are told by their contents; the others say whose it is, or how it came here."""


def identity(spec: Spec, dataset: DatasetSpec, submission: Submission) -> Identity:
    """Whose judgement it is, of what."""
    return Identity(submission.name, spec.name, dataset.name)


class Keys:
    """Computes keys; what is shared by many, a dataset or a student's folder, is read once.

    level: of the sandbox, which decides what student code may do.
    """

    def __init__(self, level: int) -> None:
        self._pymapr = f"pymapr {pymapr.__version__}, Python {platform.python_version()}, sandbox level {level}"
        self._datasets: dict[tuple[Path, str], tuple[str, str, str]] = {}
        self._contents: dict[tuple[Files | Path, bool], str] = {}

    def of(self, spec: Spec, dataset: DatasetSpec, submission: Submission, *, anew: bool = False) -> Key:
        """The key of one judgement; a part that cannot be read is `UNKNOWN`.

        anew: read the submission's files again, which may have changed. Raises SpecError for a reference or generator
        that is too large to be put in place.
        """
        place = (spec.folder, dataset.name)
        if place not in self._datasets:
            self._datasets[place] = _of_dataset(spec, dataset)
        rules, data, reference = self._datasets[place]
        handed_in = self._of_submission(submission, anew=anew)
        return Key(submission=handed_in, assignment=rules, data=data, reference=reference, pymapr=self._pymapr)

    def _of_submission(self, submission: Submission, *, anew: bool) -> str:
        if submission.unreadable:
            return UNKNOWN
        found = [f"{name}={getattr(submission, name)!a}" for name in _names_but(submission, _NOT_OF_THE_SUBMISSION)]
        if submission.module is None:
            return checksum(found)
        place = (submission.files or submission.module.parent, submission.alone)
        if anew or place not in self._contents:
            self._contents[place] = _of_files(submission, submission.module)
        contents = self._contents[place]
        return checksum([*found, _module_name(submission), contents]) if contents != UNKNOWN else UNKNOWN


def _of_dataset(spec: Spec, dataset: DatasetSpec) -> tuple[str, str, str]:
    """Rules, data and reference of one dataset."""
    data = _or_unknown(lambda: data_checksum(spec, dataset))
    reference = _or_unknown(lambda: answer_checksum(spec, dataset))
    return _rules(spec, dataset), data, reference


def _rules(spec: Spec, dataset: DatasetSpec) -> str:
    """All of an assignment that is not in files, and what the dataset is called while a submission runs."""
    rules = {name: getattr(spec, name) for name in _names_but(spec, _NOT_OF_THE_SPEC)}
    rules |= {f"dataset.{name}": getattr(dataset, name) for name in _names_but(dataset, _NOT_OF_THE_DATASET)}
    rules |= {"staged": (staged_name(dataset), staged_names(spec, dataset))}
    return checksum([json.dumps(rules, sort_keys=True, default=asdict)])


def _names_but(facts: DataclassInstance, left_out: set[str]) -> list[str]:
    return [each.name for each in fields(facts) if each.name not in left_out]


def _module_name(submission: Submission) -> str:
    """Which of the files is the module."""
    assert submission.module is not None, "asked only where there is one"
    among = [name for name, path in submission.files or () if path == submission.module]
    return ascii(among or submission.module.name)


def _of_files(submission: Submission, module: Path) -> str:
    """Of the files that are put in place when the submission runs; of the reason, where they are too many."""
    try:
        if submission.files is not None:
            files = submission.files
        else:
            files = tuple(siblings(module) if submission.alone else files_below(module.parent))
    except SubmissionError as error:
        return checksum([ascii(error.message)])
    except InfrastructureError:
        return UNKNOWN
    return _or_unknown(lambda: _of_contents(files))


def _of_contents(files: Files) -> str:
    whole = hashlib.sha256()
    for name, path in files:
        content = hashlib.sha256(path.read_bytes())  # none is larger than a submission may be
        whole.update(hashlib.sha256(os.fsencode(name)).digest() + content.digest())
    return whole.hexdigest()


def _or_unknown(found: Callable[[], str]) -> str:
    """What cannot be read is told when it is needed, and by whoever needs it."""
    try:
        return found()
    except OSError:
        return UNKNOWN
