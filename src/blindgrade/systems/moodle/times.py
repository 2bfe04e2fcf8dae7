"""Times of submission from Moodle's grading worksheet.

Moodle's bulk download has no times. The worksheet has them, as local times of the person who downloaded it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path

from blindgrade.collect.source_item import SourceError
from blindgrade.collect.times import EXAMPLE, WRITTEN, TimeUnclear, instant_of, read_time
from blindgrade.roster.errors import RosterError
from blindgrade.roster.names import normal
from blindgrade.roster.table import Table, read_table
from blindgrade.roster.titles import columns_of, title
from blindgrade.systems.moodle.dates import looks_like_a_date, read_date
from blindgrade.systems.moodle.titles import KINDS
from blindgrade.systems.moodle.titles import title as moodle_title

COLUMN = "submitted"  # the name of this column in --column


@dataclass
class Line:
    """One student's line of the worksheet: the full name, and what the column of the time holds."""

    name: str
    written: str


@dataclass
class Worksheet:
    """Lines of the worksheet by Moodle's number of the participant, and by full name if only one line has it."""

    zone: tzinfo | None
    by_number: dict[str, Line] = field(default_factory=dict)
    by_name: dict[str, Line | None] = field(default_factory=dict)

    def line(self, number: str, name: str) -> Line | None:
        """Line of the participant. The number decides if the worksheet has numbers."""
        return self.by_number.get(number) if self.by_number else self.by_name.get(normal(name))

    def time(self, line: Line | None) -> str:
        """Time of submission in this line. TimeUnclear if it has none or if it is not certain."""
        if line is None:
            raise TimeUnclear("the worksheet has no line for it; download the worksheet of this assignment again")
        if line.written in ("", "-"):
            raise TimeUnclear("the worksheet has no time of submission for it; download the worksheet again")
        if WRITTEN.fullmatch(line.written):
            return read_time(line.written, self.zone)
        return instant_of(read_date(line.written), self.zone)


def read_worksheet(path: Path, columns: Mapping[str, str], zone: tzinfo | None) -> Worksheet:
    """Worksheet in a file. `columns` gives the site's own titles. SourceError if no column has times."""
    try:
        table = read_table(path, "--worksheet")
    except RosterError as error:
        raise SourceError(str(error)) from None
    rows = [row + [""] * (len(table.titles) - len(row)) for _, row in table.rows]
    at = _time_column(path, table, rows, columns)
    kinds = columns_of(table.titles, rows)
    sheet = Worksheet(zone)
    for row in rows:
        cells = dict(kinds.cells(row))
        line = Line(cells.get("name") or f"{cells.get('first', '')} {cells.get('last', '')}".strip(), row[at].strip())
        if zone is None and looks_like_a_date(line.written) and not _has_zone(line.written):
            raise SourceError(f"{path} has local times; name the time zone of your account in Moodle: {EXAMPLE}")
        if number := cells.get("moodle"):
            sheet.by_number[number] = line
        if name := normal(line.name):
            sheet.by_name[name] = None if name in sheet.by_name else line
    if not sheet.by_number and not sheet.by_name:
        raise SourceError(f"{path} has no column with Moodle's numbers or with names; download the grading worksheet")
    return sheet


def _has_zone(text: str) -> bool:
    match = WRITTEN.fullmatch(text)
    return bool(match and match["zone"])


def _time_column(path: Path, table: Table, rows: Sequence[Sequence[str]], columns: Mapping[str, str]) -> int:
    titles = [title(one) for one in table.titles]
    if COLUMN in columns:
        if title(columns[COLUMN]) in titles:
            return titles.index(title(columns[COLUMN]))
        raise SourceError(f"{path} has no column {columns[COLUMN]!r}; its columns are {', '.join(table.titles)}")
    known = [n for n, one in enumerate(table.titles) if KINDS.get(moodle_title(one)) == COLUMN]
    if len(known) == 1:
        return known[0]
    dated = [table.titles[n] for n in range(len(titles)) if any(looks_like_a_date(row[n]) for row in rows)]
    if not dated:
        raise SourceError(f"{path} has no times of submission; download Moodle's grading worksheet of this assignment")
    listed = " or ".join(f'--column "{COLUMN}={one}"' for one in dated)
    raise SourceError(f"{path}: which column has the time of submission? Give its title: {listed}")
