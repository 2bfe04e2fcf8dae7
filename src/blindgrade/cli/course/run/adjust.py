"""Run `course adjust`."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.attempts.decision import Decision, DecisionKind
from blindgrade.attempts.decisions import DecisionStore
from blindgrade.attempts.reading import StoreError
from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import Catalog, CourseError, Target, UnknownId
from blindgrade.cli.course.run.deciding import (
    Asked,
    BadRequest,
    UnknownStudent,
    new_line,
    ruling,
    store_rulings,
    students_of,
)
from blindgrade.cli.course.run.rosters import roster_at
from blindgrade.cli.exits import BAD_REQUEST, stops
from blindgrade.render.safe import shown
from blindgrade.submitted import NoSubmissions


def adjust(
    students: tuple[str, ...],
    lesson: str,
    points: float | None,
    by: float | None,
    reason: str,
    listed: Path | None,
    attempts: Path | None,
    submitted: Path | None,
    roster: Path | None,
    new: bool,
    by_whom: str | None,
) -> None:
    """Store an adjustment for each student, and say where points are above the maximum."""
    people = roster_at(roster)
    with stops(BAD_REQUEST, CourseError, UnknownId, StoreError, NoSubmissions, UnknownStudent, BadRequest):
        if (points is None) == (by is None):
            raise BadRequest("give either --points or --by")
        if by == 0:
            raise BadRequest("--by 0 changes nothing; give another number")
        catalog = Catalog.locate()
        store = AttemptStore(attempts or catalog.attempts)
        target, exercise = _target(catalog, lesson)
        asked = Asked(students, listed, submitted, new)
        wanted = students_of(asked, store, people, DecisionStore(store.root).all())
        values = {"exercise": exercise, "points": points, "by": by}
        rulings = [ruling(DecisionKind.ADJUST, student, target.lesson.id, reason, **values) for student in wanted]
        stored = store_rulings(store.root, rulings, by_whom)
    for one in stored:
        click.echo(shown(f"{new_line(one)}{_above(one, target)}"))


def _target(catalog: Catalog, name: str) -> tuple[Target, str | None]:
    """The one lesson, and the exercise if the name has one."""
    targets = catalog.find([name])
    if len(targets) > 1:
        listed = ", ".join(target.lesson.id for target in targets)
        raise BadRequest(f"{name} has several lessons; an adjustment is for one of them, or for an exercise: {listed}")
    return targets[0], name.split("/")[1] if "/" in name else None


def _above(decision: Decision, target: Target) -> str:
    lesson = target.lesson
    most = lesson.exercise(decision.exercise).points if decision.exercise else lesson.max_points
    above = decision.points is not None and decision.points > most
    return f" (above the maximum of {most:g}: a bonus)" if above else ""
