"""The command contract of `course release`, by running the real command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

MINI = Path(__file__).parents[2] / "courses" / "mini"
COURSE = Path(sys.executable).with_name("course")
STUB = "exercises/lesson_1_1_1_basics/basics.py"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns("__pycache__")))


def run(root: Path, *args: str | Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "BLINDGRADE_COURSE": str(root)}
    return subprocess.run([COURSE, "release", *args], capture_output=True, text=True, env=env, timeout=120)


def test_a_release_is_exit_code_0_and_says_what_it_did(root: Path, tmp_path: Path) -> None:
    done = run(root, "lesson-1.1", "--as", "repository", "--to", tmp_path / "to")
    assert done.returncode == 0
    assert "released lesson-1.1.1 as repository" in done.stdout and "it holds nothing private" in done.stdout


def test_a_changed_file_that_was_edited_there_is_exit_code_1_with_what_differs(root: Path, tmp_path: Path) -> None:
    run(root, "all", "--as", "repository", "--to", tmp_path / "to")
    readme = tmp_path / "to" / "README.md"
    readme.write_text("my own\x1b[2J\n")
    template = root / "student_template" / "README.md"
    template.write_text(template.read_text().replace("## Two commands", "## Two short commands"))
    done = run(root, "all", "--as", "repository", "--to", tmp_path / "to")
    assert done.returncode == 1
    assert "README.md was edited there and changed here" in done.stdout and "+## Two short commands" in done.stdout
    assert "\x1b" not in done.stdout and readme.read_text() == "my own\x1b[2J\n"


def test_a_leak_is_exit_code_1_with_file_and_line(root: Path, tmp_path: Path) -> None:
    (root / "exercises" / "toys.py").write_text("x = 1\nreturn centered / _spread(centered)\n")
    done = run(root, "all", "--as", "repository", "--to", tmp_path / "to")
    assert (done.returncode, done.stdout) == (1, "")
    assert "exercises/toys.py:2: a line of a solution" in done.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["lesson-1.2", "--as", "repository"], "did you mean"),
        (["lesson-1.1.1/fit_line", "--as", "repository"], "name lesson-1.1.1"),
        (["all", "--as", "paper"], "'repository'"),
    ],
)
def test_a_bad_request_is_exit_code_2(root: Path, tmp_path: Path, args: list[str], said: str) -> None:
    done = run(root, *args, "--to", tmp_path / "to")
    assert done.returncode == 2 and said in done.stderr and not (tmp_path / "to").exists()
