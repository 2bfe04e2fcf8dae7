"""`course attack`: hostile submissions against this machine's sandbox."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.cli import options
from blindgrade.cli.lazy import runs


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--corpus",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder with the attacks, beside the course that they attack (../courses/mini).  [default: tests/attacks]",
)
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "strict", "process", "namespaces", "landlock"]),
    default="auto",
    show_default=True,
    help="The sandbox to attack: `auto` is the strongest that this machine has.",
)
@options.as_json
@runs("blindgrade.cli.course.run.attack:attack", forks=True)
def attack() -> None:
    """Test this machine's sandbox with hostile submissions.

    A NAME is an attack. Without one, the command runs all attacks.

    \b
    Examples:
      course attack
      course attack forks_a_bomb reads_the_solution --sandbox strict

    Exit code: 0 the sandbox held all attacks, 1 an attack got through, 2 the request was wrong.
    """
