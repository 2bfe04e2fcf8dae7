"""`course import`: a lesson of an nbgrader assignment."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.cli.lazy import runs


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--slug", default="", help="Name of the lesson's file.  [default: made from FILE]")
@click.option("--title", default="", help="Title of the lesson.  [default: the notebook's first heading]")
@click.option(
    "--module", default="", metavar="ID", help="The module, for example 1.2; a new one is made.  [default: the last]"
)
@click.option("--module-title", default="", help="Title of a new module.")
@runs("blindgrade.cli.course.run.import_notebook:import_notebook", needs=("blindgrade.imports", "author"))
def import_notebook() -> None:
    """Make a lesson of an nbgrader assignment.

    FILE is the instructor's version of a notebook, with its solutions. It is read and not run. Functions and classes
    with a region become exercises, with the points of their tests. Asserts become checks: equality, closeness, errors
    that must come, and any other condition. Hidden tests become hidden checks. What has no form as a check is listed
    with its cell, and is kept as a comment in checks.py.

    Wrong answers are proposed as small changes of the solution: pip install 'blindgrade[author]'.

    \b
    Example:
      course import source/ps1/problem1.ipynb --slug squares

    Exit code: 0 made and everything has a form here, 1 made and something is listed, 2 the request was wrong.
    """
