"""Arguments and options that `course extend`, `course adjust` and `course excuse` share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from blindgrade.cli import options

reason = click.option("--reason", required=True, help="Why. Standings and reports show it to instructors.")
by_whom = click.option("--by-whom", metavar="NAME", help="Who decided it.  [default: the name of your account]")


def about_students(command: Any) -> Any:
    """Add the arguments STUDENT... LESSON, and the options about students, reason and author."""
    for option in (
        by_whom,
        click.option("--new", is_flag=True, help="The students are not known yet: take their ids as they are."),
        options.roster,
        click.option(
            "--submitted",
            type=click.Path(path_type=Path, file_okay=False),
            help="Folder of submissions whose students are known, too.",
        ),
        options.attempts,
        click.option(
            "--students",
            "listed",
            type=click.Path(path_type=Path, dir_okay=False),
            help="File with more students: one id in each line.",
        ),
        reason,
        click.argument("lesson"),
        click.argument("students", nargs=-1, metavar="[STUDENT]..."),
    ):
        command = option(command)
    return command
