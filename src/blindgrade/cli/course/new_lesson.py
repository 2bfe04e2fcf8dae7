"""`course new-lesson`: a lesson to overwrite."""

from __future__ import annotations

import click

from blindgrade.cli.lazy import runs


@click.command("new-lesson")
@click.argument("slug")
@click.option("--title", default="", help="Title of the lesson.  [default: made from SLUG]")
@click.option(
    "--module", default="", metavar="ID", help="The module, for example 1.2; a new one is made.  [default: the last]"
)
@click.option("--module-title", default="", help="Title of a new module.")
@runs("blindgrade.cli.course.run.new_lesson:new_lesson", needs=("blindgrade.scaffold", "author"))
def new_lesson() -> None:
    """Add a lesson to the course.

    SLUG is the name of the lesson's file, for example two_lines. The lesson gets the next free id of its module, an
    entry and a concept in course.toml, and its four files with an example to overwrite. Then it is built.

    \b
    Examples:
      course new-lesson curves
      course new-lesson attention --title "Attention" --module 2.1 --module-title "Transformers"

    Exit code: 0 made, 1 made but not built, 2 the request was wrong.
    """
