"""The house: which room may import which, and what one finds in every room."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from importlinter import cli as importlinter

ROOT = Path(__file__).parents[1]
ENGINE = [path for folder in ("pymapr", "dropin") for path in sorted((ROOT / folder).rglob("*.py"))]
SETTINGS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]

each_contract = pytest.mark.parametrize("contract", [entry["id"] for entry in SETTINGS["contracts"]])
each_file = pytest.mark.parametrize("path", [pytest.param(path, id=str(path.relative_to(ROOT))) for path in ENGINE])

EXCUSE = re.compile(r"#\s*(noqa|type:\s*ignore|pragma:\s*no cover)")
EXCUSED = re.compile(
    r"# noqa: [A-Z0-9, ]+ *(-|\()+ *\w.*"
    r"|# type: ignore\[[a-z-]+\]  # \w.*"
    r"|# pragma: no cover - \w.*"
)


@each_contract
def test_a_room_imports_only_from_rooms_below_it(
    contract: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each contract of pyproject.toml is kept; where one is not, the report names the import and its line."""
    monkeypatch.chdir(ROOT)
    status = importlinter.lint_imports(limit_to_contracts=(contract,), no_cache=True, no_logo=True)
    report = capsys.readouterr().out
    assert status == importlinter.EXIT_STATUS_SUCCESS, report


def test_every_room_of_the_engine_has_its_place() -> None:
    """A module that no layer names could import whatever it likes."""
    [contract] = [entry for entry in SETTINGS["contracts"] if entry["id"] == "pymapr"]
    named = {name.strip() for layer in contract["layers"] for name in layer.split("|")}
    assert {room for room in map(room_of, (ROOT / "pymapr").rglob("*.py")) if not placed(room, named)} == set()


def room_of(path: Path) -> str:
    """`pymapr/parallel/crew.py` -> `parallel.crew`; a package's own file is the package."""
    parts = path.relative_to(ROOT / "pymapr").with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def placed(room: str, named: set[str]) -> bool:
    """Whether a layer names the room, or the package it is in; the two packages that only hold rooms need none."""
    return room in {"", "parallel"} or room in named or room.partition(".")[0] in named - {"parallel"}


@each_file
def test_a_file_says_its_job_and_is_short_enough_to_read(path: Path) -> None:
    """Every file begins with a sentence; none is longer than 350 lines."""
    text = path.read_text()
    assert ast.get_docstring(ast.parse(text)), "no docstring"
    assert len(text.splitlines()) <= 350


@each_file
def test_an_exception_from_a_rule_gives_its_reason(path: Path) -> None:
    """`noqa`, `type: ignore` and `no cover` name the rule and say why."""
    excuses = [line.strip() for line in path.read_text().splitlines() if EXCUSE.search(line)]
    assert [line for line in excuses if not EXCUSED.search(line)] == []
