"""Run `course new-lesson`."""

from __future__ import annotations

import click

from blindgrade.catalog import Catalog, CourseError, UnknownId
from blindgrade.cli.course.run.built import say_built
from blindgrade.cli.exits import BAD_REQUEST, stops
from blindgrade.scaffold.filling import ScaffoldError
from blindgrade.scaffold.lesson import new_lesson as make_lesson
from blindgrade.scaffold.lesson import plan_lesson


def new_lesson(slug: str, title: str, module: str, module_title: str) -> None:
    """Write the lesson, build it, and say what comes next."""
    with stops(BAD_REQUEST, ScaffoldError, CourseError, UnknownId, OSError):
        catalog = Catalog.locate()
        plan = plan_lesson(catalog, slug, title, module, module_title)
        written = make_lesson(catalog, plan)
    lesson = plan.files.entry.id
    click.echo(f"made {lesson} ({plan.files.entry.title}):")
    say_built(catalog.root, lesson, written, [f"course new-exercise {lesson} NAME", f"course verify {lesson}"])
