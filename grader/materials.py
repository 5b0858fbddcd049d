"""What a judgement needs besides the submission: the dataset as a plain file, and the expected output.

Generators and references run in the sandbox too: they are code that the grader did not write. What they yield is kept
in the user's cache folder under a checksum of everything it depends on, so that it is made once.
"""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pymapr
from grader.dataset import Lines, checksum, out_of_the_way, staged_name, staged_names, unpack
from grader.errors import InfrastructureError, SpecError, SubmissionError
from grader.model import DatasetSpec, Generate, Limits, Spec
from grader.sandbox.runner import Outcome, Program, Sandbox
from grader.sandbox.stage import MOST_BYTES, MOST_FILES, Stage, files_below

if TYPE_CHECKING:
    from collections.abc import Callable

_GENERATOR_LIMITS = Limits(time=120, memory=2**31, output=2**31)
_PATIENCE_WITH_REFERENCES = 3
"""A reference may take so many times what a submission may: too tight a limit shows in marks, not as an error."""


@dataclass(frozen=True, kw_only=True)
class Material:
    """One dataset, ready: its data and its expected output, both files of JSON lines.

    lasting: a file with the same data that is there to stay, so that a command may name it; None where there is none.
    """

    data: Path
    expected: Path
    lasting: Path | None = None

    @property
    def expected_lines(self) -> Lines:
        """The expected records, one JSON text each."""
        return Lines(self.expected)


class Materials:
    """Makes the materials of assignments, with what is in `cache` (None: no cache) and what it puts into `work`."""

    def __init__(self, work: Path, cache: Path | None) -> None:
        self._work, self._cache = work, cache

    def prepare(self, spec: Spec, dataset: DatasetSpec, sandbox: Sandbox) -> Material:
        """The material of one dataset.

        Raises SpecError where generator, reference or golden file are at fault, InfrastructureError where we are.
        """
        try:
            data, lasting = self._data(spec, dataset, sandbox)
            return Material(data=data, expected=self._expected(spec, dataset, data, sandbox), lasting=lasting)
        except OSError as error:
            what = f"{spec.name}: dataset {dataset.name} could not be made ready"
            raise InfrastructureError(f"{what}: {error.filename}: {error.strerror}") from None

    def _data(self, spec: Spec, dataset: DatasetSpec, sandbox: Sandbox) -> tuple[Path, Path | None]:
        """The dataset as a plain file, and the file that a command may name."""
        if dataset.generate is not None:
            made = dataset.generate
            code = _code(spec.folder, spec.folder / made.file)
            key = checksum([_versions(), *_named(code), *_call(made)])
            data = self._kept("data", key, f"{dataset.name}.json", lambda: _generated(spec, dataset, made, sandbox))
            return data, None if self._work in data.parents else data
        assert dataset.file is not None, "a dataset that is judged has a file or a generator: the spec was checked"
        source = spec.folder / dataset.file
        if source.suffix != ".gz":
            return source, source
        target = self._work / f"{checksum([str(source.resolve())])[:16]}.json"
        unpack(source, target)
        return target, source

    def _expected(self, spec: Spec, dataset: DatasetSpec, data: Path, sandbox: Sandbox) -> Path:
        if dataset.expected is not None:
            return spec.folder / dataset.expected
        assert spec.reference is not None, "without a reference every dataset has `expected`: the spec was checked"
        reference = spec.folder / spec.reference
        code = _named(_code(spec.folder, reference))
        key = checksum([_versions(), *code, spec.reference, staged_name(dataset), data])
        return self._kept("expected", key, f"{dataset.name}.json", lambda: _solved(spec, dataset, data, sandbox))

    def _kept(self, kind: str, key: str, name: str, make: Callable[[], bytes]) -> Path:
        """What `make` makes, from the cache if it is there, else written into it by atomic rename."""
        cached = self._cache / kind / key / name if self._cache is not None else None
        if cached is not None and os.path.isfile(cached):
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
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
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
    try:
        partial.write_bytes(data)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _versions() -> str:
    return f"pymapr {pymapr.__version__}, Python {sys.version}"


