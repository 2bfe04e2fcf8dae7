"""`course release`: write the files that students or another system get."""

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
    help="Target of the release.",
)
@click.option("--to", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder to write.")
@runs("blindgrade.cli.course.run.release:release")
def release() -> None:
    """Release lessons to students or to another system.

    Before it writes a file, the command searches all files for solutions, hidden checks and other private text. In the
    folder of an earlier release, it adds and updates files, but it does not change a file that was edited there.

    \b
    Example:
      course release lesson-7.2 --as repository --to ~/students/7.2

    Exit code: 0 everything was released, 1 a file has private text, or an edited file was not updated, 2 the request
    was wrong.
    """
