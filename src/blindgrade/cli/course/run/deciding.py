"""Parts that the commands share which store decisions: students, author, and the lines about new decisions."""

from __future__ import annotations

import difflib
import getpass
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import click
from pydantic import ValidationError

from blindgrade.attempts.decision import Decision, DecisionKind, Ruling
from blindgrade.attempts.decisions import AlreadyDecided, DecisionStore
from blindgrade.attempts.effects import UNDECIDED, by_student
from blindgrade.attempts.reading import StoreError
from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import Catalog, CourseError, UnknownId
from blindgrade.marks.marks import Marks
from blindgrade.marks.record import HandedInRecord
from blindgrade.policies import standings
from blindgrade.render.safe import shown
from blindgrade.roster.matching import Roster
from blindgrade.roster.people import Identifier
from blindgrade.submitted import STUDENT, NoSubmissions, read_submitted

MOST_NAMED = 3


class UnknownStudent(Exception):
    """No student has this id. The message lists the nearest ids."""


class BadRequest(Exception):
    """The request is wrong. The message says what to do."""


@dataclass(frozen=True)
class Asked:
    """Students as the user named them. `new`: take ids as they are. `submitted`: its students are known, too."""

    students: tuple[str, ...]
    listed: Path | None
    submitted: Path | None
    new: bool


# What ends such a command with a message. Nothing was stored then.
REFUSED = (CourseError, UnknownId, StoreError, NoSubmissions, UnknownStudent, BadRequest)


@dataclass(frozen=True)
class Deciding:
    """The course, its decisions, and the students about whom a command decides."""

    catalog: Catalog
    decisions: DecisionStore
    students: list[str]

    @classmethod
    def about(cls, asked: Asked, attempts: Path | None, roster: Roster) -> Deciding:
        """The course here, and the students that were asked for. Raises an error of REFUSED."""
        catalog = Catalog.locate()
        store = AttemptStore(attempts or catalog.attempts)
        decisions = DecisionStore(store.root)
        return cls(catalog, decisions, students_of(asked, store, roster, decisions.all()))

    def store(self, rulings: Sequence[Ruling], by_whom: str | None) -> list[Decision]:
        """Store the rulings; see `store_rulings`."""
        return store_rulings(self.decisions.folder.parent, rulings, by_whom)

    @cached_property
    def _marks(self) -> Marks:
        return Marks(self.catalog, self.decisions.folder.parent)

    def points(self, lesson: str) -> dict[str, float]:
        """Points of the students in the lesson, by the decisions that are in force now. Excused students have none."""
        marks, policy = self._marks, self.catalog.course.policy
        # Late days may have been taken from the bank in other lessons.
        lessons = marks.store.lessons() if policy.late.bank else [lesson]
        given = {one: marks.of(one, marks.summary, policy.attempts).students for one in lessons}
        decided = by_student(self.decisions.in_force())
        found = {}
        for student in self.students:
            handed_in = {one: versions[student] for one, versions in given.items() if student in versions}
            for one in standings(student, handed_in, policy, decisions=decided.get(student, UNDECIDED)):
                if one.lesson == lesson and not one.excused:
                    found[student] = one.points
        return found


def students_of(asked: Asked, attempts: AttemptStore, roster: Roster, decided: Iterable[Decision]) -> list[str]:
    """Ids of the students, each once. UnknownStudent names every student that is not known.

    Known are students with attempts, decisions, or a submission that was graded or skipped, those of the roster, and
    those of the folder of submissions that the user named.
    """
    given = [*asked.students, *(_lines(asked.listed) if asked.listed else [])]
    if not given:
        raise BadRequest("name a student before the lesson, or a file with --students")
    for name in given:
        if not STUDENT.fullmatch(name) or not name.isprintable() or name.startswith("."):
            raise BadRequest(f"{name!r} cannot be a student's id; name a folder in the folder of submissions")
    if asked.new:
        return list(dict.fromkeys(given))
    known = {student for lesson in attempts.lessons() for student in attempts.students(lesson)}
    known |= {student for lesson in attempts.lessons() for student in HandedInRecord.read(attempts, lesson).students}
    known |= {*roster.people, *(one.student for one in decided)}
    if asked.submitted is not None:
        known |= {one.student for one in read_submitted(asked.submitted)[0]}
    found = {name: _known(name, known, roster) for name in dict.fromkeys(given)}
    unknown = [name for name, student in found.items() if student is None]
    if unknown:
        raise UnknownStudent("\n".join([*(nearest(name, known) for name in unknown), _hint(asked, attempts)]))
    return list(dict.fromkeys(student for student in found.values() if student is not None))


def ruling(kind: DecisionKind, student: str, lesson: str, reason: str, **values: object) -> Ruling:
    """Ruling with these values. BadRequest if they are wrong."""
    try:
        given = {"kind": kind, "student": student, "lesson": lesson, "reason": reason, **values}
        return Ruling.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadRequest(f"{place}: {first['msg'].removeprefix('Value error, ')}; nothing was stored") from None


def store_rulings(attempts: Path, rulings: Sequence[Ruling], by_whom: str | None) -> list[Decision]:
    """Store the rulings. One that is in force already is not stored again; a line says so."""
    store = DecisionStore(attempts)
    author = by_whom or account()
    stored = []
    for one in rulings:
        try:
            stored.append(store.add(one, author))
        except AlreadyDecided as error:
            click.echo(shown(f"{one.student}  {one.lesson}  {one.what}: {error}"))
    return stored


def new_line(decision: Decision) -> str:
    """Line about a new decision."""
    return f"decision {decision.number}: {decision.student}  {decision.lesson}  {decision.what}"


def account() -> str:
    """Name of the account that runs the command."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in some containers
        return "unknown"


def nearest(name: str, known: Iterable[str], text: str = "no student {!r} is known") -> str:
    """Sentence about an id that is not known, with the nearest ids."""
    near = difflib.get_close_matches(name, known, n=MOST_NAMED, cutoff=0.5)
    return text.format(name) + (f"; did you mean {', '.join(near)}?" if near else "")


def _known(name: str, known: set[str], roster: Roster) -> str | None:
    if name in known:
        return name
    return roster.find([Identifier("any", name)]).student


def _hint(asked: Asked, attempts: AttemptStore) -> str:
    looked = [f"attempts in {attempts.root}"] + ([f"{asked.submitted}"] if asked.submitted else [])
    return f"nothing was stored; looked in {' and '.join(looked)}; name --submitted or --roster, or give --new"


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(f"{path} cannot be read as UTF-8 text ({error}); name another file with --students") from None
    found = [line.strip() for line in text.splitlines() if line.strip()]
    if not found:
        raise BadRequest(f"{path} names no student; write one id in each line")
    return found
