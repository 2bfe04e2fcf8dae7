"""Run `course report`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from blindgrade.attempts.reading import StoreError
from blindgrade.catalog import Catalog, CourseError, UnknownId
from blindgrade.cli.course.run.notes import say_notes
from blindgrade.cli.course.run.rosters import roster_at
from blindgrade.cli.course.run.submitted import submitted_at
from blindgrade.cli.course.run.up_to_date import say_up_to_date
from blindgrade.cli.course.run.whole_lessons import whole_lessons
from blindgrade.cli.exits import BAD_REQUEST, stop, stops
from blindgrade.cohort_report.records import NoAttempts
from blindgrade.cohort_report.report import report as write_report
from blindgrade.marks.marks import Marks
from blindgrade.render.sentences import many
from blindgrade.submitted import NoSubmissions


def report(lesson: str, attempts: Path | None, submitted: Path | None, to: Path | None, roster: Path | None) -> None:
    """Write the page and its tables."""
    people = roster_at(roster)
    try:
        with stops(BAD_REQUEST, CourseError, UnknownId, NoAttempts, StoreError, NoSubmissions):
            catalog = Catalog.locate()
            targets = whole_lessons(catalog, lesson, "is an exercise; name its lesson,")
            [wanted] = catalog.canonical([lesson])
            page = to or catalog.page([wanted], "cohort")
            store = attempts or catalog.attempts
            marks = Marks(catalog, store, submitted_at(submitted))
            cohort, written = write_report(marks, targets, submitted, page, wanted, people)
    except OSError as error:
        stop(f"{error.filename} cannot be written ({error.strerror}); name another --to", BAD_REQUEST)
    say_notes(people.strangers(cohort.students))
    sizes = f"{many(len(cohort.students), 'student')}, {many(len(cohort.lessons), 'lesson')}"
    click.echo(f"{sizes}; {len(cohort.needs)} need{'s' if len(cohort.needs) == 1 else ''} help")
    click.echo(f"wrote {written[0]} and {len(written) - 1} tables in {written[1].parent}")
    sys.exit(say_up_to_date(marks, attempts))
