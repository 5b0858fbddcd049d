"""What is built from a checkout: the wheel holds all that it should, nothing else, and does the main job on its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
NOT_OURS = shutil.ignore_patterns(".git", ".venv", ".hypothesis", ".*_cache", "__pycache__", ".coverage*", "dist")
LITTER = (
    "assignments/wordcount/solution/__pycache__/wordcount.cpython-311.pyc",
    "assignments/join/.pytest_cache/CACHEDIR.TAG",
    "pymapr/__pycache__/cli.cpython-311.pyc",
    "grader/.mypy_cache/CACHEDIR.TAG",
    "assignments/.hypothesis/constants/0123",
)
LEFT_BEHIND = re.compile(r"__pycache__|\..*_cache|\.hypothesis|.*\.pyc")
"""What running and checking leave behind in a checkout."""


@dataclass(frozen=True)
class Built:
    """What one build made, and the names of the files inside: of the wheel, and of the sdist below its top folder."""

    wheel: Path
    inside: frozenset[str]
    sdist: frozenset[str]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A sdist, and a wheel made from that sdist, of a checkout that has been worked in."""
    source, out = tmp_path_factory.mktemp("checkout") / "pymapr", tmp_path_factory.mktemp("dist")
    shutil.copytree(ROOT, source, ignore=NOT_OURS)
    for name in LITTER:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(b"left over")
    call(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(source), cwd=out)
    [wheel], [sdist] = out.glob("*.whl"), out.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive, tarfile.open(sdist) as tar:
        names = {member.name.partition("/")[2] for member in tar if member.isfile()}
        return Built(wheel, frozenset(archive.namelist()), frozenset(names))


def call(*command: str, cwd: Path, path: str = os.defpath) -> str:
    """Run a command in the environment of somebody who has nothing of ours; returns what it printed to stdout."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV", "PYMAPR_"))}
    environment = {**clean, "HOME": str(cwd), "PATH": path}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def files(folder: str) -> set[str]:
    """The files that belong to a folder of the checkout, as paths from its root."""
    paths = (path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file())
    return {str(path) for path in paths if not any(LEFT_BEHIND.fullmatch(part) for part in path.parts)}


@pytest.mark.parametrize("package", ["pymapr", "grader"])
def test_the_wheel_holds_every_file_of_both_packages(built: Built, package: str) -> None:
    """Code, JSON Schemas and the markers that say that types are checked."""
    assert files(package) <= built.inside
    assert f"{package}/py.typed" in built.inside


def test_the_wheel_holds_the_json_schemas(built: Built) -> None:
    """Editors and readers of reports look for them in the package."""
    assert {"grader/assignment.schema.json", "grader/report.schema.json"} <= built.inside


def test_the_wheel_ships_the_assignments_as_examples(built: Built) -> None:
    """Byte for byte: some submissions have line ends of another system on purpose."""
    shipped = {"assignments" + name.removeprefix("grader/examples") for name in built.inside if "/examples/" in name}
    assert shipped == files("assignments")
    with zipfile.ZipFile(built.wheel) as archive:
        changed = [
            name
            for name in shipped
            if archive.read(name.replace("assignments", "grader/examples", 1)) != (ROOT / name).read_bytes()
        ]
    assert changed == []


def test_the_wheel_holds_nothing_but_packages_and_drop_in(built: Built) -> None:
    """No tests, no benchmarks, no documentation loose in somebody's site-packages."""
    assert {name.partition("/")[0] for name in built.inside if ".dist-info" not in name} == {
        "pymapr",
        "grader",
        "MapReduce.py",
        "MapReduce_original.py",
    }


def test_what_work_in_a_checkout_leaves_behind_is_not_shipped(built: Built) -> None:
    """Neither compiled files, which would win over their source, nor caches of tools."""
    names = built.inside | built.sdist
    assert [name for name in names if any(LEFT_BEHIND.fullmatch(part) for part in name.split("/"))] == []


def test_from_the_sdist_one_can_build_test_and_read(built: Built) -> None:
    """It holds what the checkout holds, tests and documentation included."""
    expected = {"pyproject.toml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"}
    for folder in ("pymapr", "grader", "dropin", "assignments", "tests", "docs"):
        expected |= files(folder)
    assert expected <= built.sdist


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_wheel_alone_does_the_main_job(built: Built, tmp_path: Path) -> None:
    """In an empty environment, far from the checkout: grade a class, run a course file, ask the doctor."""
    home = tmp_path / "env"
    call(sys.executable, "-m", "venv", str(home), cwd=tmp_path)
    bin_folder = home / "bin"
    call(str(bin_folder / "pip"), "install", "--quiet", str(built.wheel), cwd=tmp_path)

    def there(*command: str) -> str:
        return call(str(bin_folder / command[0]), *command[1:], cwd=tmp_path, path=f"{bin_folder}:{os.defpath}")

    assert Path(there("python", "-c", "import pymapr; print(pymapr.__file__)").strip()).is_relative_to(home)

    assert there("pymapr-grade", "examples", "shelf").startswith("7 assignments written to shelf: ")
    there("pymapr-grade", "shelf/wordcount", "--json", "report.json")
    report = json.loads((tmp_path / "report.json").read_text())
    declared = yaml.safe_load((tmp_path / "shelf/wordcount/assignment.yaml").read_text())["samples"]
    assert {one["submission"]: one["verdict"] for one in report["results"]} == declared

    counted = there("python", "shelf/wordcount/solution/wordcount.py", "shelf/wordcount/data/books.json")
    expected = (tmp_path / "shelf/wordcount/expected/books.json").read_text()
    assert sorted(counted.splitlines()) == sorted(expected.splitlines())

    told = there("pymapr", "doctor")
    assert "engine      parallel: always" in told
    assert "isolation   student code is kept apart at level" in told
