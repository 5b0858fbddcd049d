"""Starts graders with secrets as several users and at several levels, and sets villains on them."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox import companions

ROOT = Path(__file__).parents[2]
HOSTILE = ROOT / "fixtures" / "hostile"
SHARED = ("villain.py", "forger.py")


@dataclass(frozen=True)
class Attack:
    """A villain: its name (family/file), what it tries, what must come of it in each mode, and from which level on."""

    name: str
    tries: str
    comes_to: dict[str, tuple[tuple[str, ...], str]]
    level: int

    @property
    def family(self) -> str:
        """Its folder."""
        return self.name.partition("/")[0]


def attacks() -> list[Attack]:
    """All villains, in alphabetical order."""
    single = HOSTILE.glob("*/*.py")
    with_companions = list(HOSTILE.glob("*/*/wordcount.py"))
    found = [_attack(path, str(path.relative_to(HOSTILE).with_suffix(""))) for path in single]
    found += [_attack(path, str(path.parent.relative_to(HOSTILE))) for path in with_companions]
    return sorted([*found, *map(_built, companions.BUILT)], key=lambda attack: attack.name)


def _attack(path: Path, name: str) -> Attack:
    """A villain as its docstring tells; never executed here, nor even parsed: some of them cannot be."""
    match = re.search(rb'"""(.*?)"""', path.read_bytes(), re.DOTALL)
    assert match, f"{path} says nothing of itself"
    return _described(name, match[1].decode())


def _built(name: str) -> Attack:
    return _described(name, companions.BUILT[name].__doc__ or "")


def _described(name: str, doc: str) -> Attack:
    tries, _, rest = doc.strip().partition("\n\n")
    comes_to = {}
    for mode, verdicts, quoted in re.findall(
        r'(Judged|In parallel|Either way): ([a-z -]+?)(?: "(.*)")?$', rest, re.MULTILINE
    ):
        for each in ("judged", "in parallel") if mode == "Either way" else (mode.lower(),):
            comes_to[each] = tuple(verdicts.split(" or ")), quoted
    level = re.search(r"Holds from level (\d)", rest)
    assert set(comes_to) == {"judged", "in parallel"}, f"{name} does not say what must come of it"
    return Attack(name, " ".join(tries.split()), comes_to, int(level[1]) if level else 2)


class Rig:
    """A grader process and the folder in which it finds its submissions. user: -1, or the uid that it runs as."""

    def __init__(self, home: Path, library: Path, level: str, user: int = -1) -> None:
        self.home = home
        python, path = interpreter(library)
        (home / "grader").mkdir()
        if user >= 0:
            os.chown(home / "grader", user, user)
        self._errors = (home / "stderr").open("w+b")
        self._process = subprocess.Popen(
            [python, str(_copied(home)), str(home / "grader"), level],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=home,
            env={"PYTHONPATH": path, "PATH": os.environ.get("PATH", ""), "PYTHONDONTWRITEBYTECODE": "1"},
            **as_user(user),
        )
        self.greeting = self._answer()
        self.level: int = self.greeting["level"]

    @property
    def pid(self) -> int:
        """The grader's process."""
        return self._process.pid

    def attack(self, attack: Attack, mode: str) -> dict[str, Any]:
        """Set a villain on it; what became of it."""
        self.order(attack, mode)
        return self._answer()

    def order(self, attack: Attack, mode: str) -> None:
        """Set a villain on it, without waiting for what becomes of it."""
        folder = self._submission(attack)
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"folder": str(folder), "mode": mode}).encode() + b"\n")
        self._process.stdin.flush()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            pytest.fail(f"the grader's process is gone:\n{self.errors()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def errors(self) -> str:
        """What it wrote to stderr so far."""
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")

    def _submission(self, attack: Attack) -> Path:
        folder = self.home / "villains" / attack.name
        if not folder.exists():
            folder.mkdir(parents=True)
            prepare(folder, attack.name, self.greeting["where"])
        return folder

    def close(self) -> None:
        """Let it go."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(20)
        self.abandon()

    def abandon(self) -> None:
        """Give back what is held of it, once it is dead."""
        self._process.wait(20)
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            assert stream
            stream.close()


def prepare(folder: Path, name: str, where: dict[str, Any]) -> None:
    """Put a villain into a student's folder, with all that it needs."""
    (folder / "where.json").write_text(json.dumps(where))
    for shared in SHARED:
        shutil.copy(HOSTILE / shared, folder)
    if name in companions.BUILT:
        companions.BUILT[name](folder)
    elif (HOSTILE / name).is_dir():
        shutil.copytree(HOSTILE / name, folder, dirs_exist_ok=True)
    else:
        shutil.copy(HOSTILE / f"{name}.py", folder / "wordcount.py")


@functools.cache
def interpreter(library: Path) -> tuple[str, str]:
    """A Python that every user may run, and the PYTHONPATH by which it finds a copy of ours that they may read."""
    python = public_python()
    if python is None:
        pytest.skip("no Python of version 3.11 or later that every user may run")
    for package in ("pymapr", "grader", *(() if python == sys.executable else _FOR_REPORTS)):
        found = importlib.util.find_spec(package)
        assert found, f"{package} is installed with what the tests need"
        for place in found.submodule_search_locations or ():
            shutil.copytree(place, library / package, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    library.chmod(0o755)
    return python, str(library)


_FOR_REPORTS = ("rich", "pygments", "markdown_it", "mdurl", "deepdiff", "orderly_set", "cachebox")


@functools.cache
def public_python() -> str | None:
    """Whichever of this interpreter and the system's everybody may run."""
    return next((python for python in (sys.executable, "/usr/bin/python3") if _is_public(python)), None)


def _is_public(python: str) -> bool:
    try:
        version = "import sys; sys.exit(sys.version_info < (3, 11))"
        subprocess.run([python, "-c", version], check=True, cwd="/", env={}, **as_user(61000))
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def as_user(user: int) -> dict[str, Any]:
    """What makes a subprocess another user's, where we may; user: a uid, -1 for our own."""
    return {"user": user, "group": user, "extra_groups": []} if os.geteuid() == 0 and user >= 0 else {}


def _copied(home: Path) -> Path:
    shutil.copy(Path(__file__).with_name("graderprocess.py"), home)
    return home / "graderprocess.py"
