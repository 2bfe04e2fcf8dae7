"""A table as it is both shown and written as CSV: one source, so that no figure of the page lacks its file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "code", "number", "share", "level", "list"]
Cell = str | float | int | None | Sequence[str]

# A spreadsheet takes a cell that begins so for a formula; the full-width forms too, which some normalise.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")


@dataclass(frozen=True)
class Column:
    """A column's title, and how its cells are to be read.

    A share is a number in [0, 1], and a level one that is shaded by how high it is; None is "not defined".
    """

    title: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Table:
    """Rows of cells under columns. `name` is the CSV file's; rows after the first `shown` are folded on the page."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    about: str = ""
    shown: int = 1000

    def csv(self) -> str:
        """The table as CSV, no cell of which is a formula."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow([_plain(c.title) for c in self.columns])
        for row in self.rows:
            writer.writerow([_plain(cell) for cell in row])
        return out.getvalue()


def _plain(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool | int):
        return str(int(cell))
    if isinstance(cell, float):
        return f"{cell:.6g}"
    text = cell if isinstance(cell, str) else "; ".join(cell)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text
