"""Run `course extend`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from blindgrade.attempts.decision import DecisionKind
from blindgrade.attempts.effects import UNDECIDED, by_student
from blindgrade.catalog import Catalog
from blindgrade.cli.course.run.deciding import REFUSED, Asked, BadRequest, Deciding, new_line, ruling
from blindgrade.cli.course.run.rosters import roster_at
from blindgrade.cli.course.run.whole_lessons import whole_lessons
from blindgrade.cli.exits import BAD_REQUEST, stops
from blindgrade.clock import utc
from blindgrade.render.safe import shown


def extend(
    students: tuple[str, ...],
    lesson: str,
    days: int | None,
    until: str | None,
    reason: str,
    listed: Path | None,
    attempts: Path | None,
    submitted: Path | None,
    roster: Path | None,
    new: bool,
    by_whom: str | None,
) -> None:
    """Store an extension for each student and lesson, and print the new due dates."""
    people = roster_at(roster)
    with stops(BAD_REQUEST, *REFUSED):
        if (days is None) == (until is None):
            raise BadRequest("give either --days or --until")
        desk = Deciding.about(Asked(students, listed, submitted, new), attempts, people)
        known = by_student(desk.decisions.in_force())
        due = _due_dates(desk.catalog, lesson)
        rulings = []
        for one in due:
            for student in desk.students:
                now = known.get(student, UNDECIDED).due(one, due[one])
                assert now is not None
                time = _time(until, due[one], now) if until else None
                rulings.append(ruling(DecisionKind.EXTEND, student, one, reason, days=days, until=time))
        stored = desk.store(rulings, by_whom)
        known = by_student(desk.decisions.in_force())
    for one_stored in stored:
        time_now = known[one_stored.student].due(one_stored.lesson, due[one_stored.lesson])
        click.echo(shown(f"{new_line(one_stored)}: now due {time_now}"))


def _due_dates(catalog: Catalog, lesson: str) -> dict[str, datetime]:
    """Due date of each lesson. BadRequest if one has none: nobody is late there."""
    found = {}
    for target in whole_lessons(catalog, lesson, "is one exercise; an extension is for a whole lesson:"):
        due = catalog.course.policy.due.get(target.lesson.id)
        if due is None:
            raise BadRequest(
                f"{target.lesson.id} has no due date, so nobody is late; nothing was stored; put one into [policy.due]"
                " of course.toml, or name a lesson that has one"
            )
        found[target.lesson.id] = due
    return found


def _time(text: str, due: datetime, now: datetime) -> str:
    """Time of --until. Without a zone it is in the zone of the due date; a date has the due date's time of day."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadRequest(f"{text!r} is no time; write it as 2026-11-13T23:59 or 2026-11-13") from None
    if len(text) <= len("2026-11-13"):
        found = datetime.combine(found.date(), due.timetz())
    elif found.tzinfo is None:
        found = found.replace(tzinfo=due.tzinfo)
    if found <= now:
        raise BadRequest(f"{found} is not later than the present due date {now}; nothing was stored; give a later time")
    return utc(found)
