"""`course standings`: what attempts are worth by the policy of the course."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.cli import options
from blindgrade.cli.lazy import runs


@click.command()
@click.option("--attempts", type=click.Path(path_type=Path, file_okay=False), help="[default: attempts/ of the course]")
@options.roster
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list on standard output, nothing else there.")
@runs("blindgrade.cli.course.run.standings:standings")
def standings() -> None:
    """What each student's attempts are worth by the policy of course.toml: lateness, and which attempt counts.

    With --roster also names, and students of the roster who handed in nothing.
    """
