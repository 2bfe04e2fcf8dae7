"""One student in a roster."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Identifier:
    """One value that identifies a student. `space` is a key of titles.COLUMNS, or "any" for the name of a folder."""

    space: str
    value: str


@dataclass(frozen=True)
class Person:
    """A student: the id, the other values of the roster, and the line in the roster (0 without a roster)."""

    id: str
    details: tuple[Identifier, ...] = ()
    line: int = 0

    def get(self, space: str) -> str:
        """Value in this column of the roster; "" if there is none."""
        return next((one.value for one in self.details if one.space == space), "")

    @property
    def name(self) -> str:
        """Name in the roster. "Doe, Ana" if first and last name have their own columns."""
        return self.get("name") or self._parts()

    @property
    def names(self) -> tuple[str, str]:
        """First and last name. The first name is "" if the name is one word."""
        if self.get("last"):
            return self.get("first"), self.get("last")
        last, comma, first = self.name.partition(",")
        if not comma:
            first, _, last = self.name.rpartition(" ")
        return first.strip(), last.strip()

    def identifiers(self) -> list[Identifier]:
        """All values that identify the student, with the name that first and last name make."""
        whole = [Identifier("name", self._parts())] if self._parts() else []
        return [one for one in self.details if one.space not in ("first", "last", "section", "role")] + whole

    def _parts(self) -> str:
        return ", ".join(part for part in (self.get("last"), self.get("first")) if part)
