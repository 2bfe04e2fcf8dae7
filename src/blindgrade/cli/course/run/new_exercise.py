"""Run `course new-exercise`."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.catalog import Catalog, CourseError, UnknownId
from blindgrade.cli.course.run.built import say_built
from blindgrade.cli.exits import BAD_REQUEST, stops
from blindgrade.models import Kind
from blindgrade.scaffold.exercise import new_exercise as write_exercise
from blindgrade.scaffold.filling import ScaffoldError


def new_exercise(lesson: str, name: str, kind: str | None, source: Path | None) -> None:
    """Write the exercise, build its lesson, and say what comes next."""
    with stops(BAD_REQUEST, ScaffoldError, CourseError, UnknownId, OSError):
        catalog = Catalog.locate()
        target, written = write_exercise(catalog, lesson, name, Kind(kind) if kind else None, source)
        points = Catalog(catalog.root).lesson(target.files).max_points
    home = target.files.entry.id
    click.echo(f"made {home}/{name}; {home} has {points:g} points now (`points` in lesson.toml):")
    say_built(catalog.root, home, written, [f"course verify {home}/{name} --watch"])
