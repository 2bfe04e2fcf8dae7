"""Notes about what was left out of a student's file."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from blindgrade.engine.submission.choosing import Program
from blindgrade.engine.submission.statements import IMPORTS

NOT_RUN = "the grader runs no shell lines and has no network"
PRINTS = frozenset({"print", "display", "help"})
MAX_SHELL = 5  # shell lines that are named
SHELL_TEXT = 60  # characters of a shell line that are shown
TARGET = re.compile(r"(\w+)\s*=")


def not_run(lines: Sequence[tuple[str, str]], program: Program) -> list[str]:
    """Notes about shell lines and magics, (place, text), that were not run, and about the exercises that need one."""
    notes, others = [], []
    for place, text in lines:
        shown = f"{place}: `{text if len(text) <= SHELL_TEXT else f'{text[:SHELL_TEXT]}…'}`"
        target = TARGET.match(text)
        readers = program.readers({target[1]}) if target else []
        if readers and target:
            notes.append(f"{shown} was not run, because {NOT_RUN}; {needing(readers)}; write the value of {target[1]}")
        else:
            others.append(shown)
    if others:
        more = f" and {len(others) - MAX_SHELL} more lines" if len(others) > MAX_SHELL else ""
        notes.append(f"not run: {', '.join(others[:MAX_SHELL])}{more}; {NOT_RUN}")
    return notes


def left_out(places: str) -> list[str]:
    """Note about work that no exercise needs."""
    return [f"left out, because no exercise needs it (plots and trials): {places}"]


def needing(readers: Sequence[str]) -> str:
    """Text such as "`gaussian_score` needs it"."""
    names = [f"`{reader}`" for reader in readers]
    listed = ", ".join(names[:-1]) + (" and " if names[:-1] else "") + names[-1]
    return f"{listed} {'needs' if len(names) == 1 else 'need'} it"


def is_work(node: ast.stmt) -> bool:
    """Whether a left-out statement does something that a reader may miss. A print is no work."""
    if isinstance(node, (*IMPORTS, ast.Pass)):
        return False
    if isinstance(node, ast.If | ast.For | ast.While | ast.With | ast.Try):
        return any(is_work(inner) for inner in ast.walk(node) if isinstance(inner, ast.stmt) and inner is not node)
    value = getattr(node, "value", None)
    if isinstance(node, ast.Expr) and isinstance(value, ast.Call):
        return not (isinstance(value.func, ast.Name) and value.func.id in PRINTS)
    return not (isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign) and isinstance(value, ast.Constant | ast.Name))
