"""What a job file says of itself, told from its syntax tree alone: names, functions, framework objects, its parts."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator

Function = ast.FunctionDef | ast.Lambda
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
FRAMEWORKS = ("MapReduce", "MapReduce_original", "pymapr")
CONSTRUCTORS = {f"{module}.MapReduce" for module in FRAMEWORKS} | {"pymapr.MapReduce.MapReduce"}


class JobFile:
    """Facts about one file.

    `imports`: local name -> what it stands for, dotted. `globals`: every name bound at module level -> the expressions
    bound to it, `None` for what is no plain assignment; `names`: the same for the whole file. `functions`: by name,
    module level first. `words`: all names, attributes and texts. `instances`: name and line of each framework object;
    `emitters`: their names, and `mr`. `executes`: the calls of `mr.execute`, in order.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        nodes = list(ast.walk(tree))
        self.words = {node.id for node in nodes if isinstance(node, ast.Name)}
        self.words |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        self.words |= {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        self.imports = dict(_imports(nodes))
        self.globals = _gather(bindings(own_nodes(tree)))
        self.names = _gather(bindings(nodes))
        for name in {name for node in nodes if isinstance(node, ast.Global) for name in node.names}:
            self.globals[name] = self.names.get(name, [])
        self.functions = _functions(tree)
        self.instances = [
            (target.id, node.lineno)
            for node in nodes
            if isinstance(node, ast.Assign) and self.is_framework(node.value)
            for target in node.targets
            if isinstance(target, ast.Name)
        ]
        self.emitters = {"mr", *(name for name, _ in self.instances)}
        calls = [node for node in nodes if isinstance(node, ast.Call) and self.is_execute(node)]
        self.executes = sorted(calls, key=lambda call: (call.lineno, call.col_offset))

    def dotted(self, node: ast.expr) -> str:
        """`random.choice` for whatever name the file gave it; empty where it is nothing imported."""
        if isinstance(node, ast.Name):
            return self.imports.get(node.id, "")
        if isinstance(node, ast.Attribute) and (base := self.dotted(node.value)):
            return f"{base}.{node.attr}"
        return ""

    def is_framework(self, node: ast.expr) -> bool:
        """Whether this makes a framework object."""
        return isinstance(node, ast.Call) and self.dotted(node.func) in CONSTRUCTORS

    def is_execute(self, call: ast.Call) -> bool:
        """Whether this is `mr.execute(...)`."""
        match call.func:
            case ast.Attribute(value=ast.Name(id=name), attr="execute"):
                return name in self.emitters
        return False

    def bound_to(self, name: str) -> list[ast.expr | None]:
        """What a name that is not local may stand for: the module's, else an enclosing function's."""
        return self.globals.get(name) or self.names.get(name, [])

    @property
    def is_open(self) -> bool:
        """Whether names may come from where we do not look: `from common import *`."""
        return any("*" in name for name in self.imports)

    def parts(self) -> dict[str, Function]:
        """The job's functions by their role (mapper, reducer, combiner, partitioner), as far as they can be told."""
        found = {role: self.function(self.passed(role)) for role in ("mapper", "reducer")}
        found |= {role: self.functions.get(role) for role in ("combiner", "partitioner") if role in self.globals}
        return {role: function for role, function in found.items() if function is not None}

    def passed(self, role: str) -> ast.expr:
        """What `mr.execute` gets as its mapper or reducer; where it is never called, the function of that name."""
        place = ("data", "mapper", "reducer").index(role)
        for call in self.executes[:1]:
            if place < len(call.args):
                return call.args[place]
            for keyword in call.keywords:
                if keyword.arg == role:
                    return keyword.value
        return ast.Name(role, ast.Load())

    def function(self, node: ast.expr) -> Function | None:
        """The function that an expression names, if the file defines it, once and for all."""
        if isinstance(node, ast.Lambda):
            return node
        if not isinstance(node, ast.Name):
            return None
        values = self.bound_to(node.id)
        if len(values) == 1 and isinstance(values[0], ast.Lambda):
            return values[0]
        return None if any(values) else self.functions.get(node.id)

    def reachable(self, start: Function) -> Iterator[Function]:
        """A function and those of the file's functions that it names, directly or not."""
        waiting, seen = [start], {start}
        while waiting:
            yield (function := waiting.pop(0))
            local = local_names(function)
            for node in ast.walk(function):
                if isinstance(node, ast.Name) and node.id not in local:
                    callee = self.functions.get(node.id)
                    if callee is not None and callee not in seen and not self.drives(callee):
                        seen.add(callee)
                        waiting.append(callee)

    def drives(self, node: ast.AST) -> bool:
        """Whether `mr.execute` is called somewhere in here."""
        return any(inner in self.executes for inner in ast.walk(node))


def own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope, without what lies inside its functions and classes (they themselves are among them)."""
    waiting: list[ast.AST] = list(ast.iter_child_nodes(scope))
    while waiting:
        yield (node := waiting.pop(0))
        if not isinstance(node, SCOPES):
            waiting.extend(ast.iter_child_nodes(node))


def bindings(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, ast.expr | None]]:
    """Each name that these nodes bind, with the expression where that is a plain one."""
    plain: dict[ast.expr, ast.expr | None] = {}
    for node in nodes:
        match node:
            case ast.Assign(targets=targets, value=value):
                plain.update(dict.fromkeys(targets, value))
            case ast.AnnAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
                plain[target] = value
            case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
                plain[target] = value
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, None
            case ast.ExceptHandler(name=str(name)) | ast.arg(arg=name):
                yield name, None
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from ((alias.asname or alias.name.partition(".")[0], None) for alias in names)
            case ast.Name(id=name, ctx=ast.Store()):
                yield name, plain.get(node)


def local_names(function: Function) -> set[str]:
    """Names that mean something of the function's own: parameters and what it, or a function inside it, binds."""
    inner = list(ast.walk(function))[1:]
    outer = {name for node in inner if isinstance(node, ast.Global) for name in node.names}
    # In a function inside it, `nonlocal` means this function's own names.
    outer |= {name for node in own_nodes(function) if isinstance(node, ast.Nonlocal) for name in node.names}
    return {name for name, _ in bindings(inner)} - outer


def _gather(pairs: Iterable[tuple[str, ast.expr | None]]) -> dict[str, list[ast.expr | None]]:
    """All that is bound to each name."""
    gathered: dict[str, list[ast.expr | None]] = defaultdict(list)
    for name, value in pairs:
        gathered[name].append(value)
    return dict(gathered)


def _imports(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """Local name and what it stands for, dotted; `from x import *` gives `x.*`, but the framework's one public name."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (alias.asname, alias.name) if alias.asname else (alias.name.partition(".")[0],) * 2
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                starred = alias.name == "*"
                if starred and node.module in FRAMEWORKS:
                    yield "MapReduce", f"{node.module}.MapReduce"
                else:
                    name = f"{node.module or ''}.{alias.name}"
                    yield (name if starred else alias.asname or alias.name), name


def _functions(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    """Functions by name, without methods: the last one at module level, else the first one deeper down."""
    found = {node.name: node for node in own_nodes(tree) if isinstance(node, ast.FunctionDef)}
    waiting = list(found.values())
    while waiting:
        for node in own_nodes(waiting.pop(0)):
            if isinstance(node, ast.FunctionDef):
                found.setdefault(node.name, node)
                waiting.append(node)
    return found
