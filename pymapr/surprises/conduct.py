"""What mapper and reducer may not rely on when many processes share the work: each other, state, chance, the clock."""

import ast
from collections.abc import Iterator

from pymapr.surprises.finding import Surprise
from pymapr.surprises.jobfile import Function, JobFile, local_names, own_nodes

MUTABLE = {"dict", "list", "set", "defaultdict", "Counter", "OrderedDict", "deque"}
SEQUENCES = "append appendleft clear extend extendleft insert pop popleft remove reverse sort"
TABLES = "add discard popitem setdefault subtract update"
MUTATORS = {*SEQUENCES.split(), *TABLES.split()}
CLOCKS = {f"time.{name}" for name in ("time", "time_ns", "perf_counter", "monotonic", "process_time", "clock", "ctime")}
CLOCKS |= {f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")} | {"datetime.date.today"}
CHANCE = {"uuid.uuid1", "uuid.uuid4", "os.urandom", "os.getpid"}
STATE = (
    "each process has a copy of its own, so what one call leaves there another may not find",
    "put what the reducer needs into the emitted key and value; keep nothing between calls",
)

Finding = tuple[str, Surprise]  # what it is about, so that a thing done ten times is told once; and the surprise


def conduct(job: JobFile) -> Iterator[Surprise]:
    """All of this room's findings, each once."""
    told = set()
    for role, part in job.parts().items():
        for function in job.reachable(part):
            for about, surprise in _inspect(job, function, _where(role, part, function)):
                if about not in told:
                    told.add(about)
                    yield surprise
    yield from _waits(job)


def _where(role: str, part: Function, function: Function) -> str:
    """`the mapper`, or `helper, which the mapper uses`."""
    if function is part or isinstance(function, ast.Lambda):
        return f"the {role}"
    return f"`{function.name}`, which the {role} uses,"


def _inspect(job: JobFile, function: Function, where: str) -> Iterator[Finding]:
    """What one function does, told as `where`."""
    local = local_names(function)
    for node in ast.walk(function):
        yield from _insides(job, node, local, where)
        yield from _state(job, node, local, where)
        if isinstance(node, ast.Call):
            yield from _identity(job, node, local, where)
            yield from _chance(job, node, local, where)
        if isinstance(node, ast.Name | ast.Attribute) and job.dotted(node) == "sys.stdin":
            what = f"{where} reads standard input, which may be the dataset itself, or empty"
            yield "stdin", Surprise(node.lineno, what, "work on the record, or the key and values, alone")
    yield from _defaults(function, where)
    yield from _classes(job, function, where)


def _insides(job: JobFile, node: ast.AST, local: set[str], where: str) -> Iterator[Finding]:
    """`mr.intermediate` and `mr.result`."""
    match node:
        case ast.Attribute(value=ast.Name(id=name), attr="intermediate" | "result" as attr):
            if name in job.emitters - local:
                what = f"{where} uses `{name}.{attr}`, which may be an error: no process of a parallel run holds it all"
                mend = "work with the key and values that the reducer gets, and hand over results with mr.emit(value)"
                yield f"mr.{attr}", Surprise(node.lineno, what, mend)


def _state(job: JobFile, node: ast.AST, local: set[str], where: str) -> Iterator[Finding]:
    """Something outside the function that it changes."""
    for target in _changed(node):
        name = target.id
        if name in local or name in job.imports or name in job.emitters or not job.bound_to(name):
            continue
        # A method may mean anything on what we do not know; what is stored to is changed.
        if _is_mutable(job, name) or isinstance(getattr(node, "ctx", None), ast.Store | ast.Del):
            what = f"{where} changes `{name}`, which lies outside of it: {STATE[0]}"
            yield f"state {name}", Surprise(target.lineno, what, STATE[1])


def _changed(node: ast.AST) -> list[ast.Name]:
    """The name that this node gives another object, or whose object it may change."""
    match node:
        case ast.Name(ctx=ast.Store() | ast.Del()):
            return [node]
        case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store() | ast.Del()):
            return _root(node)
        case ast.Call(func=ast.Attribute(value=owner, attr=method)) if method in MUTATORS:
            return _root(owner)
    return []


