"""`course collect`: collect submissions from the systems where students hand them in."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.cli import options
from blindgrade.cli.lazy import runs


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--to", "to", required=True, type=click.Path(path_type=Path), help="Folder for the students' folders.")
@options.roster
@click.option(
    "--kind",
    type=click.Choice(["auto", "nbgrader", "moodle", "canvas", "gradescope", "git", "collected", "folders"]),
    default="auto",
    show_default=True,
    help="Kind of SOURCE.",
)
@click.option(
    "--timezone", metavar="ZONE", help="Zone of times without one, such as Europe/Berlin. Moodle writes local times."
)
@click.option(
    "--worksheet",
    type=click.Path(path_type=Path),
    help="Moodle's grading worksheet of the assignment. It has the times that Moodle's download lacks.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="submitted=TITLE",
    help="Title of the worksheet's column with the time of submission, if it is not found by itself.",
)
@click.option(
    "--groups",
    type=click.Path(path_type=Path),
    help="CSV with the columns group and student. Each member of a group gets the group's submission.",
)
@click.option(
    "--before", metavar="TIME", help="For git: take the last commit until this time, such as '2026-11-30 23:59 +0100'."
)
@click.option(
    "--at-deadline", is_flag=True, help="For git: take each lesson from the last commit until course.toml's due date."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and no other output.")
@runs("blindgrade.cli.course.run.collect:collect")
def collect() -> None:
    """Collect submissions into a folder for each student.

    SOURCE is nbgrader's exchange, a bulk download of Moodle or Canvas, Gradescope's export (a folder or an archive), or
    a folder with git checkouts or bare clones, folders or archives, one for each student, or a folder that this command
    wrote earlier. The command never changes it.

    Collect again when there are more submissions. The command keeps every submission. For each lesson, the latest one
    is the current one.

    \b
    Examples:
      course collect ~/Downloads/submissions.zip --to submitted --roster roster.csv
      course collect /srv/nbgrader/exchange/diffusion --to submitted
      course collect moodle.zip --to submitted --worksheet Grades.csv --timezone Europe/Berlin
      course collect checkouts --to submitted --at-deadline

    Exit code: 0 everything was collected, 1 something was set aside or refused, or a time is not understood, 2 the
    request was wrong.
    """
