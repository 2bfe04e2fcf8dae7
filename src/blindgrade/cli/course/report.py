"""`course report`: a report on a cohort's attempts."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.cli import options
from blindgrade.cli.lazy import runs


@click.command()
@click.argument("lesson")
@options.attempts
@click.option(
    "--submitted",
    type=click.Path(path_type=Path, file_okay=False),
    help="The submissions, one for each student, to find those with the same structure. Marks then count these.",
)
@options.roster
@click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The page to write. Its tables are written beside it as CSV.  [default: reports/LESSON/cohort.html]",
)
@runs("blindgrade.cli.course.run.report:report", needs=("scipy", "report"))
def report() -> None:
    """Write a page with figures about a cohort.

    The figures describe exercises, concepts and misconceptions. The page also names students who need help.

    LESSON is a lesson (lesson-7.2.1), a module (lesson-7.2) or `all`. policy.attempts in course.toml says which of a
    student's attempts counts. Points are those before the deduction for lateness. With --roster, the report also has
    names, sections, and students who handed in nothing.

    \b
    Examples:
      course report lesson-7.2
      course report lesson-7.2 --submitted submitted/ --roster roster.csv
      course report all --to build/term.html

    Exit code: 0 written, 1 written with marks that are not up to date, 2 the request was wrong.
    """
