"""`course decisions`: what instructors decided."""

from __future__ import annotations

import click

from blindgrade.cli import options
from blindgrade.cli.course.deciding import by_whom
from blindgrade.cli.lazy import runs


@click.command()
@click.argument("student", required=False)
@click.option("--lesson", help="Only decisions about this lesson or module.")
@click.option("--undo", type=click.IntRange(1), metavar="NUMBER", help="Take this decision back, by a new decision.")
@click.option("--reason", help="Why it is taken back; required with --undo.")
@by_whom
@options.attempts
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list on standard output and nothing else.")
@runs("blindgrade.cli.course.run.decisions:decisions")
def decisions() -> None:
    """List what instructors decided, or take a decision back.

    The list has every decision about extensions, points and excuses, with its number, author and reason. No decision is
    ever removed: one that is taken back stays in the list and has no effect. To bring it back, undo the undo.

    \b
    Examples:
      course decisions
      course decisions ada --lesson lesson-7.2
      course decisions --undo 4 --reason "wrong student"

    Exit code: 0 done, 2 the request was wrong and nothing was stored.
    """
