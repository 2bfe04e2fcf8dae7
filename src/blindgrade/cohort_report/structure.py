"""Structure of an answer: its syntax tree without the parts that a student changes to disguise a copy.

Names that the definition itself binds become numbers, in the order of their first use. Docstrings and annotations are
left out. Layout and comments are not in a tree. Names of called functions, attributes, constants and the order of
statements stay.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Iterator, Sequence

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
# The field of a node that has a name that a function may bind. An attribute's name is not such a name.
NAMED: dict[type[ast.AST], str] = {
    ast.Name: "id",
    ast.arg: "arg",
    ast.FunctionDef: "name",
    ast.AsyncFunctionDef: "name",
    ast.ExceptHandler: "name",
}
BINDING = {*NAMED, ast.Global}
NAME = "\1"  # before a name that may be bound; no other piece begins with it, because constants are written with repr
UNCOUNTED = {"annotation", "returns", "ctx", "type_comment", "kind", "simple"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def definitions(text: str) -> dict[str, Definition]:
    """Top-level functions and classes of a text, by name. The last one of a name counts. None if it does not parse."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    return {node.name: node for node in body if isinstance(node, Definition)}


def form(node: Definition) -> str:
    """Digest of the definition's structure, equal for two definitions that differ only in names, layout and comments.

    RecursionError if it is nested too deeply.
    """
    writer = _Writer()
    writer.write(node)
    return hashlib.sha256("\0".join(writer.pieces).encode("utf-8", "surrogatepass")).hexdigest()[:16]


class _Writer:
    """Writer of a tree as a list of pieces. A node ends with ")", so different trees never give equal lists."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._numbers: dict[str, int] = {}
        self._parts: list[ast.AST] | None = None  # nodes of the outermost function that is being written

    def write(self, node: ast.AST) -> None:
        """Append the pieces of the node, without uncounted fields."""
        if self._parts is None and isinstance(node, FUNCTIONS):
            self._write_function(node)
            return
        if isinstance(node, ast.Nonlocal):
            return  # its names get their numbers where they are bound
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            node = ast.Assign([node.target], node.value)
        kind = type(node)
        if self._parts is not None and kind in BINDING:
            self._parts.append(node)
        self.pieces.append(kind.__name__)
        named = NAMED.get(kind)
        for name in _counted_fields(kind):
            part = getattr(node, name, None)
            if name == named:
                self.pieces.append(f"{NAME}{part}")
            elif isinstance(part, ast.AST):
                self.write(part)
            elif isinstance(part, list):
                self._write_list(name, part)
            else:
                self.pieces.append(f"{type(part).__name__} {part!r}")
        self.pieces.append(")")

    def _write_list(self, name: str, parts: list[object]) -> None:
        self.pieces.append("[")
        for part in parts:
            if isinstance(part, ast.AST):
                if name != "body" or not (isinstance(part, ast.Pass) or _is_text(part)):
                    self.write(part)
            else:
                self.pieces.append(repr(part))
        self.pieces.append("]")

    def _write_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        start, self._parts = len(self.pieces), []
        self.write(node)
        bound, self._parts = _bound(self._parts, True), None
        for at in range(start, len(self.pieces)):
            piece = self.pieces[at]
            if piece.startswith(NAME) and piece[1:] in bound:
                self.pieces[at] = f"#{self._numbers.setdefault(piece[1:], len(self._numbers))}"


FIELDS: dict[type[ast.AST], tuple[str, ...]] = {}


def _counted_fields(kind: type[ast.AST]) -> tuple[str, ...]:
    if kind not in FIELDS:
        FIELDS[kind] = tuple(name for name in kind._fields if name not in UNCOUNTED)
    return FIELDS[kind]


def rename(node: ast.AST, name: Callable[[str], str], *, arguments: bool) -> ast.AST:
    """The same tree, changed in place: every name that its functions bind is renamed. `arguments`: parameters too."""
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
    """Names that the function itself binds. It is the first of the parts."""
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


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
