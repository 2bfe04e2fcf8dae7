"""`course excuse`: students without a mark in a lesson."""

from __future__ import annotations

import click

from blindgrade.cli.course.deciding import about_students
from blindgrade.cli.lazy import runs


@click.command()
@about_students
@runs("blindgrade.cli.course.run.excuse:excuse")
def excuse() -> None:
    """Excuse students from a lesson.

    They get no mark in it. LESSON is a lesson, a module (all its lessons) or `all`. An excused student counts in no
    mean. Canvas gets EX, and other systems get no points. `course decisions --undo` takes the decision back.

    \b
    Examples:
      course excuse ada lesson-7.2.1 --reason "ill"
      course excuse --students late-joiners.txt lesson-7.1 --reason "joined in November"

    Exit code: 0 decided, 2 the request was wrong and nothing was stored.
    """
