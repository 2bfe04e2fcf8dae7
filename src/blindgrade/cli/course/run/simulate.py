"""Run `course simulate`."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.catalog import Catalog, CourseError, UnknownId
from blindgrade.cli.course.run.whole_lessons import whole_lessons
from blindgrade.cli.exits import BAD_REQUEST, stop, stops
from blindgrade.simulate.composing import Pieces
from blindgrade.simulate.rehearsed import write_attempts
from blindgrade.simulate.simulation import simulate as draw
from blindgrade.simulate.written import write_submissions


def simulate(lesson: str, students: int, seed: int, to: Path, attempts: Path | None, rehearse: bool) -> None:
    """Draw a cohort. Write its submissions, and its attempts if `attempts` is given."""
    try:
        with stops(BAD_REQUEST, CourseError, UnknownId):
            catalog = Catalog.locate()
            targets = whole_lessons(catalog, lesson, "is an exercise; name its lesson,")
            for folder in filter(None, (to, attempts)):
                if folder.exists() and any(folder.iterdir()):
                    raise CourseError(f"{folder} is not empty; name a new folder, so that no real cohort is mixed up")
            pieces = [Pieces(catalog, t.files.entry.id) for t in targets]
            cohort = draw([p.known for p in pieces], students, seed)
            click.echo(f"wrote {write_submissions(pieces, cohort, to)} files of {students} students to {to}")
            if attempts is not None:
                report = _rehearsed if rehearse else lambda lesson: None
                count = write_attempts(pieces, cohort, attempts, assumed=not rehearse, report=report)
                click.echo(f"wrote {count} attempts to {attempts}")
    except FileNotFoundError as error:
        stop(f"{error.filename} is missing; simulate a cohort in a course that has the solutions", BAD_REQUEST)


def _rehearsed(lesson: str) -> None:
    click.echo(f"rehearsed {lesson}", err=True)
