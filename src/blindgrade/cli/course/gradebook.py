"""`course gradebook`: attempts into the gradebooks that instructors already have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from blindgrade.cli import options
from blindgrade.cli.lazy import runs


@click.group()
def gradebook() -> None:
    """Bring attempts into nbgrader's gradebook, or into files for Canvas, Moodle and spreadsheets.

    Points are those of `course standings`: by the policy of course.toml, which says which of a student's attempts
    counts and what lateness costs. `course grade` stores attempts at ATTEMPTS/<lesson>/<student>/<key>.json.
    """


def _shared(command: Any) -> Any:
    """The options that both commands have."""
    for option in (
        options.roster,
        click.option(
            "--count",
            type=click.Choice(["best", "last", "mean"]),
            help="Which of a student's attempts counts; lateness costs what it costs.  [default: course.toml's policy]",
        ),
        click.option(
            "--before-penalties",
            is_flag=True,
            help="Points before lateness, for a system that takes its own penalties.",
        ),
        click.option(
            "--attempts",
            type=click.Path(path_type=Path),
            default=Path("attempts"),
            show_default=True,
            help="The folder of attempts.",
        ),
        click.argument("lessons", nargs=-1, metavar="[LESSON]..."),
    ):
        command = option(command)
    return command


@gradebook.command()
@_shared
@click.option("--db", "url", default="sqlite:///gradebook.db", show_default=True, help="nbgrader's database, as a URL.")
@runs("blindgrade.cli.course.run.gradebook_sync:sync", needs=("nbgrader", "nbgrader"))
def sync() -> None:
    """Write attempts into nbgrader's gradebook (default: every lesson that has some).

    Running it again changes nothing that has not changed; scores and comments by hand stay. Points are those of `course
    standings`: exercises get what was earned (with "mean" the mean of the attempts), and what lateness takes off is
    nbgrader's late submission penalty.

    \b
    Examples:
      course gradebook sync
      course gradebook sync lesson-7.2 --db postgresql://grader@db.uni.edu/course
    """


@gradebook.command()
@_shared
@click.option("--as", "kind", type=click.Choice(["canvas", "moodle", "csv"]), required=True, help="What it is for.")
@click.option("--to", type=click.Path(path_type=Path), help="The file to write.  [default: standard output]")
@click.option(
    "--worksheet",
    type=click.Path(path_type=Path),
    help="A file of the other system to fill in: Moodle's grading worksheet, Canvas's exported gradebook.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="KIND=TITLE",
    help="Title of one of Moodle's columns on a site in another language: grade=Bewertung.",
)
@runs("blindgrade.cli.course.run.gradebook_export:export")
def export() -> None:
    """Write scores as a file for another system.

    Canvas: with --worksheet the gradebook that it exported is filled in, without it one is made. Moodle: one lesson,
    into the grading worksheet that was downloaded. Nothing in these files is run as a formula by a spreadsheet. Points
    are those of `course standings`.

    \b
    Examples:
      course gradebook export lesson-7.2.1 --as moodle --worksheet Grades-Lesson.csv --to filled.csv
      course gradebook export --as canvas --worksheet 2026_Grades.csv --to import.csv
      course gradebook export --as csv --to scores.csv
    """
