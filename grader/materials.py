"""What a judgement needs besides the submission: the dataset as a plain file, and the expected output.

Generators and references run in the sandbox too: they are code that the grader did not write. What they yield is kept in the user's cache
folder under a checksum of everything it depends on, so that it is made once.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pymapr
from grader.dataset import Lines, checksum, staged_name, staged_names, unpack
from grader.errors import SpecError, SubmissionError
from grader.model import DatasetSpec, Generate, Limits, Spec
from grader.sandbox.runner import Outcome, Program, Sandbox
from grader.sandbox.stage import Stage, files_below

_GENERATOR_LIMITS = Limits(time=120, memory=2**31, output=2**31)
_PATIENCE_WITH_REFERENCES = 3
"""A reference may take so many times what a submission may: a limit that is too tight should show in the marks, not as an error."""


@dataclass(frozen=True, kw_only=True)
class Material:
    """One dataset, ready: its data and its expected output, both files of JSON lines.

    lasting: whether `data` is there to stay, so that a command may name it.
    """

    data: Path
    expected: Path
    lasting: bool = True


class Materials:
    """Makes the materials of assignments, with what is in `cache` (None: no cache) and what it puts into `work`."""

    def __init__(self, work: Path, cache: Path | None) -> None:
        self._work, self._cache = work, cache

    def prepare(self, spec: Spec, dataset: DatasetSpec, sandbox: Sandbox) -> Material:
        """The material of one dataset; raises SpecError where generator, reference or golden file are at fault."""
        data = self._data(spec, dataset, sandbox)
        expected = self._expected(spec, dataset, data, sandbox)
        return Material(data=data, expected=expected, lasting=self._work not in data.parents)

    def _data(self, spec: Spec, dataset: DatasetSpec, sandbox: Sandbox) -> Path:
        if dataset.generate is not None:
            made = dataset.generate
            folder = (spec.folder / made.file).parent
            key = checksum([_versions(), folder, made.file, made.function, str(made.seed), str(made.size)])
            return self._kept("data", key, f"{dataset.name}.json", lambda: _generated(spec, dataset, made, sandbox))
        assert dataset.file is not None, "a dataset that is judged has a file or a generator: the spec was checked"
        source = spec.folder / dataset.file
        if source.suffix != ".gz":
            return source
        target = self._work / f"{checksum([str(source.resolve())])[:16]}.json"
        unpack(source, target)
        return target

    def _expected(self, spec: Spec, dataset: DatasetSpec, data: Path, sandbox: Sandbox) -> Path:
        if dataset.expected is not None:
            return spec.folder / dataset.expected
        assert spec.reference is not None, "without a reference every dataset has `expected`: the spec was checked"
        reference = spec.folder / spec.reference
        key = checksum([_versions(), reference.parent, reference.name, staged_name(dataset), data])
        return self._kept("expected", key, f"{dataset.name}.json", lambda: _solved(spec, dataset, reference, data, sandbox))

    def _kept(self, kind: str, key: str, name: str, make: Callable[[], bytes]) -> Path:
        """What `make` makes, from the cache if it is there, else written into it by atomic rename."""
        cached = self._cache / kind / key / name if self._cache is not None else None
        if cached is not None and cached.is_file():
            return cached
        made = make()
        if cached is not None:
            with contextlib.suppress(OSError):  # no cache is no reason not to grade
                _write_atomically(cached, made)
                return cached
        target = self._work / f"{kind}-{key}-{name}"
        _write_atomically(target, made)
        return target


def cache_folder() -> Path | None:
    """The user's cache folder for pymapr, made with rights for its owner only; None where it cannot be."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")  # noqa: PTH111, PTH118
    folder = Path(base) / "pymapr"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError:
        return None
    return folder


def _write_atomically(target: Path, data: bytes) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}.{os.urandom(4).hex()}")
    partial.write_bytes(data)
    partial.replace(target)


def _versions() -> str:
    return f"pymapr {pymapr.__version__}, Python {sys.version}"


def _generated(spec: Spec, dataset: DatasetSpec, made: Generate, sandbox: Sandbox) -> bytes:
    source = spec.folder / made.file
    with Stage(sandbox.root, _whole_folder(source.parent)) as stage:
        program = Program(stage=stage, file=source.name, limits=_GENERATOR_LIMITS)
        outcome = sandbox.generate(program, made.function, made.seed, made.size)
    return _output(outcome, spec, f"the generator of dataset {dataset.name} ({made.file}:{made.function})")


def _solved(spec: Spec, dataset: DatasetSpec, reference: Path, data: Path, sandbox: Sandbox) -> bytes:
    limits = Limits(
        time=spec.limits.time * _PATIENCE_WITH_REFERENCES,
        memory=spec.limits.memory * _PATIENCE_WITH_REFERENCES,
        output=spec.limits.output,
    )
    with Stage(sandbox.root, _whole_folder(reference.parent), data, staged_names(spec, dataset)) as stage:
        program = Program(stage=stage, file=reference.name, data=staged_name(dataset), source=data, limits=limits)
        outcome = sandbox.serial(program)
    return _output(outcome, spec, f"the reference {spec.reference} on dataset {dataset.name}")


def _whole_folder(folder: Path) -> list[tuple[str, Path]]:
    try:
        return list(files_below(folder))
    except SubmissionError as error:
        raise SpecError(f"{folder}: too large to be put in place: {error}", "keep only code and its small files there") from None


def _output(outcome: Outcome, spec: Spec, what: str) -> bytes:
    if outcome.failure is None:
        return outcome.output
    where = spec.folder / "assignment.yaml"
    raise SpecError(f"{where}: {what} failed: {outcome.failure.message}", outcome.failure.hint)


def expected_lines(material: Material) -> Lines:
    """The expected records, one JSON text each."""
    return Lines(material.expected)
