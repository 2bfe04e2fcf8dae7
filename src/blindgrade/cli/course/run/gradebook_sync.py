"""Run `course gradebook sync`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from blindgrade.catalog import Catalog, CourseError, LessonFiles, UnknownId
from blindgrade.cli.course.run.gradebook_scores import scores
from blindgrade.cli.course.run.notes import say_notes
from blindgrade.cli.course.run.rosters import roster_at
from blindgrade.cli.exits import BAD_REQUEST, stops
from blindgrade.gradebook.errors import GradebookError
from blindgrade.gradebook.scores import LessonScores
from blindgrade.models import Lesson
from blindgrade.policies import feedback_level
from blindgrade.systems.nbgrader.gradebook import sync as write


def sync(
    lessons: tuple[str, ...],
    attempts: Path | None,
    count: str | None,
    before_penalties: bool,
    roster: Path | None,
    url: str,
) -> None:
    """Write attempts into nbgrader's gradebook, and print the number of changes."""
    people = roster_at(roster)
    with stops(BAD_REQUEST, CourseError, UnknownId, GradebookError):
        catalog = Catalog.locate()
        found = scores(catalog, lessons, attempts, count, before_penalties)
        students: set[str] = set()
        policy, now = catalog.course.policy, datetime.now(UTC)
        done = write(url, _targets(catalog, found, students), people, lambda one: feedback_level(one, policy, now))
    say_notes([*done.notes, *people.strangers(sorted(students))])
    click.echo(f"{done.submissions} submissions: {done.added} rows added, {done.changed} changed")


def _targets(
    catalog: Catalog, found: Iterable[LessonScores], students: set[str]
) -> Iterator[tuple[LessonFiles, Lesson, LessonScores]]:
    """Lessons one by one, while they are read. Adds their students to `students`."""
    for one in found:
        students.update(one.attempts)
        files = catalog.files(one.lesson)
        yield files, catalog.lesson(files), one
