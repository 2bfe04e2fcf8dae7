"""The stub: a lesson's .py as the student gets it."""

from __future__ import annotations

import ast
from pathlib import PurePath

from blindgrade.authoring import cells, regions
from blindgrade.authoring.cells import NOTEBOOK_ONLY, SOLUTION_ONLY, Cell


def stub_text(source: str, path: str) -> str:
    """The stub that the solution `source` yields; `path` is named in errors (CellError, RegionError)."""
    kept = [c for c in cells.parse(source, path) if not {NOTEBOOK_ONLY, SOLUTION_ONLY} & set(c.tags)]
    title = next(filter(None, map(cells.heading, kept)), PurePath(path).stem)
    header = f"# Your file of the lesson {title}: write your answers where it says `raise NotImplementedError`."
    return "".join([header, "\n\n\n", *(_text(cell, path) + _gap(cell) for cell in kept)]).rstrip() + "\n"


def _text(cell: Cell, path: str) -> str:
    if cell.kind == "code":
        return f"# %%\n{regions.cut(cell.source, path, cell.first_line)}".rstrip()
    lines = [f"# {line}".rstrip() for line in cell.source.split("\n")]
    return "\n".join(["# %% [markdown]", *lines])


def _gap(cell: Cell) -> str:
    """The blank lines after a cell: ruff wants one behind imports, two behind a definition."""
    last = ast.parse(cell.source).body[-1:] if cell.kind == "code" else []
    return "\n\n" if any(isinstance(node, ast.Import | ast.ImportFrom) for node in last) else "\n\n\n"
