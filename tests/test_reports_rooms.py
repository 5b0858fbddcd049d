"""What reports may know: results, errors and who sees what; not the rooms that judge, nor each other."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import grader.reports

ROOM = Path(grader.reports.__path__[0])
FILES = sorted(ROOM.glob("*.py"))
BELOW = {"grader.model", "grader.errors", "grader.audience"}


def imported(path: Path) -> Iterator[str]:
    """The full name of each module, or of the thing taken from one, that a file imports, lazily or not."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute, so that this test can read them"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(path: Path) -> set[str]:
    """The modules of this project that a file imports, at most three names deep."""
    return {".".join(name.split(".")[:3]) for name in imported(path) if name.split(".")[0] in ("grader", "pymapr")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_report_imports_only_what_lies_below_it(path: Path) -> None:
    """So a new report is one new file, and cannot change a mark."""
    strangers = {
        name for name in ours(path) if not name.startswith((*(f"{room}." for room in BELOW), "grader.reports."))
    }
    assert not strangers


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_format_leans_on_another(path: Path) -> None:
    """Each may go without the others noticing."""
    formats = {f"grader.reports.{file.stem}" for file in FILES if file.stem.startswith("to_")}
    assert not ours(path) & formats


def test_rich_is_imported_only_to_draw() -> None:
    """`pymapr-grade --json` must not pay for it."""
    modules = [f"grader.reports.{path.stem}" for path in FILES if path.stem != "__init__"]
    code = f"import sys, {', '.join(modules)}; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
