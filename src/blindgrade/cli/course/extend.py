"""`course extend`: a later due date for some students."""

from __future__ import annotations

import click

from blindgrade.cli.course.deciding import about_students
from blindgrade.cli.lazy import runs


@click.command()
@about_students
@click.option("--days", type=click.IntRange(1), help="Days after the due date. Days of a second extension are added.")
@click.option(
    "--until",
    metavar="TIME",
    help="New due date: 2026-11-13T12:00, with a zone or in the zone of the due date; 2026-11-13 is at its time of day."
    " It replaces earlier extensions.",
)
@runs("blindgrade.cli.course.run.extend:extend")
def extend() -> None:
    """Give students a later due date.

    LESSON is a lesson, a module (all its lessons) or `all`. Late days count from the new date. The decision is stored
    beside the attempts, and no regrading changes it. `course decisions --undo` takes it back.

    \b
    Examples:
      course extend ada lesson-7.2.1 --days 3 --reason "ill until Friday"
      course extend ada ben lesson-7.2 --until 2026-11-20T23:59 --reason "conference"

    Exit code: 0 decided, 2 the request was wrong and nothing was stored.
    """
