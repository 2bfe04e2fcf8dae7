"""An nbgrader assignment, read as cells with their roles. Nothing of it is run."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from blindgrade.scaffold.filling import ScaffoldError

HIDDEN = re.compile(r"^[ \t]*###? ?BEGIN HIDDEN TESTS.*?^[ \t]*###? ?END HIDDEN TESTS[^\n]*$", re.DOTALL | re.MULTILINE)
SCHEME = re.compile(r"=== BEGIN MARK SCHEME ===.*?=== END MARK SCHEME ===", re.DOTALL)
MAGIC = re.compile(r"^\s*(?:[%!]|\?|\w[\w.]*\?\s*$)")


class Role(StrEnum):
    """What a cell is for nbgrader."""

    PLAIN = "plain"
    SOLUTION = "solution"  # the student writes here, and tests grade it
    TESTS = "tests"
    BY_HAND = "by hand"  # the student writes here, and a person grades it
    TASK = "task"  # a text that says what to do, and a person grades what is done


@dataclass(frozen=True)
class NotebookCell:
    """One cell. `number` counts from 1; `name` is its grade id, or else "cell 3"."""

    number: int
    code: bool
    source: str
    role: Role
    name: str
    points: float = 0.0

    @property
    def place(self) -> str:
        """The cell as a person finds it."""
        return self.name if self.name.startswith("cell ") else f"cell {self.number} ({self.name})"


def read_notebook(path: Path) -> list[NotebookCell]:
    """Cells of the notebook. ScaffoldError if it is none, or has nothing that nbgrader grades."""
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
        cells = [_cell(number, one) for number, one in enumerate(data["cells"], start=1)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ScaffoldError(f"{path} is not a notebook that can be read ({error!r}); name an .ipynb file") from None
    if not any(cell.role is Role.SOLUTION for cell in cells):
        raise ScaffoldError(
            f"{path} has no cell in which nbgrader grades an answer by tests; name the instructor's version of an"
            " assignment, with its solutions"
        )
    return cells


def _cell(number: int, data: dict[str, Any]) -> NotebookCell:
    meta = data.get("metadata", {}).get("nbgrader") or {}
    source = "".join(data["source"]) if isinstance(data["source"], list) else str(data["source"])
    graded, solution = bool(meta.get("grade")), bool(meta.get("solution"))
    if meta.get("task"):
        role = Role.TASK
    elif graded and solution:
        role = Role.BY_HAND
    elif solution:
        role = Role.SOLUTION
    else:
        role = Role.TESTS if graded else Role.PLAIN
    name = str(meta.get("grade_id") or f"cell {number}")
    return NotebookCell(number, data["cell_type"] == "code", source, role, name, float(meta.get("points") or 0))


def without_magics(source: str) -> tuple[str, list[str]]:
    """The code with lines of IPython as comments, and these lines."""
    lines, found = source.split("\n"), []
    for index, line in enumerate(lines):
        if MAGIC.match(line):
            found.append(line.strip())
            lines[index] = f"# in the notebook: {line.strip()}"
    return "\n".join(lines), found
