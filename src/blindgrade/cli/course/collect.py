"""`course collect`: gather what students handed in, from the systems where they did."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.cli import options
from blindgrade.cli.lazy import runs


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--to", "to", required=True, type=click.Path(path_type=Path), help="Folder with one folder a student.")
@options.roster
@click.option(
    "--kind",
    type=click.Choice(["auto", "nbgrader", "moodle", "canvas", "gradescope", "git", "folders"]),
    default="auto",
    show_default=True,
    help="What SOURCE is.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@runs("blindgrade.cli.course.run.collect:collect")
def collect() -> None:
    """Collect submissions into a folder for each student.

    SOURCE is nbgrader's exchange, a bulk download of Moodle or Canvas, Gradescope's export (a folder or an archive), or
    a folder with git checkouts, folders or archives, one for each student. It is never changed.

    Collect again whenever there is more: every submission is kept, and for each lesson the latest is current.

    \b
    Examples:
      course collect ~/Downloads/submissions.zip --to submitted --roster roster.csv
      course collect /srv/nbgrader/exchange/diffusion --to submitted

    Exit code: 0 all was collected, 1 something was set aside or refused, 2 the request was wrong.
    """
