"""Proposed regions: the body of a function, or of each method of a class, goes to the student."""

from __future__ import annotations

import ast

from blindgrade.authoring.regions import BEGIN, END, first_line_of
from blindgrade.scaffold.filling import ScaffoldError

TODO_DOC = '"""TODO: what it returns. Shapes, ranges and units of the arguments; the errors that it raises."""'


def with_regions(code: str, name: str) -> str:
    """The definition with a region in each body. ScaffoldError if there is nothing that a student could write."""
    if BEGIN in code:
        return code
    node = ast.parse(code).body[0]
    if any(_on_one_line(one) for one in _functions(node)):  # `def f(x): return x`: a region needs lines of its own
        code = ast.unparse(node)
        node = ast.parse(code).body[0]
    lines, places = code.splitlines(), [place for one in _functions(node) if (place := _body(one)) is not None]
    if not places:
        raise ScaffoldError(f"`{name}` has no body that a student could write; choose another definition")
    for first, last, column in reversed(places):
        while lines[first - 2].lstrip().startswith("#"):  # a comment above the answer may give it away
            first -= 1
        lines.insert(last, " " * column + END)
        lines.insert(first - 1, " " * column + BEGIN)
    if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is None:
        start = node.body[0]
        lines.insert(first_line_of(start) - 1, " " * start.col_offset + TODO_DOC)
    return "\n".join(lines)


def _functions(node: ast.stmt) -> list[ast.FunctionDef]:
    if isinstance(node, ast.ClassDef):
        return [one for one in node.body if isinstance(one, ast.FunctionDef)]
    return [node] if isinstance(node, ast.FunctionDef) else []


def _on_one_line(node: ast.FunctionDef) -> bool:
    return node.body[0].lineno == node.lineno or any(
        one.lineno == other.end_lineno for other, one in zip(node.body, node.body[1:], strict=False)
    )


def _body(node: ast.FunctionDef) -> tuple[int, int, int] | None:
    """First line, last line and column of the part that the student writes; None if there is nothing.

    The docstring and a first `super().__init__(…)` stay in the stub.
    """
    body = list(node.body)
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body.pop(0)
    if body and ast.unparse(body[0]).startswith("super()."):
        body.pop(0)
    if not body or all(isinstance(one, ast.Pass) for one in body):
        return None
    return first_line_of(body[0]), body[-1].end_lineno or body[-1].lineno, body[0].col_offset
