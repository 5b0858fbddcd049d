"""What the documentation says is so: its examples run, its links lead somewhere, its lists are complete.

A `console` block holds commands behind `$ `, and what they print on stdout and stderr. A line `...` stands for any
lines; times and numbers of processes may be any. The blocks of a page are one session, in a folder with the shipped
assignments and with each `python` block of the page whose first line is a comment that names a file.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.model import Verdict

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
SHIPPED = sorted(path for path in (ROOT / "assignments").iterdir() if path.is_dir())
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
MARK = "--- the next command ---"

each_page = pytest.mark.parametrize("page", [pytest.param(page, id=str(page.relative_to(ROOT))) for page in PAGES])


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of a page that are in `language`."""
    return [text for found, text in BLOCK.findall(page.read_text()) if found == language]


# ---- examples --------------------------------------------------------------------------------------------------------


def sessions(page: Path) -> list[tuple[str, str]]:
    """Each command of a page's console blocks, with what it is said to print."""
    steps = [step for block in blocks(page, "console") for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [(command, printed) for command, _, printed in (step.partition("\n") for step in steps)]


def printed_by(commands: list[str], folder: Path) -> list[str]:
    """What each command prints, stdout and stderr, all of them typed into one shell."""
    script = "\n".join(["exec 2>&1", *(f"echo '{MARK}'\n{command}" for command in commands)])
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYMAPR_", "PYTHON"))}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**inherited, "HOME": str(folder), "PATH": path}
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    return done.stdout.split(f"{MARK}\n")[1:]


def settled(text: str) -> str:
    """The text with everything that differs from run to run made the same, or left out: how far a slow batch is."""
    text = re.sub(r"^pymapr-grade: \d+ of \d+ judgements(?! taken).*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"\d{4}(-\d\d){2} \d\d(:\d\d){2}[+-]\d\d:\d\d", "NOW", text)
    text = re.sub(r"\d+\.\d+", "0.0", text)
    text = re.sub(r"\d+ ms\b", "0 ms", text)
    text = re.sub(r"process \d+", "process 0", text)
    return "\n".join(" ".join(line.split()) for line in text.strip().splitlines())


def pattern(text: str) -> str:
    """A regular expression for what a page says is printed."""
    lines = settled(text).splitlines() or [""]
    return "".join(r"(.*\n)*" if line == "..." else f"{re.escape(line)}\n" for line in lines)


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [pytest.param(page, id=str(page.relative_to(ROOT))) for page in PAGES if "```console" in page.read_text()]
)
def test_examples_print_what_they_are_said_to_print(page: Path, tmp_path: Path) -> None:
    """Typed as they stand, one after the other, in a fresh folder."""
    shutil.copytree(ROOT / "assignments", tmp_path / "assignments")
    for code in blocks(page, "python"):
        if named := re.match(r"# (\w+\.py)\n", code):
            (tmp_path / named[1]).write_text(code)
    steps = sessions(page)
    outputs = printed_by([command for command, _ in steps], tmp_path)
    for (command, expected), printed in zip(steps, outputs, strict=True):
        assert re.fullmatch(pattern(expected), f"{settled(printed)}\n"), f"$ {command}\n{printed}"


# ---- the README ------------------------------------------------------------------------------------------------------


def test_the_readme_has_two_commands_for_a_fresh_machine() -> None:
    """`.ci/run` takes them from there: the first line grades, the second runs the tests."""
    commands = re.findall(r"^python3 -m venv .*", (ROOT / "README.md").read_text(), flags=re.MULTILINE)
    assert [command.rpartition(" && ")[2] for command in commands] == [
        ".venv/bin/pymapr-grade assignments/",
        ".venv/bin/python -m pytest -n auto",
    ]


def test_the_table_in_the_readme_shows_the_verdicts_that_the_samples_get() -> None:
    """It is an excerpt of what the first command prints: names and verdicts, as the assignment declares them."""
    [table] = blocks(ROOT / "README.md", "text")
    assignment, *rows = table.splitlines()[1:]
    declared: dict[str, str] = yaml.safe_load((ROOT / "assignments" / assignment / "assignment.yaml").read_text())[
        "samples"
    ]
    assert {row.split()[0]: row.split()[2] for row in rows} == declared


def test_every_page_installs_what_can_be_had() -> None:
    """From a folder or a wheel of the version at hand: by name alone, an index would be asked that has none of it."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    texts = [page.read_text() for page in [*PAGES, *ROOT.glob("assignments/*/README.md")]]
    assert not [text for text in texts if re.search(r"pip install pymapr(?!-)", text)]
    assert {found for text in texts for found in re.findall(r"pymapr-(\d[\d.]*)-py3", text)} == {version}


@pytest.mark.parametrize("page", ["docs/students.md", *(f"assignments/{each.name}/README.md" for each in SHIPPED)])
def test_students_are_told_how_to_install(page: str) -> None:
    """Before they are told to type a command that is not there yet."""
    before, _, _ = (ROOT / page).read_text().partition("pymapr-grade . ")
    assert "pip install" in before


@pytest.mark.parametrize("page", ["README.md", "docs/students.md"])
def test_every_verdict_is_explained(page: str) -> None:
    """In a table whose first column names it."""
    rows = [line for line in (ROOT / page).read_text().splitlines() if line.startswith("|")]
    explained = {name for row in rows for name in re.findall(r"`([a-z-]+)`", row.split("|")[1])}
    assert explained >= {verdict.value for verdict in Verdict}


# ---- all pages -------------------------------------------------------------------------------------------------------


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    """To a file of the repository and, behind `#`, to one of its headings; links to elsewhere are not looked at."""
    for link in LINK.findall(page.read_text()):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def anchors(page: Path) -> set[str]:
    """What a page's headings are called in links."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_can_be_reached_from_the_readme() -> None:
    """A page that nobody links to is not read."""
    linked = {(ROOT / link).resolve() for link in LINK.findall((ROOT / "README.md").read_text()) if "://" not in link}
    assert [page.name for page in PAGES if page not in linked and page.name != "README.md"] == []


def test_every_dependency_has_its_reason_in_the_architecture() -> None:
    """So that nobody has to guess what one is for, or whether it may go."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    names = {re.split(r"[\[<>=]", one)[0] for one in asked} - {"pymapr"}
    text = (ROOT / "docs" / "architecture.md").read_text()
    assert [name for name in sorted(names) if f"`{name}`" not in text] == []


def test_every_room_has_its_line_in_the_architecture() -> None:
    """Each module of both packages is named where the rooms are listed."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    rooms = [path for package in ("pymapr", "grader") for path in (ROOT / package).rglob("*.py")]
    stems = {path.stem if path.stem != "__init__" else path.parent.name for path in rooms} - {"__main__"}
    assert [stem for stem in sorted(stems) if not re.search(rf"`{stem}/?`", text)] == []
