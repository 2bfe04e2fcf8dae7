"""The stub: the .py file of a lesson that a student gets."""

from __future__ import annotations

import ast
from pathlib import PurePath

from blindgrade.authoring import cells, regions
from blindgrade.authoring.cells import NOTEBOOK_ONLY, SOLUTION_ONLY, Cell


def stub_text(source: str, path: str) -> str:
    """Text of the stub that belongs to the solution `source`. Errors (CellError, RegionError) name `path`."""
    kept = [c for c in cells.parse(source, path) if not {NOTEBOOK_ONLY, SOLUTION_ONLY} & set(c.tags)]
    title = next(filter(None, map(cells.heading, kept)), PurePath(path).stem)
    header = f"# Your file for the lesson {title}. Write your answers in place of `raise NotImplementedError`."
    return "".join([header, "\n\n\n", *(_text(cell, path) + _gap(cell) for cell in kept)]).rstrip() + "\n"


def _text(cell: Cell, path: str) -> str:
    if cell.kind == "code":
        return f"# %%\n{regions.cut(cell.source, path, cell.first_line)}".rstrip()
    lines = [f"# {line}".rstrip() for line in cell.source.split("\n")]
    return "\n".join(["# %% [markdown]", *lines])


def _gap(cell: Cell) -> str:
    """Blank lines after a cell. ruff requires one after imports and two after a definition."""
    last = ast.parse(cell.source).body[-1:] if cell.kind == "code" else []
    return "\n\n" if any(isinstance(node, ast.Import | ast.ImportFrom) for node in last) else "\n\n\n"
