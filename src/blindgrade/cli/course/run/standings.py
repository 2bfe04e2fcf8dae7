"""Run `course standings`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from blindgrade.attempts.reading import StoreError
from blindgrade.catalog import Catalog, CourseError
from blindgrade.cli.as_json import print_json
from blindgrade.cli.course.run.decisions import as_data
from blindgrade.cli.course.run.notes import say_notes
from blindgrade.cli.course.run.rosters import roster_at
from blindgrade.cli.course.run.submitted import submitted_at
from blindgrade.cli.course.run.up_to_date import say_up_to_date
from blindgrade.cli.exits import BAD_REQUEST, stops
from blindgrade.cohort.standings import Row, cohort_standings
from blindgrade.marks.marks import Marks
from blindgrade.marks.state import NAMES
from blindgrade.models import Policy
from blindgrade.render.safe import shown
from blindgrade.render.sentences import many
from blindgrade.submitted import NoSubmissions


def standings(attempts: Path | None, submitted: Path | None, roster: Path | None, as_json: bool) -> None:
    """Print a line for each student and lesson, and with a roster for each lesson that a student lacks."""
    people = roster_at(roster)
    with stops(BAD_REQUEST, CourseError, StoreError, NoSubmissions):
        catalog = Catalog.locate()
        marks = Marks(catalog, attempts or catalog.attempts, submitted_at(submitted))
        if attempts is not None and not attempts.is_dir():
            raise StoreError(f"{attempts} is no folder; name the folder of attempts that `course grade` wrote")
        if not marks.store.root.is_dir():
            click.echo(f"there are no attempts in {marks.store.root} yet; run `course grade` first", err=True)
        found = cohort_standings(marks, catalog.course.policy, people)
    say_notes(people.strangers(dict.fromkeys(row.standing.student for row in found)))
    if as_json:
        names = bool(people.people)
        print_json([_data(row) | ({"name": row.person.name} if names else {}) for row in found])
    else:
        for row in found:
            click.echo(shown(_line(row)))
    say_notes(_without_times(found, catalog.course.policy))
    sys.exit(say_up_to_date(marks, attempts))


def _without_times(rows: list[Row], policy: Policy) -> list[str]:
    """Note about marks for which nobody knows whether they are late: no time, no late marker, but a due date."""
    who = [
        f"{row.standing.student} {row.standing.lesson}"
        for row in rows
        if row.has_attempt and row.standing.time_unknown and not row.standing.late_marker
        and row.standing.lesson in policy.due
    ]  # fmt: skip
    if not who:
        return []
    more = f", and {len(who) - NAMES} more; --json lists all" if len(who) > NAMES else ""
    marks = "1 mark has" if len(who) == 1 else f"{len(who)} marks have"
    return [f"{marks} no known time of submission, so no day late counts: {', '.join(who[:NAMES])}{more}"]


def _data(row: Row) -> dict[str, object]:
    """JSON of a row. An excused student has no points: a program that calculates a mean must not take a 0."""
    one = row.standing
    data = {name: value for name, value in vars(one).items() if name != "decisions"}
    if one.excused:
        data |= {"points": None, "earned": None}
    return {**data, "decisions": [as_data(decision, {}) for decision in one.decisions]}


def _line(row: Row) -> str:
    decided = "".join(f"  {decision.what}: {decision.reason}" for decision in row.standing.decisions)
    return f"{_mark(row)}{decided}"


def _mark(row: Row) -> str:
    one = row.standing
    who = f"{one.student}  {row.person.name}" if row.person.name else one.student
    if one.excused:
        return f"{who}  {one.lesson}  no mark"
    if not row.has_attempt:
        state = "not graded yet" if row.has_submission else "nothing handed in"
        points = f"  {one.points:g} of {one.max_points:g} points" if one.points else ""
        return f"{who}  {one.lesson}  {state}{points}"
    marker = " by its late marker" if one.late_marker else ""
    late = f"  {many(one.days_late, 'day')} late{marker}, {one.from_bank} from the bank" if one.days_late else ""
    old = "  not up to date" if one.up_to_date is False else ""
    return f"{who}  {one.lesson}  {one.points:g} of {one.max_points:g} points{late}{old}"
