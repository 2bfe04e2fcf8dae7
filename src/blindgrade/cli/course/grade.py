"""`course grade`: grade the submissions of a cohort."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.cli import options
from blindgrade.cli.course.deciding import by_whom
from blindgrade.cli.lazy import runs


@click.command()
@click.argument("lesson")
@click.argument("submitted", type=click.Path(path_type=Path))
@click.option("--workers", type=click.IntRange(1), help="Processes at once.  [default: one a processor]")
@click.option("--cluster", metavar="ADDRESS", help="Grade on the Dask cluster with this scheduler.")
@options.attempts
@click.option(
    "--count",
    type=click.Choice(["best", "last", "mean"]),
    help="With best or mean, earlier versions that `course collect` kept are graded, too."
    "  [default: course.toml's policy]",
)
@click.option("--regrade", is_flag=True, help="Grade unchanged submissions again, too.")
@click.option("--preview", is_flag=True, help="Say who would gain and lose by changed checks; store nothing.")
@click.option("--raise-only", is_flag=True, help="Nobody loses by changed checks: keep the higher points as decisions.")
@click.option("--reason", help="Why nobody loses; required with --raise-only.")
@by_whom
@click.option(
    "--changes",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write all gains and losses by changed checks into this file, as JSON.",
)
@click.option("--resume", is_flag=True, hidden=True, help="Has no effect: every run resumes.")
@options.sandbox
@runs("blindgrade.cli.course.run.grade:grade", one_thread=True, forks=True)
def grade() -> None:
    """Grade every submission in SUBMITTED.

    SUBMITTED holds a folder, file or archive for each student, named by the student's id. LESSON is a lesson
    (lesson-7.2.1) or a module (lesson-7.2). The same command continues an interrupted run. It does not grade unchanged
    submissions again.

    At the end, wrong answers that no misconception explains are compared with each other and with small changes of the
    solution; `course discover` shows what they have in common.

    If checks have changed since the last grading, the command ends with who gained, who lost, how much, and because of
    which check. --preview only says so. With --raise-only, each submission keeps the higher of its old and new points;
    `course decisions` lists these decisions and takes them back.

    \b
    Examples:
      course grade lesson-7.2.1 submitted/
      course grade lesson-7.2 submitted/ --workers 8
      course grade lesson-7.2.1 submitted/ --cluster tcp://10.0.0.5:8786
      course grade lesson-7.2.1 submitted/ --preview
      course grade lesson-7.2.1 submitted/ --raise-only --reason "the new check came after the due date"

    Exit code: 0 all graded, 1 some were skipped, 2 the request was wrong, 3 the grader failed.
    """
