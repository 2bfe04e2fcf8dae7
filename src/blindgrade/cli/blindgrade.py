"""`blindgrade`: the commands of this package under one name."""

from __future__ import annotations

import pkgutil

import click

from blindgrade.cli import version

# Modules are named, not imported: a help must not wait for what only another command needs.
COMMANDS = {
    "grade": ("blindgrade.cli.grade:main", "Grade exercises: what students type."),
    "course": ("blindgrade.cli.course:course", "Build, prove, release and grade a course: what teachers type."),
}


class LazyCommands(click.Group):
    """A group that imports a command's module only when that command runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Command of this name, or None."""
        if cmd_name not in COMMANDS:
            return None
        command = pkgutil.resolve_name(COMMANDS[cmd_name][0])
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them, as click's own method would."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyCommands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@version.option
@click.pass_context
def main(context: click.Context) -> None:
    """Auto-graded exercises for courses in PyTorch.

    `grade` and `course` are also commands of their own: `blindgrade grade lesson-7.2` is `grade lesson-7.2`.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