def _root(node: ast.expr) -> list[ast.Name]:
    """`seen` of `seen["a"][0].b`."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return [node] if isinstance(node, ast.Name) else []


def _is_mutable(job: JobFile, name: str) -> bool:
    """Whether some value that the name is given is a list, dict or set of the language's own."""
    return any(_makes_mutable(value) for value in job.bound_to(name))


def _makes_mutable(value: ast.expr | None) -> bool:
    match value:
        case ast.List() | ast.Dict() | ast.Set() | ast.ListComp() | ast.DictComp() | ast.SetComp():
            return True
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in MUTABLE
    return False


def _defaults(function: Function, where: str) -> Iterator[Finding]:
    """A default that lives on between calls, and is changed."""
    args = function.args
    positional = [*args.posonlyargs, *args.args]
    pairs = [*zip(reversed(positional), reversed(args.defaults), strict=False)]
    pairs += [(arg, default) for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True) if default]
    kept = {arg.arg for arg, default in pairs if _makes_mutable(default)}
    rebound = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in ast.walk(function):
        for target in _changed(node):
            if target.id in kept - rebound:
                what = f"{where} changes the default of `{target.id}`, which lives on between calls: {STATE[0]}"
                yield f"default {target.id}", Surprise(target.lineno, what, STATE[1])


def _identity(job: JobFile, call: ast.Call, local: set[str], where: str) -> Iterator[Finding]:
    """The built-in `hash()` and `id()`."""
    match call.func:
        case ast.Name(id="hash" | "id" as name) if name not in local and name not in job.globals:
            what = f"{where} calls {name}(), which may answer otherwise in another process"
            mend = "use the value itself as key, or `zlib.crc32(text.encode())` where a number is needed"
            yield name, Surprise(call.lineno, what, mend)


def _chance(job: JobFile, call: ast.Call, local: set[str], where: str) -> Iterator[Finding]:
    """Chance without a seed, and the clock."""
    if any(name.id in local for name in _root(call.func)):
        return
    name = job.dotted(call.func)
    if name in CLOCKS:
        what = f"{where} asks the clock ({name}): its output may differ from run to run"
        yield "clock", Surprise(call.lineno, what, "compute from the record, or the key and values, alone")
    elif name in CHANCE or (name.startswith(("random.", "numpy.random.", "secrets.")) and not _seeded(job)):
        what = f"{where} draws by chance ({name}): its output may differ from run to run"
        yield "chance", Surprise(call.lineno, what, "make a `random.Random(text_of_the_record)` for each record")


def _seeded(job: JobFile) -> bool:
    """Whether the file sets a seed anywhere: how well, only a run can tell."""
    calls = [node for node in ast.walk(job.tree) if isinstance(node, ast.Call) and (node.args or node.keywords)]
    return any(job.dotted(call.func).rpartition(".")[2] in {"seed", "Random", "default_rng"} for call in calls)


def _classes(job: JobFile, function: Function, where: str) -> Iterator[Finding]:
    """A class made inside: its objects cannot travel between processes."""
    for node in own_nodes(function):
        named = isinstance(node, ast.Call) and job.dotted(node.func) in {"collections.namedtuple", "typing.NamedTuple"}
        if named or isinstance(node, ast.ClassDef):
            line = getattr(node, "lineno", None)
            what = f"{where} makes a class: objects of it may not travel between processes"
            yield "class", Surprise(line, what, "define the class at the top of the file, or emit plain tuples")


def _waits(job: JobFile) -> Iterator[Surprise]:
    """Calls that wait for somebody at the keyboard; once is enough to say."""
    builtin = {"input", "raw_input", "breakpoint"} - set(job.names)
    for node in ast.walk(job.tree):
        if not isinstance(node, ast.Call):
            continue
        debugs = job.dotted(node.func) in {"pdb.set_trace", "ipdb.set_trace"}
        if debugs or (isinstance(node.func, ast.Name) and node.func.id in builtin):
            what = f"`{ast.unparse(node.func)}` waits for a keyboard, where there may be none, and may eat the dataset"
            yield Surprise(node.lineno, what, "take it out; a path to read comes as `sys.argv[1]`")
            return
