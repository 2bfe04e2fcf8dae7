"""Run `grade login`, `grade logout` and `grade whoami`."""

from __future__ import annotations

import os
import sys
import time

import click

from blindgrade.catalog import Catalog, CourseError
from blindgrade.cli.as_json import print_json
from blindgrade.cli.exits import ALL_DONE, BAD_REQUEST, NOT_ACCEPTED, say, stop, stops
from blindgrade.render.safe import shown
from blindgrade.submitting.client import Client, RefusedByService, Unreachable
from blindgrade.submitting.sign_ins import BadAddress, NotSignedIn, SignIn, SignIns, address, invitation_in, is_open

SLOW_CLOCK = 120.0  # seconds that clocks may differ without a word


def login(url: str, token: str | None, as_json: bool) -> None:
    """Sign in, and store the token."""
    with stops(BAD_REQUEST, BadAddress):
        there = address(url)
    if is_open(there):
        say(f"{there} is not encrypted: others can read your token on its way; use an address with https")
    client = Client(there)
    invitation = invitation_in(url)
    try:
        client.token = token or (client.join(invitation).token if invitation else _by_code(client)) or ""
        person = client.whoami()
    except Unreachable as error:
        stop(str(error), NOT_ACCEPTED)
    except RefusedByService as error:
        stop(str(error), BAD_REQUEST)
    with stops(BAD_REQUEST, OSError):
        SignIns.read(os.environ).add(SignIn(there, client.token, person.student, person.course))
    if as_json:
        print_json({"url": there, **person.model_dump()})
    else:
        click.echo(shown(f"signed in to {person.course} at {there} as {person.student} ({person.role})"))
    say_clock(client)


def _by_code(client: Client) -> str | None:
    """Token of this terminal, when the user has entered the code in a browser."""
    asked = client.begin_device()
    click.echo(
        f"Open {asked.verification_url} in a browser where you are signed in, and enter {asked.user_code}", err=True
    )
    ends = time.monotonic() + asked.expires_in
    try:
        while time.monotonic() < ends:
            time.sleep(asked.interval)
            if found := client.take_device(asked.device_code).token:
                return found
    except KeyboardInterrupt:
        stop("interrupted; nobody was signed in", BAD_REQUEST)
    stop("the code was not entered in time; run the command again", BAD_REQUEST)


def logout(url: str | None) -> None:
    """Revoke the token and forget it."""
    with stops(BAD_REQUEST, NotSignedIn, BadAddress, OSError):
        known = SignIns.read(os.environ)
        there = address(url) if url else known.of(course_title(), {}).url
        mine = next((one for one in known.known if one.url == there), None)
        if mine is None:
            raise NotSignedIn(f"you are not signed in at {there}; `grade whoami` shows where you are")
        known.remove(there)
    try:
        Client(there, mine.token).logout()
    except Unreachable as error:
        stop(f"{error}. This machine forgot the token, but the service knows it still; ask your instructor to revoke"
             " it if somebody else may have it", NOT_ACCEPTED)  # fmt: skip
    except RefusedByService:
        pass  # it was not valid any more
    click.echo(f"signed out of {mine.course or there}")


def whoami(as_json: bool) -> None:
    """Show the person of the token."""
    with stops(BAD_REQUEST, NotSignedIn, BadAddress):
        mine = SignIns.read(os.environ).of(course_title(), os.environ)
    client = Client(mine.url, mine.token)
    try:
        person = client.whoami()
    except (Unreachable, RefusedByService) as error:
        stop(str(error), NOT_ACCEPTED)
    if as_json:
        print_json({"url": mine.url, **person.model_dump()})
    else:
        section = f", section {person.section}" if person.section else ""
        named = f" ({person.name})" if person.name else ""
        click.echo(shown(f"{person.student}{named}: {person.role}{section} of {person.course}, at {mine.url}"))
    say_clock(client)
    sys.exit(ALL_DONE)


def course_title() -> str:
    """Title of the course around the working directory; empty outside of one."""
    try:
        return Catalog.locate().course.title
    except CourseError:
        return ""


def say_clock(client: Client) -> None:
    """Say if this machine's clock is wrong. Only the service's clock counts."""
    if abs(client.clock_differs) > SLOW_CLOCK:
        minutes = abs(client.clock_differs) / 60
        way = "behind" if client.clock_differs > 0 else "ahead of"
        say(f"this machine's clock is {minutes:.0f} minutes {way} the service's; due dates are by the service's clock")
