"""Run `course excuse`."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.attempts.decision import DecisionKind
from blindgrade.attempts.decisions import DecisionStore
from blindgrade.attempts.reading import StoreError
from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import Catalog, CourseError, UnknownId
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
from blindgrade.cli.course.run.whole_lessons import whole_lessons
from blindgrade.cli.exits import BAD_REQUEST, stops
from blindgrade.render.safe import shown
from blindgrade.submitted import NoSubmissions


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
    with stops(BAD_REQUEST, CourseError, UnknownId, StoreError, NoSubmissions, UnknownStudent, BadRequest):
        catalog = Catalog.locate()
        store = AttemptStore(attempts or catalog.attempts)
        targets = whole_lessons(catalog, lesson, "is one exercise; students are excused from whole lessons:")
        asked = Asked(students, listed, submitted, new)
        wanted = students_of(asked, store, people, DecisionStore(store.root).all())
        rulings = [
            ruling(DecisionKind.EXCUSE, student, target.lesson.id, reason) for target in targets for student in wanted
        ]
        stored = store_rulings(store.root, rulings, by_whom)
    for one in stored:
        click.echo(shown(new_line(one)))
