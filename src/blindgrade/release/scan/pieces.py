"""Pieces of private files: the lines and statements that a release must not contain, without layout or comments."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from blindgrade.release.scan import shapes

# Lines that every program has. They reveal nothing, and the engine's own source has them too.
HABITS = re.compile(
    r"\s*(from\s+\S+\s+import\b|import\s|@(alternative|misconception|check)\(|except\b|for _ in range\(|else:"
    r"|for [\w, ()]+ in [\w.]+(\(\))?(:|\s*$)"
    r"|torch\.manual_seed\(|with torch\.(no_grad|enable_grad|inference_mode)\(|def __init__\(self|super\(\))"
)
VALUE = re.compile(r"\s*(?:return|[\w, ]+=)\s(.+)")  # the value of a line, without the name that it is assigned to


@dataclass
class Piece:
    """Part of a private file: its lines with their numbers, the lines inside its strings, and its statements."""

    what: str
    path: Path
    lines: list[tuple[int, str]] = field(default_factory=list)
    runs: list[list[ast.stmt]] = field(default_factory=list)


def squeezed(text: str) -> str:
    """Text without spaces, quotes and backslashes. So neither layout nor the escapes of a string hide a line."""
    return re.sub(r"[\s\"'\\]+", "", text)


def take(piece: Piece, source: str, tree: ast.Module | None, wanted: set[int], above: int) -> None:
    """Add to the piece the wanted lines of `source`, without comments, and the outermost statements in them.

    `wanted` has line numbers of `source`. `above` is the number of lines in the file above `source`.
    """
    if tree is None:
        return
    for number, line in _code_lines(source).items():
        if number in wanted and not HABITS.match(line):
            piece.lines.append((above + number, squeezed(line)))
            value = VALUE.match(line)
            if value:
                piece.lines.append((above + number, squeezed(value[1])))
    for run in _outermost(tree.body, wanted):
        for statement in run:
            piece.lines += _in_strings(statement, above)
            ast.increment_lineno(statement, above)
        piece.runs.append(run)


def _in_strings(statement: ast.stmt, above: int) -> Iterator[tuple[int, str]]:
    """Lines inside the statement's strings, with their numbers. Somebody may copy a hint without the code around it."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for line in node.value.splitlines():
                if not HABITS.match(line):
                    yield above + node.lineno, squeezed(line)


def _outermost(block: list[ast.stmt], wanted: set[int]) -> Iterator[list[ast.stmt]]:
    inside = [s for s in block if set(range(s.lineno, (s.end_lineno or s.lineno) + 1)) <= wanted]
    if inside:
        yield inside
    for statement in block:
        # The body of a definition is a run too: somebody may copy an answer without its first line.
        if statement not in inside or isinstance(statement, ast.FunctionDef | ast.ClassDef):
            for name in shapes.BLOCKS:
                inner = getattr(statement, name, None)
                if isinstance(inner, list) and inner and isinstance(inner[0], ast.stmt):
                    yield from _outermost(inner, wanted)


def _code_lines(source: str) -> dict[int, str]:
    """Every line without its comment, by line number."""
    lines = dict(enumerate(source.split("\n"), 1))
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                lines[token.start[0]] = token.line[: token.start[1]]
    except (tokenize.TokenError, SyntaxError):
        pass  # an unfinished text keeps its comments
    return lines
