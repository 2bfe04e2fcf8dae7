"""Notes on standard error about files that a command could use in spite of a problem."""

from __future__ import annotations

from collections.abc import Sequence

import click

from blindgrade.render.safe import shown

SHOWN_NOTES = 20


def say_notes(notes: Sequence[str]) -> None:
    """Print the first notes on standard error, and the number of the others."""
    for note in notes[:SHOWN_NOTES]:
        click.echo(f"note: {shown(note)}", err=True)
    if len(notes) > SHOWN_NOTES:
        click.echo(f"note: and {len(notes) - SHOWN_NOTES} more like these", err=True)
