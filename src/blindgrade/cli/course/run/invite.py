"""Run `course invite`."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.catalog import Catalog, CourseError
from blindgrade.cli.as_json import print_json
from blindgrade.cli.exits import BAD_REQUEST, say, stops
from blindgrade.render.safe import shown
from blindgrade.roster.errors import RosterError
from blindgrade.roster.reading import read_roster
from blindgrade.service.database.connect import DatabaseError
from blindgrade.service.inviting import invite as invited
from blindgrade.service.people import Role
from blindgrade.service.setting_up import prepared, settings_for


def invite(roster: Path, role: str, data: Path | None, database: str | None, as_json: bool) -> None:
    """Invite people and print their links and tokens."""
    with stops(BAD_REQUEST, CourseError, RosterError, DatabaseError, OSError):
        catalog = Catalog.locate()
        people = read_roster(roster)
        settings = settings_for(catalog, data, None, database)
        opened = prepared(settings, note_url=False)
        with opened.writing() as session:
            found = invited(session, people.people.values(), Role(role), settings.url)
        opened.close()
    if as_json:
        print_json([one.model_dump() for one in found])
        return
    for note in people.notes:
        say(note)
    for one in found:
        login = f"grade login {settings.url} --token {one.token}"
        click.echo(shown(f"{one.student}\n  in a browser   {one.link}\n  in a terminal  {login}"))
    click.echo(f"\n{len(found)} invited as {role}. Give each person only their own lines; they are not shown again.")
