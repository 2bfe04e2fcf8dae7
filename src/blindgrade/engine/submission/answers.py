"""Definitions of the exercises in a student's text: where they are, and whether anything is written in them."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Sequence

from blindgrade.engine.submission.statements import DEFINITIONS, binds, uses

STUB_ERROR = "NotImplementedError"


def parsed(text: str) -> list[ast.stmt]:
    """Top-level statements of a text. Empty if it does not parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def bindings(nodes: Sequence[ast.stmt], name: str) -> list[ast.stmt]:
    """Statements that define the name, in order. One that reads the name itself, `f = compile(f)`, is no new one."""
    found: list[ast.stmt] = []
    for node in nodes:
        if name in binds(node)[0] and not (found and not isinstance(node, DEFINITIONS) and name in uses(node)):
            found.append(node)
    return found


def place_in(node: ast.stmt, name: str) -> int:
    """Line where the statement defines the name: of the `def` inside a block, or of the statement itself."""
    return next(
        (inner.lineno for inner in ast.walk(node) if isinstance(inner, DEFINITIONS) and inner.name == name), node.lineno
    )


def unwritten(node: ast.AST) -> bool:
    """Whether a definition still is the released stub: a function, or a method of the class, only raises."""
    functions = [inner for inner in ast.walk(node) if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef)]
    return any(_only_raises(function) for function in functions)


def written_above(text: str, line: int) -> bool:
    """Whether the line raises NotImplementedError in a function in which code of the student's is written too."""
    around = [
        inner
        for node in parsed(text)
        for inner in ast.walk(node)
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) and inner.lineno <= line <= (inner.end_lineno or 0)
    ]
    return bool(around) and not _only_raises(max(around, key=lambda function: function.lineno))


def raises_stub_error(node: ast.AST) -> bool:
    """Whether a statement is `raise NotImplementedError`, with or without a message."""
    if not isinstance(node, ast.Raise):
        return False
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return isinstance(raised, ast.Name) and raised.id == STUB_ERROR


def _only_raises(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function raises at once. A docstring and `super().__init__()` are part of a stub."""
    rest = list(_without_frame(function.body))
    return len(rest) == 1 and raises_stub_error(rest[0])


def _without_frame(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, ast.Expr) and (
            isinstance(node.value, ast.Constant) or ast.unparse(node.value).startswith("super().__init__(")
        ):
            continue
        yield node
