"""The demonstration runs commands that exist, prints where its pages are, and stops at the first that fails."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import pytest

from blindgrade.cli.blindgrade import main as commands
from blindgrade.samples import demo


def test_every_step_is_a_command_with_options_that_exist(tmp_path: Path) -> None:
    for step in demo.steps(tmp_path):
        words: list[str] = list(step.command)
        command: click.Command = commands
        while isinstance(command, click.Group):
            below = command.get_command(click.Context(command), words.pop(0))
            assert below is not None, step.command
            command = below
        command.make_context("demo", words)  # a UsageError names a wrong option


def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, codes: Sequence[int]) -> tuple[int, list[str]]:
    """Exit code of the demonstration whose commands end with these codes, and what they were."""
    ran: list[str] = []

    def pretend(command: tuple[str, ...]) -> int:
        ran.append(" ".join(command[:2]))
        return codes[len(ran) - 1]

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "_run", pretend)
    return demo.main(), ran


def test_missing_points_are_no_failure_and_both_pages_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, ran = run(monkeypatch, tmp_path, [1, 0, 1, 0])
    assert (code, ran) == (0, ["grade lesson-7.2", "course simulate", "course grade", "course report"])
    said = capsys.readouterr().out
    assert "== 4 of 4: " in said
    assert said.splitlines()[-2:] == [
        f"  {tmp_path / 'build' / 'demo' / name}" for name in ("student.html", "cohort.html")
    ]


def test_a_command_that_fails_ends_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert run(monkeypatch, tmp_path, [0, 2, 0, 0]) == (2, ["grade lesson-7.2", "course simulate"])
