"""Run `course release`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from blindgrade.catalog import Catalog, CourseError, UnknownId
from blindgrade.cli.exits import ALL_DONE, BAD_REQUEST, SOME_NOT, stops
from blindgrade.release.merge_into import PlacingError, Summary
from blindgrade.release.scan.leaks import LeakError
from blindgrade.release.wheel import WheelError
from blindgrade.render.safe import shown
from blindgrade.systems.targets import release_as

SHOWN_LINES = 40  # most lines of one file's difference on the screen


def release(lessons: tuple[str, ...], target: str, to: Path) -> None:
    """Release, and print the number of changed files and the differences of edited files."""
    with stops(BAD_REQUEST, CourseError, UnknownId, PlacingError, WheelError), stops(SOME_NOT, LeakError):
        summary = release_as(Catalog.locate(), lessons, target, to)
    _show(summary)
    sys.exit(SOME_NOT if summary.differing else ALL_DONE)


def _show(summary: Summary) -> None:
    counts = [(len(summary.added), "added"), (len(summary.updated), "updated"), (len(summary.removed), "removed"),
              (len(summary.unchanged), "as before"), (len(summary.kept), "edited there and not changed")]  # fmt: skip
    click.echo(f"released {', '.join(summary.lessons)} as {summary.target} to {summary.to}")
    click.echo("  " + ", ".join(f"{count} {what}" for count, what in counts if count))
    click.echo("  it holds nothing private" if summary.scanned else "  it holds solutions: do not give it to students")
    for name, difference in summary.differing.items():
        lines = difference.splitlines()
        click.echo(f"\n{shown(name)} was edited there and changed here, so it was not updated. This release changes:")
        for line in lines[:SHOWN_LINES]:
            click.echo(f"  {shown(line)}")
        if len(lines) > SHOWN_LINES:
            click.echo(f"  … {len(lines) - SHOWN_LINES} more lines")
    if summary.differing:
        click.echo("\nCopy these changes yourself. To get a released file unchanged, delete yours and release again.")
