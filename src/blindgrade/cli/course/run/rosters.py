"""The roster of `--roster`: every command reads it here, so that they say the same about one file."""

from __future__ import annotations

from pathlib import Path

from blindgrade.cli.course.run.notes import say_notes
from blindgrade.cli.exits import BAD_REQUEST, stops
from blindgrade.roster.errors import RosterError
from blindgrade.roster.matching import Roster
from blindgrade.roster.reading import read_roster


def roster_at(path: Path | None) -> Roster:
    """The roster, after its notes were said; an empty one if no file was named. Ends the command if it is refused."""
    with stops(BAD_REQUEST, RosterError):
        roster = read_roster(path) if path else Roster()
    say_notes(roster.notes)
    return roster
