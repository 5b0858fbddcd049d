"""The `assignment.yaml` of a students' kit: what they may know; no word on hidden data, reference or samples."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from grader.model import Checks, CompareRules, DatasetSpec, Generate, Limits, Runs, Spec, Visibility
from grader.spec import lateness, quantities
from grader.spec.assignment import total
from grader.spec.yaml12 import dump

if TYPE_CHECKING:
    from collections.abc import Iterable

Plain = dict[str, object]


def release_text(spec: Spec, datasets: Iterable[DatasetSpec]) -> str:
    """The kit's file as text that `parse` reads.

    `datasets` are the kit's, in order, each `file` and `expected` as it lies in the kit. Whatever is not public is
    written as withheld, whoever calls. Raises ValueError for a public dataset without golden file, as a kit has no
    reference.
    """
    kit = [released(dataset) for dataset in datasets]
    document: Plain = {
        "name": spec.name,
        "title": spec.title,
        "module": spec.module,
        "points": total(tuple(kit)),
        "datasets": [_dataset(dataset) for dataset in kit],
        **_section("compare", _compare(spec.compare), _compare(CompareRules())),
        **_section("limits", _limits(spec.limits), _limits(Limits())),
        **_section("runs", _runs(spec.runs), _runs(Runs())),
        **_section("checks", asdict(spec.checks), asdict(Checks())),
        **({"late": lateness.released(spec.late)} if spec.late else {}),
    }
    return dump(document)


def released(dataset: DatasetSpec) -> DatasetSpec:
    """The dataset as students may know it: unless public, its name, its points and that it is withheld."""
    if dataset.withheld or dataset.visibility is not Visibility.PUBLIC:
        return replace(dataset, file=None, generate=None, expected=None, withheld=True)
    if dataset.expected is None:
        raise ValueError(f"dataset '{dataset.name}' has no golden file, and a kit has no reference")
    return dataset


def _dataset(dataset: DatasetSpec) -> Plain:
    generate = {"generate": _generate(dataset.generate)} if dataset.generate else {}
    written = {
        "name": dataset.name,
        "file": dataset.file,
        **generate,
        "points": dataset.points,
        "visibility": dataset.visibility.value,
        "expected": dataset.expected,
        "withheld": dataset.withheld or None,
    }
    return {key: value for key, value in written.items() if value is not None}


def _generate(generate: Generate) -> Plain:
    return {"by": f"{generate.file}:{generate.function}", "seed": generate.seed, "size": generate.size}


def _section(name: str, given: Plain, default: Plain) -> Plain:
    """The entries that differ from the default, under their key; nothing where none does."""
    changed = {key: value for key, value in given.items() if value != default[key]}
    return {name: changed} if changed else {}


def _compare(rules: CompareRules) -> Plain:
    return {
        "order": rules.order,
        "unordered": list(rules.unordered),
        "float": {"rel": rules.rel, "abs": rules.abs},
    }


def _limits(limits: Limits) -> Plain:
    return {
        "time": limits.time,
        "memory": quantities.size_text(limits.memory),
        "output": quantities.size_text(limits.output),
    }


def _runs(runs: Runs) -> Plain:
    return {"workers": list(runs.workers), "scramble": runs.scramble}
