"""Names of a lesson's checks and their exercises, read from the syntax of the file: importing it would import torch."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from blindgrade.lesson_files import LessonFiles

API = "blindgrade.checks"
MAKERS = {"check", "Check"}


def declared_checks(files: LessonFiles, tree: ast.Module) -> list[tuple[str, str]] | None:
    """Exercise and name of each check, in the file's order. None if only an import of the file can find all of them.

    A check is plain if it is a function at the top of the file with the decorator `check("exercise", ...)` alone.
    """
    if not _imported_plainly(tree) or _made_elsewhere(files.grader_toys):
        return None
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    found = [(exercise, node.name, used) for node in functions for exercise, used in [_decorated(node)] if used]
    plain = {used for _, _, used in found}
    uses = {node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in MAKERS}
    names = [name for node in tree.body for name in _bound(node)]
    if uses != plain or any(names.count(name) > 1 for _, name, _ in found):
        return None
    return [(exercise, name) for exercise, name, _ in found]


def _decorated(node: ast.FunctionDef) -> tuple[str, ast.Name | None]:
    """Exercise in the function's only decorator, and the decorator's name; none if it is no plain check."""
    match node.decorator_list:
        case [ast.Call(func=ast.Name(id="check") as used, args=[ast.Constant(value=str(exercise)), *_])]:
            return exercise, used
    return "", None


def _imported_plainly(tree: ast.Module) -> bool:
    """Does the file import the decorator under its own name, and in no other way?"""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and any(alias.name.startswith("blindgrade") for alias in node.names):
            return False
        if isinstance(node, ast.ImportFrom):
            makers = [alias for alias in node.names if alias.name in MAKERS]
            if any(alias.name == "*" for alias in node.names) or (makers and node.module != API):
                return False
            if any(alias.asname for alias in makers):
                return False
    return True


def _made_elsewhere(toys: Path) -> bool:
    """May a private toy make a check?"""
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in sorted(toys.rglob("*.py")))
    return any("blindgrade" in text and re.search(r"\b[cC]heck\b", text) for text in texts)


def _bound(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    return [part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)]
