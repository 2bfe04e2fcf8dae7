"""The roster of `--roster`. Every command reads it here, so all print the same notes about a file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from blindgrade.cli.course.run.notes import say_notes
from blindgrade.cli.exits import BAD_REQUEST, stops
from blindgrade.roster.errors import RosterError
from blindgrade.roster.matching import Roster
from blindgrade.roster.reading import read_roster


def roster_at(path: Path | None, known: Iterable[str] = ()) -> Roster:
    """Roster in the file, with its notes printed; an empty one without a file. A bad roster ends the command.

    `known` are the ids of students who have a folder already.
    """
    with stops(BAD_REQUEST, RosterError):
        roster = read_roster(path, known) if path else Roster()
    say_notes(roster.notes)
    return roster
