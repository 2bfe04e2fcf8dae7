"""Notebooks of this folder's text files, as data, as .ipynb and as the two kinds of exported .py files."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CELL = re.compile(r"^# %%(?P<kind> \[\w+\])?(?: count=(?P<count>\d+))?$")
MAGIC = re.compile(r"^(\s*)([%!]|\w+ = [%!]|[\w.]+\?\??$)", re.M)


@dataclass
class Cell:
    kind: str
    count: int | None
    lines: list[str] = field(default_factory=list)

    @property
    def source(self) -> str:
        return "\n".join(self.lines).strip("\n")


@dataclass
class Book:
    name: str
    passing: set[str]
    notes: list[str] = field(default_factory=list)
    files: dict[str, list[str]] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)

    def write(self, folder: Path, name: str, text: str) -> Path:
        """A folder with the lesson's file and the files beside it."""
        folder.mkdir(parents=True)
        for other, lines in self.files.items():
            (folder / other).parent.mkdir(exist_ok=True)
            (folder / other).write_text("\n".join(lines) + "\n")
        (folder / name).write_text(text)
        return folder

    def document(self) -> dict[str, Any]:
        cells = [
            {"cell_type": cell.kind, "metadata": {}, "source": cell.source}
            | ({"execution_count": cell.count, "outputs": []} if cell.kind == "code" else {})
            for cell in self.cells
        ]
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        metadata = {"kernelspec": kernel, "language_info": {"name": "python", "file_extension": ".py"}}
        return {"nbformat": 4, "nbformat_minor": 4, "metadata": metadata, "cells": cells}

    def ipynb(self) -> str:
        return json.dumps(self.document())

    def nbconvert(self) -> str:
        """As `jupyter nbconvert --to script` writes it."""
        import nbformat
        from nbconvert import PythonExporter

        return str(PythonExporter().from_notebook_node(nbformat.from_dict(self.document()))[0])

    def jupytext(self) -> str:
        """As `jupytext --to py:percent` writes it: magics are comments, and a cell of another language is one too."""
        parts = ["# ---\n# jupyter:\n#   kernelspec:\n#     name: python3\n# ---\n"]
        for cell in self.cells:
            if cell.kind != "code":
                parts.append(f"# %% [{cell.kind}]\n" + "".join(f"# {line}\n" for line in cell.source.split("\n")))
            elif cell.source.startswith("%%bash"):
                parts.append('# %% language="bash"\n' + "".join(f"# {x}\n" for x in cell.source.split("\n")[1:]))
            else:
                parts.append("# %%\n" + MAGIC.sub(r"\1# \2", cell.source) + "\n")
        return "\n".join(parts)


def books() -> list[Book]:
    """All notebooks of the folder."""
    return [book for file in sorted(HERE.glob("*.txt")) for book in _read(file.read_text())]


def _read(text: str) -> list[Book]:
    found: list[Book] = []
    lines: list[str] = []
    for line in text.split("\n"):
        if line.startswith("=== "):
            name, _, passing = line[4:].partition(":")
            found.append(Book(name, set(passing.split())))
        elif line.startswith("! "):
            found[-1].notes.append(line[2:])
        elif line.startswith("--- file "):
            lines = found[-1].files.setdefault(line[9:], [])
        elif match := CELL.match(line):
            kind = (match["kind"] or " [code]")[2:-1]
            found[-1].cells.append(Cell(kind, int(match["count"]) if match["count"] else None))
            lines = found[-1].cells[-1].lines
        else:
            lines.append(line)
    return found
