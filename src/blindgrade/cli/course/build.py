"""`course build`: make the generated files of the course."""

from __future__ import annotations

import click

from blindgrade.cli.lazy import runs


@click.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@click.option(
    "--check", is_flag=True, help="Write nothing. List the files that are out of date, and exit with 1 if any are."
)
@runs("blindgrade.cli.course.run.build:build")
def build() -> None:
    """Make the course's generated files from their sources.

    These are stubs, notebooks, public checks and answer keys.

    Exit code: 0 all files are up to date, 1 --check found a file that is not, 2 the request was wrong.
    """
