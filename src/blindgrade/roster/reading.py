"""Read a roster's file: its students with their ids, and errors and notes with line numbers."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from blindgrade.roster.errors import RosterError
from blindgrade.roster.matching import Roster
from blindgrade.roster.names import composed, folded, is_id, normal
from blindgrade.roster.people import Identifier, Person
from blindgrade.roster.table import Table, read_table
from blindgrade.roster.titles import SPACES, Columns, columns_of, title

# Columns for a student's id if there is no column `id`: the first one that has a value in the row.
OWN = ("login", "sid", "email", "canvas", "moodle", "github")
WORDS = {
    "id": "id", "login": "login", "sid": "number", "email": "e-mail address", "integration": "integration id",
    "canvas": "Canvas id", "moodle": "Moodle number", "github": "GitHub account",
}  # fmt: skip
MOST_LINES = 10  # that one sentence names
STAFF = {"instructor", "teacher", "ta", "teaching assistant", "reader", "hta", "designer", "observer", "trainer/in"}


def read_roster(path: Path, known: Iterable[str] = ()) -> Roster:
    """Roster in a file: a CSV file with a column `id`, or another system's export. RosterError names the lines.

    `known` are the ids that folders have already. If there is no column `id`, they show which column has the ids.
    """
    table = read_table(path)
    columns = columns_of(table.titles, [row for _, row in table.rows])
    own = ("id",) if "id" in columns.spaces else _own(columns, table, known)
    if not set(own) & set(columns.spaces):
        raise RosterError(f"{path} has no column `id`; write a first line such as id,name,email")
    if "id" in columns.twice:
        raise RosterError(f"{path} has several columns {columns.twice['id']!r}; keep one")
    people: list[Person] = []
    staff: list[int] = []
    for line, row in table.rows:
        if any(row[len(table.titles) :]):
            raise RosterError(
                f"{path}:{line}: more cells than titles; put quotation marks around a cell that holds a separator"
            )
        values = columns.cells(row)
        if not values or (columns.canvas and _is_canvas_own(row, values)):
            continue
        if normal(dict(values).get("role", "")) in STAFF:
            staff.append(line)
            continue
        people.append(_person(path, line, values, own))
    _refuse_duplicates(path, people)
    if not people:
        raise RosterError(f"{path} lists nobody; write a line for each student")
    roster = Roster.of(people)
    roster.notes = [*table.notes, *_about_columns(path, table, columns, own), *_about_people(path, roster)]
    if staff:
        roster.notes.append(f"{path}: {_lines(staff)} have a staff role and were left out")
    return roster


def _own(columns: Columns, table: Table, known: Iterable[str]) -> tuple[str, ...]:
    """Columns for the id, in the order of OWN, but first the one that has most of the known ids."""
    ids = {normal(one) for one in known}
    rows = [dict(columns.cells(row)) for _, row in table.rows]
    has = {space: sum(normal(row.get(space, "")) in ids for row in rows) for space in OWN}
    best = max(OWN, key=lambda space: has[space])  # of several, the first in OWN
    return (best, *(space for space in OWN if space != best)) if has[best] else OWN


def _is_canvas_own(row: list[str], values: list[tuple[str, str]]) -> bool:
    """Is this row of Canvas's gradebook no student? It has the grading, the possible points, or the test student."""
    first = normal(row[0])
    cells = dict(values)
    name = cells.get("name") or f"{cells.get('last', '')}, {cells.get('first', '')}"
    return first in ("", "points possible") or (normal(name) == "student, test" and "sid" not in cells)


def _person(path: Path, line: int, values: list[tuple[str, str]], own: tuple[str, ...]) -> Person:
    student = composed(next((value for space in own for found, value in values if found == space), ""))
    if not is_id(student):
        raise RosterError(
            f"{path}:{line}: {student!a} cannot be an id; use Latin letters, digits and . _ - + @, 1 to 100 of them"
        )
    return Person(student, tuple(Identifier(space, value) for space, value in values if space != "id"), line)


def _refuse_duplicates(path: Path, people: list[Person]) -> None:
    """RosterError if two lines have the same id. Capitals do not count: some systems ignore them in folder names."""
    by_id: dict[str, list[Person]] = defaultdict(list)
    for person in people:
        by_id[folded(person.id)].append(person)
    twice = [group for group in by_id.values() if len(group) > 1]
    if twice:
        said = [f"{_lines([p.line for p in g])} have the id {' and '.join(sorted({p.id for p in g}))}" for g in twice]
        raise RosterError(f"{path}: {'; '.join(said)}; give each student one line and a different id")


def _about_columns(path: Path, table: Table, columns: Columns, own: tuple[str, ...]) -> list[str]:
    notes = []
    if own != ("id",):
        used = next(space for space in own if space in columns.spaces)
        notes.append(f"{path} has no column `id`, so ids come from {table.titles[columns.spaces.index(used)]!r}")
    if columns.twice:
        listed = ", ".join(map(repr, columns.twice.values()))
        notes.append(f"{path}: several columns have the title {listed}; where one value counts, it is the first")
    if columns.unknown:
        listed = ", ".join(repr(text) + _meant(text) for text in columns.unknown)
        notes.append(f"{path}: unknown columns, which were not used: {listed}")
    return notes


def _meant(text: str) -> str:
    near = difflib.get_close_matches(title(text), SPACES, 1, 0.8)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _about_people(path: Path, roster: Roster) -> list[str]:
    """Notes about values that several students share and about names that look alike, one for each group."""
    notes = []
    groups: dict[tuple[str, frozenset[str]], str] = {}
    for (space, value), students in roster.shared().items():
        groups.setdefault((space, frozenset(students)), value)
    for (space, group), value in groups.items():
        lines = _lines([roster.people[student].line for student in group])
        if space == "name":
            name = roster.people[min(group)].name
            notes.append(f"{path}: {lines} have the name {name!r}, so they are found by number and not by this name")
        else:
            notes.append(f"{path}: {lines} have the {WORDS[space]} {value!r}, so none of them is found by it")
    for alike in roster.look_alikes():
        named = [roster.people[student] for student in sorted(alike)]
        listed = " and ".join(f"{person.name or person.id!r}" for person in named)
        notes.append(f"{path}: {_lines([p.line for p in named])} look alike: {listed}; check that they are two people")
    return notes


def _lines(lines: list[int]) -> str:
    shown = [str(line) for line in sorted(lines)[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        shown.append(f"{len(lines) - MOST_LINES} more")
    *others, last = shown
    return f"lines {', '.join(others)} and {last}" if others else f"line {last}"
