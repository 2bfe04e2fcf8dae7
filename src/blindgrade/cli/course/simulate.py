"""`course simulate`: a cohort that never was."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.cli.lazy import runs


@click.command()
@click.argument("lesson")
@click.option("--students", type=click.IntRange(1, 100_000), default=200, show_default=True, help="How many.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Equal seeds, equal cohorts.")
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder for submissions; new or empty.",
)
@click.option(
    "--attempts",
    type=click.Path(path_type=Path, file_okay=False),
    help="Also write attempts there, without grading: results are assumed from what was written.",
)
@click.option("--rehearse", is_flag=True, help="With --attempts: run each distinct answer once instead of assuming.")
@runs("blindgrade.cli.course.run.simulate:simulate", one_thread=True)
def simulate() -> None:
    """Write the submissions of a cohort that never was, drawn from the lessons' known answers.

    The truth about it (abilities, difficulties, who copied) goes into TO/.simulated.json. Submissions hold solutions:
    keep them from students.

    \b
    Examples:
      course simulate lesson-7.2 --to build/submitted
      course grade lesson-7.2 build/submitted --attempts build/attempts
      course simulate all --to build/submitted --attempts build/attempts

    Exit code: 0 written, 2 the request was wrong.
    """
