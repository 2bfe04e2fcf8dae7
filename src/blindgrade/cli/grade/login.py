"""`grade login`, `grade logout` and `grade whoami`."""

from __future__ import annotations

import click

from blindgrade.cli import options
from blindgrade.cli.lazy import runs


@click.command(context_settings=options.HELP)
@click.argument("url")
@click.option("--token", metavar="T", help="A token that your instructor gave you. For scripts and CI.")
@options.as_json
@runs("blindgrade.cli.grade.signing_in:login")
def login() -> None:
    """Sign in to the grading service at URL: an address, or the link of your invitation.

    With an address alone, the command shows a code. Enter it in a browser where you are signed in. The token is stored
    in your own settings, where only you can read it, and never in the course's folder. In a CI job, the variables
    BLINDGRADE_SERVER and BLINDGRADE_TOKEN do the same without a file.

    \b
    Examples:
      grade login https://grade.example.org
      grade login https://grade.example.org --token bgt_…

    Exit code: 0 signed in, 2 the request was wrong, 4 the service does not answer.
    """


@click.command(context_settings=options.HELP)
@click.argument("url", required=False)
@runs("blindgrade.cli.grade.signing_in:logout")
def logout() -> None:
    """Sign out: the service revokes the token, and this machine forgets it.

    Without URL, it is the service of the course around the working directory, else the newest one.

    Exit code: 0 signed out, 2 you were not signed in, 4 the service does not answer, so it knows the token still.
    """


@click.command(context_settings=options.HELP)
@options.as_json
@runs("blindgrade.cli.grade.signing_in:whoami")
def whoami() -> None:
    """Show as whom you are signed in, and where.

    Exit code: 0 signed in, 2 not signed in, 4 the service does not answer or does not know the token any more.
    """
