"""`course gradebook`: write attempts into instructors' gradebooks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from blindgrade.cli import options
from blindgrade.cli.lazy import runs


@click.group()
def gradebook() -> None:
    """Write points into gradebooks.

    The gradebooks are nbgrader's, and files for Canvas, Moodle and spreadsheets. Points are those of `course
    standings`: the policy of course.toml says which attempt counts and how much lateness costs. `course grade` stores
    attempts as ATTEMPTS/<lesson>/<student>/<key>.json.
    """


def _shared(command: Any) -> Any:
    """Add the options that both commands share."""
    for option in (
        options.roster,
        options.submitted,
        click.option("--stale", is_flag=True, help="Write marks that are not up to date, too."),
        click.option(
            "--count",
            type=click.Choice(["best", "last", "mean"]),
            help="Which of a student's attempts counts. The rule for lateness stays.  [default: course.toml's policy]",
        ),
        click.option(
            "--before-penalties",
            is_flag=True,
            help="Points before lateness, for a system with its own penalties.",
        ),
        click.option(
            "--attempts",
            type=click.Path(path_type=Path),
            help="The folder of attempts.  [default: attempts/ here, else of the course]",
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

    Marks that are not up to date are not written: the command names the run of `course grade` that is missing, and
    exits with 1. A second run writes only what has changed. Scores and comments that a person wrote stay. Points are
    those of `course standings`: exercises get the earned points (with "mean" the mean of the attempts), and the
    deduction for lateness becomes nbgrader's late submission penalty.

    \b
    Examples:
      course gradebook sync
      course gradebook sync lesson-7.2 --db postgresql://grader@db.uni.edu/course
    """


@gradebook.command()
@_shared
@click.option("--as", "kind", type=click.Choice(["canvas", "moodle", "csv"]), required=True, help="The other system.")
@click.option("--to", type=click.Path(path_type=Path), help="The file to write.  [default: standard output]")
@click.option(
    "--worksheet",
    type=click.Path(path_type=Path),
    help="The other system's file to fill in: Moodle's grading worksheet, Canvas's exported gradebook.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="NAME=TITLE",
    help="A column of the other system's file. Canvas: LESSON=TITLE, the assignment's title or number. Moodle: "
    "KIND=TITLE, for a site in a language that the command does not know.",
)
@click.option(
    "--no-shows",
    type=click.Choice(["blank", "zero"]),
    help="Students of the roster without an attempt get no points, or 0.  [default: they are only named]",
)
@click.option("--exercises", is_flag=True, help="Also a column for each exercise, before lateness. For csv and canvas.")
@runs("blindgrade.cli.course.run.gradebook_export:export")
def export() -> None:
    """Write scores as a file for another system.

    Canvas: with --worksheet the command fills in the exported gradebook, without it the command makes a new one.
    Moodle: the command fills in the downloaded grading worksheet of one lesson, in any of Moodle's main languages. No
    spreadsheet runs a cell of these files as a formula. Points are those of `course standings`. If a mark is not up to
    date, nothing is written, the command names the run of `course grade` that is missing, and exits with 1.

    The command names each score that is not in the file, each new column and each column that it does not know.

    \b
    Examples:
      course gradebook export lesson-7.2.1 --as moodle --worksheet Grades-Lesson.csv --to filled.csv
      course gradebook export --as canvas --worksheet 2026_Grades.csv --to import.csv
      course gradebook export --as canvas --worksheet Grades.csv --column lesson-7.2.1="Week 5 (4242)" --to import.csv
      course gradebook export --as csv --roster roster.csv --no-shows zero --to scores.csv

    Exit code: 0 written, 1 written without some scores, 2 the request was wrong.
    """
