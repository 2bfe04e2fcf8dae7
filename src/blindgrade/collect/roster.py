"""The roster: from what other systems call a student to the student's id."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from blindgrade.collect.names import forms, is_id, normal, skeleton

# Titles of columns, in our systems' words, and what they identify a student by.
COLUMNS = {
    "id": ("id", "student id"),
    "login": ("login", "username", "user name", "login id", "sis login id"),
    "sid": ("sid", "sis user id", "id number", "student number"),
    "email": ("email", "e-mail", "email address"),
    "canvas": ("canvas id", "canvas user id", "lms user id"),
    "moodle": ("moodle id", "participant", "identifier"),
    "github": ("github", "github username"),
    "name": ("name", "full name", "student", "student name", "display name", "sortable name"),
}
SPACES = {title: space for space, titles in COLUMNS.items() for title in titles}
OWN = ("id", "login", "sid", "email")  # what a student's id is taken from, the first that there is
MAX_BYTES = 16 << 20


class RosterError(Exception):
    """The roster cannot be used; the message names the file and what to do."""


@dataclass(frozen=True)
class Identifier:
    """What a source says of a student: `space` is a key of COLUMNS, or "any" for the name of a folder."""

    space: str
    value: str


@dataclass
class Roster:
    """Who is in the course."""

    ids: list[str] = field(default_factory=list)
    known: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    names: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    skeletons: dict[str, str] = field(default_factory=dict)

    def find(self, who: tuple[Identifier, ...]) -> tuple[str | None, str]:
        """The student's id, or None and a sentence that says why nobody is meant.

        Numbers and addresses are believed before names, because students can change their names.
        """
        by_number = {student for one in who for student in self._by_number(one)}
        if len(by_number) > 1:
            return None, f"what is said of it belongs to several students of the roster: {', '.join(sorted(by_number))}"
        if by_number:
            return by_number.pop(), ""
        told = [one.value for one in who if one.space in ("name", "any")]
        by_name = {student for value in told for form in forms(value) for student in self.names.get(form, ())}
        if len(by_name) > 1:
            return (
                None,
                f"several students of the roster are called so: {', '.join(sorted(by_name))}; add their numbers",
            )
        if by_name:
            return by_name.pop(), ""
        for value in told:
            like = self.skeletons.get(skeleton(value))
            if like is not None:
                return None, f"it looks like {like} of the roster and is written with other characters; ask who this is"
        return None, "it is not in the roster; add it there"

    def _by_number(self, one: Identifier) -> set[str]:
        spaces = {"any": ("id", "login", "sid", "email", "github"), "sid": ("sid", "id"), "login": ("login", "id")}
        return {
            student
            for space in spaces.get(one.space, (one.space,))
            if space != "name"
            for student in self.known.get((space, normal(one.value)), ())
        }

    def add(self, student: str, told: list[Identifier]) -> None:
        """Add a student with all that is known of them."""
        self.ids.append(student)
        for one in [Identifier("id", student), *told]:
            if one.space == "name":
                for form in forms(one.value):
                    self.names[form].add(student)
            else:
                self.known[one.space, normal(one.value)].add(student)
            self.skeletons.setdefault(skeleton(one.value), student)


def read_roster(path: Path) -> Roster:
    """A CSV file with a line of titles. An `id` column is best; Canvas's gradebook export has what is needed, too."""
    rows = _rows(path)
    titles = [normal(title).replace("_", " ") for title in rows[0]] if rows else []
    canvas = {"student", "id", "section"} <= set(titles)  # there "ID" is Canvas's own number
    spaces = ["canvas" if canvas and title == "id" else SPACES.get(title, "") for title in titles]
    if not {*OWN, "canvas"} & set(spaces):
        raise RosterError(f"{path} has no column `id`; write a first line such as id,name,email")
    roster = Roster()
    seen: dict[str, str] = {}
    for number, row in enumerate(rows[1:], start=2):
        told = _told(titles, spaces, row)
        if not told or (canvas and normal(row[0]) in ("", "points possible")):
            continue
        # Without a column `id`, whatever a row has of the next best.
        own = ("id",) if "id" in spaces else (*OWN, "canvas")
        student = next((one.value for space in own for one in told if one.space == space), "")
        if not is_id(student):
            raise RosterError(
                f"{path}:{number}: {student!a} cannot be an id; use letters, digits and . _ - + @, 1 to 100 of them"
            )
        if student.casefold() in seen:
            raise RosterError(f"{path}:{number}: {student} and {seen[student.casefold()]} are one id; change one")
        seen[student.casefold()] = student
        roster.add(student, told)
    if not roster.ids:
        raise RosterError(f"{path} lists nobody; write a line for each student")
    return roster


def _rows(path: Path) -> list[list[str]]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise RosterError(f"{path} is larger than {MAX_BYTES >> 20} MiB; a roster has a line for each student")
        text = path.read_text(encoding="utf-8-sig")
        first = text.splitlines()[0] if text else ""
        delimiter = max(",;\t", key=first.count)
        return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True) if any(row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RosterError(f"{path} cannot be read as CSV ({error}); save it as UTF-8 CSV") from None


def _told(titles: list[str], spaces: list[str], row: list[str]) -> list[Identifier]:
    cells = [cell.strip() for cell in row]
    told = [Identifier(space, cell) for space, cell in zip(spaces, cells, strict=False) if space and cell]
    named = dict(zip(titles, cells, strict=False))
    first, last = (named.get(f"{part} name", "") for part in ("first", "last"))
    if first and last:
        told.append(Identifier("name", f"{last}, {first}"))
    # Moodle's worksheet writes "Participant 4711", in the site's own language.
    return [Identifier(one.space, one.value.split()[-1]) if one.space == "moodle" else one for one in told if one.value]
