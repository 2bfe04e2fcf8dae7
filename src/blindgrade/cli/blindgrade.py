"""`blindgrade`: the commands of this package under one name."""

from __future__ import annotations

import click

from blindgrade.cli import options
from blindgrade.cli.lazy import Entry, LazyGroup

COMMANDS = {
    "grade": Entry("blindgrade.cli.grade.command:grade", "Grade exercises: the command for students."),
    "course": Entry(
        "blindgrade.cli.course.group:course", "Build, prove, release and grade a course: the commands for teachers."
    ),
}


@click.group("blindgrade", cls=LazyGroup, table=COMMANDS, invoke_without_command=True, context_settings=options.HELP)
@options.version
@click.pass_context
def main(context: click.Context) -> None:
    """Auto-graded exercises for courses in PyTorch.

    `grade` and `course` are also separate commands: `blindgrade grade lesson-7.2` is `grade lesson-7.2`.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
