"""The class that is made for tests and benchmarks: each style gets the verdict that is written down for it."""

from __future__ import annotations

import csv
import importlib.util
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from grader import batch
from grader.model import Verdict
from grader.submission import of_class
from pymapr.cores import usable_cores

if TYPE_CHECKING:
    from grader.model import Spec

FOLDER = Path(__file__).parents[2] / "fixtures" / "classroom"


def load_make() -> Any:
    """The generator, as a module."""
    spec = importlib.util.spec_from_file_location("classroom_make", FOLDER / "make.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


make = load_make()


@pytest.mark.parametrize("spec", make.assignments(), ids=lambda spec: spec.name)
def test_each_style_gets_its_verdict_on_the_visible_data_already(spec: Spec, tmp_path: Path) -> None:
    """For every assignment."""
    styles = {piece.kind: piece for piece in make.spoilt(spec)}
    for kind, piece in styles.items():
        (tmp_path / kind).mkdir()
        if piece.text is not None:
            (tmp_path / kind / spec.module).write_text(piece.text)
    visible = replace(spec, datasets=spec.datasets[:1])
    results = batch.grade([visible], of_class(tmp_path, [visible]), at_once=usable_cores(), cache=None)
    assert {result.submission: result.verdict for result in results} == {
        kind: piece.verdict for kind, piece in styles.items()
    }


def test_one_seed_is_one_class(tmp_path: Path) -> None:
    """To the byte; another seed is another."""
    for name, seed in (("one", 7), ("two", 7), ("other", 8)):
        make.make(tmp_path / name, 5, seed)
    one, two, other = (contents(tmp_path / name) for name in ("one", "two", "other"))
    assert one == two != other


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_the_truth_names_every_student_and_assignment_once(tmp_path: Path) -> None:
    """And a file is there unless it is missing."""
    make.make(tmp_path, 30, 7)
    modules = {spec.name: spec.module for spec in make.assignments()}
    with (tmp_path / "truth.csv").open() as file:
        truth = list(csv.DictReader(file))
    assert len({(row["student"], row["assignment"]) for row in truth}) == len(truth) == 30 * 7
    for row in truth:
        there = (tmp_path / "class" / row["student"] / modules[row["assignment"]]).is_file()
        assert there == (row["verdict"] != Verdict.MISSING), row


def test_the_mix_is_that_of_a_class(tmp_path: Path) -> None:
    """Most are accepted, and whatever is not rare occurs."""
    make.make(tmp_path, 400, 7)
    with (tmp_path / "truth.csv").open() as file:
        verdicts = Counter(row["verdict"] for row in csv.DictReader(file))
    assert {str(verdict) for verdict, share in make.SHARES.items() if share >= 10} <= set(verdicts)
    assert 0.6 < verdicts["accepted"] / verdicts.total() < 0.8
