"""The reference of commands, made from their own help."""

from __future__ import annotations

from collections.abc import Iterator

import click

from blindgrade.cli.blindgrade import main
from blindgrade.cli.lazy import WithWords

WIDTH = 100


def commands_page() -> str:
    """Markdown of the page: a section for each command with its help."""
    parts = [
        "# Commands\n\nThis page is made from `--help`. `grade` is for students, `course` for everyone else.",
        "| command | |\n|---|---|\n" + "\n".join(_row(words, command) for words, command in leaves(main)),
    ]
    for words, command in leaves(main):
        parts.append(f"## {' '.join(words)}\n\n```text\n{help_of(words, command).rstrip()}\n```")
    return "\n\n".join(parts) + "\n"


def leaves(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, by the words that a person types."""
    if not isinstance(command, click.Group):
        yield words, command
        if isinstance(command, WithWords):
            yield from (((*words, name), command.word(name)) for name in command.words)
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        yield from leaves(below, (*words, name))


def help_of(words: tuple[str, ...], command: click.Command) -> str:
    """Text of `--help`."""
    context = click.Context(command, info_name=" ".join(words), max_content_width=WIDTH, terminal_width=WIDTH)
    return command.get_help(context)


def _row(words: tuple[str, ...], command: click.Command) -> str:
    name = " ".join(words)
    return f"| [`{name}`](#{name.replace(' ', '-')}) | {command.get_short_help_str(limit=200)} |"
