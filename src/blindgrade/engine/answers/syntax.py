"""A syntax tree as plain data that is the same under every Python, for digests that are compared elsewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterable


def form(node: object) -> object:
    """Lists and texts that stand for the node.

    A field that is empty is left out, because newer Pythons add fields. The parts of an f-string are joined, because
    Pythons cut them in different places.
    """
    if isinstance(node, ast.AST):
        fields = [(name, form(_parts(node, name, value))) for name, value in ast.iter_fields(node)]
        return [type(node).__name__, *([name, value] for name, value in fields if value not in (None, []))]
    if isinstance(node, list):
        return [form(one) for one in node]
    return None if node is None else f"{type(node).__name__} {node!r}"


def _parts(node: ast.AST, name: str, value: object) -> object:
    if not isinstance(node, ast.JoinedStr) or name != "values":
        return value
    return list(_joined(node.values))


def _joined(values: Iterable[ast.expr]) -> Iterable[ast.expr]:
    """Values of an f-string with one text between two expressions."""
    text = ""
    for value in values:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            text += value.value
            continue
        if text:
            yield ast.Constant(text)
        text = ""
        yield value
    if text:
        yield ast.Constant(text)
