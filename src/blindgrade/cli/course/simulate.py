"""`course simulate`: an invented cohort."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.cli.lazy import runs


@click.command()
@click.argument("lesson")
@click.option("--students", type=click.IntRange(1, 100_000), default=200, show_default=True, help="How many.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Equal seeds give equal cohorts.")
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder for submissions; new or empty.",
)
@click.option(
    "--attempts",
    type=click.Path(path_type=Path, file_okay=False),
    help="Also write attempts there without grading. The results are assumed from the known answers.",
)
@click.option("--rehearse", is_flag=True, help="With --attempts: grade each distinct answer once, and assume nothing.")
@runs("blindgrade.cli.course.run.simulate:simulate", one_thread=True)
def simulate() -> None:
    """Write the submissions of an invented cohort.

    The answers come from the lessons' known answers. TO/.simulated.json has the truth about the cohort: abilities,
    difficulties, and who copied. The submissions contain solutions, so do not give them to students.

    \b
    Examples:
      course simulate lesson-7.2 --to build/submitted
      course grade lesson-7.2 build/submitted --attempts build/attempts
      course simulate all --to build/submitted --attempts build/attempts

    Exit code: 0 written, 2 the request was wrong.
    """
