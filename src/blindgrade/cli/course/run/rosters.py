"""The roster of `--roster`. Every command reads it here, so all print the same notes about a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import Catalog, CourseError
from blindgrade.cli.course.run.notes import say_notes
from blindgrade.cli.exits import BAD_REQUEST, stops
from blindgrade.roster.errors import RosterError
from blindgrade.roster.matching import Roster
from blindgrade.roster.reading import read_roster


def roster_at(path: Path | None, known: Iterable[str] | None = None) -> Roster:
    """Roster in the file, with its notes printed; an empty one without a file. A bad roster ends the command.

    `known` are the ids that folders have already: by default those of the students who have attempts.
    """
    with stops(BAD_REQUEST, RosterError):
        roster = read_roster(path, _graded() if known is None else known) if path else Roster()
    say_notes(roster.notes)
    return roster


def _graded() -> Iterator[str]:
    """Students who have attempts: in the folder of the command's option --attempts, or here and in the course."""
    context = click.get_current_context(silent=True)
    given = context.params.get("attempts") if context else None
    try:
        folders = [Path(given)] if given else [Path("attempts"), Catalog.locate().attempts]
    except CourseError:
        return  # the command itself reports this
    for store in map(AttemptStore, folders):
        for lesson in store.lessons():
            yield from store.students(lesson)
