"""`course invite`: links and tokens for people."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.cli import options
from blindgrade.cli.course import service_options
from blindgrade.cli.lazy import runs


@click.command()
@click.argument("roster", type=click.Path(path_type=Path))
@click.option(
    "--role",
    type=click.Choice(["student", "assistant", "instructor", "owner"]),
    default="student",
    show_default=True,
    help="What these people may do.",
)
@service_options.data
@service_options.database
@options.as_json
@runs("blindgrade.cli.course.run.invite:invite", needs=("fastapi", "serve"))
def invite() -> None:
    """Invite people to the grading service.

    Each person in ROSTER gets a link and a token.

    ROSTER is a CSV file with a line of titles: id, and name, email, section. The link signs a browser in, once. The
    token signs a terminal in: `grade login URL --token TOKEN`. Both are shown now and never again; a new invitation
    takes back the earlier links and tokens that were not used.

    \b
    Examples:
      course invite students.csv
      course invite assistants.csv --role assistant
      course invite students.csv --data /srv/course-data --json

    Exit code: 0 all invited, 2 the request was wrong.
    """
