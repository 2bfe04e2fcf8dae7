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
    points_of,
    ruling,
    store_rulings,
    students_of,
)
from blindgrade.cli.course.run.rosters import roster_at
from blindgrade.cli.exits import BAD_REQUEST, stops
from blindgrade.marks.marks import Marks
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
        decisions = DecisionStore(store.root)
        wanted = students_of(asked, store, people, decisions.all())
        values = {"exercise": exercise, "points": points, "by": by}
        rulings = [ruling(DecisionKind.ADJUST, student, target.lesson.id, reason, **values) for student in wanted]
        marks = Marks(catalog, store.root)
        before = points_of(marks, catalog.course.policy, target.lesson.id, wanted, decisions)
        stored = store_rulings(store.root, rulings, by_whom)
        after = points_of(marks, catalog.course.policy, target.lesson.id, wanted, decisions)
    most = target.lesson.max_points
    for one in stored:
        if one.student in after:
            now = after[one.student]
            said = f"{before.get(one.student, 0):g} → {now:g} of {most:g} points{_above(one, target, now)}"
        else:
            said = "the student is excused, so there is no mark"
        click.echo(shown(f"{new_line(one)}: {said}"))


def _target(catalog: Catalog, name: str) -> tuple[Target, str | None]:
    """The one lesson, and the exercise if the name has one."""
    targets = catalog.find([name])
    if len(targets) > 1:
        listed = ", ".join(target.lesson.id for target in targets)
        raise BadRequest(f"{name} has several lessons; an adjustment is for one of them, or for an exercise: {listed}")
    return targets[0], catalog.exercise_in(name)


def _above(decision: Decision, target: Target, points: float) -> str:
    """Words for points above the maximum, of the lesson or of an exercise whose points were set."""
    lesson = target.lesson
    if points > lesson.max_points:
        return f" (above the maximum of {lesson.max_points:g}: a bonus)"
    most = lesson.exercise(decision.exercise).points if decision.exercise else lesson.max_points
    above = decision.points is not None and decision.points > most
    return f" (above the exercise's maximum of {most:g}: a bonus)" if above else ""
