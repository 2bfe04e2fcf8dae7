"""The notebook: the stub's text, and the cells that only a notebook has, as nbformat 4.5."""

from __future__ import annotations

import ast
import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from blindgrade.authoring import cells, regions
from blindgrade.authoring.cells import NOTEBOOK_ONLY, SOLUTION_ONLY, Cell

# Jupyter starts in the lesson's folder; `toys` lies in the one above. On a busy machine, as a class's server is, two
# threads took 60 times as long as one for the training of a toy.
PATH_CELL = Cell(
    "code",
    (NOTEBOOK_ONLY,),
    0,
    """import sys

import torch

sys.path.append("..")
torch.set_num_threads(1)  # small tensors: threads would wait""",
)
PATH_CELL_ID = "course-path"
# Once and not below every exercise: "Run All" would grade and train, and what a student hands in would hold our cells.
GRADE_CELL = """%load_ext blindgrade
# Public checks of the code as it stands, in a cell below yours:
#   %grade {name}
#   %grade            (alone: all that you have run so far)"""
GRADE_CELL_ID = "course-grade"

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
ID_LENGTH = 64


def notebook_text(source: str, path: str) -> str:
    """The notebook that the solution `source` yields; `path` is named in errors (CellError, RegionError)."""
    kept = [cell for cell in cells.parse(source, path) if SOLUTION_ONLY not in cell.tags]
    return written(_cells(kept, lambda cell: regions.cut(cell.source, path, cell.first_line), magic=True))


def solved_cells(source: str, path: str) -> list[dict[str, Any]]:
    """The notebook's cells with the solutions in them, solution-only cells included: private.

    The cells that a student's notebook has too have the same ids there.
    """
    every = cells.parse(source, path)
    for cell in every:
        if cell.kind == "code":
            regions.cut(cell.source, path, cell.first_line)  # raises RegionError for a region that cannot be cut
    return _cells(every, lambda cell: cell.source)


def written(notebook_cells: list[dict[str, Any]]) -> str:
    """The file of a notebook with these cells."""
    notebook = {"cells": notebook_cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _cells(kept: list[Cell], code: Callable[[Cell], str], *, magic: bool = False) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    ids, private = _Ids(), 0
    with_path = False
    for cell in kept:
        if cell.kind == "code" and not with_path:
            found.append(_json(PATH_CELL, PATH_CELL_ID, PATH_CELL.source))
            found += _grade_cell(kept) if magic else []  # nbgrader has grade cells of its own
            with_path = True
        if SOLUTION_ONLY in cell.tags:
            private += 1
            cell_id = f"{SOLUTION_ONLY}-{private}"
        else:
            cell_id = ids.of(cell)
        found.append(_json(cell, cell_id, code(cell) if cell.kind == "code" else cell.source))
    return found


def _grade_cell(kept: list[Cell]) -> list[dict[str, Any]]:
    """The cell that brings `%grade`, with the lesson's first exercise as its example; none without an exercise."""
    name = next((_defined(cell) for cell in kept if cell.kind == "code" and regions.BEGIN in cell.source), "")
    cell = Cell("code", (NOTEBOOK_ONLY,), 0, GRADE_CELL.format(name=name))
    return [_json(cell, GRADE_CELL_ID, cell.source)] if name else []


class _Ids:
    """Cell ids from what the cells say, so that an edit changes no other cell's id."""

    def __init__(self) -> None:
        self._used = {PATH_CELL_ID, GRADE_CELL_ID}
        self._section = ""

    def of(self, cell: Cell) -> str:
        """An id like no earlier one: from the cell's definition or heading, or else its section's heading."""
        title = cells.heading(cell)
        self._section = _slug(title or "") or self._section
        name = self._section if title else _slug(_defined(cell)) or f"{self._section}-{cell.kind}".lstrip("-")
        return self._unique(name or cell.kind)

    def _unique(self, name: str) -> str:
        candidate, count = name[:ID_LENGTH], 1
        while candidate in self._used:
            count += 1
            suffix = f"-{count}"
            candidate = name[: ID_LENGTH - len(suffix)] + suffix
        self._used.add(candidate)
        return candidate


def _defined(cell: Cell) -> str:
    """The first function or class that a code cell defines; "" if none."""
    if cell.kind != "code":
        return ""
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return next((node.name for node in ast.parse(cell.source).body if isinstance(node, definitions)), "")


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def _json(cell: Cell, cell_id: str, text: str) -> dict[str, Any]:
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    metadata = {"tags": list(cell.tags)} if cell.tags else {}
    common = {"cell_type": cell.kind, "id": cell_id, "metadata": metadata, "source": lines}
    return common if cell.kind == "markdown" else {**common, "execution_count": None, "outputs": []}
