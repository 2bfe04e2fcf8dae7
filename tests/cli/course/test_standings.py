"""`course standings`: its messages about the folder of attempts."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from blindgrade.cli.course.group import course

MINI = Path(__file__).parents[2] / "courses" / "mini"


@pytest.fixture(autouse=True)
def _mini(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLINDGRADE_COURSE", str(MINI))


def test_a_folder_that_does_not_exist_is_a_wrong_request(tmp_path: Path) -> None:
    done = CliRunner().invoke(course, ["standings", "--attempts", str(tmp_path / "none")])
    assert done.exit_code == 2 and done.stdout == ""
    assert f"{tmp_path / 'none'} is no folder; name the folder of attempts" in done.stderr


def test_before_the_first_grading_the_next_command_is_named() -> None:
    assert not (MINI / "attempts").exists()
    done = CliRunner().invoke(course, ["standings", "--json"])
    assert done.exit_code == 0 and done.stdout.strip() == "[]"
    assert "run `course grade` first" in done.stderr
