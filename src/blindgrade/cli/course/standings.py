"""`course standings`: the points of attempts by the policy of the course."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.cli import options
from blindgrade.cli.lazy import runs


@click.command()
@click.option("--attempts", type=click.Path(path_type=Path, file_okay=False), help="[default: attempts/ of the course]")
@options.submitted
@options.roster
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list on standard output and nothing else.")
@runs("blindgrade.cli.course.run.standings:standings")
def standings() -> None:
    """Show each student's points by the course's policy.

    The policy is in course.toml. It says which attempt counts and what lateness costs. With --roster the command also
    shows names, and students of the roster who handed in nothing.

    A mark counts what is handed in now, judged by the checks of today. If that is not graded yet, the last mark is
    shown as "not up to date", and the command to run is named.

    Exit code: 0 all shown, 1 some marks are not up to date, 2 the request was wrong.
    """
