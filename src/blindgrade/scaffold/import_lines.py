"""Imports of Python text: those that are there, and those that an addition needs."""

from __future__ import annotations

import ast
from collections.abc import Iterable

WIDTH = 120


def split_imports(text: str) -> tuple[list[ast.Import | ast.ImportFrom], str]:
    """Top-level imports of a text, and the text without them."""
    tree, lines = ast.parse(text), text.splitlines()
    found = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in reversed(found):
        del lines[node.lineno - 1 : node.end_lineno]
    return found, "\n".join(lines).strip("\n")


def with_imports(text: str, wanted: Iterable[ast.Import | ast.ImportFrom], at: tuple[int, int] | None = None) -> str:
    """The text with these imports too. Names of a module that is imported already join its line.

    `at` are the first and last line of the part where imports are written; the whole text by default.
    """
    for node in wanted:
        text = _with_one(text, node, at)
    return text


def _with_one(text: str, wanted: ast.Import | ast.ImportFrom, at: tuple[int, int] | None) -> str:
    first, last = at or (1, len(text.splitlines()) + 1)
    here = [n for n in ast.parse(text).body if isinstance(n, ast.Import | ast.ImportFrom) and first <= n.lineno <= last]
    bound = {_bound(alias, n): ast.unparse(alias) for n in here for alias in n.names}
    missing = [alias for alias in wanted.names if _bound(alias, wanted) not in bound]
    if not missing:
        return text
    lines = text.splitlines()
    same = [n for n in here if isinstance(wanted, ast.ImportFrom) and _module(n) == _module(wanted)]
    if same:
        names = {ast.unparse(alias): alias for alias in [*same[0].names, *missing]}
        merged = ast.ImportFrom(_module(wanted), [names[name] for name in sorted(names, key=_rank)], 0)
        lines[same[0].lineno - 1 : same[0].end_lineno] = _written(merged)
    else:
        new = (
            ast.ImportFrom(wanted.module, missing, wanted.level)
            if isinstance(wanted, ast.ImportFrom)
            else ast.Import(missing)
        )
        place = max((n.end_lineno or n.lineno for n in here), default=_before_code(text, first))
        lines[place:place] = _written(new) if here or place == first - 1 else ["", *_written(new)]
    return "\n".join(lines) + "\n"


def _rank(name: str) -> tuple[bool, bool, str]:
    """Order of ruff and isort: constants, classes, functions."""
    return not name.isupper(), not name[:1].isupper(), name


def _bound(alias: ast.alias, node: ast.Import | ast.ImportFrom) -> str:
    return alias.asname or (alias.name if isinstance(node, ast.ImportFrom) else alias.name.split(".")[0])


def _module(node: ast.Import | ast.ImportFrom) -> str | None:
    return node.module if isinstance(node, ast.ImportFrom) else None


def _before_code(text: str, first: int) -> int:
    """Number of lines before the place of the first import: below a docstring, or at the beginning of the part."""
    body = ast.parse(text).body
    if first == 1 and body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        return body[0].end_lineno or 0
    return first - 1


def _written(node: ast.Import | ast.ImportFrom) -> list[str]:
    line = ast.unparse(node)
    if len(line) <= WIDTH or not isinstance(node, ast.ImportFrom):
        return [line]
    return [f"from {node.module} import (", *(f"    {ast.unparse(alias)}," for alias in node.names), ")"]
