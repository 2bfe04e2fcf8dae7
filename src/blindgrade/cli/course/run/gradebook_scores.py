"""What both commands of `course gradebook` read: scores by the policy, and the roster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from blindgrade.catalog import Catalog
from blindgrade.gradebook.people import People, read_people
from blindgrade.gradebook.scores import LessonScores, read_scores
from blindgrade.models import Late
from blindgrade.render.safe import shown

SHOWN_NOTES = 20


def scores(
    catalog: Catalog, lessons: tuple[str, ...], attempts: Path, count: str | None, before_penalties: bool
) -> Iterator[LessonScores]:
    """Scores of the lessons that were asked for, or of all that have attempts."""
    policy = catalog.course.policy
    policy = policy.model_copy(update={"attempts": count or policy.attempts})
    if before_penalties:
        policy = policy.model_copy(update={"late": Late()})
    wanted = [t.files.entry.id for t in catalog.find(lessons)] if lessons else None
    return read_scores(attempts, policy, wanted)


def people(roster: Path | None) -> People:
    """The people of the roster; nobody without one."""
    return read_people(roster) if roster else People()


def say_notes(notes: list[str]) -> None:
    """Print the first notes on standard error, and how many more there are."""
    for note in notes[:SHOWN_NOTES]:
        click.echo(f"note: {shown(note)}", err=True)
    if len(notes) > SHOWN_NOTES:
        click.echo(f"note: and {len(notes) - SHOWN_NOTES} more like these", err=True)
