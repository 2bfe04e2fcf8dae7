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
    """Make stubs, notebooks, public checks and answer keys from their sources."""
