"""One student as a roster describes them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Identifier:
    """What a source says about a student: `space` is a key of titles.COLUMNS, or "any" for the name of a folder."""

    space: str
    value: str


@dataclass(frozen=True)
class Person:
    """A student: the id, what the roster says besides, and the line of the roster (0 if there is none)."""

    id: str
    details: tuple[Identifier, ...] = ()
    line: int = 0

    def get(self, space: str) -> str:
        """What the roster has in that column; empty if nothing."""
        return next((one.value for one in self.details if one.space == space), "")

    @property
    def name(self) -> str:
        """The name as the roster writes it, "Doe, Ana" where first and last name have columns of their own."""
        return self.get("name") or self._parts()

    @property
    def names(self) -> tuple[str, str]:
        """First and last name; the first name is empty if the roster has one word."""
        if self.get("last"):
            return self.get("first"), self.get("last")
        last, comma, first = self.name.partition(",")
        if not comma:
            first, _, last = self.name.rpartition(" ")
        return first.strip(), last.strip()

    def identifiers(self) -> list[Identifier]:
        """Everything that identifies the student, also the name that its parts make."""
        whole = [Identifier("name", self._parts())] if self._parts() else []
        return [one for one in self.details if one.space not in ("first", "last", "section", "role")] + whole

    def _parts(self) -> str:
        return ", ".join(part for part in (self.get("last"), self.get("first")) if part)
