"""`course release`: lessons out of the course, into what students or another system get."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from blindgrade.release.merge_into import Summary

NOT_EVERYTHING, BAD_REQUEST = 1, 2
SHOWN_LINES = 40  # of one file's difference, on the screen


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
def release(lessons: tuple[str, ...], target: str, to: Path) -> None:
    """Release lessons to students or to another system.

    Everything is scanned for solutions, hidden checks and other private matter before a file is written. Over an
    earlier release, files are added and updated, but none that was edited there is touched.

    \b
    Example:
      course release lesson-7.2 --as repository --to ~/students/7.2

    Exit status: 0 everything was released, 1 something private would leave, or a changed file was kept as edited,
    2 bad request.
    """
    from blindgrade.catalog import Catalog, CourseError, UnknownId
    from blindgrade.release.merge_into import PlacingError
    from blindgrade.release.scan.leaks import LeakError
    from blindgrade.release.wheel import WheelError
    from blindgrade.systems.targets import release_as

    try:
        summary = release_as(Catalog.locate(), lessons, target, to)
    except (CourseError, UnknownId, PlacingError, WheelError) as error:
        _stop(str(error), BAD_REQUEST)
    except LeakError as error:
        _stop(str(error), NOT_EVERYTHING)
    _show(summary)
    sys.exit(NOT_EVERYTHING if summary.differing else 0)


def _show(summary: Summary) -> None:
    from blindgrade.render.safe import shown

    counts = [(len(summary.added), "added"), (len(summary.updated), "updated"), (len(summary.removed), "removed"),
              (len(summary.unchanged), "as before"), (len(summary.kept), "edited there and left alone")]  # fmt: skip
    click.echo(f"released {', '.join(summary.lessons)} as {summary.target} to {summary.to}")
    click.echo("  " + ", ".join(f"{count} {what}" for count, what in counts if count))
    click.echo("  nothing private in it" if summary.scanned else "  it holds solutions: for you alone")
    for name, difference in summary.differing.items():
        lines = difference.splitlines()
        click.echo(f"\n{shown(name)} was edited there and changed here, so it was left alone. This release changes:")
        for line in lines[:SHOWN_LINES]:
            click.echo(f"  {shown(line)}")
        if len(lines) > SHOWN_LINES:
            click.echo(f"  … {len(lines) - SHOWN_LINES} more lines")
    if summary.differing:
        click.echo("\nTake these changes over by hand. For the released file as it is, delete yours and release again.")


def _stop(message: str, code: int) -> NoReturn:
    from blindgrade.render.safe import shown

    click.echo(f"course release: {shown(message)}", err=True)
    sys.exit(code)
