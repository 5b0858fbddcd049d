"""Is it a job at all? Its mapper and reducer, its framework object, its `mr.execute` and what stands after that."""

import ast
from collections.abc import Iterator

from pymapr.surprises.finding import Surprise
from pymapr.surprises.jobfile import Function, JobFile, own_nodes

# How each part is called; that is how many parameters without a default it can have.
CALLED = {
    "mapper": ("record",),
    "reducer": ("key", "values"),
    "combiner": ("key", "values"),
    "partitioner": ("key", "n"),
}
# Where an input path can come from, other than the source itself.
ASKED = {"argv", "argparse", "fileinput", "stdin", "environ", "getenv", "click", "optparse"}


def form(job: JobFile) -> Iterator[Surprise]:
    """All of this room's findings."""
    yield from _missing(job)
    for role, function in job.parts().items():
        yield from _parameters(role, function)
    yield from _emits(job) if job.instances else _returns(job)
    yield from _own_framework(job)
    yield from _two_objects(job)
    yield from _fixed_input(job)
    yield from _after_execute(job)


def _missing(job: JobFile) -> Iterator[Surprise]:
    """A mapper or reducer that is nowhere."""
    for role in ("mapper", "reducer"):
        wanted = job.passed(role)
        if job.is_open or not isinstance(wanted, ast.Name) or job.bound_to(wanted.id):
            continue
        call = ", ".join(CALLED[role])
        if job.executes:
            what = f"mr.execute is given `{wanted.id}` as {role}, and nothing in the file has that name"
            yield Surprise(wanted.lineno, what, f"define `def {wanted.id}({call}):`, or check the spelling")
        else:
            yield Surprise(None, f"no `{role}` found", f"define `def {role}({call}):`")


def _parameters(role: str, function: Function) -> Iterator[Surprise]:
    """A part that cannot be called the way the framework calls it."""
    args, given = function.args, CALLED[role]
    if isinstance(function, ast.FunctionDef) and function.decorator_list:
        return  # a decorator may change what is called
    positional = len(args.posonlyargs) + len(args.args)
    needed = positional - len(args.defaults)
    keywords = [arg.arg for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True) if default is None]
    if needed > len(given) or keywords:
        what = f"the {role} cannot be called with ({', '.join(given)}) alone: it demands more parameters"
        yield Surprise(function.lineno, what, "give every further parameter a default")
    elif positional < len(given) and not args.vararg:
        what = f"the {role} takes {positional or 'no'} parameter{'s' * (positional != 1)} and is called with"
        what += f" {len(given)}: {', '.join(given)}"
        yield Surprise(function.lineno, what, f"write `{_name(function)}({', '.join(given)})`")


def _name(function: Function) -> str:
    return "lambda" if isinstance(function, ast.Lambda) else f"def {function.name}"


def _emits(job: JobFile) -> Iterator[Surprise]:
    """A classic job that hands nothing over."""
    line = job.instances[0][1]
    if job.is_open:
        return
    defined = job.parts()  # what is defined elsewhere may emit there
    if "mapper" in defined and "emit_intermediate" not in job.words:
        mend = "call `mr.emit_intermediate(key, value)`: with an `mr`, what a mapper returns does not count"
        yield Surprise(line, "the file never calls mr.emit_intermediate, so its reducer may never run", mend)
    if "reducer" in defined and "emit" not in job.words:
        mend = "call `mr.emit(value)` for each result: prints and returned values do not count"
        yield Surprise(line, "the file never calls mr.emit, so it may have no output", mend)
    if not job.executes and not job.bound_to("mr"):
        name = job.instances[0][0]
        what = f"the framework object is called `{name}` and never executed; pymapr looks for a global `mr`"
        yield Surprise(line, what, f"call it `mr`, or call `{name}.execute(data, mapper, reducer)`")


def _returns(job: JobFile) -> Iterator[Surprise]:
    """Neither classic nor functional: no `mr`, and a mapper or reducer that gives nothing back."""
    if job.is_open or job.bound_to("mr"):
        return
    for role, function in job.parts().items():
        if role in ("mapper", "reducer") and not _gives(function):
            what = f"there is no global `mr`, and the {role} returns or yields nothing: the job may have no output"
            yield Surprise(function.lineno, what, _mend_form(role))


def _mend_form(role: str) -> str:
    gives = "`yield key, value`" if role == "mapper" else "`yield value`"
    return f"begin with `import MapReduce` and `mr = MapReduce.MapReduce()` and emit; or, without `mr`, {gives}"


