"""Who a student is in other systems: a roster, which is a CSV file with a line of titles."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

from blindgrade.gradebook.errors import GradebookError

# Titles that a roster's columns may have, by what they hold.
TITLES = {
    "id": ("id", "student id"),
    "name": ("name", "full name", "student", "student name"),
    "email": ("email", "e-mail", "email address"),
    "login": ("login", "username", "login id", "sis login id"),
    "sid": ("sid", "sis user id", "id number", "student number"),
    "canvas": ("canvas id", "canvas user id"),
    "section": ("section",),
}
KINDS = {title: kind for kind, titles in TITLES.items() for title in titles}


@dataclass(frozen=True)
class Person:
    """A student: our id, and what the roster says besides."""

    id: str
    about: dict[str, str] = field(default_factory=dict)

    def get(self, kind: str) -> str:
        """What the roster has under that kind of title; empty if nothing."""
        return self.about.get(kind, "")


@dataclass
class People:
    """The students of a roster. Without one, everybody is known by the id alone."""

    by_id: dict[str, Person] = field(default_factory=dict)

    def person(self, student: str) -> Person:
        """The student with that id."""
        return self.by_id.get(student, Person(student))

    def finder(self, students: list[str]) -> dict[str, str]:
        """From what another system may call each of these students to the id.

        What two students share, as some share a name, finds neither.
        """
        found: dict[str, str] = {}
        shared: set[str] = set()
        for student in students:
            person = self.person(student)
            for value in {normal(student), *(normal(v) for k, v in person.about.items() if k != "section")} - {""}:
                if found.setdefault(value, student) != student:
                    shared.add(value)
        return {value: student for value, student in found.items() if value not in shared}


def normal(text: str) -> str:
    """The form in which names and numbers are compared."""
    return " ".join(text.split()).casefold()


def read_people(path: Path) -> People:
    """The roster at `path`; GradebookError if it has no column `id`."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if any(row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise GradebookError(f"{path} cannot be read as CSV ({error}); name a CSV file with --roster") from None
    kinds = [KINDS.get(normal(title).replace("_", " "), "") for title in rows[0]] if rows else []
    if "id" not in kinds:
        raise GradebookError(f"{path} has no column `id`; write a first line such as id,name,email")
    people = People()
    for row in rows[1:]:
        about = {kind: value.strip() for kind, value in zip(kinds, row, strict=False) if kind and value.strip()}
        if student := about.pop("id", ""):
            people.by_id[student] = Person(student, about)
    return people
