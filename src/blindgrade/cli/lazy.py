"""Commands whose modules are imported only when needed, so that no help waits for torch.

A group names its commands in a table (`LazyGroup`); a command's module is imported when the command runs or when its
own help is asked for. A command names the function that does its work (`runs`); that module is imported when the
command runs, and has its imports at its top.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import wraps
from importlib.util import find_spec
from pkgutil import resolve_name
from typing import Any, NamedTuple

import click

from blindgrade.cli.exits import BAD_REQUEST, stop
from blindgrade.engine.sandbox.remedies import NO_WALL


class Entry(NamedTuple):
    """One command of a group: `module:attribute`, and its line in the group's help."""

    target: str
    short_help: str


class LazyGroup(click.Group):
    """A group that imports a command's module when that command runs or when its help is asked for."""

    def __init__(self, *args: Any, table: Mapping[str, Entry], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands, in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Command of this name, or None."""
        if cmd_name not in self.table:
            return None
        command = resolve_name(self.table[cmd_name].target)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands as click does, from the table alone."""
        limit = formatter.width - 6 - max(map(len, self.table))
        described = [click.Command(name, help=entry.short_help) for name, entry in self.table.items()]
        lines = [(command.name or "", command.get_short_help_str(limit)) for command in described]
        with formatter.section("Commands"):
            formatter.write_dl(lines)


class WithWords(click.Command):
    """A command of which some first words are commands of their own: `grade login` beside `grade LESSON`."""

    def __init__(self, *args: Any, words: Mapping[str, Entry], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.words = words

    def word(self, name: str) -> click.Command:
        """Command of this word."""
        command: click.Command = resolve_name(self.words[name].target)
        return command

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:  # fmt: skip
        """Context of the command that the first argument names, else of this command."""
        if args and args[0] in self.words:
            command = self.word(args[0])
            outer = click.Context(self, parent=parent, info_name=info_name, **self.context_settings)
            return command.make_context(args[0], args[1:], parent=outer, **extra)
        return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command of the context."""
        return super().invoke(ctx) if ctx.command is self else ctx.command.invoke(ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the words at the end of the help."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.short_help) for name, entry in self.words.items()])


def runs(
    target: str, *, needs: tuple[str, str] | None = None, one_thread: bool = False, forks: bool = False
) -> Callable[[Callable[[], None]], Callable[..., Any]]:
    """Decorator: the command does `target` (`module:function`), whose parameters are the command's.

    The decorated function has the command's name and help. `needs` is a library and the extra of this package that
    installs it. With `one_thread` the libraries of torch start no thread, because a process that will fork must not
    have any; they read this when they are imported. A command that `forks` refuses a system that cannot (Windows).
    """

    def decorated(described: Callable[[], None]) -> Callable[..., Any]:
        @wraps(described)
        def callback(**values: Any) -> Any:
            if needs and find_spec(needs[0]) is None:
                stop(f"{needs[0]} is not installed; run pip install 'blindgrade[{needs[1]}]'", BAD_REQUEST)
            if forks and not hasattr(os, "fork"):
                stop(NO_WALL, BAD_REQUEST)
            if one_thread:
                os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS")})
            return _function(target)(**values)

        vars(callback).update(target=target, needs=needs)
        return callback

    return decorated


def _function(target: str) -> Callable[..., Any]:
    function: Callable[..., Any] = resolve_name(target)
    return function
