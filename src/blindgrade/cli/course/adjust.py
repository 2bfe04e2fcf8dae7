"""`course adjust`: points that an instructor decides."""

from __future__ import annotations

import click

from blindgrade.cli.course.deciding import about_students
from blindgrade.cli.lazy import runs


@click.command()
@about_students
@click.option("--points", type=click.FloatRange(0), help="New points. They replace earlier adjustments.")
@click.option("--by", type=float, metavar="DIFFERENCE", help="Points to add: 2, or -1 to take one away.")
@runs("blindgrade.cli.course.run.adjust:adjust")
def adjust() -> None:
    """Change the points of students in a lesson or an exercise.

    LESSON is a lesson (lesson-7.2.1): its points change after the deduction for lateness. Or it is an exercise
    (lesson-7.2.1/score_from_noise): its points change before that deduction. Points are never below 0. They may be
    above the maximum, as a bonus. The decision also holds for what the students hand in later, and no regrading changes
    it. `course decisions --undo` takes it back.

    \b
    Examples:
      course adjust ada lesson-7.2.1 --by 2 --reason "found a mistake in our text"
      course adjust ada lesson-7.2.1/score_from_noise --points 5 --reason "right, by hand"

    Exit code: 0 decided, 2 the request was wrong and nothing was stored.
    """
