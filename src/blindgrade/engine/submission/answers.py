"""Definitions of the exercises in a student's text: where they are, and whether anything is written in them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from blindgrade.engine.submission.statements import DEFINITIONS, binds, tree_of, uses

STUB_ERROR = "NotImplementedError"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def parsed(text: str) -> list[ast.stmt]:
    """Top-level statements of a text. Empty if it does not parse."""
    tree = tree_of(text)
    return tree.body if tree is not None else []


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
    """Whether a definition still raises as the released stub does: at the end of a function, or of a method."""
    functions = [inner for inner in ast.walk(node) if isinstance(inner, FUNCTIONS)]
    return any(_ends_as_stub(function.body) for function in functions)


def _ends_as_stub(body: list[ast.stmt]) -> bool:
    return raises_stub_error(body[-1]) and not any(isinstance(node, ast.Return) for node in body)


def only_raises(node: ast.AST) -> bool:
    """Whether a function does nothing but raise. A docstring and `super().__init__()` belong to the stub."""
    return isinstance(node, FUNCTIONS) and [raises_stub_error(one) for one in _without_frame(node.body)] == [True]


def written_above(text: str, line: int, released: Sequence[str] = ()) -> bool:
    """Whether the line is in a function in which code of the student's is written too.

    `released` are texts of the stub. A function that is equal in one of them is as the course released it.
    """
    around = [node for node in _functions(text) if node.lineno <= line <= (node.end_lineno or 0)]
    if not around:
        return False
    inner = max(around, key=lambda function: function.lineno)
    if only_raises(inner):
        return False
    here = _code(inner)
    return not any(_code(node) == here for stub in released for node in _functions(stub))


def _functions(text: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [inner for node in parsed(text) for inner in ast.walk(node) if isinstance(inner, FUNCTIONS)]


def _code(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    return "\n".join([function.name, *(ast.dump(node) for node in _without_frame(function.body))])


def raises_stub_error(node: ast.AST) -> bool:
    """Whether a statement is `raise NotImplementedError`, with or without a message."""
    if not isinstance(node, ast.Raise):
        return False
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return isinstance(raised, ast.Name) and raised.id == STUB_ERROR


def _without_frame(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, ast.Expr) and (
            isinstance(node.value, ast.Constant) or ast.unparse(node.value).startswith("super().__init__(")
        ):
            continue
        yield node
