"""`course release`: lessons out of the course, into what students or another system get."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.cli.lazy import runs


@click.command()
@click.argument("lessons", nargs=-1, required=True, metavar="LESSON...")
@click.option(
    "--as",
    "target",
    type=click.Choice(["repository", "nbgrader", "gradescope", "classroom50"]),
    required=True,
    help="What to make.",
)
@click.option("--to", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder to write.")
@runs("blindgrade.cli.course.run.release:release")
def release() -> None:
    """Release lessons to students or to another system.

    Everything is scanned for solutions, hidden checks and other private matter before a file is written. Over an
    earlier release, files are added and updated, but none that was edited there is touched.

    \b
    Example:
      course release lesson-7.2 --as repository --to ~/students/7.2

    Exit status: 0 everything was released, 1 something private would leave, or a changed file was kept as edited,
    2 bad request.
    """
