"""Shapes: code without its names. A shape stays the same when somebody renames variables, reformats or comments."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

SMALLEST = 14  # nodes: a smaller shape is a habit and no answer (`x = torch.zeros(n, dtype=x.dtype)`)
LARGE = 20  # nodes: a part of an expression with at least this many reveals an answer on its own
BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")

Shape = str
# The node's type or the run's length, and the number of nodes. It is quick to compute, so it is compared first.
Size = tuple[str | int, int]


@dataclass
class Shapes:
    """Shapes with their line numbers, and the sizes that occur."""

    lines: dict[Shape, int] = field(default_factory=dict)
    sizes: set[Size] = field(default_factory=set)

    def add(self, nodes: Sequence[ast.AST], line: int) -> None:
        """Add the shape of a node, or of a run of statements, unless it is too small to reveal an answer."""
        total = sum(map(_size, nodes))
        if total >= SMALLEST:
            self.lines.setdefault(_shape(nodes), line)
            self.sizes.add((type(nodes[0]).__name__ if len(nodes) == 1 else len(nodes), total))


def parse(source: str) -> ast.Module | None:
    """Syntax tree of the source; None if it is not valid Python. A notebook's magics are read as blank lines."""
    lines = ["" if line.lstrip().startswith(("%", "!")) else line for line in source.split("\n")]
    try:
        return ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def telling_shapes(runs: Sequence[Sequence[ast.stmt]]) -> Shapes:
    """Shapes that reveal an answer: of statements, of values, of large parts of values, and of whole runs."""
    found = Shapes()
    for run in runs:
        for statement in _statements(run):
            node = _telling_part(statement)
            if node is not None:
                found.add([node], statement.lineno)
                for part in ast.walk(node):
                    if isinstance(part, ast.expr) and part is not node and _size(part) >= LARGE:
                        found.add([part], part.lineno)
        kept = _without_docstring(run)
        if len(kept) > 1:
            found.add(kept, kept[0].lineno)
    return found


def seen_in(tree: ast.AST, sizes: set[Size]) -> Iterator[tuple[Shape, int]]:
    """Every shape in `tree` that has one of these sizes, with its line."""
    lengths = {kind for kind, _ in sizes if isinstance(kind, int)}
    for node in ast.walk(tree):
        if isinstance(node, ast.expr | ast.stmt) and (type(node).__name__, _size(node)) in sizes:
            yield _shape([node]), node.lineno
        for name in BLOCKS:
            block = getattr(node, name, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield from _runs(_without_docstring(block), lengths, sizes)


def _runs(block: Sequence[ast.stmt], lengths: set[int], sizes: set[Size]) -> Iterator[tuple[Shape, int]]:
    nodes = [_size(statement) for statement in block]
    for length in lengths:
        for start in range(len(block) - length + 1):
            if (length, sum(nodes[start : start + length])) in sizes:
                yield _shape(block[start : start + length]), block[start].lineno


def _statements(run: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in run:
        for node in ast.walk(statement):
            if isinstance(node, ast.stmt):
                yield node


def _telling_part(statement: ast.stmt) -> ast.AST | None:
    """Part of the statement that reveals an answer: its value, without the name on the left. None for an import."""
    if isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Return | ast.Expr):
        return None if isinstance(statement.value, ast.Constant) else statement.value
    if isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef):
        return None  # the statements in a definition are compared one by one
    return statement


def _without_docstring(run: Sequence[ast.stmt]) -> Sequence[ast.stmt]:
    first = run[0] if run else None
    text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    return run[1:] if text else run


def _size(node: ast.AST) -> int:
    known = getattr(node, "_blindgrade_size", None)
    if known is None:
        known = 1 + sum(_size(child) for child in _children(node))
        node._blindgrade_size = known  # type: ignore[attr-defined]  # stored, because every node above needs it again
    return int(known)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    for name, value in ast.iter_fields(node):
        if name in ("ctx", "annotation", "returns", "type_comment", "type_params"):
            continue
        for child in value if isinstance(value, list) else (value,):
            if isinstance(child, ast.AST):
                yield child


def _shape(nodes: Sequence[ast.AST]) -> Shape:
    """Text that is equal for two pieces of code that differ only in names. The nth new name becomes the number n."""
    numbers: dict[str, int] = {}
    out: list[str] = []
    waiting: list[ast.AST | str] = list(reversed(nodes))
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            out.append(node)
            continue
        out.append(f"({type(node).__name__}")
        for name in ("id", "arg", "name"):
            given = getattr(node, name, None)
            if isinstance(given, str):
                # The called function has the keyword's name, so the writer did not choose it.
                known = given if isinstance(node, ast.keyword) else str(numbers.setdefault(given, len(numbers)))
                out.append(f" {known}")
        if isinstance(node, ast.Attribute):
            out.append(f" .{node.attr}")
        if isinstance(node, ast.Constant):
            out.append(f" {node.value!r}")
        waiting.append(")")
        waiting += reversed(list(_children(node)))
    return "".join(out)
