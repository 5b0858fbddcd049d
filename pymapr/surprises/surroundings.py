"""What a job file finds around it: modules beside it that win, imports that lead nowhere, names that Python 2 had."""

import ast
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

from pymapr.surprises.finding import Surprise
from pymapr.surprises.jobfile import FRAMEWORKS, JobFile

# Modules that the framework itself stands on, so that a file of that name beside the job breaks it unasked.
LANGUAGE = (
    "collections contextlib copyreg enum functools heapq keyword operator re reprlib types typing warnings weakref"
)
SYSTEM = "json multiprocessing pickle queue random select selectors signal socket struct subprocess tempfile threading"
ERRORS = "linecache logging string textwrap token tokenize traceback"
FOUNDATION = {*LANGUAGE.split(), *SYSTEM.split(), *ERRORS.split()}
# Loaded before any script starts: nothing beside the job can take their place.
EARLY = {*sys.builtin_module_names, "abc", "codecs", "encodings", "genericpath", "io", "ntpath", "os", "posixpath"}
EARLY |= {"site", "stat", "zipimport"}

RENAMED = {  # modules of Python 2
    "ConfigParser": "configparser",
    "HTMLParser": "html.parser",
    "Queue": "queue",
    "StringIO": "io",
    "cPickle": "pickle",
    "cStringIO": "io",
    "commands": "subprocess",
    "md5": "hashlib",
    "sets": "the built-in `set`",
    "sha": "hashlib",
    "simplejson": "json",
    "urllib2": "urllib.request",
    "urlparse": "urllib.parse",
}
GONE_NAMES = {  # built-in functions of Python 2
    "basestring": "`str`",
    "cmp": "`(a > b) - (a < b)`",
    "file": "`open`",
    "long": "`int`",
    "raw_input": "`input`",
    "reduce": "`functools.reduce`",
    "unichr": "`chr`",
    "unicode": "`str`",
    "xrange": "`range`",
}
GONE_METHODS = {
    "has_key": "`key in table`",
    "iteritems": "`items`",
    "iterkeys": "`keys`",
    "itervalues": "`values`",
}


def surroundings(path: Path, job: JobFile | None, text: str) -> Iterator[Surprise]:
    """All of this room's findings; with `job=None`, for a file that does not compile, only what its neighbours tell."""
    yield from _beside(path, job, text)
    if job is not None:
        yield from _not_found(path, job)
        yield from _python_2(job)


def _beside(path: Path, job: JobFile | None, text: str) -> Iterator[Surprise]:
    """Files beside the job that win over the framework or the standard library: a script's own folder comes first."""
    imported = {name.partition(".")[0] for name in job.imports.values()} if job else set()
    if job is None and "MapReduce" in text:
        imported = {"MapReduce"}
    for name in sorted(_modules_beside(path)):
        if name in FRAMEWORKS and name in imported:
            what = f"a {name} of its own lies beside the file: `python {path.name}` takes that one, `pymapr run` ours"
            yield Surprise(None, what, f"remove or rename the `{name}` beside it, or always use `pymapr run`")
        elif name in sys.stdlib_module_names - EARLY and name in imported | FOUNDATION:
            what = f"`{name}` beside the file hides Python's own module of that name and may break whatever imports it"
            yield Surprise(None, what, f"rename the `{name}` that lies beside the file")


def _modules_beside(path: Path) -> set[str]:
    """Names that can be imported from the file's own folder, its own name included."""
    folder = path.resolve().parent
    files = {file.stem for file in folder.glob("*.py")}
    return files | {file.parent.name for file in folder.glob("*/__init__.py")}


def _not_found(path: Path, job: JobFile) -> Iterator[Surprise]:
    """Imports that this Python cannot follow; those that the file itself expects to fail are left alone."""
    beside = _modules_beside(path)
    for node, name in _imported(job.tree):
        if name in FRAMEWORKS or name in beside or _is_found(name):
            continue
        if name in RENAMED:
            yield Surprise(node.lineno, f"`{name}` is a module of Python 2", f"use {RENAMED[name]} instead")
        else:
            what = f"this Python has no module `{name}`; where the job is graded there may be none either"
            yield Surprise(
                node.lineno, what, f"do without it, or install what brings `{name}` and ask if it is allowed"
            )


def _imported(tree: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    """Import statements with the top-level name of each module, but none inside a `try` or an `if`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node, node.module.partition(".")[0]
        elif not isinstance(node, ast.Try | ast.If):
            yield from _imported(node)


def _is_found(name: str) -> bool:
    """Whether a top-level module can be imported, without importing it."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # it is loaded, and has nothing to tell where from: `__main__`
        return True


def _python_2(job: JobFile) -> Iterator[Surprise]:
    """Names and methods that only Python 2 had, and `print >>file, text`, which compiles and fails; each once."""
    told = set()
    if "NameError" in job.words or "version_info" in job.words:
        return  # the file minds both Pythons
    for node in ast.walk(job.tree):
        name, instead = _gone(job, node)
        if name and name not in told and isinstance(node, ast.expr):
            told.add(name)
            yield Surprise(node.lineno, f"`{name}` is of Python 2 and fails in Python 3", f"use {instead} instead")


def _gone(job: JobFile, node: ast.AST) -> tuple[str, str]:
    """The name of what is gone, and what came in its place; empty where nothing is."""
    match node:
        case ast.Name(id=name) if name in GONE_NAMES and name not in job.names and not job.is_open:
            return name, GONE_NAMES[name]
        case ast.Attribute(attr=name) if name in GONE_METHODS and name not in job.names:
            return name, GONE_METHODS[name]
        case ast.BinOp(op=ast.RShift(), left=ast.Name(id="print")):
            return "print >>file", "`print(text, file=file)`"
    return "", ""
