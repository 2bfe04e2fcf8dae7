"""Names that a Python statement gives a value, and names that it reads."""

from __future__ import annotations

import ast
import symtable
import warnings
from collections.abc import Iterator

from blindgrade.engine.worker.blocks import UNPARSED

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
IMPORTS = (ast.Import, ast.ImportFrom)
ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)
SCOPES = (*DEFINITIONS, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The node and all nodes below it that run in the same scope, so without the bodies of functions and classes."""
    yield node
    if isinstance(node, SCOPES):
        return
    for child in ast.iter_child_nodes(node):
        yield from own_nodes(child)


def binds(node: ast.stmt) -> tuple[set[str], set[str]]:
    """Names that a statement gives a value, also inside its blocks, and names whose attribute or item it changes."""
    names: set[str] = set()
    roots: set[str] = set()
    for inner in own_nodes(node):
        if isinstance(inner, DEFINITIONS):
            names.add(inner.name)
        elif isinstance(inner, IMPORTS):
            names.update((alias.asname or alias.name).split(".")[0] for alias in inner.names)
        elif isinstance(inner, ast.ExceptHandler | ast.MatchStar | ast.MatchAs) and inner.name:
            names.add(inner.name)
        elif isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load):
            names.add(inner.id)
        elif isinstance(inner, ast.Attribute | ast.Subscript) and not isinstance(inner.ctx, ast.Load):
            roots |= root_of(inner)
        elif isinstance(inner, SCOPES):
            names |= {walrus.target.id for walrus in ast.walk(inner) if isinstance(walrus, ast.NamedExpr)}
    return names, roots


def root_of(node: ast.expr) -> set[str]:
    """Name at the left end of `a.b[0].c`. All names of the left end, if it is a call or another expression."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        node = node.value
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def tree_of(text: str | bytes) -> ast.Module | None:
    """Syntax tree of a student's text; None if it does not parse. Python's warnings about the text are not shown."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except UNPARSED:
        return None


def uses(node: ast.stmt) -> set[str]:
    """Module-level names that a statement reads, also inside functions, but without their local variables."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = symtable.symtable(ast.unparse(node), "<cell>", "exec")
    except UNPARSED:
        return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    if isinstance(node, ast.AugAssign):
        names |= binds(node)[0]
    tables = list(table.get_children())
    while tables:
        table = tables.pop()
        names.update(symbol.get_name() for symbol in table.get_symbols() if symbol.is_global())
        tables += table.get_children()
    return names
