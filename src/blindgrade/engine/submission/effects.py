"""What a statement of a student's file may change when it runs. In doubt, it changes what it is given."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from blindgrade.engine.submission import vocabulary as words
from blindgrade.engine.submission.statements import DEFINITIONS, own_nodes, root_of, uses

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
# Pairs of names and the names of the objects that they may share: `net` and `net.parameters()`.
Shared = list[tuple[set[str], set[str]]]


@dataclass
class Traces:
    """What the text of a statement, or of a function's body, shows of its effects. Names are those of the text."""

    changed: set[str] = field(default_factory=set)  # names of objects that it changes in place
    calls: list[tuple[str, set[str]]] = field(default_factory=list)  # called names, and the names in their arguments
    shared: Shared = field(default_factory=list)
    globals: set[str] = field(default_factory=set)  # names that it declares `global`
    identifiers: set[str] = field(default_factory=set)
    acts: bool = False  # it changes something outside of the file, such as sys.path
    unknown: bool = False  # nobody can see what it changes


def imported_from(nodes: Iterable[ast.stmt]) -> dict[str, str]:
    """Names that imports give a value, each with the first part of its module's name."""
    found: dict[str, str] = {}
    for node in nodes:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Import):
                found |= {(a.asname or a.name).split(".")[0]: a.name.split(".")[0] for a in inner.names}
            elif isinstance(inner, ast.ImportFrom):
                module = "" if inner.level else (inner.module or "").split(".")[0]
                found |= {alias.asname or alias.name: module for alias in inner.names}
    return found


def traces_of(node: ast.AST, imports: dict[str, str]) -> Traces:
    """Traces of everything in the node, with the bodies of functions and classes."""
    found = Traces()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            found.identifiers.add(inner.id)
        elif isinstance(inner, ast.Attribute):
            found.identifiers.add(inner.attr)
            found.acts |= inner.attr[:2] == inner.attr[-2:] == "__" and inner.attr not in words.PLAIN_ATTRIBUTES
        elif isinstance(inner, ast.Global | ast.Nonlocal):
            found.globals |= set(inner.names)
        _note(inner, found, imports)
    found.acts |= any(imports.get(name, "") in words.ACTING for name in found.identifiers)
    return found


def _note(inner: ast.AST, found: Traces, imports: dict[str, str]) -> None:
    match inner:
        case ast.Call():
            _call(inner, found, imports)
        case ast.AugAssign(target=ast.Name(id=name)):
            found.changed.add(name)
        case ast.Attribute(ctx=ast.Store() | ast.Del()) | ast.Subscript(ctx=ast.Store() | ast.Del()):
            roots = root_of(inner)
            found.changed |= roots
            # `os.environ["X"] = "1"`, `torch.backends.cuda.allow_tf32 = True`
            found.acts |= any(imports.get(root, "") not in words.DISPLAY for root in roots & imports.keys())
        case ast.Attribute(attr=name) if name in words.MUTATORS or (name.endswith("_") and not name.startswith("_")):
            found.changed |= root_of(inner) - imports.keys()
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                _share(target, value, found, imports)
        case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
            _share(target, value, found, imports)
        case ast.For(target=target, iter=source) | ast.AsyncFor(target=target, iter=source):
            found.shared.append((names_in(target), objects_in(source)))
        case ast.comprehension(target=target, iter=source):
            found.shared.append((names_in(target), objects_in(source)))
        case ast.withitem(context_expr=source, optional_vars=target):
            found.shared.append((names_in(target), objects_in(source)))
            if isinstance(source, ast.Name | ast.Attribute):
                found.changed |= root_of(source) - imports.keys()  # `with scale_of_two:` runs its __enter__
        case ast.FunctionDef(decorator_list=decorators) | ast.ClassDef(decorator_list=decorators):
            for decorator in decorators:
                if isinstance(decorator, ast.Name):
                    found.calls.append((decorator.id, {inner.name}))
        case ast.Expr(value=ast.Call(func=called)):
            found.acts |= _acts(called, imports)


def objects_in(node: ast.AST | None) -> set[str]:
    """Names in the node whose objects its value may share: all but the names of called functions and builtins."""
    if node is None:
        return set()
    called = {
        inner.func for inner in ast.walk(node) if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name)
    }
    names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and inner not in called}
    return names - words.BUILTINS


def names_in(node: ast.AST | None) -> set[str]:
    """All names in the node."""
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)} if node is not None else set()


def _acts(called: ast.expr, imports: dict[str, str]) -> bool:
    """Whether a call without a result may change something outside, because it calls a function of a library."""
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    if words.HARMLESS.match(name) or name.endswith("_") or name in words.CHANGERS:
        return False
    return any(imports.get(root, "") not in words.DISPLAY for root in root_of(called) & imports.keys())


def _call(call: ast.Call, found: Traces, imports: dict[str, str]) -> None:
    called = call.func
    given = {name for part in (*call.args, *call.keywords) for name in objects_in(part)} - imports.keys()
    roots = root_of(called)
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    if name in words.UNKNOWN and isinstance(called, ast.Name):
        found.unknown = True
    out = {n for keyword in call.keywords if keyword.arg == "out" for n in names_in(keyword)}
    found.changed |= out
    if roots and roots <= imports.keys():
        pure = all(imports[root] in words.PURE_LIBRARIES for root in roots)
        if not pure or name in words.CHANGERS or name.endswith("_"):
            found.changed |= given
    elif isinstance(called, ast.Name):
        if name in words.CHANGERS:
            found.changed |= given
        elif name not in words.PURE_BUILTINS:
            found.calls.append((name, given))
    elif isinstance(called, ast.Attribute) and name not in words.PURE_METHODS | words.VIEWS:
        changed = root_of(called) - imports.keys()
        found.changed |= changed
        found.calls += [(root, given) for root in changed]  # `Model.build(x)`
        if changed:
            found.shared.append((changed, given))
    elif not isinstance(called, ast.Attribute):
        found.changed |= names_in(called) - imports.keys()


