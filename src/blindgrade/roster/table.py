"""Read a CSV file of any program as rows.

A library that guesses the encoding does not help here: charset-normalizer 3.4 takes 0.1 s to load, needs another 0.1 s
for a short roster, and guesses cp1250 for Excel's cp1252. The titles are known, so they show the separator better than
the guess of csv.Sniffer.
"""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass, field
from pathlib import Path

from blindgrade.roster.errors import RosterError
from blindgrade.roster.titles import is_known

SEPARATORS = ",;\t"
MAX_BYTES = 16 << 20
MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
WORKBOOK = b"PK\x03\x04"  # .xlsx and .ods are zip archives


@dataclass
class Table:
    """Titles, and rows with the number of their first line. Cells have no spaces around them."""

    titles: list[str] = field(default_factory=list)
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_table(path: Path, option: str = "--roster") -> Table:
    """Table in a CSV file. Blank lines are left out; the first other line has the titles. RosterError names lines.

    `option` is the option of the command line that names the file.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise RosterError(f"{path} is larger than {MAX_BYTES >> 20} MiB; name a table with a line for each student")
        content = path.read_bytes()
    except OSError as error:
        raise RosterError(f"{path} cannot be read ({error.strerror}); name a CSV file with {option}") from None
    if content.startswith(WORKBOOK):
        raise RosterError(f"{path} is a workbook; save it as CSV UTF-8 and name that file")
    text, encoding = _decoded(path, content)
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise RosterError(f"{path}:{line}: this line has a NUL character, so the file is damaged; save it as UTF-8 CSV")
    table = _parsed(path, text)
    if encoding == "cp1252":
        strange = next((cell for _, row in [(1, table.titles), *table.rows] for cell in row if not cell.isascii()), "")
        table.notes.append(f"{path} is not UTF-8 and was read as Windows-1252; check that {strange!r} is right")
    return table


def _decoded(path: Path, content: bytes) -> tuple[str, str]:
    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            return _text(path, content[len(mark) :], encoding), encoding
    # A title begins with an ASCII letter, whose other byte is 0 in UTF-16.
    if content[:2].count(0) == 1:
        encoding = "utf-16-be" if content[0] == 0 else "utf-16-le"
        return _text(path, content, encoding), encoding
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _text(path, content, "cp1252"), "cp1252"


def _text(path: Path, content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise RosterError(f"{path} cannot be read as {encoding} ({error.reason}); save it as UTF-8 CSV") from None


def _parsed(path: Path, text: str) -> Table:
    """Table in the text. RosterError if a quotation mark has no end or is at a wrong place."""
    first, _, rest = text.partition("\n")
    named = first.strip().lower()
    excels = named.startswith("sep=") and len(named) == 5  # Excel may write a first line that names the separator
    separator = named[4] if excels else _separator(text)
    reader = csv.reader(io.StringIO(rest if excels else text, newline=""), delimiter=separator, strict=True)
    table = Table()
    before = int(excels)  # lines that the reader does not get
    ends = 0
    try:
        for cells in reader:
            row = [" ".join(cell.split()) for cell in cells]
            begins, ends = before + ends + 1, reader.line_num
            if not any(row):
                continue
            if table.titles:
                table.rows.append((begins, row))
            else:
                table.titles = row
    except csv.Error as error:
        line = before + reader.line_num
        raise RosterError(f"{path}:{line}: this line cannot be read as CSV ({error}); correct it") from None
    return table


def _separator(text: str) -> str:
    """Separator that splits the first line into most known titles, then into most cells."""
    first = next((line for line in text.splitlines() if line.strip(SEPARATORS + " ")), "")

    def titles(separator: str) -> tuple[int, int]:
        cells = next(csv.reader([first], delimiter=separator), [])
        return sum(map(is_known, cells)), len(cells)

    return max(SEPARATORS, key=titles)
