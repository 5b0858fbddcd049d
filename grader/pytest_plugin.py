"""What every pytest run loads: takes over the folders that hold an assignment, and has pytest import nothing there.

It is loaded on every machine that has pymapr, for tests of anything: so it imports nothing of the grader until it
meets an assignment, and where there is none it changes nothing. What pytest does before it loads plugins is out of its
reach: where a path *inside* an assignment is given, a student's pytest.ini beside it is read, and may switch the plugin
off. Otherwise such settings are refused. Whoever trusts no student names the assignment, or a folder above it.
"""

from __future__ import annotations

import os
from glob import iglob
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE_NAME = "assignment.yaml"
"""What makes a folder an assignment (`grader.spec.FILE_NAME`, which costs the import of a YAML parser)."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of `pymapr-grade` that say whose work is judged, where, and for whose eyes."""
    group = parser.getgroup("pymapr", "MapReduce assignments (folders with an assignment.yaml)")
    # Absolute at once: whatever changes the working folder later, these were said in the one where pytest began.
    group.addoption("--submissions", metavar="DIR", type=os.path.abspath, help="judge a class: one folder per student")
    group.addoption(
        "--submission", metavar="FILE|DIR", type=os.path.abspath, help="judge one student's work: a self-check"
    )
    group.addoption(
        "--audience",
        choices=["instructor", "student"],
        default="instructor",
        help="for whom reports are; students see of hidden datasets only pass or fail; default: instructor",
    )
    group.addoption(
        "--require-sandbox", metavar="N", type=int, default=0, help="refuse to run student code below that level"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Keep the conftest.py files of assignments out of what pytest imports before it collects anything."""
    _refuse_settings(early_config.inipath)
    for folder in _searched_early(early_config):
        _shield(early_config.pluginmanager, folder)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Check the options, and turn each path inside an assignment into what it means there."""
    if any(config.getoption(name) for name in ("submission", "submissions", "require_sandbox")):
        from grader.pytest_items import check_options

        check_options(config)
    config.args[:] = [_meaning(config, str(argument)) for argument in config.args]


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Ignore a link that leads into an assignment: what it leads to is not pytest's to search."""
    if os.path.islink(collection_path) and owner(collection_path) and not _is_assignment(collection_path):
        return True
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect an assignment's folder as judgements; leave every other folder to pytest."""
    if not _is_assignment(path):
        return None
    from grader import pytest_items

    _shield(parent.config.pluginmanager, path)
    return pytest_items.AssignmentFolder.from_parent(parent, path=path)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect an assignment.yaml that was named itself, where pytest did not come through its folder."""
    if file_path.name != FILE_NAME:
        return None
    from grader import pytest_items

    return pytest_items.assignment_file(parent, file_path)


# ---- whose a path is -------------------------------------------------------------------------------------------------


def owner(path: Path) -> Path | None:
    """The assignment's folder that `path`, or what it links to, is or lies in; None outside.

    The outermost one: a student may hand in an assignment.yaml too.
    """
    for candidate in dict.fromkeys((path, Path(os.path.realpath(path)))):
        for folder in (*reversed(candidate.parents), candidate):
            if _is_assignment(folder):
                return folder
    return None


def _is_assignment(folder: Path) -> bool:
    return os.path.isfile(folder / FILE_NAME)


def _meaning(config: pytest.Config, argument: str) -> str:
    """A path inside an assignment means the student whose work it is, else the assignment; others mean themselves."""
    path = _absolute(config, argument)
    home = owner(path) if os.path.exists(path) else None
    if home is None or path in (home, home / FILE_NAME):
        return argument
    student = "" if config.option.submission or config.option.submissions else _student(home, path)
    return f"{home / FILE_NAME}{student}"


def _student(home: Path, path: Path) -> str:
    """`::` and the name of the node of the student whose folder `path` is or lies in; else nothing."""
    from grader.pytest_items import node_name

    inside = path if path.is_relative_to(home) else Path(os.path.realpath(path))
    place = inside.relative_to(home).parts
    return f"::{node_name(place[1])}" if len(place) > 1 and place[0] == "submissions" else ""


def _absolute(config: pytest.Config, argument: str) -> Path:
    return Path(os.path.abspath(config.invocation_params.dir / argument.split("::")[0]))


# ---- what pytest would import ----------------------------------------------------------------------------------------


def _searched_early(config: pytest.Config) -> Iterator[Path]:
    """The folders in and above which pytest looks for conftest.py first: each path given, and its children test*."""
    given = [_absolute(config, str(each)) for each in config.known_args_namespace.file_or_dir]
    if not given:
        root = config.rootpath
        patterns = config.getini("testpaths")
        given = [root / path for each in patterns for path in iglob(each, root_dir=root, recursive=True)]
    for path in (config.invocation_params.dir, *given):
        if os.path.isdir(path):
            yield path
            yield from path.glob("test*")
        else:
            yield path.parent


def _shield(plugins: pytest.PytestPluginManager, folder: Path) -> None:
    """Have pytest believe that it has imported each conftest.py in and above `folder` that an assignment owns."""
    for each in (folder, *folder.parents):
        if owner(each) is None:
            return
        name = str(each / "conftest.py")
        if not plugins.has_plugin(name):
            plugins.register(ModuleType("conftest"), name)


def _refuse_settings(file: Path | None) -> None:
    """Raise pytest.UsageError for settings that a student may have written: they can have pytest overwrite any file."""
    home = owner(file.parent) if file is not None else None
    if file is not None and home is not None and not os.path.samefile(home, file.parent):
        raise pytest.UsageError(
            f"{file}: settings from inside an assignment are not followed: a student may have written them"
            f"\nhint: name the assignment, and choose with -k: pytest {home} -k NAME",
        )
