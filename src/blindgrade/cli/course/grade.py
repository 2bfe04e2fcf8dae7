"""`course grade`: the submissions of a cohort."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.cli import options
from blindgrade.cli.lazy import runs


@click.command()
@click.argument("lesson")
@click.argument("submitted", type=click.Path(path_type=Path))
@click.option("--workers", type=click.IntRange(1), help="Processes at once.  [default: one a processor]")
@click.option("--cluster", metavar="ADDRESS", help="Grade on the Dask cluster whose scheduler is there.")
@options.attempts
@click.option("--regrade", is_flag=True, help="Grade also what has not changed since it was graded.")
@click.option("--resume", is_flag=True, hidden=True, help="What every run does: kept for those who look for it.")
@click.option(
    "--sandbox",
    type=click.Choice(["strict", "process"]),
    default="strict",
    show_default=True,
    help="How students' code is isolated; `process` does not isolate it.",
)
@runs("blindgrade.cli.course.run.grade:grade", one_thread=True)
def grade() -> None:
    """Grade every submission in SUBMITTED.

    SUBMITTED holds a folder, file or archive for each student, named by the student's id. LESSON is a lesson
    (lesson-7.2.1) or a module (lesson-7.2). A run that was broken off goes on where it was when the command is given
    again; what has not changed is not graded twice.

    \b
    Examples:
      course grade lesson-7.2.1 submitted/
      course grade lesson-7.2 submitted/ --workers 8
      course grade lesson-7.2.1 submitted/ --cluster tcp://10.0.0.5:8786

    Exit code: 0 all graded, 1 some were set aside, 2 the request was wrong, 3 the grader failed.
    """
