"""Run `course excuse`."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.attempts.decision import DecisionKind
from blindgrade.cli.course.run.deciding import REFUSED, Asked, Deciding, new_line, ruling
from blindgrade.cli.course.run.rosters import roster_at
from blindgrade.cli.course.run.whole_lessons import whole_lessons
from blindgrade.cli.exits import BAD_REQUEST, stops
from blindgrade.render.safe import shown


def excuse(
    students: tuple[str, ...],
    lesson: str,
    reason: str,
    listed: Path | None,
    attempts: Path | None,
    submitted: Path | None,
    roster: Path | None,
    new: bool,
    by_whom: str | None,
) -> None:
    """Store an excuse for each student and lesson."""
    people = roster_at(roster)
    with stops(BAD_REQUEST, *REFUSED):
        desk = Deciding.about(Asked(students, listed, submitted, new), attempts, people)
        targets = whole_lessons(desk.catalog, lesson, "is one exercise; students are excused from whole lessons:")
        rulings = [
            ruling(DecisionKind.EXCUSE, student, target.lesson.id, reason)
            for target in targets
            for student in desk.students
        ]
        stored = desk.store(rulings, by_whom)
    for one in stored:
        click.echo(shown(new_line(one)))
