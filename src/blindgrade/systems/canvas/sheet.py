"""A gradebook that Canvas exported, read by the rules of Canvas's own importer (lib/gradebook_importer.rb).

Canvas writes numbers in the language of the person who exports: "1,000.00", "1000,00" or "1.000,00". Its importer takes
the last comma or point as the decimal mark.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field

from blindgrade.gradebook.errors import GradebookError
from blindgrade.gradebook.numbers import number

POINTS_POSSIBLE = "Points Possible"
HIDDEN = re.compile(r"\s*(Muted|Manual Posting.*)?\s*", re.IGNORECASE)  # the line that says which grades are hidden
READ_ONLY = re.compile(r"read\s+only", re.IGNORECASE)
# Totals, also with a group of assignments before and a grading period behind. Canvas ignores them in an import.
TOTAL = re.compile(r"(Current|Final|Override) (Score|Points|Grade|Status)")


@dataclass
class Sheet:
    """Lines of the file. Every line has a cell for each title.

    last_info: index of the last column that identifies a student. possible: the line with the assignments' points;
    empty without such a line.
    """

    delimiter: str
    header: list[str]
    last_info: int
    possible: list[str] = field(default_factory=list)
    students: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def number(self, text: str) -> float | None:
        """Number in a cell; None if it is no number. A comma separates thousands, unless semicolons separate cells."""
        return number(text, thousands="." if self.delimiter == ";" else ",")


def read_sheet(text: str) -> Sheet:
    """Gradebook in the text. GradebookError if the text is not a gradebook of Canvas."""
    text = text.removeprefix("\ufeff")
    delimiter = _delimiter(text)
    try:
        rows = [
            row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(map(str.strip, row))
        ]
    except csv.Error as error:
        raise GradebookError(f"the worksheet cannot be read as CSV ({error}); export it in Canvas again") from None
    header = rows[0] if rows else []
    sheet = Sheet(delimiter, header, _last_info(header))
    for row in rows[1:]:
        row += [""] * (len(header) - len(row))
        if POINTS_POSSIBLE in row[0]:
            sheet.possible = row
        elif row == header:
            sheet.notes.append("the line of titles is in the file again; it was left out")
        elif not all(HIDDEN.fullmatch(cell) for cell in row):
            sheet.students.append(row)
    return sheet


def _delimiter(text: str) -> str:
    """Separator of the cells: the one that gives the first line a cell "Section".

    Canvas's importer counts the cells of three lines. A name or title with a line break misleads that rule.
    """
    first = text.partition("\n")[0].rstrip("\r")
    return ";" if "Section" in next(csv.reader([first], delimiter=";"), []) else ","


def _last_info(header: list[str]) -> int:
    one_name = len(header) > 3 and "Student" in header[0] and "ID" in header[1]
    two_names = len(header) > 4 and "LastName" in header[0] and "FirstName" in header[1] and "ID" in header[2]
    if not (one_name or two_names) or "Section" not in header:
        raise GradebookError(
            "the worksheet is not a gradebook of Canvas: its first line does not begin with Student,ID and has no"
            " Section; export it in Canvas (Grades, Export) and give that file with --worksheet"
        )
    return header.index("Section")
