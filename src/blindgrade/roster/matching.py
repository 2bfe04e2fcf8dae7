"""Find a student in the roster: by id, e-mail address and number, and by name only if these find nobody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from blindgrade.roster.names import forms, normal, skeleton, skeletons
from blindgrade.roster.people import Identifier, Person

# Columns to search for an identifier: the first column that has the value. Many sites use the address as the login.
ALSO = {"sid": ("sid", "id"), "login": ("login", "id", "email"), "email": ("email", "id", "login")}
ANY = ("id", "login", "sid", "email", "github")
ALONE = "alone"  # ids of students who are not in the roster: they may come from any system
UNKNOWN = "it is not in the roster; add it there"


class Match(NamedTuple):
    """Id of the student, or None and the reason."""

    student: str | None
    why: str

    @property
    def unclear(self) -> bool:
        """Is the person doubtful and not only unknown? The roster has several such students, or one looks alike."""
        return self.student is None and self.why != UNKNOWN


@dataclass
class Roster:
    """The students of a course, and notes about the roster's file. Without people, there is no roster."""

    people: dict[str, Person] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _known: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    _names: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _skeletons: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # of names
    _others: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # of ids, addresses, numbers

    @classmethod
    def of(cls, people: Iterable[Person]) -> Roster:
        """Roster of these people."""
        roster = cls()
        for person in people:
            roster.add(person)
        return roster

    def add(self, person: Person) -> None:
        """Add a student with all identifiers."""
        self.people[person.id] = person
        self._learn(Identifier("id", person.id), person.id)
        for one in person.identifiers():
            self._learn(one, person.id)

    def person(self, student: str) -> Person:
        """Student with this id. If the roster does not have the id, a student with the id only."""
        return self.people.get(student) or Person(student)

    def including(self, students: Iterable[str]) -> Roster:
        """Roster with these students added. An added student is found only by the id, in every system."""
        known = self._known.copy()  # names need no copy: these students have none
        for student in students:
            if student not in self.people:
                known[ALONE, normal(student)] = known[ALONE, normal(student)] | {student}
        return replace(self, _known=known)

    def strangers(self, students: Iterable[str]) -> list[str]:
        """Sentences about the students with attempts who are not in the roster; none if there is no roster."""
        found = []
        for student in students if self.people else ():
            if student not in self.people:
                who, _ = self.find((Identifier("any", student),))
                known = f"; the roster has it as {who}: collect again with --roster" if who else ""
                found.append(f"{student} has attempts and is not in the roster{known}")
        return found

    def find(self, who: Iterable[Identifier]) -> Match:
        """The one student whom the identifiers name, or nobody and a sentence with the reason.

        Ids, addresses and numbers must agree. Names count only if these find nobody, because students can change their
        names.
        """
        given = [one for one in who if one.value]
        by_number = [found for one in given if (found := self._by_number(one))]
        if by_number:
            return _only(by_number, "this identifies several students of the roster: {}; correct the roster")
        names = [one.value for one in given if one.space in ("name", "any")]
        by_name = [found for name in names if (found := {s for form in forms(name) for s in self._names.get(form, ())})]
        if by_name:
            return _only(by_name, "several students of the roster have this name: {}; add their numbers")
        for name in names:
            if like := self._like(name):
                listed = " and ".join(sorted(like))
                return Match(None, f"it looks like {listed} of the roster, in other characters; ask who this is")
        return Match(None, UNKNOWN)

    def _like(self, name: str) -> set[str]:
        return {s for one in skeletons(name) for kept in (self._skeletons, self._others) for s in kept.get(one, ())}

    def look_alikes(self) -> list[set[str]]:
        """Groups of students whose names look alike but are not the same."""
        groups = {frozenset(group) for group in self._skeletons.values() if len(group) > 1}
        return [set(group) for group in sorted(groups, key=sorted) if not self._same_name(group)]

    def shared(self) -> dict[tuple[str, str], set[str]]:
        """Values that several students share, with their ids: ("name", a form of the name) or (column, value)."""
        numbers = {key: group for key, group in self._known.items() if len(group) > 1}
        names = {("name", form): group for form, group in self._names.items() if len(group) > 1}
        return numbers | names

    def _same_name(self, group: Iterable[str]) -> bool:
        students = set(group)
        return any(students <= found for found in self._names.values())

    def _learn(self, one: Identifier, student: str) -> None:
        if one.space == "name":
            for form in forms(one.value):
                self._names[form].add(student)
            for seen in skeletons(one.value):
                self._skeletons[seen].add(student)
        else:
            self._known[one.space, normal(one.value)].add(student)
            self._others[skeleton(one.value)].add(student)

    def _by_number(self, one: Identifier) -> set[str]:
        if one.space == "name":
            return set()
        value = normal(one.value)
        alone = self._known.get((ALONE, value), set())
        if one.space == "any":
            return alone.union(*(self._known.get((space, value), ()) for space in ANY))
        spaces = ALSO.get(one.space, (one.space,))
        return alone | next((self._known[s, value] for s in spaces if (s, value) in self._known), set())


def _only(found: list[set[str]], why: str) -> Match:
    """The one student who is in all of these sets, or nobody and the reason."""
    common = set.intersection(*found)
    if len(common) == 1:
        return Match(common.pop(), "")
    return Match(None, why.format(", ".join(sorted(common or set.union(*found)))))
