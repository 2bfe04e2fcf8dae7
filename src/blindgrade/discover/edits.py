"""A wrong answer as a small edit of the solution: one part of the solution's definition with another text in its place.

It is possible if the student's definition has the solution's structure but for one part. Local names, docstrings and
annotations do not count.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

LONGEST = 160  # characters of an edit's text; a longer one is clearer as a whole definition
UNCOUNTED = ("annotation", "returns", "ctx", "type_comment", "kind", "simple", "decorator_list")


def small_edit(definition: str, answer: str) -> tuple[str, str] | None:
    """Old and new text that make the answer of the solution's definition; None if there is no small edit.

    `old` occurs exactly once in the definition.
    """
    own, other = ast.parse(definition).body[0], ast.parse(answer).body[0]
    if type(own) is not type(other):
        return None
    names = _Names(own, other)
    found = _difference(_bare(own), _bare(other), names)
    if found is None:
        return None
    renamed = _Renamed(names.pairs)
    goal = ast.dump(_comparable(renamed.visit(ast.parse(answer).body[0]), definition))
    for old_node, new_node in _outwards(found):
        old = ast.get_source_segment(definition, old_node) or ""
        new = ast.unparse(_Renamed(names.pairs).visit(ast.parse(ast.unparse(new_node)))).strip()
        if not old or max(len(old), len(new)) > LONGEST or definition.count(old) != 1:
            continue
        for text in (new, f"({new})"):
            if _gives(definition, old, text, goal):
                return old, text
    return None


def _gives(definition: str, old: str, new: str, goal: str) -> bool:
    """Whether the edited definition has the structure of the answer."""
    try:
        edited = ast.parse(definition.replace(old, new, 1)).body[0]
    except SyntaxError:
        return False
    return ast.dump(_comparable(edited, definition)) == goal


class _Names:
    """Pairs of local names: the answer's, and the solution's at the same places."""

    def __init__(self, own: ast.stmt, other: ast.stmt) -> None:
        self.pairs: dict[str, str] = {}
        self._own, self._other = _local(own), _local(other)

    def equal(self, own: str, other: str) -> bool:
        """Whether the two names are the same, or local names that belong together everywhere."""
        if own not in self._own or other not in self._other:
            return own == other
        return self.pairs.setdefault(other, own) == own


def _local(node: ast.stmt) -> set[str]:
    bound = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    return bound | {part.arg for part in ast.walk(node) if isinstance(part, ast.arg)}


Pair = tuple[ast.AST, ast.AST]


def _difference(own: Any, other: Any, names: _Names) -> list[Pair] | None:
    """Pairs of parts from the outermost to the innermost that contains all differences; None if there is none."""
    if isinstance(own, ast.AST) and isinstance(other, ast.AST):
        if type(own) is not type(other):
            return [(own, other)]
        found = [
            one
            for name in own._fields
            if name not in UNCOUNTED
            and (one := _field_difference(own, name, getattr(own, name, None), getattr(other, name, None), names))
            is not None
        ]
        if not found:
            return None
        return [(own, other), *(found[0] if len(found) == 1 else [])]
    return None if own == other and type(own) is type(other) else []


def _field_difference(node: ast.AST, name: str, own: Any, other: Any, names: _Names) -> list[Pair] | None:
    if isinstance(own, str) and isinstance(other, str) and isinstance(node, ast.Name | ast.arg):
        return None if names.equal(own, other) else []
    if isinstance(own, list) and isinstance(other, list):
        if len(own) != len(other):
            return []
        found = [one for pair in zip(own, other, strict=True) if (one := _difference(*pair, names)) is not None]
        return None if not found else found[0] if len(found) == 1 else []
    return _difference(own, other, names)


def _outwards(pairs: list[Pair]) -> Iterator[tuple[ast.expr | ast.stmt, ast.AST]]:
    """Pairs with a place in the text, the innermost first, and never the whole definition."""
    for own, other in reversed(pairs[1:]):
        if isinstance(own, ast.expr | ast.stmt):
            yield own, other


def _bare(node: ast.stmt) -> ast.stmt:
    """The definition without docstrings, which are no part of its structure. The same nodes, changed in place."""
    for part in ast.walk(node):
        if isinstance(part, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(part, clean=False) is not None:
            part.body = part.body[1:] or [ast.Pass()]
    return node


def _comparable(node: Any, definition: str) -> ast.AST:
    """Copy of the definition without what does not count, under one name."""
    assert isinstance(node, ast.FunctionDef | ast.ClassDef)
    bare = _bare(ast.parse(ast.unparse(node)).body[0])
    for part in ast.walk(bare):
        if isinstance(part, ast.arg):
            part.annotation = None
        if isinstance(part, ast.FunctionDef):
            part.returns = None
        if isinstance(part, ast.FunctionDef | ast.ClassDef):
            part.decorator_list = []
    return bare


class _Renamed(ast.NodeTransformer):
    """The tree with the solution's local names."""

    def __init__(self, pairs: dict[str, str]) -> None:
        self.pairs = pairs

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.pairs.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg = self.pairs.get(node.arg, node.arg)
        return node