def _share(target: ast.expr, value: ast.expr, found: Traces, imports: dict[str, str]) -> None:
    if not fresh(value, imports):
        found.shared.append((names_in(target), objects_in(value) - imports.keys()))


def fresh(value: ast.expr, imports: dict[str, str]) -> bool:
    """Whether the value is surely a new object, so that a change of it changes nothing else."""
    match value:
        case ast.Constant() | ast.BinOp() | ast.UnaryOp() | ast.Compare() | ast.JoinedStr():
            return True
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            return all(fresh(part, imports) for part in parts)
        case ast.Dict(values=parts):
            return all(fresh(part, imports) for part in parts)
        case ast.ListComp(elt=part) | ast.SetComp(elt=part) | ast.DictComp(value=part):
            return fresh(part, imports)
        case ast.Call(func=ast.Attribute(attr=name) as called) if root_of(called) <= imports.keys():
            path = ast.unparse(called)
            makes = {imports[root] for root in root_of(called)} <= {"torch", "numpy", "math"}
            return (
                makes
                and not re.search(r"\b(optim|nn|utils|as\w*|from\w*|\w*view\w*)\b", path)
                and (name not in words.VIEWS)
            )
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in words.PURE_METHODS
        case ast.Call(func=ast.Name(id=name)):
            return name in words.PURE_BUILTINS - words.VIEW_BUILTINS
    return False


# ---------------------------------------------------------------- functions of the file


@dataclass
class Summary:
    """What a call of one of the file's functions may change: its arguments, module-level names, or the outside."""

    arguments: bool = False
    names: set[str] = field(default_factory=set)
    acts: bool = False


def summaries(bodies: dict[str, list[Traces]], local: dict[str, list[tuple[set[str], set[str]]]]) -> dict[str, Summary]:
    """Summary of each function. `local` has, for each body, its parameters and its other local names."""
    found = {name: Summary() for name in bodies}
    grown = True
    while grown:
        grown = False
        for name, traces in bodies.items():
            for body, (parameters, others) in zip(traces, local[name], strict=True):
                changed = closed(body.changed | called_changes(body.calls, found), body.shared)
                arguments = bool(changed & parameters) or found[name].arguments
                names = (
                    found[name].names
                    | ((changed | body.globals) - parameters - others)
                    | (body.globals & (parameters | others))
                )
                acts = found[name].acts or body.acts or body.unknown or called_acts(body.calls, found)
                if (new := Summary(arguments, names, acts)) != found[name]:
                    found[name] = new
                    grown = True
    return found


def called_changes(calls: list[tuple[str, set[str]]], known: dict[str, Summary]) -> set[str]:
    """Names of objects that these calls may change."""
    changed: set[str] = set()
    for name, given in calls:
        if name not in known:
            changed |= {name}  # an object: its __call__ may change it
            continue
        changed |= known[name].names | (given if known[name].arguments else set())
    return changed


def called_acts(calls: list[tuple[str, set[str]]], known: dict[str, Summary]) -> bool:
    """Whether one of these calls may change something outside of the file."""
    return any(known[name].acts for name, _ in calls if name in known)


def closed(names: set[str], shared: Shared) -> set[str]:
    """The names, and all that they share objects with."""
    found = set(names)
    while True:
        more = {source for targets, sources in shared if targets & found for source in sources} - found
        if not more:
            return found
        found |= more


def functions_in(node: ast.stmt) -> Iterator[tuple[str, ast.AST]]:
    """Functions and classes that a statement defines in the module's scope, and lambdas that it binds, by name."""
    for inner in own_nodes(node):
        if isinstance(inner, DEFINITIONS):
            yield inner.name, inner
        elif isinstance(inner, ast.Assign) and any(isinstance(part, ast.Lambda) for part in ast.walk(inner.value)):
            for target in inner.targets:
                yield from ((name, inner.value) for name in names_in(target))


def local_names(node: ast.AST) -> tuple[set[str], set[str]]:
    """Parameters of a function, and the other names that it or a function in it binds. `self` is no parameter."""
    parameters: set[str] = set()
    others: set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, FUNCTIONS):
            given = [*inner.args.posonlyargs, *inner.args.args, *inner.args.kwonlyargs]
            given += [one for one in (inner.args.vararg, inner.args.kwarg) if one is not None]
            parameters |= {one.arg for one in given}
        elif isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load):
            others.add(inner.id)
        elif isinstance(inner, ast.Import | ast.ImportFrom):
            others |= {(alias.asname or alias.name).split(".")[0] for alias in inner.names}
        if isinstance(inner, (*DEFINITIONS, ast.ExceptHandler)) and inner is not node and inner.name:
            others.add(inner.name)
    if isinstance(node, ast.ClassDef):
        parameters -= {"self", "cls"}
        others |= {"self", "cls"}
    return parameters, others - parameters


def read_at_once(node: ast.stmt) -> set[str]:
    """Names that a definition reads when it is run: its decorators, defaults, annotations and class body."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return uses(node)
    return set().union(*(names_in(part) for part in (node.args, node.returns, *node.decorator_list)))
