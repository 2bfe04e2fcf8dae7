"""A table that is both shown on the page and written as CSV, so that every figure of the page is in a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from blindgrade.gradebook.csv_text import csv_text
from blindgrade.gradebook.formulas import STARTS

Kind = Literal["text", "code", "number", "share", "level", "list", "link"]
Cell = str | float | int | None | Sequence[str]

FORMULA = (*STARTS, "|", "%")  # some spreadsheets also run a cell that begins with one of the last two


@dataclass(frozen=True)
class Column:
    """A column's title and the kind of its cells.

    A share is a number in [0, 1]. A level is a share whose cell is shaded by its value. A link is a path from the page;
    it is empty if there is no file. None means "not defined".
    """

    title: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Table:
    """Rows of cells under columns. `name` is the CSV file's name. The page folds the rows after the first `shown`."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    about: str = ""
    shown: int = 1000

    def csv(self) -> str:
        """Table as CSV. No cell of it is a formula."""
        rows = [[column.title for column in self.columns], *self.rows]
        return csv_text(([_plain(cell) for cell in row] for row in rows), newline="\r\n")


def _plain(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool | int):
        return str(int(cell))
    if isinstance(cell, float):
        return f"{cell:.6g}"
    text = cell if isinstance(cell, str) else "; ".join(cell)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text
