from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from blindgrade.cli.blindgrade import COMMANDS, main

SCRIPTS = Path(sys.executable).parent


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_alone_it_shows_a_help_that_names_every_command() -> None:
    done = CliRunner().invoke(main, [])
    assert done.exit_code == 0
    for name, (_, text) in COMMANDS.items():
        assert f"\n  {name} " in done.output and text in done.output


def test_every_name_is_a_command_that_is_also_installed_by_this_name() -> None:
    scripts = {entry.name: entry.value for entry in metadata.entry_points(group="console_scripts")}
    context = click.Context(main)
    for name, (target, _) in COMMANDS.items():
        assert isinstance(main.get_command(context, name), click.Command)  # type: ignore[attr-defined]  # a group
        assert scripts[name] == target


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_run_through_it_is_the_command_itself(name: str) -> None:
    alone, through = run(SCRIPTS / name, "--help"), run(SCRIPTS / "blindgrade", name, "--help")
    assert alone.returncode == through.returncode == 0
    assert through.stdout == alone.stdout.replace(f"Usage: {name} ", f"Usage: blindgrade {name} ", 1)


def test_the_exit_code_of_a_command_is_passed_on() -> None:
    alone, through = run(SCRIPTS / "grade", "--json"), run(SCRIPTS / "blindgrade", "grade", "--json")
    assert (alone.returncode, alone.stderr) == (2, through.stderr)
    assert through.returncode == 2


def test_an_unknown_command_is_a_bad_request() -> None:
    done = CliRunner().invoke(main, ["grades"])
    assert done.exit_code == 2 and "No such command 'grades'" in done.output


@pytest.mark.parametrize(
    "command", [["-m", "blindgrade"], ["blindgrade"], ["grade"], ["course"], ["blindgrade", "grade"]], ids=" ".join
)
def test_every_command_prints_the_installed_version(command: list[str]) -> None:
    program = sys.executable if command[0] == "-m" else SCRIPTS / command.pop(0)
    done = run(program, *command, "--version")
    assert (done.returncode, done.stdout) == (0, f"blindgrade {metadata.version('blindgrade')}\n")
