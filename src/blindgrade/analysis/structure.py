"""The structure of an answer: its syntax tree without what a student changes to make a copy look like his own.

Names that the definition binds itself are numbered by first appearance, docstrings and annotations are left out; layout
and comments never enter a tree. Called functions, attributes, constants and the order of statements stay.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Iterator, Sequence, Set

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
# Where a node says the name of something that a function may bind; an attribute's name is not such a place.
NAMED: dict[type[ast.AST], str] = {
    ast.Name: "id",
    ast.arg: "arg",
    ast.FunctionDef: "name",
    ast.AsyncFunctionDef: "name",
    ast.ExceptHandler: "name",
}
UNCOUNTED = {"annotation", "returns", "ctx", "type_comment", "kind", "simple"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def definitions(text: str) -> dict[str, Definition]:
    """The top-level functions and classes of a text by name, the last of a name; none if it does not parse."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    return {node.name: node for node in body if isinstance(node, Definition)}


def form(node: Definition) -> str:
    """A digest of the definition's structure: equal for two that differ in names, layout and comments alone.

    RecursionError if it is nested too deeply.
    """
    pieces: list[str] = []
    _write(node, set(), {}, pieces)
    return hashlib.sha256("\0".join(pieces).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _write(value: object, bound: Set[str], numbers: dict[str, int], pieces: list[str]) -> None:
    """Append what of the value counts. Nodes are closed by ")", so different trees never give equal pieces."""
    if isinstance(value, ast.AST):
        if isinstance(value, FUNCTIONS) and not bound:
            bound = _bound(list(ast.walk(value)), True)
        if isinstance(value, ast.Nonlocal):
            return  # what it names is numbered where it is bound
        if isinstance(value, ast.AnnAssign) and value.value is not None:
            value = ast.Assign([value.target], value.value)
        pieces.append(type(value).__name__)
        named = NAMED.get(type(value))
        for name, part in ast.iter_fields(value):
            if name == named and part in bound:
                pieces.append(f"#{numbers.setdefault(part, len(numbers))}")
            elif name not in UNCOUNTED:
                _write(_counted(name, part), bound, numbers, pieces)
        pieces.append(")")
    elif isinstance(value, list):
        pieces.append("[")
        for part in value:
            _write(part, bound, numbers, pieces)
        pieces.append("]")
    else:
        pieces.append(f"{type(value).__name__} {value!r}")


def _counted(name: str, part: object) -> object:
    """The part; of a body the statements that do something."""
    if name != "body" or not isinstance(part, list):
        return part
    return [s for s in part if not isinstance(s, ast.Pass) and not _is_text(s)]


def rename(node: ast.AST, name: Callable[[str], str], *, arguments: bool) -> ast.AST:
    """The tree with every name that its functions bind renamed, in place; parameters too with `arguments`."""
    for function in _outermost(node):
        parts = list(ast.walk(function))
        bound = _bound(parts, arguments)
        for part in parts:
            if isinstance(part, ast.Name):
                if part.id in bound:
                    part.id = name(part.id)
            elif isinstance(part, ast.arg):
                if part.arg in bound:
                    part.arg = name(part.arg)
            elif isinstance(part, FUNCTIONS):
                if part is not function and part.name in bound:
                    part.name = name(part.name)
            elif isinstance(part, ast.ExceptHandler):
                if part.name in bound:
                    part.name = name(str(part.name))
            elif isinstance(part, ast.Nonlocal):
                part.names = [name(n) if n in bound else n for n in part.names]
    return node


def _outermost(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    if isinstance(node, FUNCTIONS):
        yield node
        return
    for child in ast.iter_child_nodes(node):
        yield from _outermost(child)


def _bound(parts: Sequence[ast.AST], arguments: bool) -> set[str]:
    """What the function, the first of the parts, binds itself."""
    bound: set[str] = set()
    parameters: set[str] = set()
    shared: set[str] = set()
    for part in parts:
        if isinstance(part, ast.Name):
            if isinstance(part.ctx, ast.Store):
                bound.add(part.id)
        elif isinstance(part, ast.arg):
            parameters.add(part.arg)
        elif isinstance(part, FUNCTIONS):
            if part is not parts[0]:
                bound.add(part.name)
        elif isinstance(part, ast.ExceptHandler):
            bound.add(part.name or "")
        elif isinstance(part, ast.Global):
            shared.update(part.names)
    return (bound | parameters if arguments else bound - parameters) - shared - {""}


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
