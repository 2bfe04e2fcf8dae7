"""The notebook in nbformat 4.5: the stub's text and the cells that only a notebook has."""

from __future__ import annotations

import ast
import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from blindgrade.authoring import cells, regions
from blindgrade.authoring.cells import NOTEBOOK_ONLY, SOLUTION_ONLY, Cell

# Jupyter starts in the lesson's folder, and `toys.py` is in the folder above. On a busy machine, such as the server of
# a class, the training of a toy took 60 times as long with two threads as with one.
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
# One cell, and not one below every exercise. Otherwise "Run All" would grade and train, and submissions would contain
# our cells.
GRADE_CELL = """%load_ext blindgrade
# To run the public checks, write one of these lines into a cell below your code:
#   %grade {name}
#   %grade            (all exercises that you have run so far)"""
GRADE_CELL_ID = "course-grade"

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
ID_LENGTH = 64


def notebook_text(source: str, path: str) -> str:
    """Text of the notebook that belongs to the solution `source`. Errors (CellError, RegionError) name `path`."""
    kept = [cell for cell in cells.parse(source, path) if SOLUTION_ONLY not in cell.tags]
    return written(_cells(kept, lambda cell: regions.cut(cell.source, path, cell.first_line), magic=True))


def solved_cells(source: str, path: str) -> list[dict[str, Any]]:
    """Cells of the notebook with the solutions and the solution-only cells. They are private.

    A cell that a student's notebook has too has the same id there.
    """
    every = cells.parse(source, path)
    for cell in every:
        if cell.kind == "code":
            regions.cut(cell.source, path, cell.first_line)  # only to raise RegionError for a region that cannot be cut
    return _cells(every, lambda cell: cell.source)


def written(notebook_cells: list[dict[str, Any]]) -> str:
    """Text of a notebook file with these cells."""
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
    """Cell that loads `%grade`, with the lesson's first exercise as the example. No cell without an exercise."""
    name = next((_defined(cell) for cell in kept if cell.kind == "code" and regions.BEGIN in cell.source), "")
    cell = Cell("code", (NOTEBOOK_ONLY,), 0, GRADE_CELL.format(name=name))
    return [_json(cell, GRADE_CELL_ID, cell.source)] if name else []


class _Ids:
    """Cell ids made from the cells' content, so that an edit changes no other cell's id."""

    def __init__(self) -> None:
        self._used = {PATH_CELL_ID, GRADE_CELL_ID}
        self._section = ""

    def of(self, cell: Cell) -> str:
        """A new id, from the cell's definition or heading. If it has none, from the heading of its section."""
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
    """Name of the first function or class that a code cell defines; "" if there is none."""
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
