"""Lines after something was written: its files, the build of its lesson, and what comes next."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from blindgrade.catalog import Catalog, CourseError
from blindgrade.cli.exits import SOME_NOT, say
from blindgrade.generate.build import build


def say_built(root: Path, lesson: str, written: Iterable[str], then: Iterable[str]) -> None:
    """Build the lesson and print the lines. Exit with 1 if it cannot be built; what was written stays."""
    for path in written:
        click.echo(f"  wrote {path}")
    try:
        built = build(Catalog(root), [lesson], check=False)
    except CourseError as error:
        say(f"the lesson is written but not built: {error}\ncorrect it, then run `course build {lesson}`")
        sys.exit(SOME_NOT)
    for path in built:
        click.echo(f"  built {path}")
    click.echo("next:")
    for line in then:
        click.echo(f"  {line}")
