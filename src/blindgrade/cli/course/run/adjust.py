"""Run `course adjust`."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.attempts.decision import Decision, DecisionKind
from blindgrade.catalog import Catalog, Target
from blindgrade.cli.course.run.deciding import REFUSED, Asked, BadRequest, Deciding, new_line, ruling
from blindgrade.cli.course.run.rosters import roster_at
from blindgrade.cli.exits import BAD_REQUEST, stops
from blindgrade.render.safe import shown


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
    with stops(BAD_REQUEST, *REFUSED):
        if (points is None) == (by is None):
            raise BadRequest("give either --points or --by")
        if by == 0:
            raise BadRequest("--by 0 changes nothing; give another number")
        desk = Deciding.about(Asked(students, listed, submitted, new), attempts, people)
        target, exercise = _target(desk.catalog, lesson)
        values = {"exercise": exercise, "points": points, "by": by}
        rulings = [
            ruling(DecisionKind.ADJUST, student, target.lesson.id, reason, **values) for student in desk.students
        ]
        before = desk.points(target.lesson.id)
        stored = desk.store(rulings, by_whom)
        after = desk.points(target.lesson.id)
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
