"""`course feedback`: each student's feedback, from stored attempts."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.cli import options
from blindgrade.cli.lazy import runs


@click.command()
@click.argument("lesson")
@click.option(
    "--to", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for the pages and texts."
)
@options.attempts
@options.roster
@click.option(
    "--zip",
    "kind",
    type=click.Choice(["canvas", "moodle"]),
    help="Also write one archive for the feedback upload of this system. It needs --submissions.",
)
@click.option(
    "--submissions",
    type=click.Path(path_type=Path),
    metavar="DOWNLOAD",
    help="The submissions as you downloaded them from that system: its zip, or the unpacked folder.",
)
@runs("blindgrade.cli.course.run.feedback:feedback")
def feedback() -> None:
    """Write each student's feedback as a page and a text.

    LESSON is a lesson (lesson-7.2.1), a module (lesson-7.2) or `all`. The command reads stored attempts and grades
    nothing. Points are those of `course standings`. [policy.feedback] in course.toml says what students read before and
    after the due date: nothing, total, exercises, counts or checks.

    \b
    Examples:
      course feedback lesson-7.2 --to feedback/ --roster roster.csv
      course feedback lesson-7.2.1 --to feedback/ --zip moodle --submissions ~/Downloads/submissions.zip

    Exit code: 0 everything was written, 1 something was left out, 2 the request was wrong.
    """
