"""`course replay`: repeat one attempt."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.cli.lazy import runs


@click.command()
@click.argument("attempt", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--submission", type=click.Path(path_type=Path), help="The submission, if it is in another place now.")
@click.option("--sandbox", type=click.Choice(["strict", "process"]), default="strict", show_default=True)
@runs("blindgrade.cli.course.run.replay:replay", one_thread=True, forks=True)
def replay() -> None:
    """Grade ATTEMPT again and show what differs.

    ATTEMPT is a file that `course grade` wrote. The command uses the seed of the attempt.

    Exit code: 0 every number is the same, 1 something differs, 2 the request was wrong, 3 the grader failed.
    """
