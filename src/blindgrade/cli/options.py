"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

HELP = {"help_option_names": ["-h", "--help"]}  # `context_settings` of every installed command

version = click.version_option(package_name="blindgrade", message="%(package)s %(version)s")

attempts = click.option(
    "--attempts",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of attempts.  [default: attempts/ of the course]",
)

roster = click.option(
    "--roster",
    type=click.Path(path_type=Path),
    help="CSV with a line of titles: id, and name, email, login, sid, …; an export of Canvas, Moodle or Gradescope.",
)

as_json = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on standard output and nothing else."
)

submitted = click.option(
    "--submitted",
    type=click.Path(path_type=Path, file_okay=False),
    help="The submissions that count.  [default: the folders that `course grade` graded last]",
)

sandbox = click.option(
    "--sandbox",
    type=click.Choice(["strict", "process"]),
    default="strict",
    show_default=True,
    help="How students' code is isolated; `process` does not isolate it.",
)
