"""The end of `course grade` after a change of checks: its lines, its file, `--preview` and `--raise-only`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from blindgrade.attempts.decisions import DecisionStore
from blindgrade.cli.course.group import course
from blindgrade.cli.course.run.change_lines import lines
from blindgrade.cohort.changes import Cause, Change, Changes

TESTS = Path(__file__).parents[2]
MINI = TESTS / "courses" / "mini"
LESSON = "lesson-1.1.1"
COURSE = Path(sys.executable).with_name("course")


def change(student: str, before: float, after: float, **causes: float) -> Change:
    found = {Cause(LESSON, "a", name, "failed before, passed now"): points for name, points in causes.items()}
    return Change(student, LESSON, "s", before, after, 100, 100, {"a": before}, found)


def test_without_changes_there_are_no_lines() -> None:
    assert lines(Changes()) == []


def test_the_lines_name_students_up_to_a_limit_and_causes_by_effect() -> None:
    many = [change(f"s{n:02}", 10, 10 - n, x=-float(n)) for n in range(1, 10)]
    assert lines(Changes([*many, change("ada", 5, 8, y=3.0), change("ben", 5, 5)])) == [
        "the checks changed since 11 submissions were graded: 9 lose points, 1 gains, 1 as before",
        "  lose: s09 lesson-1.1.1 -9, s08 lesson-1.1.1 -8, s07 lesson-1.1.1 -7, s06 lesson-1.1.1 -6,"
        " s05 lesson-1.1.1 -5, s04 lesson-1.1.1 -4 and 3 more",
        "  gain: ada lesson-1.1.1 +3",
        "  because of:",
        "    lesson-1.1.1/a x: failed before, passed now: s09 -9, s08 -8, s07 -7, s06 -6, s05 -5, s04 -4 and 3 more",
        "    lesson-1.1.1/a y: failed before, passed now: ada +3",
    ]


def test_only_the_largest_causes_are_printed() -> None:
    found = lines(Changes([change("ada", 0, 20, **{f"c{n:02}": 1.0 for n in range(20)})]))
    assert found[-1] == "    and 8 more; --changes FILE writes all of them"


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--raise-only",), "--raise-only needs --reason"),
        (("--raise-only", "--reason", " "), "--raise-only needs --reason"),
        (("--raise-only", "--reason", "r", "--preview"), "leave out one of them"),
        (("--reason", "r"), "belong to --raise-only"),
        (("--by-whom", "prof"), "belong to --raise-only"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], says: str
) -> None:
    monkeypatch.setenv("BLINDGRADE_COURSE", str(MINI))
    (tmp_path / "ada").mkdir()
    done = CliRunner().invoke(course, ["grade", LESSON, str(tmp_path), "--attempts", str(tmp_path / "x"), *args])
    assert done.exit_code == 2 and says in done.stderr and not (tmp_path / "x").exists()


def test_preview_then_raise_only_by_the_real_commands(tmp_path: Path) -> None:
    root = tmp_path / "course"
    shutil.copytree(MINI, root, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "submitted" / "ada").mkdir(parents=True)
    shutil.copy(TESTS / "submissions" / "mini" / "all_right" / "basics.py", tmp_path / "submitted" / "ada")

    def run(*args: str) -> str:
        env = {**os.environ, "BLINDGRADE_COURSE": str(root), "NO_COLOR": "1"}
        command = [str(COURSE), *args]
        done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=tmp_path, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("grade", LESSON, "submitted")
    checks = root / "graders" / "lesson_1_1_1_basics" / "checks.py"
    checks.write_text(checks.read_text().replace("< 0.01:\n        return", "< -1:\n        return"))
    preview = run("grade", LESSON, "submitted", "--preview", "--changes", "changes.json")
    assert "1 graded, 0 unchanged, 0 skipped; nothing was stored" in preview
    loses = f"1 submission was graded: 1 loses points, 0 gain, 0 as before\n  lose: ada {LESSON} -20\n"
    assert f"the checks changed since {loses}" in preview
    assert f"    {LESSON}/fit_line finds_the_line: passed before, failed now: ada -20\n" in preview
    data = json.loads((tmp_path / "changes.json").read_text())
    assert [(one["student"], one["old_points"], one["new_points"]) for one in data["submissions"]] == [("ada", 100, 80)]
    assert [(one["check"], one["points"], one["students"]) for one in data["causes"]] == [
        ("finds_the_line", -20, {"ada": -20})
    ]
    keep = ("--raise-only", "--reason", "too late", "--by-whom", "prof")
    kept = run("grade", LESSON, "submitted", *keep)
    assert f"decision 1: ada  {LESSON}  keeps 100 instead of 80" in kept and loses in kept
    run("grade", LESSON, "submitted", *keep)
    assert len(DecisionStore(root / "attempts").all()) == 1
    shown = f"ada  {LESSON}  100 of 100 points  keeps 100 instead of 80: too late\n"
    assert run("standings") == shown
    run("decisions", "--undo", "1", "--reason", "the check is right")
    assert run("standings") == f"ada  {LESSON}  80 of 100 points\n"