Code = list[tuple[str, Path]]


def _code(assignment: Path, file: Path) -> Code:
    """What comes with a reference or a generator: all that lies in its folder; the Python files alone where that is the
    assignment's own folder, which holds data and submissions as well.
    """
    try:
        return siblings(file) if file.parent == assignment else list(files_below(file.parent))
    except SubmissionError as error:
        hint = "keep only code and its small files there"
        raise SpecError(f"{file.parent}: too large to be put in place: {error.message}", hint) from None


def siblings(module: Path) -> Code:
    """A module and the Python files beside it; raises SubmissionError where there are too many of them."""
    found = [path for path in sorted(module.parent.glob("*.py")) if path.is_file() and not path.is_symlink()]
    if len(found) > MOST_FILES or sum(path.stat().st_size for path in found) > MOST_BYTES:
        what = f"more than {MOST_FILES} Python files or {MOST_BYTES // 2**20} MB of them lie beside {module.name}"
        raise SubmissionError(what, f"put {module.name} into a folder of its own, with the modules that it imports")
    return [(path.name, path) for path in found]


def data_checksum(spec: Spec, dataset: DatasetSpec) -> str:
    """Of all that a dataset's records hang on: the file, or the generator's code and how it is called. Runs nothing.

    Raises SpecError as `prepare` does, and OSError.
    """
    if dataset.generate is not None:
        return checksum([*_named(_code(spec.folder, spec.folder / dataset.generate.file)), *_call(dataset.generate)])
    assert dataset.file is not None, "a dataset that is judged has a file or a generator: the spec was checked"
    return checksum([spec.folder / dataset.file])


def answer_checksum(spec: Spec, dataset: DatasetSpec) -> str:
    """Of what the expected output hangs on apart from the data: the golden file, or the reference's code.

    Raises SpecError as `prepare` does, and OSError.
    """
    if dataset.expected is not None:
        return checksum(["golden", spec.folder / dataset.expected])
    assert spec.reference is not None, "without a reference every dataset has `expected`: the spec was checked"
    return checksum([*_named(_code(spec.folder, spec.folder / spec.reference)), spec.reference])


def _call(made: Generate) -> list[str]:
    return [made.file, made.function, str(made.seed), str(made.size)]


def _named(code: Code) -> list[str | Path]:
    return [part for name, path in code for part in (name, path)]


def _generated(spec: Spec, dataset: DatasetSpec, made: Generate, sandbox: Sandbox) -> bytes:
    source = spec.folder / made.file
    with Stage(sandbox.stock, _code(spec.folder, source)) as stage:
        program = Program(stage=stage, file=source.name, limits=_GENERATOR_LIMITS)
        outcome = sandbox.generate(program, made.function, made.seed, made.size)
    return _output(outcome, spec, f"the generator of dataset {dataset.name} ({made.file}:{made.function})")


def _solved(spec: Spec, dataset: DatasetSpec, data: Path, sandbox: Sandbox) -> bytes:
    assert spec.reference is not None, "asked only where there is one"
    reference = spec.folder / spec.reference
    limits = Limits(
        time=spec.limits.time * _PATIENCE_WITH_REFERENCES,
        memory=spec.limits.memory * _PATIENCE_WITH_REFERENCES,
        output=spec.limits.output,
    )
    names = staged_names(spec, dataset)
    code = out_of_the_way(_code(spec.folder, reference), names)
    with Stage(sandbox.stock, code, data, names) as stage:
        program = Program(stage=stage, file=reference.name, data=staged_name(dataset), source=data, limits=limits)
        outcome = sandbox.serial(program)
    return _output(outcome, spec, f"the reference {spec.reference} on dataset {dataset.name}")


def _output(outcome: Outcome, spec: Spec, what: str) -> bytes:
    if outcome.failure is None:
        return outcome.output
    where = spec.folder / "assignment.yaml"
    raise SpecError(f"{where}: {what} failed: {outcome.failure.message}", outcome.failure.hint)
