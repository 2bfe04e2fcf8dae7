"""`course report`: what a cohort's attempts say."""

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
    help="The submissions, one for each student, to see which have one structure.",
)
@options.roster
@click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The page to write; its tables go beside it as CSV.  [default: reports/LESSON/cohort.html]",
)
@runs("blindgrade.cli.course.run.report:report", needs=("scipy", "report"))
def report() -> None:
    """Report on a cohort: exercises, concepts, misconceptions, who needs help.

    LESSON is a lesson (lesson-7.2.1), a module (lesson-7.2) or `all`. Which of a student's attempts counts is in
    course.toml (policy.attempts); points are before anything is taken off for lateness. With --roster also names,
    sections and who handed in nothing.

    \b
    Examples:
      course report lesson-7.2
      course report lesson-7.2 --submitted submitted/ --roster roster.csv
      course report all --to build/term.html

    Exit code: 0 written, 2 the request was wrong.
    """
