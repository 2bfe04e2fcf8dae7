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
    type=click.Choice(["auto", "nbgrader", "moodle", "canvas", "gradescope", "git", "folders"]),
    default="auto",
    show_default=True,
    help="Kind of SOURCE.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and no other output.")
@runs("blindgrade.cli.course.run.collect:collect")
def collect() -> None:
    """Collect submissions into a folder for each student.

    SOURCE is nbgrader's exchange, a bulk download of Moodle or Canvas, Gradescope's export (a folder or an archive), or
    a folder with git checkouts, folders or archives, one for each student. The command never changes it.

    Collect again when there are more submissions. The command keeps every submission. For each lesson, the latest one
    is the current one.

    \b
    Examples:
      course collect ~/Downloads/submissions.zip --to submitted --roster roster.csv
      course collect /srv/nbgrader/exchange/diffusion --to submitted

    Exit code: 0 everything was collected, 1 something was set aside or refused, 2 the request was wrong.
    """
