"""The structure of an answer: its syntax tree without what a student changes to make a copy look like his own.

Names that the definition binds itself are numbered by first appearance, docstrings and annotations are left out; layout
and comments never enter a tree. Called functions, attributes, constants and the order of statements stay.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Iterator, Sequence

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
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

    Uses the node up: what does not count is taken out of it.
    """
    numbers: dict[str, str] = {}
    renamed = rename(_Bare().visit(node), lambda name: numbers.setdefault(name, f"name{len(numbers)}"), arguments=True)
    return hashlib.sha256(ast.dump(renamed).encode()).hexdigest()[:16]


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


class _Bare(ast.NodeTransformer):
    """Drops docstrings, annotations and `pass`."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self._body(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self._body(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._body(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        self.generic_visit(node)
        if node.value is None:
            return node
        return ast.copy_location(ast.Assign([node.target], node.value), node)

    def _body(self, node: Definition) -> ast.AST:
        self.generic_visit(node)
        kept = [s for s in node.body if not isinstance(s, ast.Pass) and not _is_text(s)]
        node.body = kept or [ast.Pass()]
        return node


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
