from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from blindgrade.cli.course.group import course

MINI = Path(__file__).parents[2] / "courses" / "mini"
STUB = Path("exercises") / "lesson_1_1_1_basics" / "basics.py"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = Path(shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns("__pycache__", ".blindgrade")))
    monkeypatch.setenv("BLINDGRADE_COURSE", str(copy))
    return copy


def build(*arguments: str) -> Result:
    return CliRunner().invoke(course, ["build", *arguments])


def test_check_names_files_that_are_out_of_date_and_writes_nothing(root: Path) -> None:
    before = (root / STUB).read_text()
    (root / STUB).write_text("edited = True\n")
    done = build("--check")
    assert done.exit_code == 1
    assert f"out of date: {STUB}" in done.stdout and "run `course build`" in done.stderr
    assert (root / STUB).read_text() == "edited = True\n"
    assert f"wrote {STUB}" in build().stdout
    assert (root / STUB).read_text() == before
    assert build("--check").stdout == "everything is up to date\n"


def test_an_unknown_lesson_is_exit_code_2(root: Path) -> None:
    done = build("lesson-9")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("course build: ") and "lesson-1.1.1" in done.stderr
