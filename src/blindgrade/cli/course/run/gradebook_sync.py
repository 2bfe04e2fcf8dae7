"""Run `course gradebook sync`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from blindgrade.attempts.handed_in import Count
from blindgrade.attempts.reading import StoreError
from blindgrade.catalog import Catalog, CourseError, UnknownId
from blindgrade.cli.course.run.gradebook_scores import up_to_date_scores
from blindgrade.cli.course.run.notes import say_notes
from blindgrade.cli.course.run.rosters import roster_at
from blindgrade.cli.exits import BAD_REQUEST, stops
from blindgrade.gradebook.errors import GradebookError
from blindgrade.gradebook.scores import LessonScores
from blindgrade.lesson_files import LessonFiles
from blindgrade.models import Lesson
from blindgrade.policies import feedback_level
from blindgrade.submitted import NoSubmissions
from blindgrade.systems.nbgrader.gradebook import sync as write


def sync(
    lessons: tuple[str, ...],
    attempts: Path | None,
    submitted: Path | None,
    count: Count | None,
    before_penalties: bool,
    stale: bool,
    roster: Path | None,
    url: str,
) -> None:
    """Write attempts into nbgrader's gradebook, and print the number of changes."""
    people = roster_at(roster)
    with stops(BAD_REQUEST, CourseError, UnknownId, GradebookError, StoreError, NoSubmissions):
        catalog = Catalog.locate()
        scores = up_to_date_scores(catalog, lessons, attempts, submitted, count, before_penalties, stale)
        students: set[str] = set()
        policy, now, decided = catalog.course.policy, datetime.now(UTC), scores.marks.all_decided()
        targets = _targets(catalog, scores.read(), students)
        done = write(url, targets, people, lambda one: feedback_level(one, policy, now, decided))
    say_notes([*done.notes, *people.strangers(sorted(students))])
    click.echo(f"{done.submissions} submissions: {done.added} rows added, {done.changed} changed")
    sys.exit(scores.code)


def _targets(
    catalog: Catalog, found: Iterable[LessonScores], students: set[str]
) -> Iterator[tuple[LessonFiles, Lesson, LessonScores]]:
    """Lessons one by one, while they are read. Adds their students to `students`."""
    for one in found:
        students.update(one.attempts)
        files = catalog.files(one.lesson)
        yield files, catalog.lesson(files), one
