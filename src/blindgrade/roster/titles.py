"""Titles of a roster's columns in each system, and the kind of identifier that each title means."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from blindgrade.roster.names import is_id, normal

# Kind of identifier, and its titles: ours, then those of Canvas, Moodle (English, German, French, Spanish), Gradescope,
# GitHub Classroom, Classroom 50 and nbgrader.
COLUMNS = {
    "id": ("id", "student id"),
    "login": (
        "login", "username", "user name", "login id", "sis login id", "anmeldename", "nutzername", "benutzername",
        "nom d'utilisateur", "nombre de usuario",
    ),
    "sid": (
        "sid", "sis user id", "student sis id", "id number", "student number", "user id", "matrikelnummer", "id-nummer",
        "numéro d'identification", "número de id",
    ),
    "email": (
        "email", "e-mail", "email address", "mail", "e-mail-adresse", "adresse de courriel", "dirección de correo",
        "indirizzo email", "endereço de email", "endereço de e-mail", "e-mailadres", "adres e-mail", "メールアドレス",
        "电子邮件地址",
    ),
    "integration": ("integration id",),
    "canvas": ("canvas id", "canvas user id", "lms user id"),
    "moodle": ("moodle id", "participant", "identifier", "identifiant", "identificador"),
    "github": ("github", "github username", "git username"),
    "name": (
        "name", "full name", "student", "student name", "display name", "sortable name", "short name",
        "vollständiger name", "nom complet", "nombre completo",
    ),
    "first": ("first name", "firstname", "given name", "vorname", "prénom", "nombre"),
    "last": (
        "last name", "lastname", "surname", "family name", "nachname", "nom de famille", "nom", "apellido(s)",
        "apellidos",
    ),
    "section": ("section", "sections", "section name"),
    "role": ("role", "roles", "rolle", "rollen"),
}  # fmt: skip
# Columns of these systems that identify nobody. They are left out without a note.
OTHERS = {
    "root account", "status", "grade", "maximum grade", "grade can be changed", "last modified (submission)",
    "last modified (grade)", "feedback comments", "groups", "group", "institution", "department", "github id",
    "last downloaded from this course", "last access to course", "bewertung", "bestwertung",
    "bewertung kann geändert werden", "zuletzt geändert (abgabe)", "zuletzt geändert (bewertung)",
    "feedback als kommentar", "gruppen", "abteilung", "zuletzt aus diesem kurs geladen",
}  # fmt: skip
# "Participant 4711" in the site's own language, under the title "ID". German and Japanese write it without a space.
PARTICIPANT = re.compile(r"\D*\s\d+|Teilnehmer(/in)?\d+|参加者\d+")


def title(text: str) -> str:
    """Form of a title for comparison."""
    return normal(text.replace("_", " ").replace("’", "'"))


SPACES = {title(name): space for space, names in COLUMNS.items() for name in names}


def is_known(text: str) -> bool:
    """Is this a title of one of the systems?"""
    return title(text) in SPACES or title(text) in OTHERS


@dataclass(frozen=True)
class Columns:
    """Kind of each column of a table: a key of COLUMNS, or "" if it identifies nobody.

    canvas: the table is Canvas's gradebook. unknown: titles of no system. twice: titles that identify students and that
    several columns have, each with its normal form.
    """

    spaces: list[str]
    canvas: bool
    unknown: list[str]
    twice: dict[str, str]

    def cells(self, row: Sequence[str]) -> list[tuple[str, str]]:
        """Values of a row with their keys of COLUMNS. Empty values are left out."""
        return [cell for _, cell in self.placed(row)]

    def placed(self, row: Sequence[str]) -> list[tuple[int, tuple[str, str]]]:
        """Values of a row with their keys of COLUMNS, each after its index. Empty values are left out."""
        found = [(n, (space, value.strip())) for n, (space, value) in enumerate(zip(self.spaces, row, strict=False))]
        return [(n, (s, participant(value) if s == "moodle" else value)) for n, (s, value) in found if s and value]


def participant(text: str) -> str:
    """Number in Moodle's "Participant 4711", "Teilnehmer/in4711" or "参加者4711"; the text itself if it has none."""
    match = re.search(r"\d+\Z", text.strip())
    return match[0] if match else text


def columns_of(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Columns:
    """Kinds of the columns. One title can have different meanings in different systems, so all titles decide."""
    names = [title(text) for text in titles]
    canvas = {"id", "section"} <= set(names) and bool({"student", "lastname"} & set(names))
    spaces = [SPACES.get(name, "") for name in names]
    for n, name in enumerate(names):
        if name == "id" and canvas:
            spaces[n] = "canvas"  # Canvas's number of the student
        elif name == "student id" and "student sis id" in names:
            spaces[n] = "canvas"
        elif name == "student id" and "id" in names:
            spaces[n] = "sid"
        elif name == "id" and _all(PARTICIPANT.fullmatch, rows, n):
            spaces[n] = "moodle"  # a worksheet of a site that is not English
        elif name == "identifier" and "github username" in names:
            spaces[n] = "id" if _all(is_id, rows, n) else "name"  # GitHub Classroom: the instructor's text
        elif name == "short name" and spaces.count("name") > 1:
            spaces[n] = ""
    # In Canvas's gradebook, the columns after the sections are assignments.
    end = names.index("section") + 1 if canvas else len(names)
    spaces = [*spaces[:end], *[""] * (len(names) - end)]
    twice = {name: titles[n] for n, name in enumerate(names) if spaces[n] and names.index(name) < n}
    return Columns(spaces, canvas, [text for text in titles[:end] if text and not is_known(text)], twice)


def _all(fits: Callable[[str], object], rows: Sequence[Sequence[str]], n: int) -> bool:
    cells = [row[n].strip() for row in rows if n < len(row) and row[n].strip()]
    return bool(cells) and all(fits(cell) for cell in cells)
