"""What `course gradebook sync` does."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.catalog import Catalog, CourseError, UnknownId
from blindgrade.cli.course.run.gradebook_scores import people, say_notes, scores
from blindgrade.cli.exits import BAD_REQUEST, stops
from blindgrade.gradebook.errors import GradebookError
from blindgrade.systems.nbgrader.gradebook import sync as write


def sync(
    lessons: tuple[str, ...], attempts: Path, count: str | None, before_penalties: bool, roster: Path | None, url: str
) -> None:
    """Write attempts into nbgrader's gradebook, and say what changed."""
    with stops(BAD_REQUEST, CourseError, UnknownId, GradebookError):
        catalog = Catalog.locate()
        found = scores(catalog, lessons, attempts, count, before_penalties)
        targets = ((catalog.files(s.lesson), catalog.lesson(catalog.files(s.lesson)), s) for s in found)
        done = write(url, targets, people(roster))
    say_notes(done.notes)
    click.echo(f"{done.submissions} submissions: {done.added} rows added, {done.changed} changed")
