"""`course grade` and `course replay`, by running the real commands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
CASES = TESTS / "submissions" / "mini"
COURSE = Path(sys.executable).with_name("course")


def course(*args: str | Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "BLINDGRADE_COURSE": str(TESTS / "courses" / "mini"), "COLUMNS": "80", "NO_COLOR": "1"}
    return subprocess.run([COURSE, *args], capture_output=True, text=True, env=env, timeout=300)


def hand_in(folder: Path, **students: str) -> Path:
    for student, case in students.items():
        (folder / student).mkdir(parents=True)
        shutil.copy(CASES / case / "basics.py", folder / student)
    return folder


def test_a_line_for_each_student_and_the_skipped_submissions_at_the_end(tmp_path: Path) -> None:
    submitted = hand_in(tmp_path / "submitted", ada="all_right", ben="wrong_and_blocked")
    (submitted / "cleo").mkdir()
    done = course("grade", "lesson-1.1.1", submitted, "--attempts", tmp_path / "attempts", "--workers", "2")
    lines = done.stdout.splitlines()
    assert done.returncode == 1, done.stderr
    assert sorted(line.rsplit("  ", 1)[0] for line in lines if line[:1] in "✓✗" and line) == [
        "✓ ada  lesson-1.1.1  100 of 100 points",
        "✓ ben  lesson-1.1.1  20 of 100 points",
        "✗ cleo  lesson-1.1.1",
    ]
    assert lines[-3].startswith("  cleo lesson-1.1.1: ") and "holds no file for lesson-1.1.1" in lines[-3]
    assert lines[-1] == f"2 graded, 0 unchanged, 1 skipped; attempts in {tmp_path / 'attempts'}"
    (submitted / "cleo").rmdir()
    again = course("grade", "lesson-1.1", submitted, "--attempts", tmp_path / "attempts")
    assert (again.returncode, again.stdout.strip().splitlines()) == (
        0,
        [f"0 graded, 2 unchanged, 0 skipped; attempts in {tmp_path / 'attempts'}"],
    )


@pytest.mark.parametrize(
    ("lesson", "says"),
    [
        ("lesson-9", "no lesson, module or exercise has the id 'lesson-9'"),
        ("lesson-1.1.1/standardize", "graded by whole lessons: lesson-1.1.1"),
        ("lesson-1.1.1", "is no folder"),
    ],
)
def test_a_wrong_request_is_exit_code_2(tmp_path: Path, lesson: str, says: str) -> None:
    done = course("grade", lesson, tmp_path / "nowhere", "--attempts", tmp_path / "attempts")
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="the walls are Linux's")
def test_without_walls_it_refuses_and_process_is_a_warning(tmp_path: Path) -> None:
    """Submissions in a folder that every worker may read: no wall protects one student's work from another's code."""
    inside = Path(sys.prefix) / "submitted-of-a-test"
    try:
        hand_in(inside, ada="all_right")
        refused = course("grade", "lesson-1.1.1", inside, "--attempts", tmp_path / "attempts")
        assert refused.returncode == 2
        assert "submitted-of-a-test: succeeded" in refused.stderr and "at your own risk" in refused.stderr
        assert list((tmp_path / "attempts").rglob("[!.]*.json")) == []
        options = ("--attempts", tmp_path / "attempts", "--sandbox", "process")
        granted = course("grade", "lesson-1.1.1", inside, *options)
        assert granted.returncode == 0, granted.stderr
        assert "STUDENTS' CODE RUNS AS YOU" in granted.stderr
    finally:
        shutil.rmtree(inside, ignore_errors=True)


def test_an_attempt_is_replayed_and_standings_are_printed(tmp_path: Path) -> None:
    submitted = hand_in(tmp_path / "submitted", ben="wrong_and_blocked")
    course("grade", "lesson-1.1.1", submitted, "--attempts", tmp_path / "attempts", "--workers", "1")
    attempt = next((tmp_path / "attempts").rglob("ben/*.json"))
    done = course("replay", attempt)
    assert (done.returncode, done.stdout) == (0, "repeated to the bit\n"), done.stderr
    printed = course("standings", "--attempts", tmp_path / "attempts")
    assert printed.stdout == "ben  lesson-1.1.1  20 of 100 points\n"
    (submitted / "ben" / "basics.py").write_text("")
    assert course("replay", attempt).returncode == 2
