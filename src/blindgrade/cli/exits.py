"""End of a command: exit codes, and messages on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

from blindgrade.render.safe import shown

# Exit codes of every command. SOME_NOT: the command finished, but something is not done or not as it should be.
# NOT_ACCEPTED: the grading service did not take a submission, and it is kept.
ALL_DONE, SOME_NOT, BAD_REQUEST, GRADER_FAILED, NOT_ACCEPTED, INTERRUPTED = 0, 1, 2, 3, 4, 130


def say(message: str) -> None:
    """Print a message on standard error after the name of the command, as in `course grade: …`."""
    click.echo(f"{_command()}: {shown(message)}", err=True)


def stop(message: str, code: int) -> NoReturn:
    """Print the error on standard error and end the command with this exit code."""
    say(message)
    sys.exit(code)


def say_unfinished(lesson: str, error: Exception) -> None:
    """Print that a lesson's files are wrong. It stops only itself."""
    say(f"{lesson} is left out, because its files are not right yet: {error}")


def leave(code: int) -> NoReturn:
    """End the process at once. An orderly end takes torch apart, and the user would wait for it."""
    sys.stdout.flush()
    os._exit(code)


@contextmanager
def stops(code: int, *errors: type[Exception]) -> Iterator[None]:
    """End the command with this exit code if one of these errors is raised. Its text is the message."""
    try:
        yield
    except errors as error:
        stop(str(error), code)


def _command() -> str:
    # Use the commands' own names, because the program may have been started with another name or by `blindgrade`.
    names: list[str] = []
    context = click.get_current_context(silent=True)
    while context is not None:
        names.insert(0, context.command.name or "")
        context = context.parent
    return " ".join(names[1:] if len(names) > 1 and names[0] == "blindgrade" else names) or "blindgrade"
