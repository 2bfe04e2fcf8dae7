"""Run `course standings`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from blindgrade.attempts.reading import StoreError
from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import Catalog, CourseError
from blindgrade.cli.as_json import print_json
from blindgrade.cli.course.run.notes import say_notes
from blindgrade.cli.course.run.rosters import roster_at
from blindgrade.cli.exits import BAD_REQUEST, stops
from blindgrade.cohort.standings import Row, cohort_standings
from blindgrade.render.safe import shown


def standings(attempts: Path | None, roster: Path | None, as_json: bool) -> None:
    """Print a line for each student and lesson, and with a roster for each lesson that a student lacks."""
    people = roster_at(roster)
    with stops(BAD_REQUEST, CourseError, StoreError):
        catalog = Catalog.locate()
        store = AttemptStore(attempts or catalog.attempts)
        if attempts is not None and not attempts.is_dir():
            raise StoreError(f"{attempts} is no folder; name the folder of attempts that `course grade` wrote")
        if not store.root.is_dir():
            click.echo(f"there are no attempts in {store.root} yet; run `course grade` first", err=True)
        found = cohort_standings(store, catalog.course.policy, people)
    say_notes(people.strangers(dict.fromkeys(row.standing.student for row in found)))
    if as_json:
        names = bool(people.people)
        return print_json([asdict(row.standing) | ({"name": row.person.name} if names else {}) for row in found])
    for row in found:
        click.echo(shown(_line(row)))


def _line(row: Row) -> str:
    one = row.standing
    who = f"{one.student}  {row.person.name}" if row.person.name else one.student
    if not row.has_submission:
        return f"{who}  {one.lesson}  nothing handed in"
    late = f"  {one.days_late} days late, {one.from_bank} from the bank" if one.days_late else ""
    return f"{who}  {one.lesson}  {one.points:g} of {one.max_points:g} points{late}"
