"""Run `course import`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from blindgrade.catalog import Catalog, CourseError, UnknownId
from blindgrade.cli.course.run.built import say_built
from blindgrade.cli.exits import BAD_REQUEST, SOME_NOT, stops
from blindgrade.imports.lesson import imported
from blindgrade.imports.notebook import NotebookCell, read_notebook
from blindgrade.scaffold.filling import ScaffoldError
from blindgrade.scaffold.lesson import plan_lesson, write_lesson


def import_notebook(file: Path, slug: str, title: str, module: str, module_title: str) -> None:
    """Write the lesson, build it, and list what an author has to look at."""
    with stops(BAD_REQUEST, ScaffoldError, CourseError, UnknownId, OSError):
        cells = read_notebook(file)
        catalog = Catalog.locate()
        slug = slug or re.sub(r"\W+", "_", file.stem).strip("_").lower()
        plan = plan_lesson(catalog, slug, title or _heading(cells), module, module_title)
        found = imported(cells, plan)
        if not found.exercises:
            raise ScaffoldError(
                "\n".join([f"{file} has no exercise for a lesson, so nothing was written:", *found.notes])
            )
        written = write_lesson(catalog, plan, found.texts)
    lesson = plan.files.entry.id
    points = ", ".join(f"{name} ({points:g})" for name, points in found.exercises.items())
    click.echo(f"made {lesson} ({plan.files.entry.title}): {found.checks} checks of {points}")
    for note in found.notes:
        click.echo(f"  look at {note}")
    say_built(catalog.root, lesson, written, [f"course verify {lesson}"])
    if found.notes:
        sys.exit(SOME_NOT)


def _heading(cells: list[NotebookCell]) -> str:
    texts = (cell.source for cell in cells if not cell.code)
    match = next((m for text in texts if (m := re.search(r"^# +(.*\S)", text, re.MULTILINE))), None)
    return match[1] if match else ""
