"""Run `course new`."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.catalog import CourseError
from blindgrade.cli.exits import BAD_REQUEST, stops
from blindgrade.scaffold.course import new_course
from blindgrade.scaffold.filling import ScaffoldError


def new(folder: Path, title: str) -> None:
    """Write the course and say what comes next."""
    with stops(BAD_REQUEST, ScaffoldError, CourseError, OSError):
        written = new_course(folder, title)
    click.echo(f"made {folder}: a course with the lesson lesson-1.1.1 (Linear regression), {len(written)} files")
    click.echo("next:")
    click.echo(f"  cd {folder}")
    click.echo("  course verify              # prove that its checks are sound; --mutants proves more")
    click.echo("  course new-lesson curves   # add a lesson of your own")
