from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from blindgrade.cli.exits import say, stop, stops


def nested(*names: str, callback: object) -> click.Command:
    command: click.Command = click.Command(names[-1], callback=callback)  # type: ignore[arg-type]  # any function
    for name in reversed(names[:-1]):
        command = click.Group(name, {command.name or "": command})
    return command


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("grade",), "grade: no"),
        (("blindgrade", "grade"), "grade: no"),
        (("blindgrade", "course", "gradebook", "sync"), "course gradebook sync: no"),
    ],
)
def test_a_message_begins_with_the_command_however_it_was_started(names: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(nested(*names, callback=lambda: stop("no", 3)), names[1:], prog_name="-c")
    assert (done.exit_code, done.stdout, done.stderr) == (3, "", f"{said}\n")


def test_control_characters_of_a_message_are_shown_escaped() -> None:
    done = CliRunner().invoke(nested("grade", callback=lambda: say("\x1b[2J")))
    assert (done.exit_code, done.stderr) == (0, "grade: \\x1b[2J\n")


def test_the_innermost_matching_error_decides_the_exit_code() -> None:
    def run() -> None:
        with stops(2, KeyError), stops(1, ZeroDivisionError, FileNotFoundError):
            raise FileNotFoundError("gone")

    assert CliRunner().invoke(nested("grade", callback=run)).exit_code == 1


def test_an_error_that_is_not_named_stays_an_error() -> None:
    with pytest.raises(ZeroDivisionError), stops(2, KeyError):
        raise ZeroDivisionError
