"""`course new`: a course to begin with."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.cli.lazy import runs


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--title", default="", help="Title of the course.  [default: made from the folder's name]")
@runs("blindgrade.cli.course.run.new:new", needs=("blindgrade.scaffold", "author"))
def new() -> None:
    """Make a course with one small lesson to learn from.

    The lesson is linear regression in PyTorch: two functions, a class, a training, a picture, and known wrong answers.
    It builds, verifies, releases and grades at once. Change it, or add your own lessons beside it.

    \b
    Example:
      course new my-course
      cd my-course
      course verify --mutants
      course new-lesson curves

    Exit code: 0 made, 2 the request was wrong.
    """
