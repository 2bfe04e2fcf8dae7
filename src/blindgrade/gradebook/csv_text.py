"""Text of a CSV file from its rows.

csv.writer leaves a carriage return in a cell without quotation marks if lines end with a line feed. Then a reader
splits the cell into two lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def csv_text(rows: Iterable[Sequence[str]], delimiter: str = ",", newline: str = "\n") -> str:
    """Text of the rows. A cell is quoted if it needs to be."""
    return "".join(delimiter.join(_quoted(cell, delimiter, len(row)) for cell in row) + newline for row in rows)


def _quoted(cell: str, delimiter: str, cells: int) -> str:
    needs = any(mark in cell for mark in (delimiter, '"', "\r", "\n")) or (not cell and cells == 1)
    return '"' + cell.replace('"', '""') + '"' if needs else cell
