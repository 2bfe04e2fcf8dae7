"""Names that a Python statement gives a value, and names that it reads."""

from __future__ import annotations

import ast
import symtable
import warnings
from collections.abc import Iterator

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
IMPORTS = (ast.Import, ast.ImportFrom)
ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)


def inner_statements(node: ast.stmt) -> Iterator[ast.stmt]:
    """Statements inside `if` and `try`, at any depth. Any other statement gives itself."""
    if not isinstance(node, ast.If | ast.Try):
        yield node
        return
    groups = [node.body, node.orelse]
    if isinstance(node, ast.Try):
        groups += [node.finalbody, *(handler.body for handler in node.handlers)]
    for inner in (inner for group in groups for inner in group):
        yield from inner_statements(inner)


def binds(node: ast.stmt) -> tuple[set[str], set[str]]:
    """Names that a statement gives a value, and names whose attribute or item it changes."""
    names: set[str] = set()
    roots: set[str] = set()
    for inner in inner_statements(node):
        if isinstance(inner, DEFINITIONS):
            names.add(inner.name)
        elif isinstance(inner, IMPORTS):
            names.update((alias.asname or alias.name).split(".")[0] for alias in inner.names)
        elif isinstance(inner, ASSIGNMENTS):
            for target in inner.targets if isinstance(inner, ast.Assign) else [inner.target]:
                _targets(target, names, roots)
    return names, roots


def _targets(target: ast.expr, names: set[str], roots: set[str]) -> None:
    if isinstance(target, ast.Tuple | ast.List):
        for part in target.elts:
            _targets(part, names, roots)
    elif isinstance(target, ast.Starred):
        _targets(target.value, names, roots)
    elif isinstance(target, ast.Name):
        names.add(target.id)
    else:
        while isinstance(target, ast.Attribute | ast.Subscript):
            target = target.value
        if isinstance(target, ast.Name):
            roots.add(target.id)


def uses(node: ast.stmt) -> set[str]:
    """Module-level names that a statement reads, also inside functions, but without their local variables."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = symtable.symtable(ast.unparse(node), "<cell>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
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