def _gives(function: Function) -> bool:
    """Whether a function returns or yields something; a decorated one may do anything."""
    if isinstance(function, ast.Lambda) or function.decorator_list:
        return True
    return any(
        isinstance(node, ast.Yield | ast.YieldFrom)
        or (isinstance(node, ast.Return) and not isinstance(node.value, ast.Constant | None))
        for node in own_nodes(function)
    )


def _own_framework(job: JobFile) -> Iterator[Surprise]:
    """A class MapReduce in the file itself."""
    for node in own_nodes(job.tree):
        if isinstance(node, ast.ClassDef) and node.name == "MapReduce":
            what = (
                "the file has a MapReduce class of its own, which may not run in parallel, nor be accepted by a grader"
            )
            yield Surprise(node.lineno, what, "take the class out and begin with `import MapReduce`")


def _two_objects(job: JobFile) -> Iterator[Surprise]:
    """Two framework objects: what goes to one is lost to the other. Two branches of one statement make one."""
    if len(job.instances) < 2:
        return
    first, *others = [
        min(lines)
        for statement in job.tree.body
        if (lines := [line for _, line in job.instances if statement.lineno <= line <= (statement.end_lineno or 0)])
    ]
    for line in others[:1]:
        what = f"a second MapReduce object (the first: line {first}): what is emitted to one is lost to the other"
        yield Surprise(line, what, "keep one, the global `mr`")


def _fixed_input(job: JobFile) -> Iterator[Surprise]:
    """Input read from a path that stands in the source, whatever the command line says."""
    if not job.executes or job.words & ASKED:
        return
    if path := _opened(job, job.passed("data")):
        what = f"the input is always {path!r}, whatever file is named when the job is run"
        yield Surprise(job.executes[0].lineno, what, "open `sys.argv[1]` instead")


def _opened(job: JobFile, node: ast.expr | None, steps: int = 3) -> str:
    """The path whose opened file this is, if it stands in the source; empty where it does not, or may not."""
    if isinstance(node, ast.Name) and steps:
        paths = [_opened(job, value, steps - 1) for value in job.names.get(node.id, [])]
        return paths[0] if paths and all(paths) else ""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"read", "readlines"}:
        return _opened(job, node.func.value, steps)
    if isinstance(node, ast.Call) and node.args:
        is_open = isinstance(node.func, ast.Name) and node.func.id == "open"
        if is_open or job.dotted(node.func) in {"io.open", "codecs.open", "gzip.open"}:
            return _text(job, node.args[0])
    return ""


def _text(job: JobFile, node: ast.expr | None) -> str:
    """The text that an expression always is; empty where it may be another."""
    if isinstance(node, ast.Name):
        values = job.names.get(node.id, [])
        return _text(job, values[0]) if len(values) == 1 and not isinstance(values[0], ast.Name) else ""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _after_execute(job: JobFile) -> Iterator[Surprise]:
    """Statements that run after the job: not where it is graded, nor in its workers."""
    drivers = {name for name, function in job.functions.items() if job.drives(function)}
    blocks = [job.tree.body, *(job.functions[name].body for name in drivers)]
    lines = [line for block in blocks for line in _tail(job, block, drivers)]
    if lines:
        what = "this stands after mr.execute and may not run: a graded job ends there, and so does each worker process"
        yield Surprise(
            min(lines), what, "do it before mr.execute, or in the mapper or reducer; a job is one mr.execute"
        )


def _tail(job: JobFile, block: list[ast.stmt], drivers: set[str]) -> Iterator[int]:
    """Lines of the statements that follow the one which executes the job, in this block and those inside it."""
    running = next((place for place, statement in enumerate(block) if _runs(job, statement, drivers)), None)
    if running is None:
        return
    yield from (statement.lineno for statement in block[running + 1 :] if not _harmless(statement))
    for field in ("body", "orelse", "finalbody"):
        inner = getattr(block[running], field, [])
        yield from _tail(job, inner, drivers)


def _runs(job: JobFile, statement: ast.stmt, drivers: set[str]) -> bool:
    """Whether a statement executes the job, itself or through a driver such as `main()`."""
    nodes = [] if isinstance(statement, ast.FunctionDef | ast.ClassDef) else [statement, *own_nodes(statement)]
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    return any(job.is_execute(call) or (isinstance(call.func, ast.Name) and call.func.id in drivers) for call in calls)


def _harmless(statement: ast.stmt) -> bool:
    """Nobody misses it: definitions, closing a file, leaving."""
    match statement:
        case (
            ast.FunctionDef()
            | ast.ClassDef()
            | ast.Import()
            | ast.ImportFrom()
            | ast.Pass()
            | ast.Return()
            | ast.Delete()
        ):
            return True
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name))):
            return name in {"close", "flush", "exit", "quit"}
    return False
